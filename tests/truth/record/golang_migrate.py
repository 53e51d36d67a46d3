"""golang-migrate. Its table has one row: the last version, and whether it is finished."""

from record.golang import install
from record.tool import Expect, Tool, state


class GolangMigrate(Tool):
    name = "golang-migrate"
    version = "4.20.1"
    tables = ("public.schema_migrations",)
    after_failure = "dirty"
    after_newer_failure = "dirty_newer"
    squashed = None

    def install(self):
        install(self.folder, "github.com/golang-migrate/migrate/v4", "cmd/migrate", self.version,
                "postgres")

    def golang_migrate(self, folder, *words):
        return self.run(self.folder / "migrate", "-path", folder,
                        "-database", self.url(sslmode="disable"), *words)

    def migrate(self, folder):
        return self.golang_migrate(folder, "up")

    def undo(self, folder):
        return self.golang_migrate(folder, "down", "1")

    def mark(self, folder):
        return self.golang_migrate(folder, "force", self.prefixes["3"])

    def repair(self, folder):
        self.done(self.golang_migrate(folder, "force", self.prefixes["2"]))

    def pending(self, folder):
        """What comes after the version that it tells."""
        process = self.golang_migrate(folder, "version")
        said = (process.stdout + process.stderr).split()
        if "(dirty)" in said or said[:2] == ["error:", "no"]:
            return None
        return [self.prefixes[name] for name in "123" if int(self.prefixes[name]) > int(said[0])]

    @state
    def merged_late(self):
        """All three migrations applied; the release has one besides, with a lower number: the tool
        never applies it, and the table cannot show it."""
        self.apply("release")
        self.apply("release", "side")
        return Expect("ok", directory=("release", "side"))

    @state
    def left_out(self):
        """A newer release applied that has not our third migration: the table cannot show it."""
        self.apply("release", "newer", without=("3",))
        return Expect("ahead")

    @state
    def failed_first(self):
        """The rollback of the first migration ended in an error."""
        self.apply("release", without=("2", "3"))
        self.database.execute("CREATE VIEW watched AS SELECT id FROM users")
        process = self.undo(self.compose("release", without=("2", "3")))
        self.done(process, fails=True)
        return Expect("dirty", ("1", "2", "3"))
