"""Resident memory: an hour's rounds and 100,000 probes must not grow it, and it must stay well below
that of Debian's postgres_exporter beside the same server. Both connect with TLS and a password."""

import contextlib
import os
import signal
import subprocess
import urllib.request

from bench.figure import BYTES, Figure, at_most
from bench.instruments import memory, probe
from support.certificates import make_certificate
from support.postgres import Postgres
from support.processes import free_port, guarded
from support.sidecar import Sidecar, configuration, tables
from support.waiting import wait_until

ROUNDS = 360  # of an hour, at the default period
PROBES = 100_000
SCRAPES = 50
PRIVATE_LIMIT = 4 * 2**20
PASSWORD = "s3cret"

# Pages that are touched for the first time after the verdict (the first probe's, say) are a few; a
# leak of a byte and a half for each probe would be seen.
NO_GROWTH = 1.01


@contextlib.contextmanager
def exporter(url):
    """Debian's postgres_exporter: its process id, and a function that scrapes it."""
    port = free_port()
    line = ["prometheus-postgres-exporter", f"--web.listen-address=127.0.0.1:{port}",
            "--log.level=error"]
    process = subprocess.Popen(guarded(line), env={**os.environ, "DATA_SOURCE_NAME": url})

    def scrape():
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
                return answer.read().decode("utf-8")
        except OSError:
            return ""

    try:
        wait_until(scrape, 15, "postgres_exporter to answer")
        yield process.pid, scrape
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(10)


def exporter_memory(url):
    with exporter(url) as (pid, scrape):
        for _ in range(SCRAPES):
            assert "\npg_up 1\n" in scrape(), "the exporter does not reach the server"
        return memory(pid)


def rounds(sidecar):
    return sidecar.metrics().value("schemalatch_rounds_total", database="main")


def half_an_hour(sidecar):
    """Half of the probes and of the rounds; gives the memory after them."""
    before = rounds(sidecar)
    probe(PROBES // 2, "/readyz", sidecar.port)
    wait_until(lambda: rounds(sidecar) >= before + ROUNDS // 2, 60, f"{ROUNDS // 2} rounds")
    return memory(sidecar.pid)


def sidecar_memory(url):
    """At the first verdict (told by the log: no probe has been answered yet), after half an hour's
    worth of rounds and probes, and after an hour's."""
    with Sidecar(configuration(url, tables("users"), period="50ms")) as sidecar:
        sidecar.wait_log("verdict", verdict="ready")
        found = memory(sidecar.pid), half_an_hour(sidecar), half_an_hour(sidecar)
        assert sidecar.ready()
        return found


def measure(short):
    with Postgres(certificate=make_certificate("localhost")) as server:
        server.execute("CREATE TABLE users (id int)")
        role = server.create_role(password=PASSWORD, options="IN ROLE pg_monitor")
        url = server.url(user=role, password=PASSWORD, sslmode="require")
        first, half, last = sidecar_memory(url)
        theirs = exporter_memory(url)
    yield Figure(
        f"RSS after {ROUNDS} rounds and {PROBES:,} probes ÷ at the first verdict",
        last["rss"], first["rss"], BYTES, at_most(NO_GROWTH),
        {"atFirstVerdict": first, "afterHalf": half, "afterAll": last,
         "grownBy": last["rss"] - first["rss"], "grownInSecondHalf": last["rss"] - half["rss"]},
    )
    yield Figure(
        f"RSS after all that ÷ postgres_exporter's after {SCRAPES} scrapes",
        last["rss"], theirs["rss"], BYTES, at_most(3 / 4), {"exporter": theirs},
    )
    yield Figure(
        "private part of it ÷ 4 MiB", last["private"], PRIVATE_LIMIT, BYTES, at_most(1),
        {"sidecar": last, "exporter": theirs},
    )
