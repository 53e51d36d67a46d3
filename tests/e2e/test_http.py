"""The roads over HTTP: paths, codes, bodies, headers, queries, documents."""

import datetime
import http.client
import re

import pytest

from support.revisions import set_versions
from support.sidecar import alembic, configuration, tables
from support.waiting import PATIENCE

TEXT = "text/plain; charset=utf-8"
PROBES = ("/readyz", "/startupz", "/livez", "/healthz", "/readyz/main/tables")


@pytest.fixture(scope="module")
def ready_database(server):
    database = server.create_database()
    database.execute("CREATE TABLE users (id int)")
    set_versions(database, "aa01")
    return database


@pytest.fixture
def ready(ready_database, start):
    return start(configuration(ready_database.url(), tables("users"),
                               alembic(revisions=["aa01"]))).wait_ready()


@pytest.fixture
def failing(ready_database, start):
    """tables passes, migrations fails."""
    sidecar = start(configuration(ready_database.url(), tables("users"),
                                  alembic(revisions=["bb02"], unknownRevision="not_ready")))
    sidecar.wait_check("tables", reason="ok")
    sidecar.wait_check("migrations", reason="unknown_revision")
    return sidecar


@pytest.mark.parametrize("path", PROBES)
def test_a_passed_probe_says_ok(ready, path):
    answer = ready.get(path)
    assert (answer.status, answer.text) == (200, "ok")


@pytest.mark.parametrize("path", [*PROBES, "/status", "/metrics", "/nothing"])
def test_every_answer_has_its_headers_and_no_redirect(ready, path):
    answer = ready.get(path)
    assert answer.status in (200, 404)
    assert int(answer.headers["Content-Length"]) == len(answer.body)
    assert answer.headers["Content-Type"]
    assert answer.headers["Location"] is None
    assert answer.headers["Transfer-Encoding"] is None


@pytest.mark.parametrize("path", PROBES)
def test_probes_are_plain_text_that_nobody_caches(ready, path):
    headers = ready.get(path).headers
    assert headers["Content-Type"] == TEXT
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in headers["Cache-Control"]


def test_verbose_has_one_line_a_check_and_the_result(ready):
    for gate in ("readyz", "startupz"):
        answer = ready.get(f"/{gate}?verbose")
        assert answer.status == 200
        assert answer.text.splitlines() == ["[+]main/tables ok", "[+]main/migrations ok",
                                            f"{gate} check passed"]


def test_a_failed_probe_is_verbose_by_itself(failing):
    for gate in ("readyz", "startupz"):
        answer = failing.get(f"/{gate}")
        lines = answer.text.splitlines()
        assert answer.status == 503 and answer.headers["Content-Type"] == TEXT
        assert lines[0] == "[+]main/tables ok"
        assert lines[1].startswith("[-]main/migrations failed: unknown_revision: ")
        assert lines[2:] == [f"{gate} check failed"]


def test_liveness_is_not_touched_by_verdicts(failing):
    for gate in ("livez", "healthz"):
        answer = failing.get(f"/{gate}?verbose")
        assert answer.status == 200
        assert answer.text.rstrip("\n").splitlines()[-1] in ("livez check passed",
                                                             "healthz check passed")


def test_a_single_check(failing):
    assert failing.get("/readyz/main/tables").status == 200
    answer = failing.get("/readyz/main/migrations")
    assert answer.status == 503
    assert "main/migrations failed: unknown_revision: " in answer.text
    assert "main/tables" not in answer.text


@pytest.mark.parametrize("path", [
    "/nothing", "/readyz/", "/readyz/main", "/readyz/main/", "/readyz/main/nothing",
    "/readyz/other/tables", "/readyz/main/tables/more", "/readyz/main/table", "/READYZ",
    "/readyzz", "//readyz", "/readyz/../status", "/favicon.ico", "/%2e%2e/etc/passwd",
])
def test_unknown_paths_are_404(ready, path):
    assert ready.get(path).status == 404


def test_excluded_checks_do_not_count(failing):
    answer = failing.get("/readyz?exclude=main/migrations")
    assert (answer.status, answer.text) == (200, "ok")
    lines = failing.get("/readyz?verbose&exclude=main/migrations").text.splitlines()
    assert lines == ["[+]main/tables ok", "[+]main/migrations excluded: ok", "readyz check passed"]
    assert failing.get("/readyz?exclude=main/tables").status == 503
    answer = failing.get("/readyz?exclude=main/tables&exclude=main/migrations")
    assert answer.status == 200


def test_an_unknown_name_to_exclude_is_a_warning_and_no_error(ready, failing):
    answer = ready.get("/readyz?exclude=nonsense")
    assert answer.status == 200
    body = ready.get("/readyz?verbose&exclude=nonsense").text
    assert "warn: some health checks cannot be excluded: no matches for" in body
    assert '"nonsense"' in body
    assert failing.get("/readyz?exclude=nonsense").status == 503


def test_an_excluded_name_cannot_forge_lines(ready):
    body = ready.get("/readyz?verbose&exclude=x%0A[-]main/tables+failed%0d%1b[31m").text
    assert all(line.startswith(("[+]", "warn: ", "readyz check ")) for line in body.splitlines())
    assert "\x1b" not in body


@pytest.mark.parametrize("query", ["?", "?&&", "?verbose=", "?verbose=1", "?verbose=true", "?a=b",
                                   "?%zz", "?exclude", "?exclude=", "?verbose&verbose"])
def test_odd_queries_do_no_harm(ready, query):
    assert ready.get("/readyz" + query).status == 200


def test_HEAD_is_GET_without_a_body(ready, failing):
    for sidecar, path, code in ((ready, "/readyz", 200), (failing, "/readyz", 503),
                                (ready, "/status", 200), (ready, "/metrics", 200),
                                (ready, "/nothing", 404)):
        answer = sidecar.request(path, "HEAD")
        assert (answer.status, answer.body) == (code, b"")
        assert int(answer.headers["Content-Length"]) > 0
        assert answer.headers["Content-Type"] == sidecar.get(path).headers["Content-Type"]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
@pytest.mark.parametrize("path", ["/readyz", "/livez", "/status", "/metrics"])
def test_other_methods_are_405_with_Allow(ready, method, path):
    answer = ready.request(path, method)
    assert answer.status == 405
    assert sorted(re.split(r",\s*", answer.headers["Allow"])) == ["GET", "HEAD"]


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PROPFIND", "BREW"])
def test_methods_of_elsewhere_are_refused(ready, method):
    assert ready.request("/readyz", method).status in (400, 405, 501)
    assert ready.ready()


def test_JSON_on_the_probe_paths(ready, failing):
    for sidecar, code in ((ready, 200), (failing, 503)):
        answer = sidecar.get("/readyz", {"Accept": "application/json"})
        assert answer.status == code
        assert answer.headers["Content-Type"].startswith("application/json")
        assert answer.json()["ready"] is (code == 200)
        assert answer.json()["databases"][0]["name"] == "main"


@pytest.mark.parametrize("accept, kind", [
    ("*/*", "text/plain"), ("text/html,*/*;q=0.8", "text/plain"), ("application/json", "application/json"),
    ("application/json;q=0.9, text/plain;q=0.1", "application/json"), ("nonsense", "text/plain"),
    ("", "text/plain"),
])
def test_what_is_accepted_decides_the_form(ready, accept, kind):
    assert ready.get("/readyz", {"Accept": accept}).headers["Content-Type"].startswith(kind)


CHECK_KEYS = {"name", "kind", "verdict", "reason", "message", "held", "since", "checkedAt", "gates",
              "pass"}


def test_the_document_of_status(failing):
    answer = failing.get("/status")
    assert answer.status == 200 and answer.headers["Content-Type"].startswith("application/json")
    document = answer.json()
    assert {"ready", "started", "mode", "version", "databases", "upstreams", "history"} <= set(document)
    assert (document["ready"], document["started"], document["mode"]) == (False, False, "gate")
    assert document["upstreams"] == []
    database, = document["databases"]
    assert {"name", "connected", "checks"} <= set(database)
    assert (database["name"], database["connected"]) == ("main", True)
    first, second = database["checks"]
    assert CHECK_KEYS <= set(first) and CHECK_KEYS <= set(second)
    assert (first["name"], first["kind"], first["verdict"], first["reason"]) == (
        "tables", "tables", "ready", "ok")
    assert (second["name"], second["kind"], second["verdict"]) == ("migrations", "migrations", "not_ready")
    assert (first["pass"], second["pass"], first["held"]) == (True, False, False)
    assert first["gates"] == ["startup", "readiness"]
    now = datetime.datetime.now(datetime.timezone.utc)
    for check in (first, second):
        since, checked = (datetime.datetime.fromisoformat(check[k]) for k in ("since", "checkedAt"))
        assert since <= checked <= now + datetime.timedelta(seconds=1)
        assert now - since < datetime.timedelta(minutes=5)


def test_since_stays_while_nothing_changes_and_checkedAt_goes_on(ready):
    before = ready.check()
    ready.wait_until(lambda s: s.check()["checkedAt"] > before["checkedAt"], what="a later round")
    assert ready.check()["since"] == before["since"]


def test_a_check_that_was_never_answered_has_no_time_of_an_answer(own_server, start):
    database = own_server.create_database()
    own_server.freeze()
    sidecar = start(configuration(database.url(), tables("users"), timeout="30s"))
    assert sidecar.check()["checkedAt"] is None


def test_history_has_the_last_64_changes(database, start):
    sidecar = start(configuration(database.url(), tables("users"), period="50ms", retryPeriod="10ms"))
    sidecar.wait_check(reason="missing")
    for _ in range(35):
        database.execute("CREATE TABLE users (id int)")
        sidecar.wait_check(reason="ok")
        database.execute("DROP TABLE users")
        sidecar.wait_check(reason="missing")
    history = sidecar.status()["history"]
    assert len(history) == 64
    reasons = [change["reason"] for change in history]
    assert set(reasons) == {"ok", "missing"}
    assert all(a != b for a, b in zip(reasons, reasons[1:])), history
    assert all(change["database"] == "main" and change["check"] == "tables" for change in history)


def test_names_cannot_forge_lines(database, start):
    sidecar = start(configuration(database.url(), tables('"a\nreadyz check passed"', '"\x1b[2J"')))
    sidecar.wait_check(reason="missing")
    assert "readyz check passed" not in sidecar.get("/readyz").text.splitlines()
    assert "\x1b" not in sidecar.get("/readyz").text


@pytest.mark.parametrize("count, length", [(300, 10), (40, 60)], ids=["many checks", "long names"])
def test_bodies_of_probes_stay_under_8_KiB(database, start, count, length):
    checks = [tables(*(f"{'x' * length}{number}_{n}"[-63:] for n in range(20)),
                     name=f"{'c' * length}-{number}") for number in range(count)]
    sidecar = start(configuration(database.url(), *checks))
    sidecar.wait_until(lambda s: "pending" not in s.get("/readyz").text and s.status()["databases"][0]
                       ["checks"][-1]["reason"] == "missing", what="all verdicts")
    for path in ("/readyz", "/readyz?verbose", "/startupz", f"/readyz/main/{'c' * length}-0"):
        answer = sidecar.get(path)
        assert answer.status == 503
        assert len(answer.body) < 8192
    assert sidecar.get("/readyz").text.splitlines()[-1] == "readyz check failed"
    assert len(sidecar.status()["databases"][0]["checks"]) == count
    assert len(sidecar.get("/readyz?verbose&" + "exclude=x&" * 300).body) < 8192


def test_a_connection_is_kept_when_the_client_wishes(ready):
    connection = http.client.HTTPConnection(ready.host, ready.port, timeout=5 * PATIENCE)
    sockets = set()
    for path in ("/readyz", "/readyz?verbose", "/metrics", "/nothing", "/readyz"):
        connection.request("GET", path)
        connection.getresponse().read()
        sockets.add(connection.sock.fileno() if connection.sock else None)
    connection.close()
    assert len(sockets) == 1 and None not in sockets


def test_the_request_of_a_kubelet_closes_the_connection(ready):
    answer = ready.get("/readyz", {"User-Agent": "kube-probe/1.36", "Accept": "*/*",
                                   "Connection": "close"})
    assert answer.status == 200 and answer.headers["Connection"].lower() == "close"
