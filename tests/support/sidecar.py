"""The program under test, beside a server of the test.

    with Sidecar(config=configuration(database.url(), tables("users"))) as sidecar:
        sidecar.wait_ready()
        assert sidecar.get("/readyz?verbose").text == …
        sidecar.status()["databases"][0]["checks"][0]["reason"]
        sidecar.metrics().value("schemalatch_ready")
        sidecar.wait_log(check="tables", reason="missing")

    result = run("check", "--json", config=…)        # code, out, err

The program's environment holds nothing but what the test gives, PATH, HOME and the listening
address. Every log line is parsed as it comes; a line that is not JSON, or holds what a test has
declared secret, fails the test when the sidecar is stopped.
"""

import http.client
import json
import os
import re
import select
import signal
import socket
import subprocess
import threading
from dataclasses import dataclass, field
from pathlib import Path

from support.processes import free_port, guarded, scratch_folder
from support.waiting import PATIENCE, NeverHappened, wait_until

STOP_LIMIT_S = 1.0  # what the program promises


def program():
    path = os.environ.get("SCHEMALATCH")
    assert path, "set SCHEMALATCH to the program under test"
    assert os.access(path, os.X_OK), f"SCHEMALATCH={path} is not a program"
    return os.path.abspath(path)


# --- configuration ------------------------------------------------------------------------------

QUICK = {"period": "100ms", "retryPeriod": "50ms", "timeout": "2s", "holdFor": "5m"}


def tables(*names, **keys):
    """A tables check."""
    return {"kind": "tables", "tables": list(names), **keys}


def alembic(directory=None, **keys):
    """A migrations check for Alembic; revisions=[…] or list=FILE instead of a directory."""
    where = {} if directory is None else {"directory": str(directory)}
    return {"kind": "migrations", "tool": "alembic", **where, **keys}


def configuration(url, *checks, top=None, **database):
    """A configuration with one database called main that is asked often."""
    entry = {"name": "main", "url": url, **QUICK, **database, "checks": list(checks)}
    if url is None:
        del entry["url"]
    return {"databases": [entry], **(top or {})}


# --- what comes back ----------------------------------------------------------------------------

@dataclass
class Answer:
    """An HTTP answer."""
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def text(self):
        return self.body.decode("utf-8")

    def json(self):
        return json.loads(self.body)


@dataclass
class Result:
    """What a command that has ended left behind."""
    code: int
    out: str
    err: str

    def json(self):
        return json.loads(self.out)

    @property
    def log(self):
        return [json.loads(line) for line in self.err.splitlines()]


SAMPLE = re.compile(r"([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)(?: \S+)?$")
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"(?:,|$)')
ESCAPES = {"\\\\": "\\", '\\"': '"', "\\n": "\n"}


class Metrics(dict):
    """Samples of an exposition: (name, frozenset of label pairs) -> float."""

    @classmethod
    def parse(cls, text):
        found = cls()
        for line in text.splitlines():
            if not line.startswith("#"):
                found._add(line)
        return found

    def _add(self, line):
        sample = SAMPLE.match(line)
        assert sample, f"not a sample line: {line!r}"
        name, labels, value = sample.groups()
        pairs = LABEL.findall(labels or "")
        assert "".join(f'{k}="{v}",' for k, v in pairs).rstrip(",") == (labels or "").rstrip(",")
        pairs = [(k, re.sub(r'\\[\\"n]', lambda m: ESCAPES[m.group()], v)) for k, v in pairs]
        key = (name, frozenset(pairs))
        assert key not in self, f"a second sample for {line!r}"
        self[key] = float(value)

    def names(self):
        return {name for name, _ in self}

    def samples(self, name, **labels):
        """All samples of a name that carry these labels: [(labels as dict, value)]."""
        wanted = set(labels.items())
        return [(dict(has), value) for (n, has), value in self.items() if n == name and wanted <= has]

    def value(self, name, **labels):
        """The value of the one sample of a name with these labels."""
        found = self.samples(name, **labels)
        assert len(found) == 1, f"{name}{labels}: {found}"
        return found[0][1]


# --- one-shot commands --------------------------------------------------------------------------

def environment(extra=None):
    base = {"PATH": os.environ["PATH"], "HOME": "/nonexistent"}
    passed = ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS", "LD_LIBRARY_PATH")
    base.update({name: os.environ[name] for name in passed if name in os.environ})
    base.update({name: str(value) for name, value in (extra or {}).items() if value is not None})
    return base


def write_config(config, folder):
    """config as a file: a dict as JSON, text as it is; a path is taken as it is."""
    if isinstance(config, Path):
        return config
    path = Path(folder) / "schemalatch.json"
    text = config if isinstance(config, str) else json.dumps(config, indent=1)
    path.write_text(text, encoding="utf-8", errors="surrogateescape")
    return path


def command_line(*arguments, config=None, folder=None, prefix=()):
    line = [*prefix, program(), *map(str, arguments)]
    if config is not None:
        line += ["--config", str(write_config(config, folder or scratch_folder("config")))]
    return line


def run(*arguments, config=None, env=None, timeout_s=30, prefix=(), drop_root=False, **popen):
    """Runs a command of the program to its end. Fails where that takes longer than timeout_s."""
    done = subprocess.run(
        guarded(command_line(*arguments, config=config, prefix=prefix), drop_root=drop_root), cwd="/",
        env=environment(env), stdin=subprocess.DEVNULL, capture_output=True,
        timeout=timeout_s * PATIENCE, **popen,
    )
    return Result(done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8"))


EXIT_CODES = {"ready": 0, "not_ready": 1, "unknown": 3}


def find_check(document, check, database="main"):
    """A check of the document that /status and `check --json` give."""
    entries = [d for d in document["databases"] if d["name"] == database]
    assert len(entries) == 1, document
    found = [c for c in entries[0]["checks"] if c["name"] == check]
    assert len(found) == 1, entries[0]
    return found[0]


def ask(config, check="tables", database="main", **keywords):
    """What `check --json` finds for a check. Where it is the only check, its verdict must also be
    the exit code's."""
    result = run("check", "--json", config=config, **keywords)
    assert result.code in EXIT_CODES.values(), f"{result.code}\n{result.err}"
    document = result.json()
    found = find_check(document, check, database)
    if sum(len(d["checks"]) for d in document["databases"]) == 1:
        assert result.code == EXIT_CODES[found["verdict"]], document
    return found


# --- the daemon ---------------------------------------------------------------------------------

@dataclass(eq=False, repr=False)
class Sidecar:
    """`schemalatch serve`. Started by start() or `with`; stop() ends it and looks at how it went.

    config: dict, JSON text or path of the configuration file; env: the environment; args: further
    flags; prefix: a command line to run it under (see names.py). listen is the value of
    SCHEMALATCH_LISTEN, by default a free port of 127.0.0.1; None leaves it to the configuration.
    secrets: texts that must never be seen in the log or in an answer.
    """
    config: object = None
    env: dict = field(default_factory=dict)
    args: tuple = ()
    prefix: tuple = ()
    listen: object = "127.0.0.1:{port}"
    port: int = 0
    host: str = "127.0.0.1"
    secrets: tuple = ()
    drop_root: bool = False
    popen: dict = field(default_factory=dict)

    def __post_init__(self):
        self.port = self.port or free_port(self.host)
        self.folder = scratch_folder("sidecar", for_service=True)
        self.process = None
        self.lines = []  # raw stderr lines, as they come
        self._reader = None
        self._reading = threading.Lock()

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, *_):
        if kind is None:
            self.stop()
        else:
            self.kill()
            self._tell()

    # --- life

    def start(self):
        """Starts the program and returns when it listens."""
        self.launch()
        wait_until(self._listens, 20, lambda: f"the sidecar to listen\n{self.log_text()}")
        return self

    def launch(self):
        """Starts the program without waiting for anything."""
        env = {**self.env}
        if self.listen is not None:
            env.setdefault("SCHEMALATCH_LISTEN", self.listen.format(port=self.port))
        line = command_line("serve", *self.args, config=self.config, folder=self.folder,
                            prefix=self.prefix)
        self._start_process(guarded(line, drop_root=self.drop_root), environment(env))
        return self

    def _start_process(self, line, env):
        self.process = subprocess.Popen(
            line, cwd="/", env=env,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            **{"start_new_session": True, **self.popen},
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        pipe, begun = self.process.stderr.fileno(), b""
        while True:
            select.select([pipe], [], [])
            with self._reading:
                chunk = os.read(pipe, 65536)
                *lines, begun = (begun + chunk).split(b"\n")
                if not chunk and begun:
                    lines.append(begun)
                self.lines += [line.decode("utf-8", errors="surrogateescape") for line in lines]
            if not chunk:
                break

    def _has_read_all(self):
        with self._reading:
            return not select.select([self.process.stderr], [], [], 0)[0]

    def _listens(self):
        code = self.process.poll()
        assert code is None, f"the sidecar ended with {code}:\n{self.log_text()}"
        try:
            socket.create_connection((self.host, self.port), 1).close()
        except OSError:
            return False
        return True

    def is_running(self):
        return self.process is not None and self.process.poll() is None

    @property
    def pid(self):
        return self.process.pid

    def is_instrumented(self):
        """Sanitizers keep what was freed, and valgrind is another process: memory says nothing then."""
        maps = Path(f"/proc/{self.pid}/maps").read_text(encoding="utf-8")
        return any(name in maps for name in ("libasan", "libtsan", "valgrind"))

    def send_signal(self, number):
        self.process.send_signal(number)

    def stop(self, number=signal.SIGTERM, limit_s=STOP_LIMIT_S):
        """Ends the program as kubelet does, and asserts that it goes in time, with exit code 0 and
        a clean log. Once stopped, does nothing."""
        if self.process is None or self._reader is None:
            return
        if self.is_running():
            self.send_signal(number)
        code = self.wait_exit(limit_s)
        assert code == 0, f"exit code {code}\n{self.log_text()}"
        self.assert_log_is_clean()

    def wait_exit(self, limit_s=10):
        """The exit code, once the program has ended and all it wrote is read."""
        try:
            code = self.process.wait(limit_s * PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"still there after {limit_s} s\n{self.log_text()}") from None
        self._finish_reading()
        return code

    def kill(self):
        if self.is_running():
            self.process.kill()
            self.process.wait()
        self._finish_reading()

    def _finish_reading(self):
        if self._reader is not None:
            self._reader.join(10)
            self._reader = None

    def _tell(self):
        print(f"--- log of the sidecar on port {self.port}\n{self.log_text()}")

    # --- log

    def log_text(self):
        return "\n".join(self.lines)

    @property
    def log(self):
        """The log so far: one dict a line."""
        return [json.loads(line) for line in list(self.lines)]

    def events(self, event=None, **fields):
        """The log's lines with these fields."""
        wanted = {**({"event": event} if event else {}), **fields}
        return [line for line in self.log if wanted.items() <= line.items()]

    def told(self, event=None, **fields):
        """The same, once all is read that was logged up to now. What a sidecar answers by it logs
        before the next round but one has ended."""
        self.get("/livez")
        wait_until(self._has_read_all, what="all of the log")
        return self.events(event, **fields)

    def wait_log(self, event=None, limit_s=15, **fields):
        """Waits for a log line with these fields and returns the first such line."""
        what = f"a log line with {event or ''} {fields}"
        return wait_until(lambda: self.events(event, **fields), limit_s,
                          lambda: f"{what}, but the log is\n{self.log_text()}")[0]

    def assert_log_is_clean(self):
        """Each line is a JSON object with the common fields; no secret; nothing on stdout."""
        for line in self.lines:
            try:
                entry = json.loads(line)
            except ValueError:
                raise AssertionError(f"not a line of JSON: {line!r}\n{self.log_text()}") from None
            lacking = {"time", "level", "event", "message"} - entry.keys()
            assert not lacking, f"log line without {lacking}: {line}"
        self.assert_no_secret(self.log_text())
        assert self.process.stdout.read() == b"", "serve wrote to standard output"

    def assert_no_secret(self, text):
        for secret in self.secrets:
            assert secret not in text, f"{secret!r} is told in\n{text}"

    # --- HTTP

    def request(self, path="/readyz", method="GET", headers=None, body=None, timeout_s=5, host=None):
        """One request on a connection of its own. timeout_s bounds each read."""
        connection = http.client.HTTPConnection(host or self.host, self.port,
                                                timeout=timeout_s * PATIENCE)
        try:
            connection.request(method, path, body=body, headers=headers or {})
            response = connection.getresponse()
            answer = Answer(response.status, response.headers, response.read())
        finally:
            connection.close()
        self.assert_no_secret(answer.body.decode("utf-8", errors="replace"))
        return answer

    def get(self, path="/readyz", headers=None, **keywords):
        return self.request(path, "GET", headers, **keywords)

    def ready(self):
        """Whether /readyz says 200; any code but 200 and 503 fails."""
        code = self.get("/readyz").status
        assert code in (200, 503), code
        return code == 200

    def status(self):
        """The document of /status."""
        return self.get("/status").json()

    def check(self, check="tables", database="main"):
        """A check as /status shows it."""
        return find_check(self.status(), check, database)

    def metrics(self):
        return Metrics.parse(self.get("/metrics").text)

    # --- waiting

    def wait_until(self, condition, limit_s=15, what="the condition"):
        """Waits for condition(self)."""
        return wait_until(lambda: condition(self), limit_s,
                          lambda: f"{what}, but /status is\n{self._status_text()}")

    def _status_text(self):
        try:
            return json.dumps(self.status(), indent=1)
        except (OSError, http.client.HTTPException) as problem:
            return f"not to be had: {problem}\n{self.log_text()}"

    def wait_ready(self, limit_s=15):
        self.wait_until(Sidecar.ready, limit_s, "readiness")
        return self

    def wait_not_ready(self, limit_s=15):
        self.wait_until(lambda s: not s.ready(), limit_s, "unreadiness")
        return self

    def wait_check(self, check="tables", database="main", limit_s=15, **fields):
        """Waits until the check shows these fields (reason="missing", held=True …); returns it."""
        def shows(_):
            seen = self.check(check, database)
            return fields.items() <= seen.items() and seen
        return self.wait_until(shows, limit_s, f"{database}/{check} to show {fields}")

    def wait_round(self, database="main", rounds=1):
        """Waits until that many rounds have begun and ended from now on."""
        def count():
            return self.metrics().value("schemalatch_rounds_total", database=database)
        target = count() + rounds + 1  # one may be under way
        return wait_until(lambda: count() >= target, 20, f"{rounds} more rounds")

    # --- one-shot commands with the same configuration

    def run(self, *arguments, env=None, **keywords):
        """Runs a command of the program with this sidecar's configuration and environment."""
        listen = {} if self.listen is None else {
            "SCHEMALATCH_LISTEN": self.listen.format(port=self.port)}
        return run(*arguments, config=self.config, env={**listen, **self.env, **(env or {})},
                   prefix=self.prefix, **keywords)


__all__ = ["Answer", "Metrics", "NeverHappened", "Result", "Sidecar", "alembic", "ask",
           "configuration", "find_check", "program", "run", "tables"]
