"""MikroORM."""

import re

from record.capture import clocks
from record.installing import npm
from record.tool import Tool

SETTINGS = """\
const {{ Migrator }} = require('@mikro-orm/migrations');
const {{ defineConfig }} = require('@mikro-orm/postgresql');
module.exports = defineConfig({{
  clientUrl: '{url}', entities: [], extensions: [Migrator],
  discovery: {{ warnWhenNoEntities: false }},
  migrations: {{ path: '{folder}', snapshot: false }},
}});
"""


class MikroOrm(Tool):
    name = "mikro-orm"
    version = "6.6.16"
    tables = ("public.mikro_orm_migrations",)
    rules = {"public.mikro_orm_migrations": {"executed_at": clocks}}
    orders = {"public.mikro_orm_migrations": "id"}
    prefixes = {name: f"Migration{time}" for name, time in Tool.prefixes.items()}
    baselined = None

    def install(self):
        npm(self.folder, *(f"@mikro-orm/{part}@{self.version}" for part in
                           ("core", "cli", "knex", "migrations", "postgresql")))

    def mikro_orm(self, folder, command):
        (self.folder / "settings").mkdir(exist_ok=True)
        settings = self.folder / "settings" / f"{self.database.name}.js"
        settings.write_text(SETTINGS.format(url=self.url(), folder=folder))
        return self.run("node_modules/.bin/mikro-orm", command, "--config", settings, cwd=self.folder,
                        env={"NODE_PATH": self.folder / "node_modules", "NO_COLOR": "1"})

    def migrate(self, folder):
        return self.mikro_orm(folder, "migration:up")

    def undo(self, folder):
        return self.mikro_orm(folder, "migration:down")

    def pending(self, folder):
        return re.findall(r"Migration\d{14}", self.done(self.mikro_orm(folder, "migration:pending")))
