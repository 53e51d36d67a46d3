"""Sequelize's command line."""

import re

from record.installing import npm
from record.tool import Tool


class Sequelize(Tool):
    name = "sequelize"
    version = "6.6.5"
    tables = ('public."SequelizeMeta"',)
    ids = {"1": "20260101090000-users.js", "2": "20260201090000-orders.js",
           "side": "20260215090000-coupons.js", "3": "20260301090000-invoices.js",
           "newer": "20260401090000-refunds.js"}
    baselined = None
    squashed = None

    def install(self):
        npm(self.folder, f"sequelize-cli@{self.version}", "sequelize@6.37.8", "pg@8.23.1")

    def sequelize(self, folder, command):
        return self.run("node_modules/.bin/sequelize-cli", command, "--url", self.url(),
                        "--migrations-path", folder, cwd=self.folder)

    def migrate(self, folder):
        return self.sequelize(folder, "db:migrate")

    def undo(self, folder):
        return self.sequelize(folder, "db:migrate:undo")

    def pending(self, folder):
        return re.findall(r"^down (\S+)", self.done(self.sequelize(folder, "db:migrate:status")), re.M)
