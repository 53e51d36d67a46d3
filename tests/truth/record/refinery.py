"""refinery. It has no way back, and no word for what is pending."""

from record.capture import clocks
from record.rust import install
from record.tool import Expect, Tool, state

TABLE = "public.refinery_schema_history"


class Refinery(Tool):
    name = "refinery"
    version = "0.10.0"
    quick = False
    tables = (TABLE,)
    rules = {TABLE: {"applied_on": clocks}}
    prefixes = {"1": "V10__", "2": "V20__", "side": "V25__", "3": "V30__", "newer": "V40__"}
    ids = {"1": "10", "2": "20", "side": "25", "3": "30", "newer": "40"}
    baselined = None
    rolled_back = None
    rolled_back_newer = None

    def install(self):
        install(self.folder, "refinery_cli", self.version, "postgresql")

    def refinery(self, folder, *words):
        server = self.database.server
        settings = folder.parent / f"{folder.name}.toml"
        settings.write_text(
            f'[main]\ndb_type = "Postgres"\ndb_host = "127.0.0.1"\ndb_port = "{server.port}"\n'
            f'db_user = "postgres"\ndb_pass = ""\ndb_name = "{self.database.name}"\n')
        return self.run(self.folder / "bin/refinery", "migrate", "-c", settings, "-p", folder, *words)

    def migrate(self, folder):
        return self.refinery(folder, "-m", "-d")

    @state
    def empty(self):
        """The first migration ended in an error."""
        self.obstruct("1")
        self.apply("release", fails=True)
        return Expect("empty", ("1", "2", "3"))
