"""Prisma Migrate, by its schema engine: the command line would fetch that as a program, and npm has
the same as WebAssembly."""

import json
from pathlib import Path

from record.capture import clocks, uuids
from record.installing import npm
from record.tool import Expect, Tool, state

ENGINE = "7.10.0-7.561d7b42579a2459cc8edf3788918b626c640023"
TABLE = "public._prisma_migrations"
SQUASHED = "20260201090000_users_and_orders"


def logged(values):
    """The first line of an error's report: the rest tells where in the engine it came up."""
    return [value and value.partition("\n")[0] for value in values]


class Prisma(Tool):
    name = "prisma"
    version = "7.10.0"
    tables = (TABLE,)
    rules = {TABLE: {"id": uuids, "started_at": clocks, "finished_at": clocks,
                     "rolled_back_at": clocks, "logs": logged}}
    orders = {TABLE: "started_at"}
    ids = {"1": "20260101090000_users", "2": "20260201090000_orders",
           "side": "20260215090000_coupons", "3": "20260301090000_invoices",
           "newer": "20260401090000_refunds"}
    after_failure = "dirty"
    after_newer_failure = "dirty_newer"
    rolled_back_newer = None

    def install(self):
        npm(self.folder, f"@prisma/schema-engine-wasm@{ENGINE}", "@prisma/adapter-pg@7.10.1")

    def prisma(self, folder, *words):
        return self.run("node", Path(__file__).with_name("prisma.mjs"), self.url(), folder, *words,
                        cwd=self.folder)

    def migrate(self, folder):
        return self.prisma(folder, "deploy")

    def mark(self, folder):
        for name in "12":
            self.done(self.prisma(folder, "applied", self.ids[name]))
        return self.prisma(folder, "applied", self.ids["3"])

    def repair(self, folder):
        self.done(self.prisma(folder, "rolled-back", self.ids["3"]))

    def pending(self, folder):
        said = json.loads(self.done(self.prisma(folder, "status")))
        failed = [name for name in said["failedMigrationNames"] if (folder / name).exists()]
        return (said["history"] or {}).get("unappliedMigrationNames", []) + failed

    @state
    def empty(self):
        """The first migration ended in an error, and was resolved as rolled back."""
        folder = self.compose("release")
        (folder / self.ids["1"] / "migration.sql").write_text("SELECT nothing_like_it();\n")
        self.done(self.migrate(folder), fails=True)
        self.done(self.prisma(folder, "rolled-back", self.ids["1"]))
        return Expect("empty", ("1", "2", "3"))

    @state
    def squashed(self):
        """All three migrations applied; the release has the first two as one, under a new name."""
        self.apply("release")
        return Expect("diverged", (SQUASHED,), directory="squashed")

    @state
    def squashed_resolved(self):
        """All three migrations applied, and the release's one that stands for the first two resolved
        as applied."""
        self.apply("release")
        self.done(self.prisma(self.compose("squashed"), "applied", SQUASHED))
        return Expect("ahead", directory="squashed")

    @state
    def rolled_back(self):
        """The third migration ended in an error, and was resolved as rolled back."""
        self.failed()
        self.repair(self.compose("release"))
        return Expect("behind", ("3",))

    @state
    def resolved(self):
        """The third migration ended in an error, was carried out by hand, and resolved as applied."""
        self.failed()
        self.done(self.prisma(self.compose("release"), "applied", self.ids["3"]))
        return Expect("ok")

    @state
    def edited(self):
        """All three migrations applied, one of them edited since."""
        folder = self.compose("release")
        script = folder / self.ids["2"] / "migration.sql"
        script.write_text(script.read_text() + "-- as it was\n")
        self.done(self.migrate(folder))
        return Expect("ok")
