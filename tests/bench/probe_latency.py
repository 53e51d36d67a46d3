"""A probe never waits for the database: its p99 with every database dead, against every one alive.

Two sidecars with the same two databases: one by address, one by name. Beside the second, the server
is stopped by SIGSTOP and the name server reads queries without answering. The probes go to the two
sidecars in turn, so that whatever else slows the machine slows both, and the median of many rounds'
p99 is taken, so that one bad moment does not decide.
"""

import contextlib

from bench.figure import SECONDS, Figure, at_most, median, percentile, spread
from bench.instruments import probe
from support.names import Names
from support.postgres import Postgres
from support.sidecar import Sidecar, tables

NAME = "db.test"
TIMES = {"period": "1s", "retryPeriod": "500ms", "timeout": "1s", "holdFor": "1h"}


def configuration(server):
    """Two databases on one server: the first by its address, the second by its name."""
    urls = {"address": server.url(), "name": server.url(host=NAME)}
    return {"databases": [{"name": name, "url": url, **TIMES, "checks": [tables("users")]}
                          for name, url in urls.items()]}


@contextlib.contextmanager
def beside_a_server():
    """A sidecar that is ready, its server and its name server."""
    with Names({NAME: "127.0.0.1"}) as names, Postgres() as server:
        server.execute("CREATE TABLE users (id int)")
        with Sidecar(configuration(server), prefix=names.prefix) as sidecar:
            yield sidecar.wait_ready(), server, names
            server.thaw()


def rounds(sidecar):
    return sum(value for _, value in sidecar.metrics().samples("schemalatch_rounds_total"))


def assert_state(sidecar, held):
    """That each verdict is, or is not, a held one."""
    for database in ("address", "name"):
        check = sidecar.check(database=database)
        assert check["held"] == held and check["pass"], check


def silence(sidecar, server, names):
    """Server and name server fall silent; waits until both verdicts are held, for both causes."""
    names.silent = True
    server.freeze()
    for database in ("address", "name"):
        sidecar.wait_check(database=database, held=True, verdict="unknown")
    before = len(names.queries)
    sidecar.wait_until(lambda _: len(names.queries) > before, what="a query that is not answered")


def p99_of_rounds(ports, count, probes):
    """port -> the p99 of each round of probes. Who goes first changes with the rounds."""
    found = {port: [] for port in ports}
    for number in range(count):
        order = ports if number % 2 else reversed(ports)
        for port, seconds in probe(probes, "/readyz", *order).items():
            found[port].append(percentile(seconds, 99))
    return found


def measure(short):
    with beside_a_server() as (alive, *_), beside_a_server() as (cut_off, server, names):
        silence(cut_off, server, names)
        before = rounds(alive), rounds(cut_off)
        found = p99_of_rounds([alive.port, cut_off.port], 9 if short else 41, 2000)
        alive_rounds, cut_off_rounds = rounds(alive) - before[0], rounds(cut_off) - before[1]
        assert_state(alive, held=False)
        assert_state(cut_off, held=True)
    assert alive_rounds and cut_off_rounds, "the sidecars were idle"
    dead, healthy = found[cut_off.port], found[alive.port]
    yield Figure(
        "p99 of /readyz, server frozen and DNS dead ÷ healthy",
        median(dead), median(healthy), SECONDS, at_most(1.5),
        {"dead": {"p99OfRounds": spread(dead), "roundsMeanwhile": cut_off_rounds},
         "healthy": {"p99OfRounds": spread(healthy), "roundsMeanwhile": alive_rounds}},
    )
