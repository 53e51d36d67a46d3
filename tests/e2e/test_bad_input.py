"""Every mistake in what the user gave is reported, all at once, each with place, value and what was
expected; nothing crashes, hangs or tells a secret."""

import json

import pytest

from support.processes import free_port
from support.revisions import line_of, write_history, write_revision
from support.sidecar import alembic, configuration, run, tables

URL = "postgresql://role:hush@nowhere.test/shop"


def problems(config=None, env=None, arguments=()):
    """The lines that `config` complains with."""
    result = run("config", *arguments, config=config, env=env)
    assert result.code == 2, result
    text = result.out + result.err
    assert "hush" not in text
    return text


def test_all_mistakes_at_once():
    text = problems({
        "listen": "everywhere", "mode": "sometimes", "log": {"level": "loud", "format": "xml"},
        "databases": [
            {"name": "main", "url": URL, "period": "10", "timeout": -1, "holdFor": "forever",
             "keepConnection": "perhaps", "checks": [
                 {"kind": "tables", "tables": []},
                 {"kind": "tables", "tables": ["a.b.c", 7], "gates": ["liveness"]},
                 {"kind": "migrations", "tool": "alembik", "directory": "/x"},
                 {"kind": "migrations", "tool": "alembic"},
                 {"kind": "tabels"}]},
            {"name": "main", "url": "mysql://role:hush@h/d", "checks": [tables("users")]},
            {"name": "third", "url": 5, "checks": []}]})
    for place in ("/listen", "/mode", "/log/level", "/log/format", "/databases/0/period",
                  "/databases/0/timeout", "/databases/0/holdFor", "/databases/0/keepConnection",
                  "/databases/0/checks/0/tables", "/databases/0/checks/1/tables/0",
                  "/databases/0/checks/1/tables/1", "/databases/0/checks/1/gates",
                  "/databases/0/checks/2/tool", "/databases/0/checks/3", "/databases/0/checks/4/kind",
                  "/databases/1/name", "/databases/1/url", "/databases/2/url"):
        assert place in text, f"{place} is not in\n{text}"


UNKNOWN_KEYS = {
    "top": ({"lisen": ":1", **configuration(URL, tables("users"))}, "/lisen", "listen"),
    "database": (configuration(URL, tables("users"), holdfor="5m"), "/databases/0/holdfor", "holdFor"),
    "check": (configuration(URL, tables("users", latched=True)), "/databases/0/checks/0/latched", "latch"),
    "kind": (configuration(URL, {"kind": "tabels", "tables": ["users"]}),
             "/databases/0/checks/0/kind", "tables"),
    "tool": (configuration(URL, {"kind": "migrations", "tool": "alembik", "revisions": ["a"]}),
             "/databases/0/checks/0/tool", "alembic"),
    "a key of another kind": (configuration(URL, tables("users", unknownrevision="ready")),
                              "/databases/0/checks/0/unknownrevision", None),
}


@pytest.mark.parametrize("config, place, nearest", UNKNOWN_KEYS.values(), ids=UNKNOWN_KEYS)
def test_an_unknown_name_is_an_error_that_names_the_nearest(config, place, nearest):
    line, = [line for line in problems(config).splitlines() if place in line]
    assert nearest is None or nearest in line.partition(place)[2]


WRONG = {
    # value of a database key, what the message must hold
    "period": ({"period": "10"}, "period", "10", "unit"),
    "period of nothing": ({"period": "0s"}, "period", "0s", ""),
    "period of a year": ({"period": "9000h"}, "period", "9000h", ""),
    "period in words": ({"period": "ten seconds"}, "period", "ten seconds", "10s"),
    "period as a number": ({"period": 10}, "period", "10", ""),
    "timeout with a space": ({"timeout": "2 s"}, "timeout", "2 s", ""),
    "hold of less than nothing": ({"holdFor": "-5m"}, "holdFor", "-5m", ""),
    "keepConnection": ({"keepConnection": True}, "keepConnection", "", "auto"),
    "checks that are no list": ({"checks": {}}, "checks", "", "array"),
    "schema too long": ({"schema": "s" * 64}, "schema", "", "63"),
}


@pytest.mark.parametrize("keys, place, value, expected", WRONG.values(), ids=WRONG)
def test_place_value_and_what_was_expected(keys, place, value, expected):
    entry = {"name": "main", "url": URL, "checks": [tables("users")], **keys}
    text = problems({"databases": [entry]})
    lines = [line for line in text.splitlines() if f"/databases/0/{place}" in line]
    assert len(lines) == 1, text
    assert value in lines[0] and expected in lines[0], lines[0]


BROKEN = {
    "nothing": "",
    "no JSON": "listen: :8484",
    "cut off": '{"listen": ":8484", "databases": [',
    "text after the end": '{"databases": []} trailing',
    "a comma too many": '{"listen": ":8484",}',
    "no object": '[]',
    "null": "null",
    "a repeated key": '{"mode": "gate", "mode": "observe"}',
    "not UTF-8": '{"listen": "\udcff"}',
    "a NUL": '{"listen": "\x00"}',
    "an escaped NUL": '{"mode": "gate\\u0000observe"}',
    "very deep": "[" * 100_000,
    "a byte order mark and nothing": "\ufeff",
}


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
def test_a_file_that_is_not_what_it_should_be(text):
    assert "schemalatch.json" in problems(text)


def test_a_syntax_error_has_line_and_column():
    text = problems('{\n  "listen": ":8484"\n  "mode": "gate"\n}')
    assert "schemalatch.json:3" in text or ("line 3" in text and "column" in text), text


def test_a_configuration_file_that_cannot_be_read(tmp_path):
    for path in (tmp_path / "missing.json", tmp_path):
        result = run("config", "--config", path)
        assert result.code == 2 and str(path) in result.err + result.out


@pytest.mark.parametrize("variable, value", [
    ("SCHEMALATCH_DATABASE_URL", URL), ("SCHEMALATCH_DATABASE_URL_FILE", "/x"),
    ("SCHEMALATCH_TABLES", "users"), ("SCHEMALATCH_MIGRATIONS", "alembic@aa01"),
])
def test_variables_that_describe_a_database_together_with_a_file(variable, value):
    """Which one is meant? Nobody should have to guess."""
    assert variable in problems(configuration(URL, tables("users")), env={variable: value})


@pytest.mark.parametrize("variable, value", [
    ("SCHEMALATCH_TABLES", "users,,orders"),
    ("SCHEMALATCH_TABLES", 'users,"open'), ("SCHEMALATCH_TABLES", "a.b.c"),
    ("SCHEMALATCH_MIGRATIONS", "alembic"), ("SCHEMALATCH_MIGRATIONS", "alembic:"),
    ("SCHEMALATCH_MIGRATIONS", "alembic@"), ("SCHEMALATCH_MIGRATIONS", "alembik:/x"),
    ("SCHEMALATCH_MIGRATIONS", "alembic@aa01,,bb02"), ("SCHEMALATCH_MIGRATIONS", ":/x"),
    ("SCHEMALATCH_MODE", "off"), ("SCHEMALATCH_LISTEN", "8484:"), ("SCHEMALATCH_LISTEN", ":99999"),
    ("SCHEMALATCH_LISTEN", "[::1:80"), ("SCHEMALATCH_LOG_LEVEL", "loud"),
    ("SCHEMALATCH_LOG_FORMAT", "xml"), ("SCHEMALATCH_DATABASE_URL", "mysql://role:hush@h/d"),
    ("SCHEMALATCH_DATABASE_URL", "postgresql://role:hush@h:port/d"),
    ("SCHEMALATCH_DATABASE_URL", "postgresql://role:hu%zzsh@h/d"),
])
def test_a_bad_variable_is_named(variable, value):
    env = {"DATABASE_URL": URL, "SCHEMALATCH_TABLES": "users", variable: value}
    assert variable in problems(env=env)


def test_an_unknown_variable_of_ours_names_the_nearest():
    text = problems(env={"DATABASE_URL": URL, "SCHEMALATCH_TABLE": "users"})
    assert "SCHEMALATCH_TABLE" in text and "SCHEMALATCH_TABLES" in text


def test_several_bad_variables_are_told_together():
    text = problems(env={"DATABASE_URL": "mysql://role:hush@h/d", "SCHEMALATCH_TABLES": "a.b.c",
                         "SCHEMALATCH_MODE": "off", "SCHEMALATCH_MIGRATIONS": "alembik@x"})
    for name in ("DATABASE_URL", "SCHEMALATCH_TABLES", "SCHEMALATCH_MODE", "SCHEMALATCH_MIGRATIONS"):
        assert name in text


@pytest.mark.parametrize("url", [
    "postgresql://role:hush@h:99999/d", "postgresql://role:hush@[::1/d", "http://role:hush@h/d",
    "postgresql://role:hush@h/d?sslmode=perhaps", "role:hush@h/d", "password=hush host", "",
    "jdbc:mysql://h/d?password=hush", "postgresql://role:hu sh@h%/d?x=hush%", "password='hush",
])
def test_a_bad_URL_is_a_problem_that_keeps_its_secret(url):
    """Wherever it is told: by config, by serve, by check."""
    config = configuration(url, tables("users"))
    assert "/databases/0/url" in problems(config)
    for command in ("serve", "check", "wait"):
        result = run(command, config=config, env={"SCHEMALATCH_LISTEN": f"127.0.0.1:{free_port()}"})
        assert result.code == 2, (command, result)
        assert "hush" not in result.out + result.err


# --- migrations on disk ----------------------------------------------------------------------------

def directory_problem(folder, **keys):
    return problems(configuration(URL, alembic(folder, **keys)))


def test_a_directory_that_is_not_there(tmp_path):
    text = directory_problem(tmp_path / "missing")
    assert str(tmp_path / "missing") in text


def test_a_directory_that_is_a_file(tmp_path):
    assert "bb02" in directory_problem(write_revision(tmp_path, "bb02"))


def test_an_empty_directory(tmp_path):
    """A volume that is mounted late, or the wrong folder: never "nothing expected"."""
    assert str(tmp_path) in directory_problem(tmp_path)
    (tmp_path / "README").touch()
    assert str(tmp_path) in directory_problem(tmp_path)


NOT_LITERAL = {
    "a call": "revision = make_id()\ndown_revision = None\n",
    "a name": 'BASE = "aa01"\nrevision = "bb02"\ndown_revision = BASE\n',
    "a sum": 'revision = "bb" + "02"\ndown_revision = None\n',
    "an f-string": 'revision = f"bb{2}"\ndown_revision = None\n',
    "a number": "revision = 17\ndown_revision = None\n",
    "a dict": 'revision = "bb02"\ndown_revision = dict(aa01=1)\n',
}

BROKEN_FILES = {
    "an open string": 'revision = "bb02\ndown_revision = None\n',
    "an open tuple": 'revision = "bb02"\ndown_revision = ("aa01",\n',
    "no revision at all": "down_revision = None\n",
    "an empty file": "",
    "bytes": "\x00\x01\x02\n",
}


@pytest.mark.parametrize("text", NOT_LITERAL.values(), ids=NOT_LITERAL)
def test_a_file_that_is_not_literal_is_refused_by_name(tmp_path, text):
    write_revision(tmp_path, "aa01")
    (tmp_path / "odd_one.py").write_text(text, encoding="utf-8")
    told = directory_problem(tmp_path)
    assert "odd_one.py" in told
    assert "revisions" in told or "list" in told, "what to configure instead"


@pytest.mark.parametrize("text", BROKEN_FILES.values(), ids=BROKEN_FILES)
def test_a_file_that_is_broken_is_refused_by_name(tmp_path, text):
    write_revision(tmp_path, "aa01")
    (tmp_path / "odd_one.py").write_text(text, encoding="utf-8")
    assert "odd_one.py" in directory_problem(tmp_path)


BROKEN_GRAPHS = {
    "an unknown parent": {"aa01": None, "bb02": "zz99"},
    "a circle": {"aa01": "bb02", "bb02": "aa01"},
    "its own parent": {"aa01": "aa01"},
}


@pytest.mark.parametrize("history", BROKEN_GRAPHS.values(), ids=BROKEN_GRAPHS)
def test_a_history_that_cannot_be(tmp_path, history):
    write_history(tmp_path, history)
    assert "aa01" in directory_problem(tmp_path) or "zz99" in directory_problem(tmp_path)


def test_an_id_given_twice_names_both_files(tmp_path):
    write_revision(tmp_path, "aa01")
    (tmp_path / "copy.py").write_text("revision = 'aa01'\ndown_revision = None\n", encoding="ascii")
    text = directory_problem(tmp_path)
    assert "copy.py" in text and "aa01_a_step.py" in text


def test_all_bad_files_are_told_together(tmp_path):
    write_revision(tmp_path, "aa01")
    for number in range(5):
        (tmp_path / f"odd_{number}.py").write_text("revision = f()\n", encoding="ascii")
    text = directory_problem(tmp_path)
    assert all(f"odd_{number}.py" in text for number in range(5))


def test_a_list_that_is_not_there_or_empty(tmp_path):
    empty = tmp_path / "empty"
    empty.touch()
    assert str(empty) in problems(configuration(URL, alembic(list=str(empty))))
    assert "missing" in problems(configuration(URL, alembic(list=str(tmp_path / "missing"))))


@pytest.mark.parametrize("keys", [
    {}, {"revisions": []}, {"revisions": ["aa01"], "list": "/x"}, {"revisions": ["a b"]},
    {"revisions": ["aa01", "aa01"]}, {"revisions": [""]},
    {"revisions": ["aa01"], "rule": "perhaps"}, {"revisions": ["aa01"], "unknownRevision": "maybe"},
    {"revisions": ["aa01"], "table": "t" * 64}, {"revisions": ["aa01"], "tableSchema": ""},
])
def test_keys_that_contradict_or_make_no_sense(keys):
    assert "/databases/0/checks/0" in problems(configuration(URL, alembic(**keys)))


def test_two_sources_of_the_expected_ids(tmp_path):
    write_history(tmp_path, line_of("aa01"))
    assert "revisions" in directory_problem(tmp_path, revisions=["aa01"])


def test_two_sources_of_the_URL():
    text = problems(configuration(URL, tables("users"), urlFile="/run/url"))
    assert "/databases/0" in text and "url" in text and "urlFile" in text


def test_two_checks_of_one_name():
    assert "/databases/0/checks/1" in problems(configuration(URL, tables("users"), tables("orders")))


@pytest.mark.parametrize("name", ["", "a/b", "a b", "a?b", "\n", "x" * 300])
def test_a_name_that_cannot_stand_in_a_path(name):
    assert "/databases/0/checks/0/name" in problems(configuration(URL, tables("users", name=name)))


def test_a_misspelt_file_in_the_log_of_serve_is_one_JSON_line_a_problem():
    result = run("serve", config=configuration(URL, tables("users"), period="x", timeout="y"))
    assert result.code == 2
    lines = [json.loads(line) for line in result.err.splitlines()]
    assert any("/databases/0/period" in line["message"] for line in lines)
    assert any("/databases/0/timeout" in line["message"] for line in lines)
