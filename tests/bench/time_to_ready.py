"""From COMMIT of the last migration to the first 200, against the loop that scripts use today:
`until psql -c "select …"; do sleep 2; done`.

Many sidecars and many loops wait for the same COMMITs. Every loop begins at a moment of its own, and
a sidecar's rounds are spread by its own jitter, so that each COMMIT meets them in a random phase.
"""

import contextlib
import random
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

from bench.figure import SECONDS, Figure, at_most, percentile, spread
from bench.instruments import FirstOk
from support.postgres import Postgres, program
from support.processes import guarded, scratch_folder
from support.revisions import line_of, set_versions, write_history
from support.sidecar import Sidecar, alembic, configuration, environment, tables

EACH = 25  # sidecars, and loops
LOOP_PAUSE_S = 2
HISTORY = line_of("0001", "0002")
LOOP = f'''
sleep "$1"
until "$2" -X -c "select 1 from invoices limit 1" "$3" >/dev/null 2>&1; do sleep {LOOP_PAUSE_S}; done
'''


def migrate(database):
    """The last migration, in one transaction; gives the moment just before its COMMIT."""
    connection = database.connect()
    connection.autocommit = False
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE invoices (id int)")
        cursor.execute("UPDATE alembic_version SET version_num = '0002'")
    moment = time.monotonic()
    connection.commit()
    connection.close()
    return moment


def revert(database, sidecars):
    """Back to the revision before; returns when every sidecar has seen it."""
    set_versions(database, "0001")
    database.execute("DROP TABLE IF EXISTS invoices")
    for sidecar in sidecars:
        sidecar.wait_not_ready()
        sidecar.wait_check("migrations", reason="behind")


def run_loop(url, delay_s):
    """A script that waits for the table; gives the moment at which it has ended."""
    line = ["sh", "-c", LOOP, "sh", f"{delay_s:.3f}", program("psql"), url]
    subprocess.run(guarded(line), env=environment(), check=True, timeout=60)
    return time.monotonic()


def one_migration(database, sidecars, loops):
    """Seconds from COMMIT for each sidecar, and for each loop."""
    waiting = [loops.submit(run_loop, database.url(), random.uniform(0, LOOP_PAUSE_S))
               for _ in range(EACH)]
    first_ok = FirstOk("/readyz", [sidecar.port for sidecar in sidecars])
    # All loops have asked at least once by then, in vain.
    time.sleep(LOOP_PAUSE_S + random.uniform(0.5, 1))
    assert not any(loop.done() for loop in waiting), "a loop has ended before the COMMIT"
    commit = migrate(database)
    ours = [moment - commit for moment in first_ok.moments().values()]
    assert min(ours) > 0, "a sidecar was ready before the COMMIT"
    return ours, [loop.result() - commit for loop in waiting]


@contextlib.contextmanager
def many_sidecars(database):
    """Sidecars with the retryPeriod that a user gets who says nothing. period is short only so that
    they are soon unready again."""
    versions = write_history(scratch_folder("versions"), HISTORY)
    entry = configuration(database.url(), tables("invoices"), alembic(versions), period="500ms")
    del entry["databases"][0]["retryPeriod"]
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(Sidecar(entry)) for _ in range(EACH)]


def measure(short):
    ours, loop = [], []
    with Postgres({"max_connections": 100}) as server, ThreadPoolExecutor(EACH) as loops:
        database = server.create_database()
        with many_sidecars(database) as sidecars:
            for _ in range(4 if short else 20):
                revert(database, sidecars)
                for samples, found in zip((ours, loop), one_migration(database, sidecars, loops)):
                    samples += found
    yield Figure(
        "p99 from COMMIT to the first 200 ÷ until psql; do sleep 2; done",
        percentile(ours, 99), percentile(loop, 99), SECONDS, at_most(1 / 10),
        {"sidecar": spread(ours), "loop": spread(loop)},
    )
