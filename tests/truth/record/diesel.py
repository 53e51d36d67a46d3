"""Diesel's command line."""

import re

from record.capture import clocks
from record.rust import install
from record.tool import TIMES, Tool

TABLE = "public.__diesel_schema_migrations"


class Diesel(Tool):
    name = "diesel"
    version = "2.3.14"
    quick = False
    tables = (TABLE,)
    rules = {TABLE: {"run_on": clocks}}
    prefixes = {name: f"{t[:4]}-{t[4:6]}-{t[6:8]}-{t[8:]}" for name, t in TIMES.items()}
    ids = TIMES
    baselined = None

    def install(self):
        install(self.folder, "diesel_cli", self.version, "postgres")

    def diesel(self, folder, *words):
        return self.run(self.folder / "bin/diesel", "--database-url", self.url(), "migration", *words,
                        "--migration-dir", folder)

    def migrate(self, folder):
        return self.diesel(folder, "run")

    def undo(self, folder):
        return self.diesel(folder, "revert")

    def pending(self, folder):
        listed = self.done(self.diesel(folder, "list"))
        return [id.replace("-", "") for id in re.findall(r"\[ \] ([\d-]+)_", listed)]
