"""Checks of the kind `migrations` with the tool alembic: every verdict, by hand-made histories and
version tables. The story with the real program is in test_alembic_story.py."""

import pytest

from support.revisions import line_of, set_versions, write_history, write_revision
from support.sidecar import alembic, ask, configuration, run, tables

LINE = line_of("aa01", "bb02", "cc03")
BRANCHED = {"aa01": None, "bb02": "aa01", "cc03": "aa01"}
MERGED = {**BRANCHED, "dd04": ("bb02", "cc03")}
TWO_BASES = {"aa01": None, "bb02": "aa01", "xx01": None, "yy02": "xx01"}

# history, rows of the table, verdict, reason, number of pending migrations
VERDICTS = {
    "all applied": (LINE, ["cc03"], "ready", "ok", 0),
    "one behind": (LINE, ["bb02"], "not_ready", "behind", 1),
    "two behind": (LINE, ["aa01"], "not_ready", "behind", 2),
    "nothing applied": (LINE, [], "not_ready", "empty", 3),
    "two heads": (BRANCHED, ["bb02", "cc03"], "ready", "ok", 0),
    "one of two heads": (BRANCHED, ["cc03"], "not_ready", "behind", 1),
    "before the branches": (BRANCHED, ["aa01"], "not_ready", "behind", 2),
    "merged": (MERGED, ["dd04"], "ready", "ok", 0),
    "before the merge": (MERGED, ["bb02", "cc03"], "not_ready", "behind", 1),
    "one parent of the merge": (MERGED, ["bb02"], "not_ready", "behind", 2),
    "two bases": (TWO_BASES, ["bb02", "yy02"], "ready", "ok", 0),
    "one of two bases": (TWO_BASES, ["bb02"], "not_ready", "behind", 2),
    "another application in the table": (LINE, ["cc03", "ffff"], "ready", "ahead", 0),
    "another branch beside ours": (BRANCHED, ["bb02", "cc03", "ffff"], "ready", "ahead", 0),
    "an unknown id alone": (LINE, ["ffff"], "not_ready", "unknown_revision", None),
    "unknown beside one of two heads": (BRANCHED, ["bb02", "ffff"], "not_ready",
                                        "unknown_revision", None),
    "unknown beside an ancestor of the head": (LINE, ["bb02", "ffff"], "not_ready", "diverged", 1),
    "a single revision": (line_of("aa01"), ["aa01"], "ready", "ok", 0),
    "ids that look like numbers": (line_of("0001", "0002"), ["0002"], "ready", "ok", 0),
}


@pytest.mark.parametrize("history, rows, verdict, reason, pending", VERDICTS.values(), ids=VERDICTS)
def test_verdict(database, tmp_path, history, rows, verdict, reason, pending):
    set_versions(database, *rows)
    check = ask(configuration(database.url(), alembic(write_history(tmp_path, history))), "migrations")
    assert (check["verdict"], check["reason"]) == (verdict, reason), check
    if pending:
        assert str(pending) in check["message"]


def test_without_a_table_it_is_unmanaged(database, tmp_path):
    check = ask(configuration(database.url(), alembic(write_history(tmp_path, LINE))), "migrations")
    assert (check["verdict"], check["reason"]) == ("not_ready", "unmanaged")
    assert "alembic_version" in check["message"] and "alembic upgrade head" in check["message"]


def test_an_empty_table_says_what_to_do(database, tmp_path):
    set_versions(database)
    check = ask(configuration(database.url(), alembic(write_history(tmp_path, LINE))), "migrations")
    assert "alembic upgrade head" in check["message"]


def test_behind_names_the_pending_ids_and_what_to_do(database, tmp_path):
    set_versions(database, "aa01")
    check = ask(configuration(database.url(), alembic(write_history(tmp_path, LINE))), "migrations")
    assert "alembic upgrade head" in check["message"]
    assert "bb02" in check["message"] and "cc03" in check["message"]
    assert check["message"].index("bb02") < check["message"].index("cc03"), "oldest first"


def test_many_pending_are_counted_and_only_some_named(database, tmp_path):
    ids = [f"{number:032x}" for number in range(500)]
    set_versions(database, ids[0])
    check = ask(configuration(database.url(), alembic(write_history(tmp_path, line_of(*ids)))),
                "migrations")
    assert "499" in check["message"] and ids[1] in check["message"]
    assert len(check["message"].encode()) < 1024


def test_metrics_tell_the_pending_and_both_versions(database, tmp_path, start):
    set_versions(database, "aa01")
    sidecar = start(configuration(database.url(), alembic(write_history(tmp_path, LINE))))
    sidecar.wait_check("migrations", reason="behind")
    labels = {"database": "main", "check": "migrations"}
    assert sidecar.metrics().value("schemalatch_pending_migrations", **labels) == 2
    (info, one), = sidecar.metrics().samples("schemalatch_schema_info", **labels)
    assert (info["expected"], info["actual"], one) == ("cc03", "aa01", 1)
    set_versions(database, "cc03")
    sidecar.wait_check("migrations", reason="ok")
    assert sidecar.metrics().value("schemalatch_pending_migrations", **labels) == 0


# --- ids that this release does not know ---------------------------------------------------------

def test_having_seen_its_own_heads_an_unknown_id_is_ahead(database, tmp_path, start):
    """A newer release migrates while this one runs: the old fleet stays ready."""
    set_versions(database, "cc03")
    sidecar = start(configuration(database.url(), alembic(write_history(tmp_path, LINE))))
    sidecar.wait_check("migrations", reason="ok")
    set_versions(database, "dd04")
    check = sidecar.wait_check("migrations", reason="ahead")
    assert check["verdict"] == "ready" and sidecar.ready()
    assert "dd04" in check["message"]
    assert not sidecar.told(check="migrations", verdict="not_ready")


def test_a_downgrade_is_seen_through_memory(database, tmp_path, start):
    set_versions(database, "cc03")
    sidecar = start(configuration(database.url(), alembic(write_history(tmp_path, LINE))))
    sidecar.wait_check("migrations", reason="ok")
    set_versions(database, "dd04")
    sidecar.wait_check("migrations", reason="ahead")
    set_versions(database, "bb02")
    sidecar.wait_check("migrations", reason="behind")
    assert not sidecar.ready()


def test_memory_ends_with_the_process(database, tmp_path, start):
    set_versions(database, "cc03")
    config = configuration(database.url(), alembic(write_history(tmp_path, LINE)))
    start(config).wait_check("migrations", reason="ok")
    set_versions(database, "dd04")
    check = start(config).wait_check("migrations", reason="unknown_revision")
    assert check["verdict"] == "not_ready" and "dd04" in check["message"]


POLICIES = {
    # unknownRevision, the tables that are wanted, verdict, reason
    "evidence by tables": ("evidence", ["users"], "ready", "ahead"),
    "evidence is the default": (None, ["users"], "ready", "ahead"),
    "evidence that fails": ("evidence", ["users", "orders"], "not_ready", "unknown_revision"),
    "no evidence": ("evidence", [], "not_ready", "unknown_revision"),
    "ready": ("ready", [], "ready", None),
    "ready whatever the tables say": ("ready", ["orders"], "ready", None),
    "not ready": ("not_ready", [], "not_ready", "unknown_revision"),
    "not ready in spite of evidence": ("not_ready", ["users"], "not_ready", "unknown_revision"),
}


@pytest.mark.parametrize("policy, wanted, verdict, reason", POLICIES.values(), ids=POLICIES)
def test_policy_for_unknown_ids(database, tmp_path, policy, wanted, verdict, reason):
    database.execute("CREATE TABLE users (id int)")
    set_versions(database, "ffff")
    history = alembic(write_history(tmp_path, LINE), **({"unknownRevision": policy} if policy else {}))
    checks = [history, tables(*wanted)] if wanted else [history]
    check = ask(configuration(database.url(), *checks), "migrations")
    assert check["verdict"] == verdict, check
    assert reason is None or check["reason"] == reason
    assert "ffff" in check["message"]


def test_evidence_comes_from_the_same_database_only(server, tmp_path):
    first, second = server.create_database(), server.create_database()
    set_versions(first, "ffff")
    second.execute("CREATE TABLE users (id int)")
    config = configuration(first.url(), alembic(write_history(tmp_path, LINE)))
    config["databases"].append({"name": "second", "url": second.url(), "checks": [tables("users")]})
    assert ask(config, "migrations")["reason"] == "unknown_revision"


def test_evidence_is_judged_in_each_round(database, tmp_path, start):
    """When the tables go, an id that was ahead by their evidence is unknown again."""
    database.execute("CREATE TABLE users (id int)")
    set_versions(database, "ffff")
    sidecar = start(configuration(database.url(), alembic(write_history(tmp_path, LINE)),
                                  tables("users")))
    sidecar.wait_check("migrations", reason="ahead")
    database.execute("DROP TABLE users")
    sidecar.wait_check("migrations", reason="unknown_revision")
    database.execute("CREATE TABLE users (id int)")
    sidecar.wait_check("migrations", reason="ahead")


def test_a_policy_of_not_ready_does_not_remember(database, tmp_path, start):
    set_versions(database, "cc03")
    sidecar = start(configuration(database.url(), alembic(
        write_history(tmp_path, LINE), unknownRevision="not_ready")))
    sidecar.wait_check("migrations", reason="ok")
    set_versions(database, "dd04")
    sidecar.wait_check("migrations", reason="unknown_revision", verdict="not_ready")


# --- the rule `exact` ----------------------------------------------------------------------------

EXACT = {
    "equal": (LINE, ["cc03"], "ready"),
    "equal with two heads": (BRANCHED, ["bb02", "cc03"], "ready"),
    "more than wanted": (LINE, ["cc03", "ffff"], "not_ready"),
    "less than wanted": (LINE, ["bb02"], "not_ready"),
    "nothing": (LINE, [], "not_ready"),
    "something else": (LINE, ["ffff"], "not_ready"),
}


@pytest.mark.parametrize("history, rows, verdict", EXACT.values(), ids=EXACT)
def test_exact(database, tmp_path, history, rows, verdict):
    set_versions(database, *rows)
    asked = configuration(database.url(), alembic(write_history(tmp_path, history), rule="exact"))
    assert ask(asked, "migrations")["verdict"] == verdict


def test_exact_does_not_take_a_newer_release(database, tmp_path, start):
    set_versions(database, "cc03")
    sidecar = start(configuration(database.url(), alembic(write_history(tmp_path, LINE), rule="exact")))
    sidecar.wait_ready()
    set_versions(database, "dd04")
    sidecar.wait_not_ready()
    set_versions(database, "cc03")
    sidecar.wait_ready()


# --- where the history is, and whether it can be read --------------------------------------------

def test_a_table_in_another_schema_by_tableSchema(database, tmp_path):
    set_versions(database, "cc03", schema="app")
    folder = write_history(tmp_path, LINE)
    asked = configuration(database.url(), alembic(folder, tableSchema="app"))
    assert ask(asked, "migrations")["reason"] == "ok"
    asked = configuration(database.url(), alembic(folder, tableSchema="other"))
    assert ask(asked, "migrations")["reason"] == "unmanaged"


def test_a_table_of_another_name(database, tmp_path):
    set_versions(database, "cc03", table="My Versions")
    set_versions(database, "aa01")
    folder = write_history(tmp_path, LINE)
    asked = configuration(database.url(), alembic(folder, table="My Versions"))
    assert ask(asked, "migrations")["reason"] == "ok"


def test_the_schema_of_the_entry_is_where_the_history_is(database, tmp_path):
    set_versions(database, "cc03", schema="app")
    asked = configuration(database.url(), alembic(write_history(tmp_path, LINE)), schema="app")
    assert ask(asked, "migrations")["reason"] == "ok"


def test_a_history_in_another_schema_only_is_not_overlooked(database, tmp_path):
    set_versions(database, "cc03", schema="app")
    check = ask(configuration(database.url(), alembic(write_history(tmp_path, LINE))), "migrations")
    assert check["reason"] == "ok" or "app" in check["message"], check


def test_two_schemas_that_hold_it_are_reported_unless_one_is_configured(database, tmp_path):
    set_versions(database, "cc03", schema="first")
    set_versions(database, "aa01", schema="second")
    folder = write_history(tmp_path, LINE)
    check = ask(configuration(database.url(), alembic(folder)), "migrations")
    assert check["verdict"] != "ready", check
    assert "first" in check["message"] and "second" in check["message"]
    assert "tableSchema" in check["message"]
    asked = configuration(database.url(), alembic(folder, tableSchema="first"))
    assert ask(asked, "migrations")["reason"] == "ok"
    asked = configuration(database.url(), alembic(folder, tableSchema="second"))
    assert ask(asked, "migrations")["reason"] == "behind"


def test_a_role_without_SELECT_is_denied_not_behind(server, database, tmp_path, start):
    set_versions(database, "cc03")
    role = server.create_role()
    sidecar = start(configuration(database.url(role), alembic(write_history(tmp_path, LINE))))
    check = sidecar.wait_check("migrations", reason="denied")
    assert check["verdict"] == "unknown" and not sidecar.ready()
    assert "alembic_version" in check["message"] and "SELECT" in check["message"]
    database.execute(f"GRANT SELECT ON alembic_version TO {role}")
    sidecar.wait_ready()
    database.execute(f"REVOKE SELECT ON alembic_version FROM {role}")
    check = sidecar.wait_check("migrations", reason="denied")
    assert check["held"] and sidecar.ready()


def test_a_role_without_USAGE_is_denied_not_unmanaged(server, database, tmp_path):
    set_versions(database, "cc03", schema="app")
    role = server.create_role()
    database.execute(f"GRANT SELECT ON app.alembic_version TO {role}")
    asked = configuration(database.url(role), alembic(write_history(tmp_path, LINE), tableSchema="app"))
    assert ask(asked, "migrations")["reason"] == "denied"
    database.execute(f"GRANT USAGE ON SCHEMA app TO {role}")
    assert ask(asked, "migrations")["reason"] == "ok"


def test_SELECT_on_the_column_is_enough(server, database, tmp_path):
    set_versions(database, "cc03")
    role = server.create_role()
    database.execute(f"GRANT SELECT (version_num) ON alembic_version TO {role}")
    asked = configuration(database.url(role), alembic(write_history(tmp_path, LINE)))
    assert ask(asked, "migrations")["reason"] == "ok"


def test_row_security_that_hides_the_rows_is_not_empty(server, database, tmp_path):
    set_versions(database, "cc03")
    role = server.create_role()
    database.execute(f"GRANT SELECT ON alembic_version TO {role};"
                     "ALTER TABLE alembic_version ENABLE ROW LEVEL SECURITY")
    asked = configuration(database.url(role), alembic(write_history(tmp_path, LINE)))
    assert ask(asked, "migrations")["reason"] == "denied"


def test_a_view_will_do(server, database, tmp_path):
    set_versions(database, "cc03", schema="hidden")
    role = server.create_role()
    database.execute("CREATE VIEW alembic_version AS TABLE hidden.alembic_version;"
                     f"GRANT SELECT ON public.alembic_version TO {role}")
    asked = configuration(database.url(role),
                          alembic(write_history(tmp_path, LINE), tableSchema="public"))
    assert ask(asked, "migrations")["reason"] == "ok"


def test_a_table_of_another_shape_is_not_ready(database, tmp_path):
    database.execute("CREATE TABLE alembic_version (something text)")
    check = ask(configuration(database.url(), alembic(write_history(tmp_path, LINE))), "migrations")
    assert check["verdict"] != "ready"
    assert "alembic_version" in check["message"]


def test_a_lock_before_the_first_answer_is_not_ready(database, tmp_path, start):
    set_versions(database, "cc03")
    holder = database.locked("alembic_version")
    sidecar = start(configuration(database.url(), alembic(write_history(tmp_path, LINE))))
    check = sidecar.wait_check("migrations", reason="locked")
    assert check["verdict"] == "unknown" and not check["pass"]
    assert not sidecar.ready()
    holder.close()
    sidecar.wait_ready()


def test_a_lock_keeps_the_last_verdict(database, tmp_path, start):
    set_versions(database, "cc03")
    database.execute("CREATE TABLE users (id int)")
    sidecar = start(configuration(database.url(), alembic(write_history(tmp_path, LINE)),
                                  tables("users")))
    sidecar.wait_ready()
    holder = database.locked("alembic_version")
    check = sidecar.wait_check("migrations", reason="locked")
    assert check["held"] and check["pass"] and sidecar.ready()
    assert sidecar.check("tables")["reason"] == "ok", "the other check goes on"
    assert "[+]main/migrations ok (held: locked for " in sidecar.get("/readyz?verbose").text
    holder.close()
    sidecar.wait_check("migrations", reason="ok", held=False)


# --- where the expected ids come from ------------------------------------------------------------

def test_several_directories_are_one_history(database, tmp_path):
    write_history(tmp_path / "core", LINE)
    write_revision(tmp_path / "plugin", "pp01", "cc03")
    folders = [str(tmp_path / "core"), str(tmp_path / "plugin")]
    set_versions(database, "cc03")
    asked = configuration(database.url(), alembic(folders[0]))
    assert ask(asked, "migrations")["reason"] == "ok"
    asked["databases"][0]["checks"][0]["directory"] = folders
    check = ask(asked, "migrations")
    assert check["reason"] == "behind" and "pp01" in check["message"]


def test_depends_on_by_id_and_by_label(database, tmp_path):
    """Alembic takes what others depend on out of the heads that the table holds."""
    write_revision(tmp_path, "aa01", labels=("core",))
    write_revision(tmp_path, "aa02", "aa01")
    write_revision(tmp_path, "bb01")
    write_revision(tmp_path, "bb02", "bb01", depends="core")
    write_revision(tmp_path, "cc01", "bb02", depends=("aa02",))
    asked = configuration(database.url(), alembic(tmp_path))
    for rows, reason in ((["cc01"], "ok"), (["bb02"], "behind"), (["aa02"], "behind")):
        set_versions(database, *rows)
        assert ask(asked, "migrations")["reason"] == reason, rows


def test_configured_revisions(database):
    asked = configuration(database.url(), alembic(revisions=["bb02", "cc03"]))
    for rows, reason in ((["bb02", "cc03"], "ok"), (["cc03", "bb02", "ffff"], "ahead"),
                         (["ffff"], "unknown_revision"), ([], "empty")):
        set_versions(database, *rows)
        assert ask(asked, "migrations")["reason"] == reason, rows


def test_a_list_file_with_and_without_parents(database, tmp_path):
    heads, whole = tmp_path / "heads", tmp_path / "whole"
    heads.write_text("cc03\n", encoding="ascii")
    whole.write_text("aa01\nbb02 <- aa01\ncc03 <- bb02\n", encoding="ascii")
    set_versions(database, "bb02")
    asked = configuration(database.url(), alembic(list=str(heads)))
    assert ask(asked, "migrations")["reason"] == "unknown_revision"
    asked = configuration(database.url(), alembic(list=str(whole)))
    assert ask(asked, "migrations")["reason"] == "behind"
    set_versions(database, "cc03")
    assert ask(asked, "migrations")["reason"] == "ok"


def test_a_directory_as_Kubernetes_mounts_it(database, tmp_path):
    """A ConfigMap shows each file as a link into a folder behind the link `..data`."""
    real = write_history(tmp_path / "..2026_01_01", LINE)
    (tmp_path / "..data").symlink_to(real.name)
    for file in real.iterdir():
        (tmp_path / file.name).symlink_to(f"..data/{file.name}")
    set_versions(database, "cc03")
    assert ask(configuration(database.url(), alembic(tmp_path)), "migrations")["reason"] == "ok"


FILES = {
    "annotated, as new Alembic writes": 'revision: str = "cc03"\n'
        'down_revision: Union[str, Sequence[str], None] = "bb02"\n'
        "branch_labels: Union[str, Sequence[str], None] = None\n",
    "single quotes": "revision = 'cc03'\ndown_revision = 'bb02'\n",
    "a tuple over several lines": 'revision = "cc03"\ndown_revision = (\n    "bb02",  # last\n)\n',
    "a list": 'revision = "cc03"\ndown_revision = ["bb02"]\n',
    "adjacent literals": 'revision = "cc" "03"\ndown_revision = ("bb"\n  "02")\n',
    "trailing comments": 'revision = "cc03"  # "dd04"\ndown_revision = "bb02" # = None\n',
    "CRLF": 'revision = "cc03"\r\ndown_revision = "bb02"\r\n',
    "a byte order mark": '\ufeffrevision = "cc03"\ndown_revision = "bb02"\n',
    "a docstring that tells otherwise": '"""x\n\nRevision ID: zz99\nrevision = "zz99"\n"""\n'
        'revision = "cc03"\ndown_revision = "bb02"\n',
    "names in functions": 'revision = "cc03"\ndown_revision = "bb02"\ndef upgrade():\n'
        '    revision = "zz99"\n',
}


@pytest.mark.parametrize("text", FILES.values(), ids=FILES)
def test_a_file_may_be_written_so(database, tmp_path, text):
    write_history(tmp_path, line_of("aa01", "bb02"))
    (tmp_path / "last.py").write_bytes(text.encode("utf-8"))
    set_versions(database, "bb02")
    asked = configuration(database.url(), alembic(tmp_path))
    check = ask(asked, "migrations")
    assert check["reason"] == "behind" and "cc03" in check["message"], check
    set_versions(database, "cc03")
    assert ask(asked, "migrations")["reason"] == "ok"


def test_files_that_Alembic_does_not_read_are_not_read(database, tmp_path):
    write_history(tmp_path, LINE)
    for name in ("__init__.py", ".#cc03.py", "README", "notes.py.bak"):
        (tmp_path / name).write_text("revision = some.thing()\n", encoding="ascii")
    write_revision(tmp_path / "__pycache__", "dd04", "cc03")
    set_versions(database, "cc03")
    assert ask(configuration(database.url(), alembic(tmp_path)), "migrations")["reason"] == "ok"


@pytest.mark.parametrize("value, rows, reason", [
    ("alembic:{folder}", ["cc03"], "ok"),
    ("alembic:{folder}", ["bb02"], "behind"),
    ("alembic@cc03", ["cc03"], "ok"),
    ("alembic@bb02,cc03", ["bb02", "cc03"], "ok"),
    ("alembic@bb02,cc03", [], "empty"),
])
def test_from_the_environment(database, tmp_path, value, rows, reason):
    set_versions(database, *rows)
    check = ask(None, "migrations", env={
        "SCHEMALATCH_DATABASE_URL": database.url(),
        "SCHEMALATCH_MIGRATIONS": value.format(folder=write_history(tmp_path, LINE))})
    assert check["reason"] == reason


def test_a_migration_is_seen_at_once_while_unready(database, tmp_path, start):
    """The retry period, not the period, decides how long a new pod waits."""
    set_versions(database, "bb02")
    sidecar = start(configuration(database.url(), alembic(write_history(tmp_path, LINE)),
                                  period="10m", retryPeriod="50ms"))
    sidecar.wait_check("migrations", reason="behind")
    set_versions(database, "cc03")
    sidecar.wait_ready()


def test_the_report_tells_wanted_found_and_what_to_do(database, tmp_path):
    set_versions(database, "aa01")
    result = run("check", config=configuration(database.url(), alembic(write_history(tmp_path, LINE))))
    assert result.code == 1
    for part in ("main", "migrations", "behind", "cc03", "aa01", "alembic upgrade head"):
        assert part in result.out, f"{part!r} is not in\n{result.out}"
