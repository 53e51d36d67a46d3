"""node-pg-migrate."""

import re

from record.capture import moments
from record.installing import npm
from record.tool import Tool


class NodePgMigrate(Tool):
    name = "node-pg-migrate"
    version = "9.0.0"
    tables = ("public.pgmigrations",)
    rules = {"public.pgmigrations": {"run_on": moments}}
    orders = {"public.pgmigrations": "id"}
    ids = {"1": "20260101090000_users", "2": "20260201090000_orders",
           "side": "20260215090000_coupons", "3": "20260301090000_invoices",
           "newer": "20260401090000_refunds"}
    squashed = None

    def install(self):
        npm(self.folder, f"node-pg-migrate@{self.version}", "pg@8.23.1")

    def node_pg_migrate(self, folder, *words):
        return self.run(self.folder / "node_modules/.bin/node-pg-migrate", *words,
                        "--migrations-dir", folder, "--no-check-order",
                        env={"DATABASE_URL": self.url()})

    def migrate(self, folder):
        return self.node_pg_migrate(folder, "up")

    def undo(self, folder):
        return self.node_pg_migrate(folder, "down")

    def mark(self, folder):
        return self.node_pg_migrate(folder, "up", "--fake")

    def pending(self, folder):
        """What it would run: it has no command for a status."""
        would = self.done(self.node_pg_migrate(folder, "up", "--dry-run"))
        return re.findall(r"^> - (\S+)", would, re.M)
