"""From COMMIT to the first 200 where the migration notifies, against polling each second."""

import contextlib
import random
import time

from bench.figure import SECONDS, Figure, at_most, percentile, spread
from bench.instruments import FirstOk
from support.postgres import Postgres
from support.sidecar import Sidecar, configuration, tables

EACH = 4


def commit(database):
    """Creates the table and notifies; gives the moment just before its COMMIT."""
    with contextlib.closing(database.connect()) as connection:
        connection.autocommit = False
        connection.cursor().execute("CREATE TABLE users (id int); NOTIFY schemalatch")
        moment = time.monotonic()
        connection.commit()
    return moment


def one_commit(database, sidecars):
    """Seconds from COMMIT, for each sidecar."""
    first_ok = FirstOk("/readyz", [sidecar.port for sidecar in sidecars])
    time.sleep(random.uniform(0.2, 1.2))  # in a random phase of those who poll
    moment = commit(database)
    found = first_ok.moments()
    database.execute("DROP TABLE users; NOTIFY schemalatch")
    for sidecar in sidecars:
        sidecar.wait_not_ready()
    return [found[sidecar.port] - moment for sidecar in sidecars]


def measure(short):
    with Postgres() as server, contextlib.ExitStack() as stack:
        database = server.create_database()

        def start(**keys):
            config = configuration(database.url(), tables("users"), **keys)
            return [stack.enter_context(Sidecar(config)) for _ in range(EACH)]

        told = start(period="1h", retryPeriod="1h", notify="schemalatch")
        polling = start(period="1s", retryPeriod="1s")
        for sidecar in told + polling:
            sidecar.wait_check(verdict="not_ready")
        samples = [one_commit(database, told + polling) for _ in range(8 if short else 40)]
    ours = [s for sample in samples for s in sample[:EACH]]
    theirs = [s for sample in samples for s in sample[EACH:]]
    yield Figure("p95 from COMMIT with NOTIFY to the first 200 ÷ polling each second",
                 percentile(ours, 95), percentile(theirs, 95), SECONDS, at_most(1 / 20),
                 {"notified": spread(ours), "polling": spread(theirs)})
