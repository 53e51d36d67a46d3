"""What all tools have in common: three migrations of a release, one of a newer release, one of a
side branch, and the states that a database can be brought to with them.

A driver is a class per tool. It says how the tool is installed and how its commands are run; the
states of the base class then hold for it, each a method whose docstring says how it was made. Where
a tool works otherwise, its class replaces a state, takes it away (`half = None`) or adds its own.
"""

import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from record import capture
from support.processes import scratch_folder

DATA = Path(__file__).resolve().parents[1]
TOOLS = Path(os.environ.get("SCHEMALATCH_TRUTH_TOOLS", "/var/tmp/schemalatch-truth"))
LIMIT_S = 300

# The migrations by name, the table that each makes, and the beginning of its file's name.
TABLES = {"1": "users", "2": "orders", "side": "coupons", "3": "invoices", "newer": "refunds"}
TIMES = {"1": "20260101090000", "2": "20260201090000", "side": "20260215090000",
         "3": "20260301090000", "newer": "20260401090000"}


def parts_of(directory):
    return (directory,) if isinstance(directory, str) else directory


UNASKED = ("the tool has no word for this",)


class Unexpected(Exception):
    """The tool did something else than this state is about."""


def state(method):
    """Marks a method that brings the database into a state, and gives what a release finds then."""
    method.is_state = True
    return method


@dataclass
class Expect:
    """What a release with that directory has to find: ids, or names of TABLES."""

    reason: str
    missing: tuple = ()
    directory: str | tuple = "release"  # one part of the tool's data, or several
    list: tuple | None = None     # instead of a directory: the ids that the release expects
    said: tuple | None = None     # what the tool says is pending, where that is not what is missing;
                                  # UNASKED where it can't say
    options: dict = field(default_factory=dict)  # further keys of the check's configuration


@dataclass
class Recording:
    """The files of a state."""

    history: str
    case: dict
    list: str | None

    def files(self):
        shown = json.dumps(self.case, indent=2, ensure_ascii=False) + "\n"
        found = {"case.json": shown, "history.sql": self.history}
        return found if self.list is None else {**found, "expected.txt": self.list}


class Tool:
    name = None
    data = None                  # the folder of its data, where it is not called as the tool
    version = None               # the version that is installed, or None: whatever Debian has
    quick = True                 # installs in minutes
    quick_states = ()            # and has time for these states; for all, if empty
    tables = ()                  # history and locks, in an order in which rows can be inserted
    rules = {}                   # {table: {column: rule of capture}}
    orders = {}                  # {table: ORDER BY of its rows}
    prefixes = TIMES             # how the file names of the migrations begin
    ids = None                   # and what they are called in the history, if not so
    after_failure = "behind"     # what is left when one of the release's migrations fails
    after_newer_failure = "ok"   # and when one of a newer release does

    def __init__(self):
        self.database = None
        self.folder = TOOLS / f"{self.name}-{self.version}" if self.version else TOOLS / self.name
        self.home = DATA / self.label()

    @classmethod
    def label(cls):
        return cls.data or cls.name

    # --- what a driver says ---------------------------------------------------------------------

    def install(self):
        """Brings the tool here, into self.folder, where it is not there yet."""

    def installed_version(self):
        return self.version

    def migrate(self, folder):
        """Applies all that is pending in the folder; gives the finished process."""
        raise NotImplementedError

    def undo(self, folder):
        """Rolls the last migration back; likewise."""
        raise NotImplementedError

    def mark(self, folder):
        """Records all migrations as applied without running them; likewise."""
        raise NotImplementedError

    def repair(self, folder):
        """What the tool wants after a failure, before it goes on."""

    def pending(self, folder):
        """The pending ids in the tool's own words, or None where it has no word for it."""
        return None

    # --- the states -----------------------------------------------------------------------------

    @state
    def none(self):
        """Nothing was run."""
        return Expect("unmanaged", ("1", "2", "3"))

    @state
    def empty(self):
        """One migration applied and rolled back again."""
        self.apply("release", without=("2", "3"))
        self.roll_back("release", without=("2", "3"))
        return Expect("empty", ("1", "2", "3"))

    @state
    def half(self):
        """Two of three migrations applied."""
        self.apply("release", without=("3",))
        return Expect("behind", ("3",))

    @state
    def all(self):
        """All three migrations applied."""
        self.apply("release")
        return Expect("ok")

    @state
    def ahead(self):
        """All migrations of a newer release applied."""
        self.apply("release", "newer")
        return Expect("ahead")

    @state
    def diverged(self):
        """The migrations of a side branch applied: two of ours, and one that we do not have."""
        self.apply("release", "side", without=("3",))
        return Expect("diverged", ("3",))

    @state
    def rolled_back(self):
        """All three migrations applied, the last one rolled back."""
        self.apply("release")
        self.roll_back("release")
        return Expect("behind", ("3",))

    @state
    def rolled_back_newer(self):
        """All migrations of a newer release applied, its own one rolled back."""
        self.apply("release", "newer")
        self.roll_back("release", "newer")
        return Expect("ok")

    @state
    def failed(self):
        """Two of three migrations applied, then the third one, which ended in an error."""
        self.apply("release", without=("3",))
        self.obstruct("3")
        self.apply("release", fails=True)
        return Expect(self.after_failure, ("3",))

    @state
    def failed_newer(self):
        """All three migrations applied, then that of a newer release, which ended in an error."""
        self.apply("release")
        self.obstruct("newer")
        self.apply("release", "newer", fails=True)
        return Expect(self.after_newer_failure)

    @state
    def repaired(self):
        """The third migration ended in an error; repaired as the tool wants it, and applied again."""
        self.failed()
        self.clear("3")
        self.repair(self.compose("release"))
        self.apply("release")
        return Expect("ok")

    @state
    def baselined(self):
        """All three migrations recorded as applied without running them."""
        self.done(self.mark(self.compose("release")))
        return Expect("ok")

    @state
    def merged_late(self):
        """All three migrations applied; the release has one besides, with a lower number."""
        self.apply("release")
        return Expect("behind", ("side",), directory=("release", "side"))

    @state
    def squashed(self):
        """All three migrations applied; the release has the first two as one, by the second's id."""
        self.apply("release")
        return Expect("ahead", directory="squashed")

    # --- helpers of states and drivers ----------------------------------------------------------

    def apply(self, *parts, without=(), fails=False):
        self.done(self.migrate(self.compose(*parts, without=without)), fails)

    def roll_back(self, *parts, without=()):
        self.done(self.undo(self.compose(*parts, without=without)))

    def obstruct(self, migration):
        """Lets the migration fail: the table that it makes is there already."""
        self.database.execute(f"CREATE TABLE {TABLES[migration]} (in_the_way int)")

    def clear(self, migration):
        self.database.execute(f"DROP TABLE {TABLES[migration]}")

    def compose(self, *parts, without=()):
        """A fresh folder with the files of these parts of the tool's data."""
        folder = scratch_folder(self.name)
        for part in parts:
            shutil.copytree(self.home / "migrations" / part, folder, dirs_exist_ok=True)
        left_out = tuple(self.prefixes[name] for name in without)
        for path in list(folder.rglob("*")):
            if left_out and path.name.startswith(left_out):
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        self.composed(folder)
        return folder

    def composed(self, folder):
        """Adds what the tool wants beside the migrations."""

    def run(self, *command, cwd=None, env=None, stdin=None):
        """The finished process of a command: nothing of this machine's settings gets to it."""
        home = scratch_folder("home")
        clean = {"PATH": os.environ["PATH"], "HOME": str(home), "LC_ALL": "C.UTF-8", "TZ": "UTC"}
        return subprocess.run([*map(str, command)], cwd=cwd or home, env={**clean, **(env or {})},
                              input=stdin, stdin=None if stdin is not None else subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=LIMIT_S)

    def done(self, process, fails=False):
        """Its output, when it ended as it should."""
        if (process.returncode != 0) != fails:
            raise Unexpected(f"{process.args} ended with {process.returncode}:\n"
                             f"{process.stdout[-3000:]}\n{process.stderr[-3000:]}")
        return process.stdout

    def url(self, **keywords):
        return self.database.url(**keywords)

    def id_of(self, migration):
        """The id of a migration's name; what is an id already stays."""
        return (self.ids or self.prefixes).get(migration, migration)

    # --- recording ------------------------------------------------------------------------------

    def states(self):
        """The names of its states."""
        return [name for name in dir(self) if getattr(getattr(self, name), "is_state", False)]

    def record(self, server, name):
        """Brings a fresh database into the state and gives what there is to keep of it."""
        self.database = server.create_database(re.sub(r"\W", "_", f"{self.label()}_{name}"))
        try:
            expect = getattr(self, name)()
            history = capture.history(self.database, self.tables, self.rules, self.orders)
            missing = [self.id_of(each) for each in expect.missing]
            self.ask(expect)
        finally:
            self.database.drop()
        return Recording(history, self.case(name, expect, missing),
                         None if expect.list is None else "".join(f"{i}\n" for i in expect.list))

    def ask(self, expect):
        """The tool's own word has to agree with what was done to it."""
        if expect.list is not None or expect.said is UNASKED:
            return
        said = self.pending(self.compose(*parts_of(expect.directory)))
        expected = [self.id_of(each) for each in (expect.missing if expect.said is None else expect.said)]
        if said is not None and said != expected:
            raise Unexpected(f"{self.name} says that {said} are pending, expected {expected}")

    def case(self, name, expect, missing):
        case = {"tool": self.name, "version": self.installed_version(), "state": name}
        if expect.list is None:
            case["directory"] = self.directory(*parts_of(expect.directory))
        else:
            case["list"] = "expected.txt"
        case.update(expect.options)
        case["expect"] = {"reason": expect.reason, "pending": len(missing), "missing": missing}
        case["made"] = " ".join(getattr(type(self), name).__doc__.split())
        return case

    def directory(self, *parts):
        """What a check is told of the parts' place, seen from a state's folder."""
        places = [f"../migrations/{part}" for part in parts]
        return places if len(places) > 1 else places[0]
