"""Atlas, of the last version of its command that the module proxy has."""

from record.capture import always, clocks
from record.golang import install
from record.tool import UNASKED, Expect, Tool, state

RULES = {"executed_at": clocks, "execution_time": always("0")}
NAMES = ("public.atlas_schema_revisions", "atlas_schema_revisions.atlas_schema_revisions")


class Atlas(Tool):
    name = "atlas"
    version = "0.13.1"
    quick = False
    tables = NAMES
    rules = dict.fromkeys(NAMES, RULES)
    empty = None
    rolled_back_newer = None

    def install(self):
        # What it names of golang.org/x/tools is refused by today's compiler.
        install(self.folder, "ariga.io/atlas/cmd/atlas", "", self.version,
                also=("golang.org/x/tools@v0.29.0",))

    def composed(self, folder):
        self.done(self.run(self.folder / "atlas", "migrate", "hash", "--dir", f"file://{folder}"))

    def atlas(self, folder, *words, **parameters):
        parameters = {"search_path": "public", "sslmode": "disable", **parameters}
        return self.run(self.folder / "atlas", "migrate", *words, "--dir", f"file://{folder}",
                        "--url", self.url(**{k: v for k, v in parameters.items() if v}))

    def migrate(self, folder):
        return self.atlas(folder, "apply")

    def mark(self, folder):
        return self.atlas(folder, "set", self.prefixes["3"])

    def pending(self, folder):
        status = self.done(self.atlas(folder, "status", "--format",
                                      "{{range .Pending}}{{.Version}} {{end}}"))
        return status.split()

    @state
    def merged_late(self):
        """All three migrations applied; the release has one besides, with a lower number: this
        version of the tool passes over it."""
        self.apply("release")
        return Expect("behind", ("side",), directory=("release", "side"), said=())

    @state
    def rolled_back(self):
        """All three migrations applied, and the last one taken back by hand and from the history."""
        self.apply("release")
        self.clear("3")
        self.done(self.atlas(self.compose("release"), "set", self.prefixes["2"]))
        return Expect("behind", ("3",))

    @state
    def taken_over(self):
        """A database that was there before, taken over at the second migration."""
        self.database.execute("CREATE TABLE users (id bigint); CREATE TABLE orders (id bigint)")
        self.done(self.atlas(self.compose("release"), "apply", "--baseline", self.prefixes["2"]))
        return Expect("ok")

    @state
    def own_schema(self):
        """All three migrations applied by a URL that names no schema: the history has one of its
        own."""
        self.done(self.atlas(self.compose("release"), "apply", search_path=None))
        return Expect("ok", options={"tableSchema": "atlas_schema_revisions"}, said=UNASKED)

    @state
    def failed_outside(self):
        """Two of three migrations applied, then the third one, without a transaction, which ended
        in an error and left a row that says so."""
        self.apply("release", without=("3",))
        self.obstruct("3")
        self.done(self.atlas(self.compose("release"), "apply", "--tx-mode", "none"), fails=True)
        return Expect("dirty", ("3",))

    @state
    def failed_outside_newer(self):
        """All three migrations applied, then that of a newer release without a transaction, which
        ended in an error and left a row that says so."""
        self.apply("release")
        self.obstruct("newer")
        folder = self.compose("release", "newer")
        self.done(self.atlas(folder, "apply", "--tx-mode", "none"), fails=True)
        return Expect("dirty_newer", said=UNASKED)
