"""sqlx (Rust), with reversible migrations."""

import re

from record.capture import always, clocks
from record.rust import install
from record.tool import Tool


class Sqlx(Tool):
    name = "sqlx"
    version = "0.9.0"
    quick = False
    tables = ("public._sqlx_migrations",)
    rules = {"public._sqlx_migrations": {"installed_on": clocks, "execution_time": always("0")}}
    baselined = None

    def install(self):
        install(self.folder, "sqlx-cli", self.version, "postgres")

    def sqlx(self, folder, *words):
        return self.run(self.folder / "bin/sqlx", "migrate", *words, "--source", folder,
                        "--database-url", self.url())

    def migrate(self, folder):
        return self.sqlx(folder, "run", "--ignore-missing")

    def undo(self, folder):
        return self.sqlx(folder, "revert", "--ignore-missing")

    def pending(self, folder):
        return re.findall(r"^(\d+)/pending", self.done(self.sqlx(folder, "info")), re.M)
