"""Random Alembic histories, and revision files written in all the ways that people and formatters
write them. The same random numbers give the same files."""

from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Revision:
    """down holds ids; depends holds ids and labels, as the file names them."""

    id: str
    down: tuple = ()
    depends: tuple = ()
    labels: tuple = ()
    parents: set = field(default_factory=set)  # ids, of down and depends


def _hex_id(rng, number):
    return f"{rng.getrandbits(48):012x}"


def _number_id(rng, number):
    return f"{number:04d}"


def _word_id(rng, number):
    verb = rng.choice(["add", "Drop", "Ändere", "x"])
    return f"{verb}_{number}_{rng.choice(['users', 'a.b', 'ß'])}"


def _colon_id(rng, number):
    return f"rel:{number}"


ID_STYLES = (_hex_id, _hex_id, _number_id, _word_id, _colon_id)


class _Grower:
    """Makes one revision after the other, each on top of what is there."""

    def __init__(self, rng):
        self.rng = rng
        self.style = rng.choice(ID_STYLES)
        self.revisions = []

    def heads(self):
        used = {down for revision in self.revisions for down in revision.down}
        return [revision for revision in self.revisions if revision.id not in used]

    def down(self):
        kind = self.rng.random()
        if not self.revisions or kind < 0.12:
            return []
        if kind < 0.65:
            return [self.rng.choice(self.heads())]
        if kind < 0.8:
            return [self.rng.choice(self.revisions)]
        pool = self.heads() if self.rng.random() < 0.8 else self.revisions
        return self.rng.sample(pool, min(len(pool), self.rng.randint(1, 3)))

    def depends(self, down):
        if not self.revisions or self.rng.random() < 0.75:
            return []
        wanted = self.rng.sample(self.revisions, min(len(self.revisions), self.rng.randint(1, 2)))
        return [revision for revision in wanted if revision not in down]

    def name_of(self, revision):
        if revision.labels and self.rng.random() < 0.6:
            return self.rng.choice(revision.labels)
        return revision.id

    def labels(self):
        count = self.rng.choice([0, 0, 0, 1, 2])
        return tuple(f"label{len(self.revisions)}{'xy'[i]}" for i in range(count))

    def grow(self):
        down = self.down()
        depends = self.depends(down)
        self.revisions.append(Revision(
            id=self.style(self.rng, len(self.revisions) + 1),
            down=tuple(revision.id for revision in down),
            depends=tuple(self.name_of(revision) for revision in depends),
            labels=self.labels(),
            parents={revision.id for revision in [*down, *depends]},
        ))


def random_revisions(rng, size):
    """A history of that many revisions, oldest first: lines, branches, merges, several bases,
    dependencies across by id and by label."""
    grower = _Grower(rng)
    for _ in range(size):
        grower.grow()
    return grower.revisions


def _string(rng, text):
    half = len(text) // 2
    return rng.choice([
        f'"{text}"', f"'{text}'", f'"""{text}"""', f"'''{text}'''", f'r"{text}"', f"u'{text}'",
        f'R"{text}"', f'"{text[:half]}" \'{text[half:]}\'', f'"{text[:half]}\\\n{text[half:]}"',
        f'(\n    "{text[:half]}"  # one half (the first\n    "{text[half:]}"\n)',
    ])


def _nothing(rng, name):
    """For branch_labels Alembic takes a None in a tuple for a label."""
    forms = ["None", "()", "[]", "(None)", "(  # [ nothing\n)"]
    if name == "depends_on":
        forms += ["(None,)", "{None}"]
    if name == "down_revision":
        forms += ["(None,)", "''", '""', "[None]"]
    return rng.choice(forms)


def _sequence(rng, strings, name):
    lines = "".join(f"    {string},  # it's one\n" for string in strings)
    joined = ", ".join(strings)
    forms = [f"({joined},)", f"[{joined}]", f"(\n{lines})", f"[\n{lines}]", f"{joined},",
             f"([{joined}])"]
    if len(strings) > 1:
        forms += [f"({joined})", joined]
    if len(strings) > 1 or name != "down_revision":
        forms += [f"{{{joined}}}"]
    return rng.choice(forms)


def _value(rng, name, texts):
    strings = [_string(rng, text) for text in texts]
    if not texts:
        return _nothing(rng, name)
    if len(texts) == 1 and (name == "revision" or rng.random() < 0.6):
        return rng.choice([strings[0], f"({strings[0]})", f"(\n    {strings[0]}\n)"])
    return _sequence(rng, strings, name)


def _assignment(rng, name, value):
    annotation = rng.choice([
        "str", "Union[str, Sequence[str], None]", "str | None", '"dict[str, int]"',
        "Callable[[\n    str\n], None]", "{'a': 1}['a']",
    ])
    return rng.choice([
        f"{name} = {value}", f"{name} = {value}", f"{name} = {value}  # = 'no'", f"{name}={value}",
        f"{name}: {annotation} = {value}", f"{name}:{annotation}={value}",
        f"{name} \\\n    = {value}", f"{name} = \\\n{value}", f"{name}: str; {name} = {value}",
    ])


DECOYS_BEFORE = (
    'revision = "decoy"', "down_revision = 'decoy'", 'depends_on = ["decoy"]',
    'branch_labels = ("decoy",)', 'revision: str', "# revision = 'decoy'",
    "def f(revision='decoy'): down_revision = 'decoy'; return revision",
    "class Holder:\n    revision = 'decoy'\n    def f(self):\n        depends_on = 'decoy'",
    "table = dict(revision='decoy', down_revision=str('decoy'))",
    "'''\nrevision = 'decoy'\ndown_revision = \"decoy\"\n'''",
    "if True:\n\n  # nothing\n    pass",
    "x = (\nrevision\n\n) if 'revision' in globals() else None",
    "print_revision = lambda x=1: x", "other = {'revision': 1, 'down_revision': [(1), {2}]}",
    "for depends_ in ():\n    revision_ = depends_",
    "try:\n  pass\nexcept ImportError as e:\n  pass",
    "assert 'revision' != down_ if (down_ := 0) else 1",
)

DECOYS_AFTER = (
    "def upgrade_data():\n\trevision = 'decoy'\n\tif revision:\n\t\tdown_revision = 'decoy'",
    'SQL = """\nSELECT 1; -- \'\nrevision = "decoy"\n"""',
    "def g():\n  '''\nrevision = 'decoy'\n'''\n  return f\"{'a' + f'{1:>{2}}'}\"",
    "@(lambda f: f)\ndef h(*, revision: str = 'decoy') -> None:\n    pass",
    "async def k():\n    async with x as revision:\n        depends_on = 1",
    "note = revision + '!' if revision == 'decoy' else str(down_revision)",
    "text = 'a\\\n' 'revision = 1' \"\\\\\"",
    "box = [\n0\n]; box[0] = revision; box[:] = [depends_on]",
    "class Box: revision = 'decoy'\nBox.revision = down_revision",
    "with open('/dev/null', 'w') as file: print(revision, file=file)",
    "names = [revision for revision in 'abc']", "\f",
)


def _decoys(rng, decoys, values):
    """Statements that look like assignments and are none, or that a later one makes good. A file
    that names no revision has none: they would set it, or miss it."""
    return [decoy + "\n" for decoy in rng.sample(decoys, 3)] if "revision" in dict(values) else []


def _source(rng, values):
    """A whole file that gives the names those values."""
    assignments = [_assignment(rng, name, _value(rng, name, texts)) for name, texts in values]
    rng.shuffle(assignments)
    joint = rng.choice(["\n", "\n", "\n\n# Revises: decoy\n", "; "])
    if joint == "; " and any("#" in text.splitlines()[-1] for text in assignments):
        joint = "\n"
    preamble = '"""a step\n\nRevision ID: decoy\nrevision = "decoy"\n"""\n'
    imports = "from typing import Callable, Sequence, Union\nimport os, sys as system\n"
    parts = [
        rng.choice(["", "#!/usr/bin/python3\n# -*- coding: utf-8 -*-\n"]), preamble, imports,
        *_decoys(rng, DECOYS_BEFORE, values),
        joint.join(assignments), "\n",
        *_decoys(rng, DECOYS_AFTER, values),
        "def upgrade(): pass\ndef downgrade():\n    pass", rng.choice(["", "\n", "\n\n   \n# end"]),
    ]
    return "".join(parts)


def source_bytes(rng, values):
    """As _source, with a mark and line ends of some kind."""
    text = _source(rng, values)
    end = rng.choice(["\n", "\n", "\n", "\r\n", "\r"])
    mark = rng.choice(["", "", "", "\ufeff"])
    return (mark + text).replace("\n", end).encode("utf-8")


def write_revisions(rng, revisions, folders):
    """One file for each revision, with a name of its own, in one of the folders; none stays empty."""
    for folder in folders:
        Path(folder).mkdir(parents=True, exist_ok=True)
        (Path(folder) / "__init__.py").write_text("revision = 'decoy'\n")
        (Path(folder) / ".#lock.py").write_text("revision = 'decoy'\n")
    for number, revision in enumerate(revisions):
        values = [("revision", (revision.id,)), ("down_revision", revision.down),
                  ("branch_labels", revision.labels), ("depends_on", revision.depends)]
        name = f"{rng.getrandbits(32):08x}_{number}.py"
        if not revision.id.strip("0123456789abcdef") and rng.random() < 0.2:
            values, name = values[1:], f"{revision.id}.py"
        folder = folders[number] if number < len(folders) else rng.choice(folders)
        (Path(folder) / name).write_bytes(source_bytes(rng, values))
