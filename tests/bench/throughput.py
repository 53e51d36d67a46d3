"""Requests per second on one core, keep-alive, against the least that libevent's HTTP server can do.

wrk loads the server from another core, and keeps it busy. A second is one of the server's own time on
its core, as the scheduler counts it: on an idle machine the same as one of the clock, and where
others take turns on that core, they do not decide the figure.
"""

import contextlib
import re
import socket
import subprocess

from bench.figure import PER_SECOND, Figure, at_least, median, spread
from bench.instruments import cpu_seconds, on_core, tool, two_cores
from support.postgres import Postgres
from support.processes import free_port, guarded
from support.sidecar import Sidecar, configuration, tables
from support.waiting import wait_until

CONNECTIONS = 32


@contextlib.contextmanager
def minimal_server(core):
    """minimal_evhttp, as (port, process id)."""
    port = free_port()
    process = subprocess.Popen(guarded([*on_core(core), tool("minimal_evhttp"), port]))
    try:
        wait_until(lambda: answers(port), 10, "minimal_evhttp to listen")
        yield port, process.pid
    finally:
        process.kill()
        process.wait()


def answers(port):
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def load(core, port, path, seconds):
    """What wrk gets answered, all of it with 200, from its core: requests, and requests per second."""
    line = [*on_core(core), "wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s",
            f"http://127.0.0.1:{port}{path}"]
    done = subprocess.run(line, capture_output=True, text=True, timeout=60)
    found = re.search(r"(\d+) requests in .*Requests/sec: +([\d.]+)", done.stdout, re.DOTALL)
    clean = "Non-2xx" not in done.stdout and "Socket errors" not in done.stdout
    assert done.returncode == 0 and found and clean, done.stdout + done.stderr
    return int(found[1]), float(found[2])


class Contender:
    """A server under load, with its rates: requests per second of its core's time, and of the
    clock's."""

    def __init__(self, port, pid, path):
        self.port, self.pid, self.path = port, pid, path
        self.rates, self.clock_rates = [], []

    def run(self, core, seconds):
        before = cpu_seconds(self.pid)
        requests, rate = load(core, self.port, self.path, seconds)
        self.clock_rates.append(rate)
        self.rates.append(requests / (cpu_seconds(self.pid) - before))

    def details(self):
        return {"perSecond": spread(self.rates), "perClockSecond": spread(self.clock_rates)}


def measure(short):
    server_core, load_core = two_cores()
    with Postgres() as server, minimal_server(server_core) as (port, pid):
        server.execute("CREATE TABLE users (id int)")
        config = configuration(server.url(), tables("users"), period="10s")
        with Sidecar(config, prefix=on_core(server_core)) as sidecar:
            sidecar.wait_ready()
            ours = Contender(sidecar.port, sidecar.pid, "/readyz")
            minimal = Contender(port, pid, "/")
            for _ in range(6 if short else 12):
                for contender in (ours, minimal):
                    contender.run(load_core, 1 if short else 3)
            assert sidecar.ready()
    yield Figure(
        "requests per second of /readyz on one core ÷ minimal evhttp",
        median(ours.rates), median(minimal.rates), PER_SECOND, at_least(0.9),
        {"connections": CONNECTIONS, "ours": ours.details(), "minimal": minimal.details()},
    )
