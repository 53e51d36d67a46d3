"""Flyway. A failure leaves a row only outside of every transaction, that of its own lock included."""

from record.capture import always, clocks
from record.maven import goal, install
from record.tool import Expect, Tool, state

RULES = {"installed_on": clocks, "execution_time": always("0")}
NAMES = ("public.flyway_schema_history", "shop.flyway_schema_history")
# A statement for which Flyway opens no transaction, and which fails. The row that says so stays only
# without the lock that is a transaction's, which would take it back: CONCURRENTLY wants that, too.
OUTSIDE = "CREATE INDEX CONCURRENTLY totals_idx ON nowhere (total);\n"


class Flyway(Tool):
    name = "flyway"
    version = "13.12.0"
    quick_states = ("ahead", "baselined_half", "deleted_side", "failed_outside", "half", "none",
                    "repeatable")
    tables = NAMES
    rules = dict.fromkeys(NAMES, RULES)
    orders = dict.fromkeys(NAMES, "installed_rank")
    prefixes = {"1": "V1__", "2": "V2__", "side": "V2.1__", "3": "V3__", "newer": "V4__"}
    ids = {"1": "1", "2": "2", "side": "2.1", "3": "3", "newer": "4"}
    empty = None              # it has no way back but in the paid edition
    rolled_back = None
    rolled_back_newer = None

    def install(self):
        install(self.folder, f"org.flywaydb:flyway-maven-plugin:{self.version}",
                f"org.flywaydb:flyway-database-postgresql:{self.version}",
                first=("flyway:info", "-Dflyway.skip=true"))

    def flyway(self, folder, verb, **properties):
        server = self.database.server
        return goal(self, f"flyway:{verb}", flyway_user="postgres",
                    flyway_url=f"jdbc:postgresql://127.0.0.1:{server.port}/{self.database.name}",
                    flyway_locations=f"filesystem:{folder}", **properties)

    def migrate(self, folder, **properties):
        return self.flyway(folder, "migrate", **properties)

    def mark(self, folder):
        return self.flyway(folder, "baseline", flyway_baselineVersion="3")

    def repair(self, folder):
        self.done(self.flyway(folder, "repair"))

    def pending(self, folder):
        shown = self.done(self.flyway(folder, "info"))
        rows = [[cell.strip() for cell in line.split("|")[1:-1]]
                for line in shown.splitlines() if line.startswith("| ")]
        return [version or f"R:{description}" for _, version, description, _, _, state, *_ in rows
                if state in ("Pending", "Ignored", "Failed")]

    def fail_outside(self, *parts, migration):
        """Applies the parts, of which that migration fails outside a transaction."""
        folder = self.compose(*parts)
        script, = folder.glob(f"{self.prefixes[migration]}*.sql")
        script.write_text(OUTSIDE)
        self.done(self.migrate(folder, flyway_postgresql_transactional_lock="false"), fails=True)

    @state
    def failed_outside(self):
        """Two of three migrations applied, then the third one, outside a transaction, which ended
        in an error and left a row that says so."""
        self.apply("release", without=("3",))
        self.fail_outside("release", migration="3")
        return Expect("dirty", ("3",))

    @state
    def failed_outside_newer(self):
        """All three migrations applied, then that of a newer release outside a transaction, which
        ended in an error and left a row that says so."""
        self.apply("release")
        self.fail_outside("release", "newer", migration="newer")
        return Expect("dirty_newer")

    @state
    def repaired_outside(self):
        """The third migration failed outside a transaction; repair took its row away."""
        self.failed_outside()
        self.repair(self.compose("release"))
        return Expect("behind", ("3",))

    @state
    def baselined_half(self):
        """A database taken over at version 2, and the third migration applied."""
        self.done(self.flyway(self.compose("release"), "baseline", flyway_baselineVersion="2"))
        self.apply("release")
        return Expect("ok")

    @state
    def baselined_short(self):
        """A database taken over at version 2, nothing applied."""
        self.done(self.flyway(self.compose("release"), "baseline", flyway_baselineVersion="2"))
        return Expect("behind", ("3",))

    @state
    def out_of_order(self):
        """A migration of a side branch applied late, after the third one."""
        self.apply("release")
        self.done(self.migrate(self.compose("release", "side"), flyway_outOfOrder="true"))
        return Expect("ahead")

    @state
    def deleted(self):
        """All three migrations applied; repaired by a release that has not the second one, which is
        deleted thereby."""
        self.apply("release")
        self.repair(self.compose("release", without=("2",)))
        return Expect("behind", ("2",))

    @state
    def deleted_side(self):
        """A migration of a side branch applied among ours, and deleted by repair."""
        self.apply("release", "side")
        self.repair(self.compose("release"))
        return Expect("ok")

    @state
    def spelled(self):
        """All three migrations applied; the release writes their versions in other ways."""
        self.apply("release")
        return Expect("ok", directory="spelled")

    @state
    def repeatable(self):
        """All three migrations and a repeatable one applied."""
        self.apply("release", "repeatable")
        return Expect("ok", directory=("release", "repeatable"))

    @state
    def repeatable_pending(self):
        """All three migrations applied, and not the repeatable one."""
        self.apply("release")
        return Expect("behind", ("R:totals",), directory=("release", "repeatable"))

    @state
    def repeatable_changed(self):
        """A repeatable migration applied that the release has otherwise: Flyway would run it again,
        a checksum alone takes no pod out of service."""
        folder = self.compose("release", "repeatable")
        (folder / "R__totals.sql").write_text("CREATE VIEW totals AS SELECT 0::bigint AS total;\n")
        self.done(self.migrate(folder))
        return Expect("ok", directory=("release", "repeatable"), said=("R:totals",))

    @state
    def created_schema(self):
        """All three migrations applied, in a schema that Flyway created."""
        self.done(self.migrate(self.compose("release"), flyway_schemas="shop"))
        return Expect("ok", options={"tableSchema": "shop"}, said=("1", "2", "3"))
