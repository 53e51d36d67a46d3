"""A sidecar whose database falls ill and recovers at a test's word: the fake server stands in front
of a real one that has all that the sidecar looks for."""

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path

from peer.fake_postgres import FakePostgres, greet
from peer.relay import relay
from support.revisions import set_versions
from support.sidecar import Sidecar, alembic, configuration, tables
from support.waiting import PATIENCE, wait_until

PASSWORD = "pass-word-of-the-test"
CHECKS = (tables("users"), alembic(revisions=["a1"]))
NAMES = ("tables", "migrations")

ALLOWED_KIB = 8 * 1024
ALLOWED_LINES = 100


class Ward:
    """Where the real server is, how to log in, and TLS for fakes."""

    def __init__(self, server, tls):
        self.tls = tls
        self.real = (server.address, server.port)
        self.role = server.create_role(password=PASSWORD)
        self.database = server.create_database()
        self.database.execute("CREATE TABLE users (id int)")
        set_versions(self.database, "a1")
        self.database.execute(f"GRANT SELECT ON alembic_version TO {self.role}")

    def healthy(self, disturb=None, tls=None):
        """The script of a server that answers as the real one does."""
        return (greet(tls), relay(self.real, disturb))

    def stir(self):
        """Changes a catalog, so that a sidecar that is ready looks closer than its sentinel."""
        self.database.execute("CREATE TABLE other (id int); DROP TABLE other")

    def url(self, fake, sslmode="disable"):
        return fake.url(sslmode, self.role, PASSWORD, self.database.name)

    @contextlib.contextmanager
    def patient(self, script, sslmode="disable", **database):
        """A fake server that follows script, and a sidecar that asks it."""
        with FakePostgres(script) as fake:
            quick = {"timeout": f"{int(200 * PATIENCE)}ms", **database}
            config = configuration(self.url(fake, sslmode), *CHECKS, **quick)
            with Sidecar(config, secrets=(PASSWORD,)) as sidecar:
                yield fake, sidecar


def wait_unknown(sidecar, reasons, held, names=NAMES):
    """Waits until these checks are unknown for one of these reasons; gives the first of them."""

    def told():
        checks = [sidecar.check(name) for name in names]
        fits = all(c["verdict"] == "unknown" and c["held"] == held for c in checks)
        return fits and all(c["reason"] in reasons for c in checks) and checks[0]

    seen = f"unknown, held: {held}, for one of {sorted(reasons)}"
    return wait_until(told, 15, lambda: f"{seen}; /status is\n{sidecar.get('/status').text}")


def wait_visits(fake, more, limit_s=15):
    """Waits for so many more connection attempts."""
    target = len(fake.visits) + more
    wait_until(lambda: len(fake.visits) >= target, limit_s, f"{more} more connection attempts")


# What the sidecar has taken of the machine.


@dataclass(frozen=True)
class Size:
    peak_kib: int  # the most memory that was ever resident
    descriptors: int


def size(sidecar):
    status = Path(f"/proc/{sidecar.pid}/status").read_text(encoding="ascii").splitlines()
    peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
    return Size(peak, len(os.listdir(f"/proc/{sidecar.pid}/fd")))


def assert_size(sidecar, before):
    """Asserts that no descriptor leaks and that the memory stayed within its bound."""
    one_more = before.descriptors + 1  # an HTTP connection that is not closed yet
    wait_until(lambda: size(sidecar).descriptors <= one_more, what="descriptors to be closed")
    if not sidecar.is_instrumented():
        grown = size(sidecar).peak_kib - before.peak_kib
        assert grown <= ALLOWED_KIB, f"grew by {grown} KiB"
