"""What a round costs the server while nothing changes, whatever the number of tables: against a
prepared SELECT 1 at the same pace, and against one SELECT EXISTS from information_schema for each
table. All keep their connection; all pay in on-CPU time of their backend. In a cluster where
transactions have ended since the last look, as in most, a round has to ask for more: that is a row
of its own, and the fleet's figure, the same round a hundred times a second: a thousand sidecars,
each every ten seconds.
"""

import contextlib
import subprocess

from bench.figure import SECONDS, TIMES, Figure, at_most, median, spread
from bench.instruments import REST_S, cpu_seconds, tool
from bench.round_cost import NAIVE, ROLE, backend_of, rounds_cost
from support.postgres import Postgres
from support.processes import guarded
from support.sidecar import Sidecar, configuration, tables
from support.waiting import wait_until

SIZES = (10, 1000, 10000)
PACE_MS = 20
FLEET_ROUNDS_PER_SECOND = 100


def fill(database, count):
    """count tables of ten columns; committed in portions, as in round_cost."""
    database.execute(f"""DO $$ BEGIN
        FOR i IN 1..{count} LOOP
            EXECUTE format('CREATE TABLE %I (id bigint PRIMARY KEY, a int, b int, c text, d text,
                e varchar(20), f numeric, g boolean, h timestamptz, i jsonb)', 'expected_' || i);
            IF i % 50 = 0 THEN COMMIT; END IF;
        END LOOP;
    END $$""")
    # information_schema shows a role nothing that it has no rights on.
    database.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {ROLE}")
    database.execute("VACUUM ANALYZE")
    return database


class Asker:
    """A prepared SELECT 1 at the sidecar's pace."""

    def __init__(self, database):
        command = [tool("asker"), database.url(ROLE), PACE_MS, "SELECT 1"]
        self.process = subprocess.Popen(guarded(command), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True)
        self.pid = int(self.process.stdout.readline())

    def answers(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def cost(self, least):
        """The server's CPU seconds per answer, over that many or a few more."""
        before, cpu = self.answers(), cpu_seconds(self.pid)
        wait_until(lambda: self.answers() >= before + least, 60, f"{least} more answers",
                   REST_S)
        return (cpu_seconds(self.pid) - cpu) / (self.answers() - before)

    def close(self):
        self.process.communicate(timeout=30)


@contextlib.contextmanager
def naive_tables(database, count):
    """A function that asks for some of the tables and gives the server's CPU seconds for all."""
    asked = min(count, 200)
    with contextlib.closing(database.connect(ROLE)) as connection:
        pid = connection.info.backend_pid
        cursor = connection.cursor()

        def ask():
            before = cpu_seconds(pid)
            for number in range(1, asked + 1):
                cursor.execute(NAIVE.format(number))
                assert cursor.fetchone() == (True,)
            return (cpu_seconds(pid) - before) * count / asked

        ask()
        yield ask


def one_size(database, count, repeats):
    """(rounds, rounds after others wrote, SELECT 1s, naive rounds), each a list of the server's CPU
    seconds."""
    names = [f"expected_{number}" for number in range(1, count + 1)]
    config = configuration(database.url(ROLE), tables(*names), period=f"{PACE_MS}ms",
                           retryPeriod=f"{PACE_MS}ms", timeout="10s")
    rounds, written, ones, naive = [], [], [], []
    with (naive_tables(database, count) as ask, contextlib.closing(Asker(database)) as asker,
          Sidecar(config) as sidecar):
        pid = backend_of(sidecar.wait_ready(60), database.server)
        for _ in range(repeats):
            naive.append(ask())
            ones.append(asker.cost(50))
            rounds.append(rounds_cost(sidecar, pid, 50))
        for _ in range(repeats):
            database.execute("SELECT pg_catalog.pg_current_xact_id()")
            sidecar.wait_round(rounds=2)
            written.append(rounds_cost(sidecar, pid, 50))
    return rounds, written, ones, naive


def measure(short):
    sizes = SIZES[:2] if short else SIZES
    against_one = {}
    with Postgres({"shared_buffers": "512MB"}) as server:
        server.create_role(ROLE)
        for size in sizes:
            database = fill(server.create_database(), size)
            rounds, written, ones, naive = one_size(database, size, 5 if short else 9)
            details = {"round": spread(rounds), "afterWrites": spread(written),
                       "selectOne": spread(ones), "naive": spread(naive)}
            against_one[size] = median(rounds) / median(ones)
            yield Figure(f"server CPU of a steady round, {size} tables ÷ prepared SELECT 1",
                         median(rounds), median(ones), SECONDS, at_most(2.5), details)
            yield Figure("the same, others having written ÷ prepared SELECT 1", median(written),
                         median(ones), SECONDS, at_most(2.5), details)
            yield Figure(f"a steady round, {size} tables ÷ SELECT EXISTS for each", median(rounds),
                         median(naive), SECONDS,
                         at_most({10: 1 / 30, 1000: 1 / 3000, 10000: 1 / 25000}[size]), details)
    yield Figure(f"the dearest of these by SELECT 1 ÷ the cheapest, {sizes[0]} to {sizes[-1]} tables",
                 max(against_one.values()), min(against_one.values()), TIMES, at_most(1.3), {})
    yield Figure("server CPU of 1,000 sidecars' steady rounds each second ÷ one core",
                 median(written) * FLEET_ROUNDS_PER_SECOND, 1.0, SECONDS, at_most(0.05), {})
