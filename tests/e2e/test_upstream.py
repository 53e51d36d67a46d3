"""The proxy: one answer for schema and service, by a real FastAPI service that behaves in every
way; and a kubelet that asks the sidecar sees what it would have seen at the service."""

import json
import socket
import threading

import pytest

from support.certificates import make_certificate
from support.kubelet import Container, HttpGet, Probe
from support.processes import free_port
from support.service import Service
from support.sidecar import configuration, run, tables
from support.waiting import stays, wait_until

QUICK = {"name": "app", "period": "100ms", "retryPeriod": "50ms", "timeout": "1s"}


def upstream(url, **keys):
    return {"upstreams": [{**QUICK, "url": url, **keys}]}


def app_of(document, name="app"):
    return next(each for each in document["upstreams"] if each["name"] == name)


def wait_app(sidecar, **fields):
    def shows(_):
        found = app_of(sidecar.status())
        return fields.items() <= found.items() and found
    return sidecar.wait_until(shows, what=f"the upstream to show {fields}")


@pytest.fixture(scope="module")
def shared():
    """A service that goes on, for tests that do not change it."""
    with Service() as running:
        yield running


@pytest.fixture
def service():
    with Service() as running:
        yield running


# --- one probe ----------------------------------------------------------------------------------

def ask(url, **keys):
    """What `check` finds, and its exit code."""
    result = run("check", "--json", config=upstream(url, **keys))
    found = app_of(result.json())
    return result.code, found["reason"], found["message"]


@pytest.mark.parametrize("path, code, reason, message", [
    ("/health", 0, "ok", "status 200"),
    ("/health?deep=1", 0, "ok", "status 200"),
    ("/nowhere", 1, "unhealthy", "status 404"),
    ("/home", 0, "ok", "status 200"),
    ("/hops/9", 0, "ok", "status 200"),
    ("/hops/10", 1, "unhealthy", "status 302, stopped after 10 redirects"),
    ("/round", 1, "unhealthy", "status 302, stopped after 10 redirects"),
    ("/away", 0, "ok", "status 302, a redirect to another host, not followed"),
    ("/flood", 0, "ok", "status 200"),
    ("/drip", 3, "timeout", "after 2s still waiting for the end of its answer"),
])
def test_answers(shared, path, code, reason, message):
    assert ask(shared.url(path), timeout="2s" if path == "/drip" else "5s") == (
        code, reason, message)


def test_tcp_asks_only_whether_somebody_listens(shared):
    assert ask(f"tcp://127.0.0.1:{shared.port}") == (0, "ok", "it takes connections")
    assert ask(f"tcp://127.0.0.1:{free_port()}") == (1, "unhealthy", "it refused the connection")


def test_a_name_is_looked_up(shared):
    assert ask(f"http://localhost:{shared.port}/health")[0] == 0
    assert ask("http://nowhere.invalid/") == (3, "unreachable", "name resolution: no such host")


def test_a_unix_socket():
    with Service(on_socket=True) as service:
        assert ask(service.url("/home")) == (0, "ok", "status 200")
        assert ask(service.url("/nowhere")) == (1, "unhealthy", "status 404")
    assert ask(service.url()) == (
        1, "unhealthy", "it refused the connection: its socket is not there")


def test_tls():
    """Self-signed is fine, as it is for the kubelet; unless an authority is given."""
    trusted, other = make_certificate("localhost"), make_certificate("localhost")
    with Service(certificate=trusted) as service:
        by_name = service.url().replace("127.0.0.1", "localhost")
        assert ask(service.url(), timeout="5s") == (0, "ok", "status 200")
        assert ask(by_name, timeout="5s", caFile=str(trusted.authority_file))[0] == 0
        assert ask(by_name, timeout="5s", caFile=str(other.authority_file)) == (
            1, "unhealthy", "tls: unable to get local issuer certificate")
        assert ask(service.url(), timeout="5s", caFile=str(trusted.authority_file)) == (
            1, "unhealthy", "tls: IP address mismatch")
        plain = service.url().replace("https", "http")
        assert ask(plain, timeout="5s")[:2] == (1, "unhealthy")


def test_tls_spoken_to_who_speaks_none(shared):
    code, reason, message = ask(shared.url().replace("http", "https"), timeout="5s")
    assert (code, reason) == (1, "unhealthy") and message.startswith("tls: ")


def test_what_is_sent(shared):
    url = shared.url("/health?deep=1")
    headers = {"Host": "app.example", "X-Token": "s3cret", "Accept": ""}
    assert ask(url, headers=headers)[0] == 0
    query, *sent = json.loads(shared.seen())
    sent = {name: value for name, value in sent}
    assert query == "deep=1"
    assert sent.pop("user-agent").startswith("schemalatch/")
    assert sent == {"host": "app.example", "x-token": "s3cret", "connection": "close"}
    assert ask(shared.url())[0] == 0
    sent = dict(json.loads(shared.seen())[1:])
    assert sent["accept"] == "*/*" and sent["host"] == f"127.0.0.1:{shared.port}"


class Peer:
    """Answers each connection with these bytes, then hangs up, or stays open."""

    def __init__(self, answer, stays_open=False):
        self.answer = answer
        self.stays_open = stays_open
        self.held = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}/"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            peer.recv(4096)
            try:
                peer.sendall(self.answer)
            except OSError:
                pass
            self.held.append(peer)
            if not self.stays_open:
                peer.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


@pytest.mark.parametrize("answer, told", [
    (b"", (1, "unhealthy", "it closed the connection without an answer")),
    (b"SSH-2.0-x\r\n", (1, "unhealthy", "what came back is no HTTP/1 answer")),
    (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 20000, (
        1, "unhealthy", "its head is larger than 64 KiB")),
    (b"HTTP/1.1 302 x\r\nLocation: http://127.0.0.1:99999/\r\n\r\n", (
        1, "unhealthy", "status 302, a redirect to no URL of a service")),
    (b"HTTP/1.0 200 OK\r\n\r\nok", (0, "ok", "status 200")),
    (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", (
        0, "ok", "status 200")),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok", (
        3, "error", "status 200, but the connection ended within its body")),
], ids=lambda value: value[:24] if isinstance(value, bytes) else "")
def test_bad_peers(answer, told):
    with Peer(answer) as peer:
        assert ask(peer.url, timeout="5s") == told


# --- verdicts and roads -------------------------------------------------------------------------

def test_a_variable_alone_is_enough(start, service):
    sidecar = start(env={"SCHEMALATCH_UPSTREAM": service.url()})
    sidecar.wait_ready()
    assert sidecar.get("/readyz?verbose").text == "[+]upstream ok\nreadyz check passed\n"
    assert sidecar.status()["databases"] == []


def test_every_road_tells_of_an_unhealthy_service(start, database, service):
    """ANDed with the schema, and named on each road like a check."""
    service.be("unhealthy")
    database.execute("CREATE TABLE users (id int)")
    sidecar = start(configuration(database.url(), tables("users"), top=upstream(service.url())))
    found = wait_app(sidecar, reason="unhealthy", message="status 503", verdict="not_ready")
    assert found["kind"] == "upstream" and found["gates"] == ["readiness"]
    assert sidecar.wait_check(verdict="ready")
    line = "[-]app failed: unhealthy: status 503"
    assert sidecar.get("/readyz").text == f"[+]main/tables ok\n{line}\nreadyz check failed\n"
    assert sidecar.get("/readyz/app").text == f"{line}\nreadyz check failed\n"
    assert sidecar.get("/readyz?exclude=app").text == "ok"
    assert line in sidecar.run("probe").out
    metrics = sidecar.metrics()
    labels = {"database": "", "check": "app"}
    assert metrics.value("schemalatch_check_pass", **labels) == 0
    assert metrics.value("schemalatch_check_verdict", verdict="not_ready", **labels) == 1
    assert metrics.value("schemalatch_check_reason", reason="unhealthy", **labels) == 1
    logged = sidecar.wait_log("verdict", check="app", reason="unhealthy")
    assert logged["message"] == "app unhealthy: status 503" and "database" not in logged
    service.be("healthy")
    sidecar.wait_ready()
    assert [(change["check"], change["verdict"]) for change in sidecar.status()["history"]
            if change["database"] == ""] == [("app", "ready"), ("app", "not_ready")]
    assert metrics.value("schemalatch_transitions_total", **labels) == 1


def test_the_body_goes_to_the_debug_log_alone(start, service):
    sidecar = start(upstream(service.url()), args=("--log-level", "debug"))
    sidecar.wait_ready()
    seen = sidecar.wait_log("probe", body="fine, token t0psecret")
    assert seen["status"] == 200 and seen["level"] == "debug"
    for road in ("/", "/status", "/metrics", "/readyz?verbose"):
        assert "t0psecret" not in sidecar.get(road).text
    quiet = start(upstream(service.url())).wait_ready()
    assert "t0psecret" not in quiet.log_text()


def test_refused_is_an_answer_and_silence_is_not_outlived(start, service):
    sidecar = start(upstream(service.url(), timeout="200ms"))
    sidecar.wait_ready()
    service.freeze()
    wait_app(sidecar, verdict="unknown", reason="timeout", held=False,
             message="after 200ms still waiting for its answer")
    assert "which is not held" in sidecar.get("/readyz").text
    service.thaw()
    sidecar.wait_ready()
    service.kill()
    wait_app(sidecar, verdict="not_ready", reason="unhealthy", message="it refused the connection")
    assert not sidecar.ready()
    service.start()
    sidecar.wait_ready()


def test_gates_latch_and_observe(start, service):
    service.be("unhealthy")
    reported = start(upstream(service.url(), gates=[]))
    wait_app(reported, reason="unhealthy")
    assert reported.get("/readyz").status == 200
    watched = start({**upstream(service.url()), "mode": "observe"})
    wait_app(watched, reason="unhealthy")
    assert watched.get("/readyz").status == 200
    assert "would have failed" in watched.get("/readyz?verbose").text
    service.be("healthy")
    latched = start(upstream(service.url(), latch=True)).wait_ready()
    only_startup = start(upstream(service.url(), gates=["startup"]))
    only_startup.wait_until(lambda s: s.get("/startupz").status == 200)
    service.be("unhealthy")
    for sidecar in (latched, only_startup):
        wait_app(sidecar, reason="unhealthy")
        assert sidecar.ready()
        assert sidecar.get("/startupz").status == 200


class Scripted(Peer):
    """Answers one status after the other, and the last one for ever."""

    def __init__(self, *statuses):
        self.statuses = statuses
        self.served = 0
        super().__init__(b"")

    def _serve(self):
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            peer.recv(4096)
            status = self.statuses[min(self.served, len(self.statuses) - 1)]
            self.served += 1
            peer.sendall(f"HTTP/1.1 {status} x\r\nContent-Length: 0\r\n\r\n".encode())
            peer.close()


def test_thresholds_count_in_a_row(start):
    """Two failures of three change nothing; a success between them begins the count anew."""
    with Scripted(200, 200, 503, 503, 200, 503, 503, 503) as peer:
        sidecar = start(upstream(peer.url, failureThreshold=3, successThreshold=2))
        wait_app(sidecar, reason="unhealthy")
        changes = [(c["verdict"], c["message"]) for c in sidecar.status()["history"]][::-1]
        assert changes == [("ready", "status 200"), ("not_ready", "status 503")]
        assert peer.served >= len(peer.statuses)


def test_the_startup_gate_is_not_the_services(start, service):
    """It holds back the service itself."""
    service.kill()
    sidecar = start(upstream(service.url()))
    wait_app(sidecar, reason="unhealthy")
    assert sidecar.get("/startupz").status == 200
    assert sidecar.get("/readyz").status == 503
    held_back = start(upstream(service.url(), gates=["startup", "readiness"]))
    wait_app(held_back, reason="unhealthy")
    assert held_back.get("/startupz").status == 503


def test_the_first_probe_waits_for_the_initial_delay(start, service):
    sidecar = start(upstream(service.url(), initialDelay="1h"))
    assert stays(lambda: app_of(sidecar.status())["checkedAt"] is None, 0.5) is None
    assert sidecar.get("/readyz").text.startswith(
        "[-]app failed: pending: no answer from the service yet since start")


# --- what the kubelet sees ----------------------------------------------------------------------

def containers(service, sidecar, path="/health", **probe):
    """A kubelet's view of the service itself, and through the sidecar."""
    quick = {"period": 0.1, "timeout": 1, "failure_threshold": 3, **probe}
    return (Container("app", {"readiness": Probe(HttpGet(service.port, path), **quick)}),
            Container("schemalatch", {"readiness": Probe(
                HttpGet(sidecar.port, "/readyz"), period=0.05, timeout=1, failure_threshold=1)}))


MOODS = {
    "unhealthy": (lambda service: service.be("unhealthy"), lambda service: service.be("healthy")),
    "slow": (lambda service: service.be("slow"), lambda service: service.be("healthy")),
    "hung": (Service.freeze, Service.thaw),
    "gone": (Service.kill, Service.start),
}


@pytest.mark.parametrize("mood", MOODS)
def test_a_kubelet_sees_through_the_sidecar_what_it_sees_at_the_service(start, service, mood):
    worsen, better = MOODS[mood]
    sidecar = start(upstream(service.url(), timeout="1s"))
    direct, proxied = containers(service, sidecar)
    with direct, proxied:
        for good in (True, False, True):
            wait_until(lambda: direct.ready == proxied.ready == good, 30,
                       lambda: f"{good}: {direct.events[-2:]} {proxied.events[-2:]}")
            if good:
                worsen(service)
            else:
                better(service)


@pytest.mark.parametrize("path, good", [("/home", True), ("/away", True), ("/flood", True),
                                        ("/round", False), ("/nowhere", False), ("/drip", False)])
def test_a_kubelet_sees_the_same_of_every_answer(start, shared, path, good):
    sidecar = start(upstream(shared.url(path)))
    direct, proxied = containers(shared, sidecar, path)
    with direct, proxied:
        wait_until(lambda: sum(direct.outcomes.values()) >= 3 and
                   app_of(sidecar.status())["checkedAt"] and direct.ready == good, 30)
        wait_until(lambda: proxied.ready == good)
        stays(lambda: direct.ready == proxied.ready == good, 0.5)


# --- never in the way ---------------------------------------------------------------------------

def test_nothing_waits_for_a_hung_service(start, service):
    """Not an answer, and not the end."""
    service.freeze()
    sidecar = start(upstream(service.url(), timeout="1m"))
    for _ in range(50):
        assert sidecar.get("/readyz").status == 503
        assert sidecar.get("/livez").status == 200
    sidecar.stop()


def test_one_probe_at_a_time(start):
    with Peer(b"", stays_open=True) as peer:
        start(upstream(peer.url, period="10ms", retryPeriod="10ms", timeout="1m"))
        wait_until(lambda: peer.held)
        stays(lambda: len(peer.held) == 1, 0.5)
