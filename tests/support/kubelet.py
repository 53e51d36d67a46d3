"""The part of a kubelet that probes containers, as the Kubernetes sources have it.

    probes = {"startup": Probe(HttpGet(port, "/startupz"), period=0.1, failure_threshold=100),
              "readiness": Probe(HttpGet(port, "/readyz"), period=0.1)}
    with Container("schemalatch", probes) as container:
        wait_until(lambda: container.started)
        container.ready, container.alive, container.events

Requests are what Go's client sends, byte for byte, on a connection each. Seconds may be fractions.
"""

import contextlib
import socket
import subprocess
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

BODY_LIMIT = 10 * 1024
TRIES = 3  # of a probe that ends in an error, in a row
REDIRECTS = 10


# --- one probe ----------------------------------------------------------------------------------

@dataclass(frozen=True)
class Outcome:
    """result: success, warning (which counts as success), failure, or error (which counts as
    nothing); output: what an event says of it, on success the body."""
    result: str
    output: str = ""


class Refused(Exception):
    """A client error before the head of an answer is complete: a failure."""


class Broken(Exception):
    """A client error in the body: an error."""


@dataclass(frozen=True)
class HttpGet:
    port: int
    path: str = "/"
    host: str = "127.0.0.1"
    headers: tuple = ()  # pairs, added as given

    def run(self, timeout):
        """timeout covers everything: connecting, redirects, head and body."""
        path = self.path if self.path.startswith("/") else "/" + self.path
        url = f"http://{self.host}:{self.port}{path}"
        try:
            return judge(*follow(url, self.headers, time.monotonic() + timeout))
        except Refused as problem:
            return Outcome("failure", f'Get "{url}": {problem}')
        except Broken as problem:
            return Outcome("error", str(problem))


@dataclass(frozen=True)
class Exec:
    command: tuple
    env: dict = field(default_factory=dict)

    def run(self, timeout):
        try:
            done = subprocess.run(
                self.command, env=self.env or None, timeout=timeout, stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            )
        except subprocess.TimeoutExpired:
            shown = " ".join(map(str, self.command))
            return Outcome("failure", f'command timed out: "{shown}" timed out after {timeout:g}s')
        except OSError as problem:
            return Outcome("error", str(problem))
        output = done.stdout[:BODY_LIMIT].decode("utf-8", errors="replace")
        return Outcome("failure" if done.returncode else "success", output)


def judge(status, body):
    text = body.decode("utf-8", errors="replace")
    if 200 <= status < 300:
        return Outcome("success", text)
    if 300 <= status < 400:
        return Outcome("warning", f"Probe terminated redirects, Response body: {text}")
    return Outcome("failure", f"HTTP probe failed with statuscode: {status}")


def follow(url, headers, deadline):
    """Status and body at the end of all redirects that stay on the same host."""
    first_host = urlsplit(url).hostname
    for _ in range(REDIRECTS + 1):
        status, location, body = exchange(url, headers, deadline)
        if status not in (301, 302, 303, 307, 308) or not location:
            return status, body
        url = urljoin(url, location)
        if urlsplit(url).hostname != first_host:
            return status, body
    raise Refused(f"stopped after {REDIRECTS} redirects")


def exchange(url, headers, deadline):
    """One request on one connection: status, Location and body of its answer."""
    place = urlsplit(url)
    with connect(place.hostname, place.port or 80, deadline) as server:
        reader = Reader(server, deadline)
        try:
            server.sendall(request_bytes(place, headers))
            status, fields = reader.head()
        except OSError as problem:
            raise Refused(go_text(problem, "exceeded while awaiting headers")) from None
        try:
            return status, fields.get("location"), reader.body(fields)
        except OSError as problem:
            told = go_text(problem, "or context cancellation while reading body")
            raise Broken(told) from None


def request_bytes(place, headers=()):
    """What Go writes: Host, User-Agent, the other headers by name, Connection."""
    target = (place.path or "/") + (f"?{place.query}" if place.query else "")
    own = {"Host": place.netloc, "User-Agent": "kube-probe/1.36", "Accept": "*/*"}
    fields = {**own, **{name: value for name, value in headers if name in own}}
    first = [(name, fields[name]) for name in ("Host", "User-Agent")]
    rest = [(name, value) for name, value in headers if name not in own]
    rest += [("Accept", fields["Accept"])] if fields["Accept"] else []
    lines = [f"{name}: {value}" for name, value in [*first, *sorted(rest), ("Connection", "close")]]
    return "\r\n".join([f"GET {target} HTTP/1.1", *lines, "", ""]).encode()


@contextlib.contextmanager
def connect(host, port, deadline):
    try:
        server = socket.create_connection((host, port), max(0.001, deadline - time.monotonic()))
    except ConnectionRefusedError:
        raise Refused(f"dial tcp {host}:{port}: connect: connection refused") from None
    except OSError as problem:
        told = go_text(problem, "exceeded while awaiting headers")
        raise Refused(f"dial tcp {host}:{port}: {told}") from None
    with server:
        yield server


def go_text(problem, at_deadline):
    """The error as Go words it."""
    if isinstance(problem, TimeoutError):
        return f"context deadline exceeded (Client.Timeout {at_deadline})"
    if isinstance(problem, ConnectionResetError):
        return "read: connection reset by peer"
    return str(problem)


class Reader:
    """The answer to one request, read until a deadline."""

    def __init__(self, server, deadline):
        self.server = server
        self.deadline = deadline
        self.held = b""

    def _more(self):
        """Reads on; False at the end of the connection."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self.server.settimeout(left)
        data = self.server.recv(4096)
        self.held += data
        return bool(data)

    def _until(self, mark):
        while mark not in self.held:
            if not self._more():
                raise OSError("unexpected EOF" if self.held else "EOF")
        taken, _, self.held = self.held.partition(mark)
        return taken

    def _exactly(self, size):
        while len(self.held) < size:
            if not self._more():
                raise OSError("unexpected EOF")
        taken, self.held = self.held[:size], self.held[size:]
        return taken

    def head(self):
        """The status and the header fields, by name in lower case; skips 1xx."""
        status = 100
        while 100 <= status < 200:
            first, *lines = self._until(b"\r\n\r\n").decode("latin-1").split("\r\n")
            words = first.split(" ", 2)
            if not first.startswith("HTTP/1.") or not words[1:2] or not words[1].isdigit():
                raise OSError(f'malformed HTTP response "{first}"')
            status = int(words[1])
        pairs = (line.partition(":") for line in lines)
        return status, {name.strip().lower(): value.strip() for name, _, value in pairs}

    def body(self, fields):
        """The body, or its first 10 KiB."""
        if fields.get("transfer-encoding", "").lower() == "chunked":
            return self._chunks()
        if "content-length" in fields:
            return self._exactly(min(int(fields["content-length"]), BODY_LIMIT))
        while len(self.held) < BODY_LIMIT and self._more():
            pass
        return self.held[:BODY_LIMIT]

    def _chunks(self):
        body = b""
        while len(body) < BODY_LIMIT:
            size = int(self._until(b"\r\n").partition(b";")[0], 16)
            if not size:
                break
            body += self._exactly(size)
            self._exactly(2)
        return body[:BODY_LIMIT]


# --- probing a container ------------------------------------------------------------------------

@dataclass(frozen=True)
class Probe:
    handler: object  # HttpGet or Exec
    period: float = 10
    timeout: float = 1
    initial_delay: float = 0
    success_threshold: int = 1
    failure_threshold: int = 3


KINDS = ("startup", "readiness", "liveness")


class Container:
    """One running container and its probes, from `with` to its end: a thread for each kind.

    A killed container stays dead here: what follows in a cluster is a new container.
    """

    def __init__(self, name, probes):
        assert probes.keys() <= set(KINDS), probes
        self.name = name
        self.began = time.monotonic()
        self.started = "startup" not in probes
        self.alive = True
        self.events = []  # (reason, message), in order
        self.outcomes = Counter()  # by (kind, result)
        self.ending = threading.Event()
        self.workers = {kind: Worker(self, kind, probe) for kind, probe in probes.items()}
        self._ready = "readiness" not in probes

    def __enter__(self):
        for worker in self.workers.values():
            worker.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        self.ending.set()
        for worker in self.workers.values():
            worker.trigger()
            worker.join(30)

    @property
    def ready(self):
        return self._ready and self.started and self.alive

    def messages(self, reason="Unhealthy"):
        return [message for each, message in self.events if each == reason]

    def tell(self, reason, message):
        self.events.append((reason, message))

    def settle(self, kind, good):
        """A probe has said the same often enough."""
        if kind == "readiness":
            self._ready = good
        elif not good:
            self.kill(kind)
        elif kind == "startup":
            self.started = True
            self._probe_readiness_at_once()

    def _probe_readiness_at_once(self):
        """As the real one does whenever it computes the state of a pod that is not ready yet."""
        if "readiness" in self.workers and not self._ready:
            self.workers["readiness"].trigger()

    def kill(self, kind):
        self.alive = False
        self.tell("Killing", f"Container {self.name} failed {kind} probe, will be restarted")


class Worker(threading.Thread):
    """One probe of a container, period by period."""

    def __init__(self, container, kind, probe):
        super().__init__(daemon=True)
        self.container = container
        self.kind = kind
        self.probe = probe
        self.woken = threading.Event()
        self.last_good = None
        self.run_length = 0

    def trigger(self):
        """Probes now, and a period from now on."""
        self.woken.set()

    def run(self):
        while not self.container.ending.is_set():
            if self._is_due():
                self._probe()
            self.woken.wait(self.probe.period)
            self.woken.clear()

    def _is_due(self):
        age = time.monotonic() - self.container.began
        in_turn = self.container.started != (self.kind == "startup")
        return self.container.alive and in_turn and age >= self.probe.initial_delay

    def _probe(self):
        outcome = self._try()
        self.container.outcomes[self.kind, outcome.result] += 1
        self._tell(outcome)
        if outcome.result != "error":
            self._count(outcome.result != "failure")

    def _try(self):
        for _ in range(TRIES):
            outcome = self.probe.handler.run(self.probe.timeout)
            if outcome.result != "error":
                break
        return outcome

    def _tell(self, outcome):
        kind = self.kind.capitalize()
        if outcome.result == "failure":
            self.container.tell("Unhealthy", f"{kind} probe failed: {outcome.output}")
        elif outcome.result == "warning":
            self.container.tell("ProbeWarning", f"{kind} probe warning: {outcome.output}")
        elif outcome.result == "error":
            told = f"{kind} probe errored and resulted in failure state: {outcome.output}"
            self.container.tell("Unhealthy", told)

    def _count(self, good):
        self.run_length = self.run_length + 1 if good == self.last_good else 1
        self.last_good = good
        threshold = self.probe.success_threshold if good else self.probe.failure_threshold
        if self.run_length >= threshold:
            self.container.settle(self.kind, good)
