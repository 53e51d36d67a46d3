"""dbmate, whose program comes in a package of npm."""

import re

from record.installing import npm
from record.tool import Tool


class Dbmate(Tool):
    name = "dbmate"
    version = "2.36.0"
    tables = ("public.schema_migrations",)
    baselined = None

    def install(self):
        npm(self.folder, f"@dbmate/linux-x64@{self.version}")

    def dbmate(self, folder, *words):
        return self.run(self.folder / "node_modules/@dbmate/linux-x64/bin/dbmate",
                        "--url", self.url(sslmode="disable"), "--migrations-dir", folder,
                        "--no-dump-schema", *words)

    def migrate(self, folder):
        return self.dbmate(folder, "migrate")

    def undo(self, folder):
        return self.dbmate(folder, "rollback")

    def pending(self, folder):
        return re.findall(r"^\[ \] (\d+)", self.done(self.dbmate(folder, "status")), re.M)
