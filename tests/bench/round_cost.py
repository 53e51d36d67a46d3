"""What a round costs the server: 500 tables in one statement, against one SELECT EXISTS from
information_schema for each. Both keep their connection; both pay in on-CPU time of their backend.
"""

import contextlib

from bench.figure import SECONDS, Figure, at_most, median, spread
from bench.instruments import REST_S, cpu_seconds
from support.postgres import Postgres
from support.sidecar import Sidecar, configuration, tables
from support.waiting import wait_until

EXPECTED = 500
OTHERS = 5000
ROLE = "svc"

# Committed in portions: the lock table does not hold thousands of new tables.
def catalog(expected, others):
    return (
        "CREATE TABLE customers (id bigint PRIMARY KEY)",
        f"""DO $$ BEGIN
            FOR i IN 1..{expected} LOOP
                EXECUTE format('CREATE TABLE %I (id bigint PRIMARY KEY, name text NOT NULL,
                    customer_id bigint NOT NULL REFERENCES customers, state varchar(20) DEFAULT ''new'',
                    total numeric(12,2) CHECK (total >= 0), paid boolean, tags text[], document jsonb,
                    created_at timestamptz NOT NULL DEFAULT now(), updated_at timestamptz)',
                    'expected_' || i);
                EXECUTE format('CREATE INDEX ON %I (customer_id)', 'expected_' || i);
                EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO {ROLE}', 'expected_' || i);
                IF i % 50 = 0 THEN COMMIT; END IF;
            END LOOP;
        END $$""",
        f"""DO $$ BEGIN
            FOR i IN 1..{others} LOOP
                EXECUTE format('CREATE TABLE %I (id bigint PRIMARY KEY, a int, b int, c text, d text,
                    e varchar(20), f numeric, g boolean, h timestamptz, i jsonb)', 'other_' || i);
                IF i % 50 = 0 THEN COMMIT; END IF;
            END LOOP;
        END $$""",
        "VACUUM ANALYZE",  # as autovacuum, which the tests' server has not, would have done
        "CHECKPOINT",
    )


NAIVE = """SELECT EXISTS (SELECT FROM information_schema.tables
    WHERE table_schema = 'public' AND table_name = 'expected_{}')"""


@contextlib.contextmanager
def big_database(expected=EXPECTED, others=OTHERS):
    with Postgres({"shared_buffers": "256MB"}) as server:
        server.create_role(ROLE)
        database = server.create_database()
        for statement in catalog(expected, others):
            database.execute(statement)
        yield database


@contextlib.contextmanager
def naive_session(database, expected=EXPECTED):
    """A function that asks for every table once and gives the server's CPU seconds for it."""
    with contextlib.closing(database.connect(ROLE)) as connection:
        pid = connection.info.backend_pid
        cursor = connection.cursor()

        def ask():
            before = cpu_seconds(pid)
            for number in range(1, expected + 1):
                cursor.execute(NAIVE.format(number))
                assert cursor.fetchone() == (True,), f"expected_{number} is not there"
            return cpu_seconds(pid) - before

        ask()  # fills the backend's caches
        yield ask


def backend_of(sidecar, server):
    """The process id of the sidecar's one backend, which it must keep."""
    found = server.sessions()
    assert len(found) == 1 and sidecar.status()["databases"][0]["connected"], found
    return found[0][0]


def count(sidecar):
    return sidecar.metrics().value("schemalatch_rounds_total", database="main")


def rounds_cost(sidecar, pid, least):
    """The server's CPU seconds per round, over that many rounds or a few more."""
    rounds, cpu = count(sidecar), cpu_seconds(pid)
    wait_until(lambda: count(sidecar) >= rounds + least, 60, f"{least} more rounds", REST_S)
    return (cpu_seconds(pid) - cpu) / (count(sidecar) - rounds)


def measure(short):
    with big_database() as database, naive_session(database) as naive:
        expected = [f"expected_{number}" for number in range(1, EXPECTED + 1)]
        config = configuration(database.url(ROLE), tables(*expected), period="50ms")
        ours, theirs = [], []
        with Sidecar(config) as sidecar:
            pid = backend_of(sidecar.wait_ready(), database.server)
            rounds_cost(sidecar, pid, 10)  # fills the backend's caches
            for _ in range(5 if short else 15):
                theirs.append(naive())
                ours.append(rounds_cost(sidecar, pid, 30))
            assert pid == backend_of(sidecar, database.server), "the connection was not kept"
            assert sidecar.ready()
    yield Figure(
        f"server CPU of one round, {EXPECTED} tables ÷ SELECT EXISTS for each",
        median(ours), median(theirs), SECONDS, at_most(1 / 100),
        {"round": spread(ours), "naive": spread(theirs), "otherTables": OTHERS},
    )
