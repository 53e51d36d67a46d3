"""The fake kubelet against servers that answer well or badly: it has to judge as the real one."""

import http.server
import socket
import threading
import time

import pytest
from support.kubelet import BODY_LIMIT, Container, Exec, HttpGet, Outcome, Probe
from support.processes import free_port
from support.waiting import stays, wait_until

ASKED = "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUser-Agent: kube-probe/1.36\r\n"
REST = "Accept: */*\r\n{more}Connection: close\r\n\r\n"


class Canned:
    """Answers each connection with the same bytes and closes it, or holds it open."""

    def __init__(self, answer, hold=False):
        self.answer = answer
        self.hold = hold
        self.requests = []
        self.held = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            self.requests.append(client.recv(65536).decode())
            answer = self.answer(self) if callable(self.answer) else self.answer
            client.sendall(answer.encode())
            self.held.append(client) if self.hold else client.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        for each in [self.listener, *self.held]:
            each.close()


def answer(status, body="", length=None, more=""):
    length = len(body) if length is None else length
    return f"HTTP/1.1 {status} -\r\n{more}Content-Length: {length}\r\n\r\n{body}"


OK = answer(200, "ok")
ENDLESS = f"HTTP/1.1 200 OK\r\n\r\n{'x' * 3 * BODY_LIMIT}"
CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n"
CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"
LATE = "Client.Timeout exceeded while awaiting headers"
TOLD = "Probe terminated redirects, Response body: "

ANSWERS = {  # the answer, whether the connection is held, the result, what the output contains
    "200": (OK, False, "success", "ok"),
    "204 after a 100": (CONTINUE + "HTTP/1.1 204 -\r\n\r\n", False, "success", ""),
    "chunks": (CHUNKED, False, "success", "ok"),
    "a body without a length": ("HTTP/1.0 200 OK\r\n\r\nok", False, "success", "ok"),
    "a body over the limit": (ENDLESS, True, "success", "x" * BODY_LIMIT),
    "redirect to another host": (
        answer(302, "away", more="Location: http://example.test/\r\n"),
        False,
        "warning",
        TOLD + "away",
    ),
    "3xx without a place": (answer(304), False, "warning", TOLD),
    "redirect without end": (
        answer(302, more="Location: /again\r\n"), False, "failure", "stopped after 10 redirects"
    ),
    "404": (answer(404, "secret"), False, "failure", "HTTP probe failed with statuscode: 404"),
    "503": (answer(503, "secret"), False, "failure", "HTTP probe failed with statuscode: 503"),
    "silence": ("", True, "failure", LATE),
    "half a head": ("HTTP/1.1 200 OK\r\nContent-", True, "failure", LATE),
    "an end at once": ("", False, "failure", "EOF"),
    "no HTTP": ("220 mail ready\r\n\r\n", False, "failure", "malformed HTTP response"),
    "half a body": (answer(200, "o", 2), False, "error", "unexpected EOF"),
    "a stalled body": (answer(200, "o", 2), True, "error", "while reading body"),
    "a stalled body of a 503": (answer(503, "o", 2), True, "error", "while reading body"),
}


@pytest.mark.parametrize("said, hold, result, output", ANSWERS.values(), ids=ANSWERS)
def test_an_answer_is_judged(said, hold, result, output):
    with Canned(said, hold) as server:
        outcome = HttpGet(server.port, "/readyz").run(0.3)
        assert outcome.result == result, outcome
        assert output in outcome.output and "secret" not in outcome.output
        assert len(outcome.output) <= BODY_LIMIT + len(TOLD)


def test_a_redirect_on_the_same_host_is_followed():
    with Canned(OK) as last:
        moved = f"Location: http://127.0.0.1:{last.port}/there\r\n"
        with Canned(answer(301, more=moved)) as first:
            assert HttpGet(first.port).run(1) == Outcome("success", "ok")
        assert last.requests[0].startswith("GET /there HTTP/1.1\r\n")


def test_nobody_listens():
    port = free_port()
    told = f'Get "http://127.0.0.1:{port}/": dial tcp 127.0.0.1:{port}: connect: connection refused'
    assert HttpGet(port).run(1) == Outcome("failure", told)


def test_the_request_byte_for_byte():
    with Canned(OK) as server:
        HttpGet(server.port, "/readyz?verbose").run(1)
        HttpGet(server.port, "", headers=(("X-B", "2"), ("X-A", "1"), ("X-B", "1"))).run(1)
        HttpGet(server.port, "/", headers=(("Host", "app"), ("Accept", ""))).run(1)
        plain, with_headers, changed = server.requests
    place = {"port": server.port}
    assert plain == (ASKED + REST).format(path="/readyz?verbose", more="", **place)
    more = "X-A: 1\r\nX-B: 1\r\nX-B: 2\r\n"
    assert with_headers == (ASKED + REST).format(path="/", more=more, **place)
    assert "Host: app\r\n" in changed and "Accept" not in changed


def test_a_server_of_everybody_accepts_the_request():
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        assert HttpGet(server.server_address[1]).run(2) == Outcome("success", "ok")
        server.shutdown()


EXECS = {
    "exit 0": ("echo fine", "success", "fine\n"),
    "exit 1, both outputs": ("echo a; echo b >&2; exit 1", "failure", "a\nb\n"),
    "too slow": ("exec sleep 20", "failure", 'command timed out: "sh -c exec sleep 20" timed out'),
}


@pytest.mark.parametrize("script, result, output", EXECS.values(), ids=EXECS)
def test_a_command_is_judged(script, result, output):
    outcome = Exec(("sh", "-c", script)).run(0.5)
    assert outcome.result == result
    assert outcome.output.startswith(output)


def test_a_command_output_is_cut_and_a_missing_command_is_an_error():
    assert len(Exec(("sh", "-c", "yes | head -c 20000; exit 1")).run(5).output) == BODY_LIMIT
    assert Exec(("/nowhere",)).run(1).result == "error"


# Thresholds and states, with an answer that the test changes.


def probed(server, **probes):
    usual = {"handler": HttpGet(server.port), "period": 0.02, "timeout": 0.3}
    return Container("latch", {kind: Probe(**usual, **own) for kind, own in probes.items()})


def served(server, more):
    """Waits for so many more requests."""
    target = len(server.requests) + more
    wait_until(lambda: len(server.requests) >= target, what=f"{more} more probes")


def test_readiness_needs_its_thresholds():
    with Canned(answer(503)) as server:
        thresholds = {"success_threshold": 3, "failure_threshold": 2}
        with probed(server, readiness=thresholds) as container:
            assert not container.ready
            served(server, 3)
            server.answer = OK
            wait_until(lambda: container.ready, what="ready")
            assert container.outcomes["readiness", "success"] >= 3
            server.answer = answer(503)
            wait_until(lambda: not container.ready, what="unready")
            told = "Readiness probe failed: HTTP probe failed with statuscode: 503"
            assert told in container.messages()
            assert container.alive


def test_below_the_threshold_nothing_changes():
    def one_failure_in_two(server):
        return answer(503) if len(server.requests) % 2 else OK

    with Canned(OK) as server:
        with probed(server, readiness={"failure_threshold": 2}) as container:
            wait_until(lambda: container.ready, what="ready")
            server.answer = one_failure_in_two
            served(server, 20)
            assert container.ready


def test_errors_are_tried_thrice_and_thrown_away():
    with Canned(OK) as server:
        with probed(server, readiness={"failure_threshold": 1}) as container:
            wait_until(lambda: container.ready, what="ready")
            server.answer = answer(503, "o", 2)
            wait_until(lambda: container.outcomes["readiness", "error"] >= 2, what="errors")
            assert container.ready
            asked = sum(container.outcomes.values())
    assert len(server.requests) >= asked + 2 * container.outcomes["readiness", "error"]
    told = "Readiness probe errored and resulted in failure state: unexpected EOF"
    assert told in container.messages()


def test_errors_do_not_interrupt_a_run_of_failures():
    def error_after_failure(server):
        before = container.outcomes
        failed_last = before["readiness", "failure"] > before["readiness", "error"]
        return answer(503, "o", 2) if failed_last else answer(503)

    with Canned(OK) as server:
        with probed(server, readiness={"failure_threshold": 3}) as container:
            wait_until(lambda: container.ready, what="ready")
            server.answer = error_after_failure
            wait_until(lambda: not container.ready, what="unready")
            assert container.outcomes["readiness", "error"] >= 2


def test_start_up_holds_the_other_probes_back():
    with Canned(answer(503)) as server:
        probes = {"startup": {"failure_threshold": 1000}, "readiness": {}, "liveness": {}}
        with probed(server, **probes) as container:
            served(server, 5)
            assert {kind for kind, _ in container.outcomes} == {"startup"}
            assert not container.started and not container.ready and container.alive
            server.answer = OK
            wait_until(lambda: container.ready, what="ready")
            done = container.outcomes["startup", "success"]
            wait_until(lambda: container.outcomes["liveness", "success"] >= 3, what="liveness")
            assert container.outcomes["startup", "success"] == done == 1


@pytest.mark.parametrize("kind", ["startup", "liveness"])
def test_a_container_is_killed_once(kind):
    with Canned(answer(500)) as server:
        with probed(server, **{kind: {"failure_threshold": 3}}) as container:
            wait_until(lambda: not container.alive, what="the kill")
            stays(lambda: len(server.requests) == 3, 0.1)
    assert container.outcomes[kind, "failure"] == 3
    told = f"Container latch failed {kind} probe, will be restarted"
    assert container.messages("Killing") == [told]


def test_the_initial_delay_counts_from_the_start():
    with Canned(OK) as server:
        with probed(server, readiness={"initial_delay": 0.3}) as container:
            wait_until(lambda: container.ready, what="ready")
            assert time.monotonic() - container.began >= 0.3


def test_warnings_count_as_success():
    with Canned(answer(304)) as server:
        with probed(server, readiness={}) as container:
            wait_until(lambda: container.ready, what="ready")
    assert container.messages("ProbeWarning")[0].startswith("Readiness probe warning: Probe term")
