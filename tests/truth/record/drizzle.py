"""Drizzle: the journal of 0.x, and the folders of 1.0. Neither has a way back, or a word for what is
pending."""

import json

from record.capture import clocks
from record.installing import npm
from record.tool import TABLES, TIMES, Expect, Tool, state

MIGRATE = """\
const { drizzle } = require('drizzle-orm/node-postgres');
const { migrate } = require('drizzle-orm/node-postgres/migrator');
const [url, migrationsFolder] = process.argv.slice(-2);
migrate(drizzle(url), { migrationsFolder }).then(
  () => process.exit(0), (error) => { console.error(error); process.exit(1); });
"""


class Drizzle(Tool):
    name = "drizzle"
    version = "0.45.4"
    tables = ("drizzle.__drizzle_migrations",)
    orders = {"drizzle.__drizzle_migrations": "id"}
    prefixes = {"1": "0000_users", "2": "0001_orders", "side": "0002_coupons",
                "3": "0002_invoices", "newer": "0003_refunds"}
    ids = {"1": "1767258000000", "2": "1769936400000", "side": "1771146000000",
           "3": "1772355600000", "newer": "1775034000000"}
    baselined = None
    merged_late = None
    rolled_back = None
    rolled_back_newer = None
    squashed = None

    def install(self):
        npm(self.folder, f"drizzle-orm@{self.version}", "pg@8.23.1")

    def composed(self, folder):
        """The journal of the last part has the entries of those before it; it keeps those whose
        scripts are there."""
        path = folder / "meta" / "_journal.json"
        journal = json.loads(path.read_text())
        journal["entries"] = [entry for entry in journal["entries"]
                              if (folder / f"{entry['tag']}.sql").exists()]
        path.write_text(json.dumps(journal))

    def migrate(self, folder):
        return self.run("node", "-e", MIGRATE, self.url(), folder, cwd=self.folder)

    @state
    def empty(self):
        """The first migration ended in an error."""
        self.obstruct("1")
        self.apply("release", fails=True)
        return Expect("empty", ("1", "2", "3"))

    @state
    def skipped(self):
        """A migration merged late: the tool sees only the newest row, and never applies it."""
        self.apply("release", "newer", without=("3",))
        self.apply("release", "newer")
        return Expect("diverged", ("3",))


class Drizzle1(Drizzle):
    data = "drizzle-1.0"
    version = "1.0.0-rc.5"
    rules = {"drizzle.__drizzle_migrations": {"applied_at": clocks}}
    prefixes = TIMES
    ids = {name: f"{TIMES[name]}_{table}" for name, table in TABLES.items()}
    skipped = None

    @state
    def merged_late(self):
        """All three migrations applied; the release has one besides, with a lower number."""
        self.apply("release")
        return Expect("behind", ("side",), directory=("release", "side"))

    def composed(self, folder):
        """There is no journal."""

    def apply_old(self):
        """The same migrations by 0.x."""
        old = Drizzle()
        old.install()
        old.database = self.database
        old.apply("release")

    @state
    def upgraded(self):
        """All three migrations applied by 0.x; then 1.0 ran, which gives the rows names."""
        self.apply_old()
        self.apply("release")
        return Expect("ok")

    @state
    def not_upgraded(self):
        """All three migrations applied by 0.x; the release is of 1.0, which has not run yet."""
        self.apply_old()
        return Expect("ok")
