"""Knex."""

import re

from record.capture import clocks
from record.installing import npm
from record.tool import Expect, Tool, state

SETTINGS = """\
module.exports = {{ client: 'pg', connection: '{url}', migrations: {{ directory: '{folder}' }} }};
"""


class Knex(Tool):
    name = "knex"
    version = "3.3.0"
    tables = ("public.knex_migrations", "public.knex_migrations_lock")
    rules = {"public.knex_migrations": {"migration_time": clocks}}
    orders = {"public.knex_migrations": "id"}
    ids = {"1": "20260101090000_users.js", "2": "20260201090000_orders.js",
           "side": "20260215090000_coupons.js", "3": "20260301090000_invoices.js",
           "newer": "20260401090000_refunds.js"}
    baselined = None
    squashed = None

    def install(self):
        npm(self.folder, f"knex@{self.version}", "pg@8.23.1")

    def knex(self, folder, *words):
        (self.folder / "settings").mkdir(exist_ok=True)
        knexfile = self.folder / "settings" / f"{self.database.name}.js"
        knexfile.write_text(SETTINGS.format(url=self.url(), folder=folder))
        return self.run(self.folder / "node_modules/.bin/knex", "--knexfile", knexfile, *words)

    def migrate(self, folder):
        return self.knex(folder, "migrate:latest")

    def undo(self, folder):
        return self.knex(folder, "migrate:down")

    def pending(self, folder):
        listed = self.knex(folder, "migrate:list")
        if "migration directory is corrupt" in listed.stderr:
            return None
        _, _, pending = self.done(listed).partition("Pending Migration")
        return re.findall(r"^\S+\.js", pending, re.M)

    @state
    def locked(self):
        """All three migrations applied; the lock set by hand, as a run without transactions leaves it
        when it is killed."""
        self.apply("release")
        self.database.execute("UPDATE knex_migrations_lock SET is_locked = 1")
        return Expect("ok")
