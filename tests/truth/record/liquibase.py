"""Liquibase. Its changesets are known by path, id and author; the root changelog includes a file
each."""

import re

from record.capture import always, clocks
from record.maven import goal, install
from record.tool import Expect, Tool, state

TABLE = "public.databasechangelog"
ROOT = """\
<?xml version="1.0" encoding="UTF-8"?>
<databaseChangeLog xmlns="http://www.liquibase.org/xml/ns/dbchangelog"
    xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
    xsi:schemaLocation="http://www.liquibase.org/xml/ns/dbchangelog http://www.liquibase.org/xml/ns/dbchangelog/dbchangelog-latest.xsd">
{}</databaseChangeLog>
"""
STALE = """\
UPDATE databasechangeloglock
   SET locked = true, lockgranted = '2026-01-01 12:00:00', lockedby = 'shop-5d4c7 (10.1.2.3)'
"""


class Liquibase(Tool):
    name = "liquibase"
    version = "4.33.0"
    quick_states = ("ahead", "context", "half", "none", "rolled_back")
    tables = (TABLE, "public.databasechangeloglock")
    rules = {TABLE: {"dateexecuted": clocks, "deployment_id": always("1234567890")}}
    orders = {TABLE: "orderexecuted"}
    prefixes = {"1": "01-", "2": "02-", "side": "02b-", "3": "03-", "newer": "04-"}
    ids = {"1": "01-users.sql::1::amy", "2": "02-orders.sql::2::amy",
           "side": "02b-coupons.sql::coupons::ben", "3": "03-invoices.sql::3::amy",
           "newer": "04-refunds.sql::4::cleo"}
    squashed = None

    def install(self):
        install(self.folder, f"org.liquibase:liquibase-maven-plugin:{self.version}",
                first=("liquibase:help",))

    def composed(self, folder):
        if not (folder / "01-users.sql").exists():
            return
        includes = "".join(f'  <include file="{path.name}" relativeToChangelogFile="true"/>\n'
                           for path in sorted(folder.glob("*.sql")))
        (folder / "changelog.xml").write_text(ROOT.format(includes))

    def liquibase(self, folder, command, **properties):
        server = self.database.server
        root, = folder.glob("changelog.*")
        return goal(self, f"liquibase:{command}", liquibase_username="postgres",
                    liquibase_url=f"jdbc:postgresql://127.0.0.1:{server.port}/{self.database.name}",
                    liquibase_searchPath=folder, liquibase_changeLogFile=root.name, **properties)

    def migrate(self, folder, **properties):
        return self.liquibase(folder, "update", **properties)

    def undo(self, folder):
        return self.liquibase(folder, "rollback", liquibase_rollbackCount="1")

    def mark(self, folder):
        return self.liquibase(folder, "changelogSync")

    def pending(self, folder):
        said = self.done(self.liquibase(folder, "status", liquibase_verbose="true"))
        return re.findall(r"^ {5}(\S+::\S+::\S+)$", said, re.M)

    def directory(self, *parts):
        """The root changelog's file; what stands behind "/./" is the path that Liquibase is given."""
        roots = {part: next((self.home / "migrations" / part).glob("changelog.*")) for part in parts}
        return super().directory(*(f"{part}/./{root.name}" for part, root in roots.items()))

    @state
    def merged_late(self):
        """All three changesets applied; the release has one of a side branch besides."""
        self.apply("release")
        return Expect("behind", ("side",), directory="merged")

    @state
    def locked(self):
        """All three changesets applied; the lock set by hand, as a run leaves it that is killed."""
        self.apply("release")
        self.database.execute(STALE)
        return Expect("ok")

    @state
    def yaml(self):
        """Two changesets of a changelog in YAML, of which one is applied."""
        self.done(self.liquibase(self.compose("yaml"), "update", liquibase_toTag="first"))
        return Expect("behind", ("changelog.yaml::orders::amy",), directory="yaml")

    @state
    def json(self):
        """Two changesets of a changelog in JSON, both applied."""
        self.apply("json")
        return Expect("ok", directory="json")

    @state
    def context(self):
        """A changelog with contexts, applied for one of them; the release is a list made by
        status --verbose on an empty database, for that context."""
        folder = self.compose("contexts")
        listed = self.liquibase(folder, "status", liquibase_verbose="true", liquibase_contexts="prod")
        ids = re.findall(r"^ {5}(\S+::\S+::\S+)$", self.done(listed), re.M)
        self.done(self.migrate(folder, liquibase_contexts="prod"))
        return Expect("ok", list=tuple(ids))
