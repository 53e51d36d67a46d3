"""Asking a service for its health each second, as the sidecar does it, against a curl each second;
and that a service that hangs delays no probe of the sidecar's own.

An hour's probes go by in half a minute: what a probe costs does not depend on the time between two.
"""

import contextlib
import os
import resource
import shutil
import signal
import socket
import subprocess
import threading

from bench.figure import BYTES, SECONDS, Figure, at_most, median, percentile, spread
from bench.instruments import cpu_seconds, memory, probe, tool
from support.processes import free_port, guarded
from support.sidecar import Sidecar
from support.waiting import wait_until

HOUR = 3600  # probes, one a second
WARM = 300  # until all that is used has been used once
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"


class Counted:
    """A service that counts how often it was asked."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}/health"
        self.count = 0
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        with contextlib.suppress(OSError):
            while True:
                peer, _ = self.listener.accept()
                with peer:
                    if peer.recv(4096):
                        self.count += 1
                        peer.sendall(ANSWER)

    def wait(self, count):
        wait_until(lambda: self.count >= count, 300, f"{count} probes, of which {self.count} came")

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


def upstream(url, period, **keys):
    return {"upstreams": [{"name": "app", "url": url, "period": period, "retryPeriod": period, **keys}]}


def sidecar_cost(service, probes):
    """CPU seconds of a probe, and the memory after a few and after all of them."""
    with Sidecar(upstream(service.url, "10ms")) as sidecar:
        service.wait(service.count + WARM)
        first, begun, cpu = memory(sidecar.pid), service.count, cpu_seconds(sidecar.pid)
        service.wait(begun + probes)
        cost = (cpu_seconds(sidecar.pid) - cpu) / (service.count - begun)
        assert sidecar.wait_ready()
        return cost, first, memory(sidecar.pid)


def curl_cost(service, runs):
    """CPU seconds of a curl, from fork to exit, and the most memory that one had."""
    curl = shutil.which("curl")
    assert curl, "there is no curl"
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    most = 0
    for _ in range(runs):
        child = os.posix_spawn(curl, [curl, "-fsS", "-o", "/dev/null", service.url], os.environ)
        _, status, usage = os.wait4(child, 0)
        assert status == 0, f"curl ended with {status}"
        most = max(most, usage.ru_maxrss * 1024)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return spent / runs, most


def cost_figures(short):
    service = Counted()
    probes = HOUR // 6 if short else HOUR
    theirs, curl_memory = curl_cost(service, 50 if short else 300)
    ours, first, last = sidecar_cost(service, probes)
    service.close()
    yield Figure("CPU of asking a service each second for an hour ÷ curl each second",
                 ours * HOUR, theirs * HOUR, SECONDS, at_most(1 / 10), {"probes": probes})
    yield Figure(f"RSS after {probes} probes of a service ÷ after {WARM}",
                 last["rss"], first["rss"], BYTES, at_most(1.01), {"last": last, "first": first})
    yield Figure("RSS of a sidecar that asks a service ÷ of one curl",
                 last["rss"], curl_memory, BYTES, at_most(1), {"sidecar": last})


@contextlib.contextmanager
def beside_a_service():
    """A sidecar that has found its service healthy, which stays counted (latch), and the service."""
    port = free_port()
    process = subprocess.Popen(guarded([tool("minimal_evhttp"), port]))
    try:
        config = upstream(f"http://127.0.0.1:{port}/readyz", "1s", timeout="1s", latch=True)
        with Sidecar(config) as sidecar:
            yield sidecar.wait_ready(), process
    finally:
        process.send_signal(signal.SIGCONT)
        process.kill()
        process.wait()


def latency_figure(short):
    with beside_a_service() as (healthy, _), beside_a_service() as (hung, service):
        service.send_signal(signal.SIGSTOP)
        hung.wait_until(lambda s: s.status()["upstreams"][0]["reason"] == "timeout")
        found = {healthy.port: [], hung.port: []}
        for number in range(9 if short else 41):
            ports = list(found) if number % 2 else list(reversed(found))
            for port, seconds in probe(2000, "/readyz", *ports).items():
                found[port].append(percentile(seconds, 99))
        assert hung.status()["upstreams"][0]["reason"] == "timeout"
        assert healthy.status()["upstreams"][0]["reason"] == "ok"
    dead, alive = found[hung.port], found[healthy.port]
    yield Figure("p99 of /readyz, service hung ÷ healthy", median(dead), median(alive), SECONDS,
                 at_most(1.5), {"hung": spread(dead), "healthy": spread(alive)})


def measure(short):
    yield from cost_figures(short)
    yield from latency_figure(short)
