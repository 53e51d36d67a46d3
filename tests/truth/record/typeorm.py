"""TypeORM."""

import re

from record.installing import npm
from record.tool import Tool

SETTINGS = """\
const {{ DataSource }} = require('typeorm');
module.exports = new DataSource({{ type: 'postgres', url: '{url}', migrations: ['{folder}/*.js'] }});
"""


class Typeorm(Tool):
    name = "typeorm"
    version = "1.1.1"
    tables = ("public.migrations",)
    prefixes = {"1": "1767258000000", "2": "1769936400000", "side": "1771146000000",
                "3": "1772355600000", "newer": "1775034000000"}
    ids = {"1": "Users1767258000000", "2": "Orders1769936400000", "side": "Coupons1771146000000",
           "3": "Invoices1772355600000", "newer": "Refunds1775034000000"}
    squashed = None

    def install(self):
        npm(self.folder, f"typeorm@{self.version}", "pg@8.23.1")

    def typeorm(self, folder, *words):
        (self.folder / "settings").mkdir(exist_ok=True)
        source = self.folder / "settings" / f"{self.database.name}.js"
        source.write_text(SETTINGS.format(url=self.url(), folder=folder))
        return self.run(self.folder / "node_modules/.bin/typeorm", *words, "-d", source)

    def migrate(self, folder):
        return self.typeorm(folder, "migration:run")

    def undo(self, folder):
        return self.typeorm(folder, "migration:revert")

    def mark(self, folder):
        return self.typeorm(folder, "migration:run", "--fake")

    def pending(self, folder):
        shown = self.typeorm(folder, "migration:show")
        return re.findall(r"\[ \] (\w+)", self.done(shown))
