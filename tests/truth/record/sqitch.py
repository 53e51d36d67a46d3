"""Sqitch. Its ids depend on the whole plan before them."""

from record.capture import clocks
from record.installing import debian
from record.tool import TABLES, Expect, Tool, state

TIME = {"committed_at": clocks}


class Sqitch(Tool):
    name = "sqitch"
    tables = tuple(f"sqitch.{table}" for table in
                   ("releases", "projects", "changes", "tags", "dependencies", "events"))
    rules = {"sqitch.releases": {"installed_at": clocks}, "sqitch.projects": {"created_at": clocks},
             "sqitch.changes": TIME, "sqitch.tags": TIME, "sqitch.events": TIME}
    orders = {f"sqitch.{table}": "committed_at" for table in ("changes", "tags", "events")}
    ids = {name: f"shop:{table}" for name, table in TABLES.items()}
    after_failure = "dirty"
    after_newer_failure = "dirty_newer"
    squashed = None

    merged_late = None

    def installed_version(self):
        return debian("sqitch")

    def compose(self, *parts, without=()):
        """The plan of the last part has the changes of those before it; it is cut after those that
        are wanted."""
        folder = super().compose(*parts)
        plan = folder / "sqitch.plan"
        left_out = tuple(f"{TABLES[name]} " for name in without)
        plan.write_text("".join(line for line in plan.read_text().splitlines(keepends=True)
                                if not left_out or not line.startswith(left_out)))
        return folder

    def sqitch(self, folder, *words):
        target = self.url().replace("postgresql://", "db:pg://")
        (folder / "sqitch.conf").write_text("[core]\n\tengine = pg\n")
        return self.run("sqitch", *words, "--target", target, cwd=folder, env={
            "SQITCH_FULLNAME": "Amy", "SQITCH_EMAIL": "amy@example.com"})

    def migrate(self, folder):
        return self.sqitch(folder, "deploy")

    def undo(self, folder):
        return self.sqitch(folder, "revert", "-y", "--to", "@HEAD^1")

    def mark(self, folder):
        return self.sqitch(folder, "deploy", "--log-only")

    def pending(self, folder):
        status = self.sqitch(folder, "status")
        if status.returncode:
            return None
        return [f"shop:{line.strip(' *#')}" for line in status.stdout.splitlines()
                if line.startswith("  * ")]

    @state
    def empty(self):
        """One change deployed and reverted again."""
        self.apply("release", without=("2", "3"))
        self.done(self.sqitch(self.compose("release"), "revert", "-y"))
        return Expect("empty", ("1", "2", "3"))

    @state
    def reworked(self):
        """A change deployed, and again after it was reworked; the release has both."""
        self.apply("reworked")
        return Expect("ok", directory="reworked")

    @state
    def reworked_half(self):
        """Deployed before a change was reworked; the release has it reworked."""
        self.apply("release")
        return Expect("behind", ("shop:users#2",), directory="reworked", said=("1",))

    @state
    def another_project(self):
        """All deployed, and a change of another project in the same registry."""
        self.apply("release")
        self.apply("another")
        return Expect("ok")
