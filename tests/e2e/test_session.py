"""What the database sees of us: read-only, bounded, named, one connection, and no noise."""

import re

import pytest

from support.namespaces import host_named
from support.sidecar import alembic, configuration, run, tables
from support.statements import sql_of
from support.waiting import stays, wait_until

WITNESS = """
    CREATE FUNCTION witness() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN
        RAISE LOG 'witness read_only=% statement=% lock=% isolation=%',
            current_setting('transaction_read_only'), current_setting('statement_timeout'),
            current_setting('lock_timeout'), current_setting('transaction_isolation');
        RETURN true;
    END $$;
    ALTER TABLE alembic_version RENAME TO real_version;
    CREATE VIEW alembic_version AS SELECT version_num FROM real_version WHERE witness()"""


@pytest.fixture
def server(talkative_server):
    return talkative_server


@pytest.fixture
def filled(told):
    return told


def checks(database, user="postgres", **keys):
    return configuration(database.url(user), tables("users"), alembic(revisions=["aa01"]), **keys)


@pytest.mark.parametrize("pod", ["shop-7d4b9c-x2x4z", "h" * 64], ids=["usual", "longest"])
def test_the_session_is_named_for_the_pod(server, filled, start, pod):
    """A pod's host name is its own; the server keeps 63 bytes of what we tell."""
    start(checks(filled), prefix=host_named(pod)).wait_ready()
    (_, _, name, _), = [s for s in server.sessions() if s[1] == filled.name]
    assert name == f"schemalatch/{pod}"[:63]


def test_it_only_reads(server, filled, start):
    sidecar = start(checks(filled)).wait_ready()
    filled.execute("DROP TABLE users")
    sidecar.wait_check("tables", reason="missing")
    found = sql_of(filled)
    assert found
    allowed = re.compile(r"\s*(SELECT|WITH|SHOW|BEGIN|START TRANSACTION|COMMIT|ROLLBACK|SET)\b", re.I)
    assert not [s for s in found if not allowed.match(s)]
    writing = re.compile(r"\b(INSERT|UPDATE|DELETE|CREATE|ALTER|DROP|TRUNCATE|GRANT|LOCK|TEMP|LISTEN"
                         r"|pg_advisory\w*|nextval|FOR (?:UPDATE|SHARE))\b", re.I)
    assert not [s for s in found if writing.search(s)]


@pytest.mark.parametrize("keep", ["always", "never"])
def test_reads_are_in_read_only_bounded_transactions(server, filled, start, keep):
    filled.execute(WITNESS)
    start(checks(filled, keepConnection=keep, timeout="2s")).wait_ready()
    line = wait_until(lambda: server.log_lines("witness read_only", filled.name), 20, "a read")[-1]
    found = re.search(r"read_only=(\w+) statement=(\d+)(\w+) lock=(\d+)(\w+) isolation=(.*)", line)
    assert found and found[1] == "on", line
    unit = {"ms": 1, "s": 1000}
    assert 0 < int(found[2]) * unit[found[3]] <= 2000, line
    assert 0 < int(found[4]) * unit[found[5]] <= 2000, line
    assert found[6].startswith("read committed"), line


def test_a_bound_of_the_role_does_not_replace_ours(server, filled, start):
    """A role that is configured to wait for ever, or to write, is bounded all the same."""
    role = server.create_role()
    filled.execute(WITNESS)
    filled.execute(f"GRANT SELECT ON alembic_version, real_version TO {role};"
                   f"ALTER ROLE {role} SET statement_timeout = 0; ALTER ROLE {role} SET lock_timeout = 0;"
                   f"ALTER ROLE {role} SET default_transaction_read_only = off")
    start(checks(filled, role)).wait_ready()
    line = wait_until(lambda: server.log_lines("witness read_only", filled.name), 20, "a read")[-1]
    assert "read_only=on" in line and " statement=0" not in line and " lock=0" not in line


def test_a_search_path_of_the_role_does_not_lead_astray(server, filled, start):
    """Functions and tables of the role's own schema must not stand in for the catalog's."""
    role = server.create_role()
    filled.execute(f"CREATE SCHEMA evil AUTHORIZATION {role}; CREATE TABLE evil.pg_class (relname name);"
                   "CREATE TABLE evil.pg_namespace (nspname name); CREATE TABLE evil.users (id int);"
                   f"GRANT SELECT ON alembic_version TO {role};"
                   f"ALTER ROLE {role} SET search_path = evil, pg_catalog")
    sidecar = start(checks(filled, role)).wait_ready()
    filled.execute("DROP TABLE users")
    sidecar.wait_check("tables", reason="missing")


def test_one_connection_however_many_checks(server, filled, start):
    many = [tables("users", name=f"check_{number}") for number in range(20)]
    sidecar = start(configuration(filled.url(), *many)).wait_ready()
    mark = f"@{filled.name}/schemalatch"
    sidecar.wait_round(rounds=5)
    assert len([s for s in server.sessions() if s[1] == filled.name]) == 1
    assert len(server.log_lines("connection authorized", f"database={filled.name}",
                                "application_name=schemalatch")) == 1
    assert not server.log_lines(mark, "disconnection")


def test_the_connection_is_kept_while_rounds_come_often(server, filled, start):
    sidecar = start(checks(filled)).wait_ready()
    sidecar.wait_round(rounds=5)
    assert sidecar.metrics().value("schemalatch_connects_total", database="main") == 1
    assert sidecar.metrics().value("schemalatch_connected", database="main") == 1
    assert sidecar.status()["databases"][0]["connected"] is True


def test_the_connection_is_kept_at_a_period_of_30_s(filled, start):
    """Whatever moves single rounds a little to and fro."""
    sidecars = [start(checks(filled, period="30s")) for _ in range(6)]
    for sidecar in sidecars:
        sidecar.wait_ready()
    assert [s.status()["databases"][0]["connected"] for s in sidecars] == [True] * 6


@pytest.mark.parametrize("keys", [{"keepConnection": "never"}, {"period": "1m"}], ids=["never", "auto"])
def test_the_connection_is_given_back_between_rounds(server, filled, start, keys):
    start(checks(filled, **keys)).wait_ready()
    wait_until(lambda: server.log_lines(f"@{filled.name}/schemalatch", "disconnection"), 20,
               "the end of a session")
    assert not server.log_lines(f"@{filled.name}/schemalatch", "unexpected EOF")


def test_the_session_is_ended_politely_at_exit(server, filled, start):
    sidecar = start(checks(filled)).wait_ready()
    sidecar.stop()
    wait_until(lambda: server.log_lines(f"@{filled.name}/schemalatch", "disconnection"), 20,
               "the end of the session")
    assert not server.log_lines(f"@{filled.name}/schemalatch", "unexpected EOF")
    assert not server.log_lines(f"@{filled.name}/schemalatch", "reset by peer")


def test_pg_terminate_backend_is_survived_quietly(server, filled, start):
    """Between two rounds: in the midst of one there would be a statement without an answer."""
    sidecar = start(checks(filled, period="1s")).wait_ready()
    sidecar.wait_log(check="tables", reason="ok")
    for _ in range(3):
        sidecar.wait_round(rounds=0)
        (pid, *_), = [s for s in server.sessions() if s[1] == filled.name]
        server.execute("SELECT pg_terminate_backend(%s)", (pid,))
        wait_until(lambda: [s for s in server.sessions() if s[1] == filled.name and s[0] != pid], 20,
                   "a new session")
        sidecar.wait_check(reason="ok")
    assert len(sidecar.told(check="tables")) == 1, "a session that was ended is no news"
    assert not sidecar.told(level="error")


def test_an_idle_session_timeout_is_no_news(server, filled, start):
    role = server.create_role()
    filled.execute(f"GRANT SELECT ON alembic_version TO {role};"
                   f"ALTER ROLE {role} SET idle_session_timeout = '1s'")
    sidecar = start(checks(filled, role, period="3s")).wait_ready()
    sidecar.wait_until(lambda s: s.metrics().value("schemalatch_connects_total") >= 3, 20,
                       "three sessions")
    assert not sidecar.told(verdict="unknown", check="tables")
    assert sidecar.check()["reason"] == "ok"


def test_nothing_is_left_idle_in_a_transaction(server, filled, start):
    sidecar = start(checks(filled)).wait_ready()
    sidecar.wait_round()
    stays(lambda: all(s[3] in ("idle", "active") for s in server.sessions() if s[1] == filled.name),
          0.5, "no session in an idle transaction")


def test_a_migration_does_not_wait_for_us(server, filled, start):
    """DDL on all that we look at goes through while we look: we never hold a lock for long."""
    sidecar = start(checks(filled, period="50ms")).wait_ready()
    migration = filled.connect(options="-c lock_timeout=2s")
    for number in range(20):
        migration.cursor().execute(f"ALTER TABLE users ADD COLUMN c{number} int;"
                                   f"ALTER TABLE alembic_version ADD COLUMN c{number} int")
    migration.close()
    sidecar.wait_ready()


def test_one_shot_commands_are_as_polite(server, filled):
    assert run("check", config=checks(filled)).code == 0
    found = sql_of(filled)
    assert found
    wait_until(lambda: server.log_lines(f"@{filled.name}/schemalatch", "disconnection"), 20,
               "the end of the session")
    assert not server.log_lines(f"@{filled.name}/schemalatch", "unexpected EOF")
