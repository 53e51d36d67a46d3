"""The service that a sidecar stands beside: a real one, that can be made to behave in every way.

    with Service() as service:
        service.url("/health")
        service.be("unhealthy")         # "healthy", "slow"
        service.freeze(); service.thaw(); service.kill(); service.start()
"""

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

from support.processes import family, free_port, guarded, scratch_folder, signal_all
from support.waiting import wait_until

TESTS = Path(__file__).parents[1]


class Service:
    """certificate: of certificates.py, for https. on_socket: listens on a Unix socket instead."""

    def __init__(self, certificate=None, on_socket=False):
        self.folder = scratch_folder("service")
        self.port = 0 if on_socket else free_port()
        self.socket = self.folder / "app.sock" if on_socket else None
        self.certificate = certificate
        self.process = None

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.kill()

    def start(self):
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(
                guarded([sys.executable, "-m", "uvicorn", "support.service_app:app", *self._where()]),
                cwd=TESTS, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={**os.environ, "PYTHONPATH": str(TESTS), "PYTHONDONTWRITEBYTECODE": "1"})
        wait_until(self._listens, 30, lambda: (self.folder / "log").read_text())
        return self

    def _where(self):
        where = ["--uds", self.socket] if self.socket else ["--port", self.port]
        if self.certificate:
            where += ["--ssl-certfile", self.certificate.certificate_file,
                      "--ssl-keyfile", self.certificate.key_file]
        return [*where, "--log-level", "warning"]

    def _listens(self):
        assert self.process.poll() is None, (self.folder / "log").read_text()
        kind, address = (socket.AF_UNIX, str(self.socket)) if self.socket else (
            socket.AF_INET, ("127.0.0.1", self.port))
        with socket.socket(kind) as probe:
            try:
                probe.connect(address)
            except OSError:
                return False
        return True

    def url(self, path="/health"):
        if self.socket:
            return f"unix:{self.socket}:{path}"
        return f"http{'s' if self.certificate else ''}://127.0.0.1:{self.port}{path}"

    def _ask(self, path, method="GET"):
        request = urllib.request.Request(self.url(path), method=method)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.read()

    def be(self, mood):
        self._ask(f"/mood/{mood}", "PUT")
        return self

    def seen(self):
        return self._ask("/seen").decode()

    def freeze(self):
        signal_all(family(self.process.pid), signal.SIGSTOP)

    def thaw(self):
        signal_all(family(self.process.pid), signal.SIGCONT)

    def kill(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
        if self.socket:
            self.socket.unlink(missing_ok=True)
