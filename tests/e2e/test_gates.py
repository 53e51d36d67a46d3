"""What a gate makes of the verdicts: readiness, startup, latch, gates, observe, disabled."""

import pytest

from support.sidecar import configuration, run, tables

USERS = "CREATE TABLE users (id int)"
LABELS = {"database": "main", "check": "tables"}


def test_before_the_first_answer_nothing_is_ready(own_server, own_database, start):
    own_database.execute(USERS)
    own_server.freeze()
    sidecar = start(configuration(own_database.url(), tables("users"), timeout="30s"))
    assert [sidecar.get(path).status for path in ("/readyz", "/startupz", "/livez", "/healthz")] == [
        503, 503, 200, 200]
    status = sidecar.status()
    assert (status["ready"], status["started"]) == (False, False)


def test_startup_stays_passed_and_readiness_does_not(database, start):
    sidecar = start(configuration(database.url(), tables("users")))
    sidecar.wait_check(reason="missing")
    assert sidecar.get("/startupz").status == 503
    database.execute(USERS)
    sidecar.wait_ready()
    assert sidecar.get("/startupz").status == 200
    database.execute("DROP TABLE users")
    sidecar.wait_not_ready()
    answer = sidecar.get("/startupz")
    assert (answer.status, answer.text) == (200, "ok")
    status = sidecar.status()
    assert (status["ready"], status["started"]) == (False, True)
    assert sidecar.metrics().value("schemalatch_ready") == 0
    assert sidecar.metrics().value("schemalatch_started") == 1


def test_startup_is_passed_without_anybody_asking(database, start):
    """The latch is the process's, not the prober's: the first one to ask may come late."""
    database.execute(USERS)
    sidecar = start(configuration(database.url(), tables("users")))
    sidecar.wait_log(check="tables", reason="ok")
    database.execute("DROP TABLE users")
    sidecar.wait_log(check="tables", reason="missing")
    assert sidecar.get("/startupz").status == 200


def test_startup_is_not_remembered_by_a_new_process(database, start):
    database.execute(USERS)
    config = configuration(database.url(), tables("users"))
    start(config).wait_ready()
    database.execute("DROP TABLE users")
    second = start(config)
    second.wait_check(reason="missing")
    assert second.get("/startupz").status == 503


def test_a_latch_passes_for_ever_and_reports_what_it_finds(database, start):
    sidecar = start(configuration(database.url(), tables("users", latch=True)))
    sidecar.wait_check(reason="missing")
    assert not sidecar.ready()
    database.execute(USERS)
    sidecar.wait_ready()
    database.execute("DROP TABLE users")
    check = sidecar.wait_check(reason="missing")
    assert check["verdict"] == "not_ready" and check["pass"] is True
    assert sidecar.ready()
    assert sidecar.get("/readyz/main/tables").status == 200
    line = sidecar.get("/readyz?verbose").text.splitlines()[0]
    assert line.startswith("[+]main/tables ok") and "missing" in line, line
    assert sidecar.metrics().value("schemalatch_check_pass", **LABELS) == 1


def test_a_latch_outlasts_holdFor(own_server, own_database, start):
    own_database.execute(USERS)
    sidecar = start(configuration(own_database.url(), tables("users", latch=True),
                                  tables("users", name="other"), holdFor="1s", timeout="500ms"))
    sidecar.wait_ready()
    own_server.stop("immediate")
    sidecar.wait_until(lambda s: not s.check("other")["pass"], what="the hold to run out")
    assert sidecar.check("tables")["pass"] is True
    assert sidecar.get("/readyz/main/tables").status == 200
    assert sidecar.get("/readyz/main/other").status == 503


def test_no_gates_means_reported_only(database, start):
    sidecar = start(configuration(database.url(), tables("users", gates=[])))
    check = sidecar.wait_check(reason="missing")
    assert check["gates"] == []
    assert sidecar.ready() and sidecar.get("/startupz").status == 200
    assert "missing" in sidecar.get("/readyz?verbose").text
    assert sidecar.metrics().samples("schemalatch_check_reason", reason="missing")
    assert sidecar.wait_log(check="tables", reason="missing")


GATES = {
    # gates of the check that fails, what /startupz and /readyz say
    "startup": (["startup"], 503, 200),
    "readiness": (["readiness"], 200, 503),
    "both": (["startup", "readiness"], 503, 503),
    "neither": ([], 200, 200),
}


@pytest.mark.parametrize("gates, startup, readiness", GATES.values(), ids=GATES)
def test_a_check_gates_what_it_is_configured_to(database, start, gates, startup, readiness):
    database.execute(USERS)
    sidecar = start(configuration(database.url(), tables("users"),
                                  tables("orders", name="extra", gates=gates)))
    sidecar.wait_check("tables", reason="ok")
    sidecar.wait_check("extra", reason="missing")
    assert (sidecar.get("/startupz").status, sidecar.get("/readyz").status) == (startup, readiness)
    assert sorted(sidecar.check("extra")["gates"]) == sorted(gates)


def test_observe_answers_200_and_tells_what_it_would_have_said(database, start):
    sidecar = start(configuration(database.url(), tables("users"), top={"mode": "observe"}))
    sidecar.wait_check(reason="missing")
    for path in ("/readyz", "/startupz", "/readyz/main/tables", "/livez"):
        assert sidecar.get(path).status == 200, path
    body = sidecar.get("/readyz?verbose").text
    assert "missing: " in body and "public.users" in body
    assert "observe" in body
    status = sidecar.status()
    assert status["mode"] == "observe"
    assert sidecar.check()["reason"] == "missing"
    metrics = sidecar.metrics()
    assert metrics.samples("schemalatch_check_reason", reason="missing", **LABELS)
    assert metrics.value("schemalatch_ready") == 0
    sidecar.wait_log(check="tables", reason="missing")


def test_observe_by_the_environment_and_by_flag(database, start):
    config = configuration(database.url(), tables("users"))
    assert start(config, env={"SCHEMALATCH_MODE": "observe"}).ready()
    assert start(config, args=("--mode", "observe")).ready()
    config["mode"] = "observe"
    assert not start(config, env={"SCHEMALATCH_MODE": "gate"}).ready()


DISABLED = "incident 4711: gate is off"


@pytest.mark.parametrize("where", ["file", "environment"])
def test_disabled_answers_200_asks_nothing_and_says_why(own_server, own_database, start, where):
    config = configuration(own_database.url(), tables("users"))
    if where == "file":
        config["disabled"] = DISABLED
    sidecar = start(config, env={"SCHEMALATCH_DISABLED": DISABLED} if where == "environment" else {})
    for path in ("/readyz", "/startupz", "/livez", "/readyz/main/tables"):
        assert sidecar.get(path).status == 200, path
    for path in ("/readyz", "/readyz?verbose", "/status"):
        assert DISABLED in sidecar.get(path).text, path
    assert any(DISABLED in str(line) for line in sidecar.told())
    assert DISABLED in sidecar.run("probe").out
    assert not own_server.log_lines("connection received: host=127.0.0.1")
    sidecar.stop()
    assert not own_server.log_lines("connection received: host=127.0.0.1")


def test_disabled_needs_a_reason(database):
    """An empty value in a template must not switch the gate off without a word."""
    config = configuration(database.url(), tables("users"), top={"disabled": ""})
    result = run("config", config=config)
    assert result.code == 2 or not result.json().get("disabled"), result
