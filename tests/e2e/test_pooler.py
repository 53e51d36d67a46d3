"""Through PgBouncer in transaction mode: everything works and nothing of ours stays behind."""

import re

import psycopg2
import pytest

from support.pgbouncer import PgBouncer
from support.revisions import set_versions
from support.sidecar import alembic, ask, configuration, tables
from support.waiting import wait_until

PASSWORD = "through the pooler"


@pytest.fixture(scope="module")
def role(server):
    return server.create_role(password=PASSWORD)


@pytest.fixture(scope="module")
def pooler(server, role):
    with PgBouncer(server, {role: PASSWORD}) as running:
        yield running


@pytest.fixture
def url(database, pooler, role):
    """The database through the pooler, with what the checks want in it."""
    database.execute("CREATE TABLE users (id int)")
    set_versions(database, "aa01")
    database.execute(f"GRANT SELECT ON alembic_version TO {role}; GRANT ALL ON users TO {role}")
    return database.url(role, PASSWORD, port=pooler.port)


def checks(url, **keys):
    return configuration(url, tables("users"), alembic(revisions=["aa01"]), **keys)


def through(pooler, database, role):
    """Another client of the pooler, on the only connection below."""
    connection = psycopg2.connect(database.url(role, PASSWORD, port=pooler.port))
    connection.autocommit = True
    return connection


def test_both_kinds_work(url, database, start):
    sidecar = start(checks(url), secrets=(PASSWORD,)).wait_ready()
    set_versions(database, "bb02")
    sidecar.wait_check("migrations", reason="ahead")
    database.execute("DROP TABLE users")
    sidecar.wait_check("tables", reason="missing")
    sidecar.wait_check("migrations", reason="ahead")


def test_one_shot(url):
    assert ask(checks(url), "tables")["reason"] == "ok"
    assert ask(checks(url), "migrations")["reason"] == "ok"


def test_no_setting_leaks_into_other_clients(url, pooler, database, role, start):
    names = ("statement_timeout", "lock_timeout", "default_transaction_read_only", "search_path",
             "row_security", "jit", "plan_cache_mode", "idle_in_transaction_session_timeout",
             "transaction_read_only")
    other = through(pooler, database, role)
    cursor = other.cursor()

    def settings():
        found = {}
        for name in names:
            cursor.execute(f"SHOW {name}")
            found[name], = cursor.fetchone()
        return found

    before = settings()
    sidecar = start(checks(url)).wait_ready()
    for _ in range(5):
        sidecar.wait_round()
        assert settings() == before
        cursor.execute("INSERT INTO users VALUES (1)")
    cursor.execute("SELECT pg_sleep(3)")
    other.close()


def test_a_lock_is_seen_through_the_pooler(url, database, start):
    sidecar = start(checks(url)).wait_ready()
    holder = database.locked("alembic_version")
    check = sidecar.wait_check("migrations", reason="locked")
    assert check["held"] and sidecar.ready()
    assert sidecar.check("tables")["reason"] == "ok"
    holder.close()
    sidecar.wait_check("migrations", reason="ok", held=False)


def test_what_runs_below_is_read_only_and_bounded(url, server, database, role, start):
    """A view over the history writes down under which settings it is read."""
    database.execute("""
        CREATE FUNCTION witness() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN
            RAISE LOG 'witness read_only=% statement=% lock=%',
                current_setting('transaction_read_only'), current_setting('statement_timeout'),
                current_setting('lock_timeout');
            RETURN true;
        END $$;
        ALTER TABLE alembic_version RENAME TO real_version;
        CREATE VIEW alembic_version AS SELECT version_num FROM real_version WHERE witness()""")
    database.execute(f"GRANT SELECT ON alembic_version TO {role}")
    start(checks(url)).wait_ready()
    line = wait_until(lambda: server.log_lines("witness read_only"), 20, "the witness")[-1]
    found = re.search(r"read_only=(\w+) statement=(\S+) lock=(\S+)", line)
    assert found[1] == "on" and found[2] != "0" and found[3] != "0", line


def test_waiting_for_a_connection_below_holds_the_verdict(url, pooler, database, role, start):
    """Another client keeps the only connection in a transaction: the pooler makes us wait."""
    sidecar = start(checks(url, timeout="500ms")).wait_ready()
    other = through(pooler, database, role)
    other.autocommit = False
    wait_until(lambda: other.cursor().execute("SELECT 1") is None, 10, "a transaction")
    check = sidecar.wait_check("tables", verdict="unknown")
    assert check["held"] and sidecar.ready()
    other.close()
    sidecar.wait_check("tables", reason="ok", limit_s=40)


def test_a_server_that_is_gone_below_the_pooler_holds(own_server, start):
    role = own_server.create_role(password=PASSWORD)
    database = own_server.create_database()
    database.execute("CREATE TABLE users (id int)")
    with PgBouncer(own_server, {role: PASSWORD}) as pooler:
        sidecar = start(configuration(database.url(role, PASSWORD, port=pooler.port),
                                      tables("users"), timeout="500ms"))
        sidecar.wait_ready()
        own_server.stop("fast")
        sidecar.wait_until(lambda s: s.check()["held"], what="a held verdict")
        assert sidecar.ready()
        own_server.start()
        sidecar.wait_check(reason="ok", limit_s=40)


def test_a_pooler_that_is_named_as_one_in_the_URL(url):
    assert ask(checks(url + "?pgbouncer=true"), "tables")["reason"] == "ok"
