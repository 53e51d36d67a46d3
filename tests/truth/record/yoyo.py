"""yoyo."""

import re

from record.capture import clocks
from record.installing import debian
from record.tool import Expect, Tool, state

MAIN = "import sys; from yoyo.scripts.main import main; sys.exit(main())"


class Yoyo(Tool):
    name = "yoyo"
    tables = ("public._yoyo_migration", "public.yoyo_lock")
    rules = {"public._yoyo_migration": {"applied_at_utc": clocks},
             "public.yoyo_lock": {"ctime": clocks}}
    orders = {"public._yoyo_migration": "applied_at_utc"}
    prefixes = {"1": "20260101_01", "2": "20260201_01", "side": "20260215_01", "3": "20260301_01",
                "newer": "20260401_01"}
    ids = {"1": "20260101_01_users", "2": "20260201_01_orders", "side": "20260215_01_coupons",
           "3": "20260301_01_invoices", "newer": "20260401_01_refunds"}
    squashed = None

    def installed_version(self):
        return debian("python3-yoyo")

    def yoyo(self, folder, *words):
        return self.run("/usr/bin/python3", "-B", "-c", MAIN, words[0], "--batch",
                        "--no-config-file", "--database", self.url(), *words[1:], folder)

    def migrate(self, folder):
        return self.yoyo(folder, "apply")

    def undo(self, folder):
        return self.yoyo(folder, "rollback", "--revision", max(
            path.stem for path in folder.glob("*.sql") if ".rollback" not in path.name))

    def mark(self, folder):
        return self.yoyo(folder, "mark")

    def pending(self, folder):
        listed = self.yoyo(folder, "list")
        if "has locked this database" in listed.stderr:
            return None
        shown = re.sub(r"\x1b\[[0-9;]*m", "", self.done(listed))
        return re.findall(r"^U\s+(\S+)", shown, re.M)

    @state
    def locked(self):
        """All three migrations applied; the lock set by hand, as a run leaves it that is killed."""
        self.apply("release")
        self.database.execute("INSERT INTO yoyo_lock (locked, ctime, pid) VALUES (1, now(), 4711)")
        return Expect("ok")
