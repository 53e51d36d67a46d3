"""Reading revision files against Python itself: what we say of a file is what running it gives, or
we say that we cannot tell."""

import random
import re
import sysconfig
import textwrap
from pathlib import Path

import pytest
from support.graph_driver import read_files
from support.random_revisions import source_bytes

NAMES = ("revision", "down_revision", "branch_labels", "depends_on")

# What a file may hold, N standing for one of our names and M for another. Each runs by itself.

# These are read.
PLAIN = (
    'N = "a"', "N = None", "N = ('a', 'b')", "N: str = 'c'", "N: str", "N = ['d',]",
    "N = 'e', 'f'", "N = ('g')", "N = (('h', 'i'))", "N = 'j' 'k'", "N = \\\n 'l'", "N = r'm'",
    "N = 'n'; M = 'o'", "N = {'p'}", "N = ()", "N: 'a = b' = 'q'", "N = '''r'''",
    "N = ('s'  # 't'\n  , )", "N = 'it\\'s'",
)

# These set nothing at module level.
HARMLESS = (
    "x = 'N = 1'", "def f(N=1):\n    N = 2\n    M: str = 'x'",
    "class C:\n  N = 1\n  def g(self):\n    M = 1", "'''\nN = 'doc'\n'''", "# N = 'x'",
    "d = dict(N='x', M=[1])", "y = [N for N in 'ab']", "z = lambda N: N", "if True: pass",
    "if 1:\n    pass\n\n# back\n\n    x = 1", "for i in (1, 2): pass",
    "try:\n  w = 1\nfinally:\n\tw = 2", "class D: N = 'x'; M = 'y'", "def h(): N = 'x'; M = 'y'",
    "C0 = type('C', (), {}); C0.N = 'x'; C0.N: str = 'y'",
    "m = {}; m['N'] = 'x'; m[(\n'M'\n)] = 1", "async def k():\n    for N in (): M = 1",
    "v = 'a\\\nN = 1'", 'u = f\'{1:>{2}}\' f"{\'N = 1\'}" rf\'\'\'{2}\nN = \'\'\'',
    "if 'N' == 'M': x = 1", "p = (1,\nN0 := 2\n)", "\x0c", "import os as N_",
    "from os import path as M_", "@staticmethod\ndef N_(): M = 1", "assert True, 'N = 1'",
)

# What these set only Python can tell.
OPAQUE = (
    "N = str('a')", "N = 'a' + 'b'", "N = 'a' 'b' % ()", "N = f'a'", "N = b'a'",
    "N = 'a' if 1 else 'b'", "N = 1", "N = M = 'a'", "x = N = 'a'", "N, M = 'a', 'b'",
    "(N, M) = ('a', 'b')", "[N, *x] = 'abc'", "if True:\n    N = 'a'", "if True: N = 'a'",
    "for N in 'ab': pass", "for x, (N, M) in [('a', 'bc')]: pass", "N = 'a'; del N",
    "import os as N", "from os import (path, sep as N)", "try:\n    N: str = 'a'\nexcept E: pass",
    "with open('/dev/null') as N: pass", "def N(): pass", "class N: pass", "x = (N := 'a')",
    "while (N := None): pass", "N = 'a'; N += 'b'", "N = ['a']; N.append('b')",
    "N = ['a']; N[0] = 'b'", "N = 'a'.upper()", "N = 'a', ('b',)", "N = ('a' for x in 'b')",
    "N = {'a': 'b'}", "N = not 'a'", "N = -1", "N = ...", "N = True", "N = '\\x61'",
    "N = 'a\\nb'", "N = '\\d'", "N = ('a',) + ('b',)", "N = lambda: 'a'",
    "if True:\n  if True:\n    def f(): pass\n    N = 'a'",
    "class E:\n  pass\nif True:\n  N = 'a'", "N = ('a' or 'b')",
    "with open('/dev/null') as f, open('/dev/null') as (N): pass",
)

BLOCKS = ("def q():", "class Q:", "if True:", "for _ in (1,):", "try: x = 1\nfinally:")


def a_statement(rng, pool):
    statement = with_names(rng.choice(pool), *rng.sample(NAMES, 2))
    if rng.random() < 0.1:
        return rng.choice(BLOCKS) + "\n" + textwrap.indent(statement + "\n0", "   ")
    return statement


def a_module(rng):
    """Some statements, one after the other."""
    pool = PLAIN * 6 + HARMLESS * 3 + (OPAQUE if rng.random() < 0.5 else ())
    statements = [a_statement(rng, pool) for _ in range(rng.randint(2, 9))]
    return "\n".join(statements) + rng.choice(["", "\n", "\n# end"])


def with_names(statement, name, other):
    return re.sub(r"\b[NM]\b", lambda match: {"N": name, "M": other}[match[0]], statement)


def listed(value):
    """A value in the form of our lists; () where there is none; None where we could not say it."""
    if value is None or value == "":
        return ()
    if isinstance(value, str):
        return (value,)
    items = tuple(value) if isinstance(value, (tuple, list)) else tuple(sorted(value))
    return items if all(isinstance(item, str) for item in items) else None


def is_refused(answer, path, name):
    return any(line.startswith(f"{path}:") and line.split(": ", 1)[1].startswith(f"{name} ")
               for line in answer["problems"])


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_file_says_what_running_it_gives(tmp_path):
    rng = random.Random(7)
    texts = [a_module(rng) for _ in range(3000)]
    paths = [tmp_path / f"{i:x}.py" for i in range(len(texts))]
    for path, text in zip(paths, texts):
        path.write_text(text)
    plain = 0
    for path, text, answer in zip(paths, texts, read_files(paths)):
        module = {}
        exec(compile(text, str(path), "exec"), module)
        for name in NAMES[1:]:
            if not is_refused(answer, path, name):
                assert listed(module.get(name)) == tuple(answer[name]), f"{name} in {path}:\n{text}"
        if not is_refused(answer, path, "revision"):
            assert answer["revision"] == module.get("revision", path.stem), f"{path}:\n{text}"
        plain += not any("files are read without being run" in line for line in answer["problems"])
    assert plain > len(texts) / 3


@pytest.mark.parametrize("statement", HARMLESS)
def test_what_sets_nothing_is_no_problem(tmp_path, statement):
    path = tmp_path / "a.py"
    names = with_names(statement, "revision", "depends_on")
    path.write_text(f"down_revision = None\nrevision = 'a'\n{names}\n")
    answer, = read_files([path])
    assert answer["revision"] == "a" and not answer["problems"], answer


@pytest.mark.parametrize("statement", OPAQUE)
def test_what_only_python_can_tell_is_refused(tmp_path, statement):
    path = tmp_path / "a.py"
    path.write_text(with_names(statement, "revision", "depends_on"))
    answer, = read_files([path])
    assert is_refused(answer, path, "revision"), answer


@pytest.mark.parametrize("seed", range(20))
def test_every_style_is_read(tmp_path, seed):
    """Everything that the writer of random revisions can write, and no problem with any."""
    rng = random.Random(seed)
    wanted, paths = [], []
    for number in range(100):
        values = {name: tuple(f"{name}{i}" for i in range(rng.choice([0, 1, 2, 3])))
                  for name in NAMES[1:]}
        values["revision"] = (f"id{number}",)
        path = tmp_path / f"{number}.py"
        path.write_bytes(source_bytes(rng, list(values.items())))
        wanted.append(values)
        paths.append(path)
    for path, values, answer in zip(paths, wanted, read_files(paths)):
        found = {name: tuple(answer[name]) for name in NAMES[1:]}
        assert not answer["problems"], path.read_text()
        assert (answer["revision"],) == values["revision"]
        assert found == {name: values[name] for name in NAMES[1:]}, path.read_text()


def test_python_s_own_library_is_no_riddle():
    """Strings, brackets and blocks end where Python says they do: no file is broken for us."""
    paths = sorted(Path(sysconfig.get_path("stdlib")).rglob("*.py"))
    assert len(paths) > 300
    assert not [line for answer in read_files(paths) for line in answer["problems"]
                if "this is no Python" in line]
