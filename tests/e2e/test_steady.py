"""While nothing changes, a round asks one cheap question; whatever does change is seen."""

import contextlib
import threading

import pytest

from support.pgbouncer import PgBouncer
from support.postgres import HBA
from support.sidecar import alembic, configuration, tables
from support.statements import sql_of, statements
from support.waiting import stays, wait_until

HOUR_OF_ROUNDS = 360  # at the default period of 10 s


@pytest.fixture
def quiet(database):
    database.execute("CREATE TABLE users (id int)")
    return database


def is_snapshot(statement):
    return "pg_current_snapshot" in statement and not is_sentinel(statement)


def is_sentinel(statement):
    return "pg_stat_get_tuples_inserted" in statement


def test_a_quiet_round_is_one_statement(told, start):
    sidecar = start(configuration(told.url(), tables("users"), period="1s")).wait_ready()
    sidecar.wait_round()
    before = len(statements(told))
    sidecar.wait_round(rounds=3)
    asked = statements(told)[before:]
    assert len(asked) >= 3
    assert all(is_snapshot(statement) for statement in asked), asked


def test_through_a_pooler_the_snapshot_alone_is_never_asked(told, start):
    """What answers there may be another server from one statement to the next."""
    password = "through the pooler"
    role = told.server.create_role(password=password)
    with PgBouncer(told.server, {role: password}) as pooler:
        url = told.url(role, password, port=pooler.port)
        sidecar = start(configuration(url, tables("users"), period="1s")).wait_ready()
        sidecar.wait_round(rounds=3)
    asked = statements(told)
    assert sum(map(is_sentinel, asked)) >= 3, asked
    assert not any(map(is_snapshot, asked)), asked


def test_a_round_while_others_write_is_one_statement(told, start):
    """Once something has been committed, the snapshot is not asked in vain again."""
    sidecar = start(configuration(told.url(), tables("users"), period="1s")).wait_ready()
    sidecar.wait_round()
    told.execute("INSERT INTO users VALUES (1)")
    sidecar.wait_round(rounds=2)
    before = len(statements(told))
    told.execute("INSERT INTO users VALUES (2)")
    sidecar.wait_round(rounds=3)
    asked = statements(told)[before:]
    assert len(asked) >= 3
    assert all(is_sentinel(statement) for statement in asked), asked


def test_a_history_is_read_in_every_round(told, start):
    """Rows are no catalog: no counter of catalogs tells when they change."""
    config = configuration(told.url(), tables("users"), alembic(revisions=["aa01"]), period="500ms")
    sidecar = start(config).wait_ready()
    sidecar.wait_round()
    told.execute("DELETE FROM alembic_version")
    sidecar.wait_check("migrations", reason="empty")


def test_an_hours_worth_of_rounds_only_reads(told, start):
    config = configuration(told.url(), tables("users"), alembic(revisions=["aa01"]), period="10ms",
                           retryPeriod="10ms", notify="schemalatch")
    sidecar = start(config).wait_ready()
    sidecar.wait_until(lambda s: s.metrics().value("schemalatch_rounds_total", database="main")
                       >= HOUR_OF_ROUNDS, 60, "an hour's worth of rounds")
    asked = sql_of(told)
    assert len(asked) > HOUR_OF_ROUNDS
    others = [sql for sql in asked if not sql.startswith(("SELECT ", "WITH s AS MATERIALIZED"))]
    assert others == ['LISTEN "schemalatch"']
    read_only, = told.execute("SELECT pg_catalog.current_setting('transaction_read_only')")[0]
    assert read_only == "off"  # ours are, by a setting of their own:
    assert not [line for line in told.server.log_lines("ERROR") if f"@{told.name}/" in line]


DRIFTS = {
    "dropped": ("DROP TABLE users", "CREATE TABLE users (id int)"),
    "renamed": ("ALTER TABLE users RENAME TO people", "ALTER TABLE people RENAME TO users"),
    "moved": ("CREATE SCHEMA s; ALTER TABLE users SET SCHEMA s", "ALTER TABLE s.users SET SCHEMA public"),
    "recreated by a transaction": ("DROP TABLE users",
                                   "BEGIN; CREATE TABLE x (id int); ALTER TABLE x RENAME TO users; COMMIT"),
}


@pytest.mark.parametrize("drift", DRIFTS.values(), ids=DRIFTS)
def test_a_drift_is_seen_and_its_end_as_well(quiet, start, drift):
    broken, healed = drift
    sidecar = start(configuration(quiet.url(), tables("users"), period="300ms")).wait_ready()
    sidecar.wait_round(rounds=2)
    quiet.execute(broken)
    sidecar.wait_check(reason="missing")
    quiet.execute(healed)
    sidecar.wait_check(reason="ok")


BOUND_MOST_S = 15 * 60 * 1.2  # the README's, give or take a fifth


def look_again(sidecar, database):
    """The bound follows the last look, and the first one in a session takes much longer than others."""
    database.execute("CREATE TABLE harmless (id int)")
    sidecar.wait_round(rounds=3)


def sees_in_the_end(sidecar):
    """Within the bound, and what the last look took on this machine is not known here."""
    sidecar.wait_check(reason="missing", limit_s=BOUND_MOST_S)


@pytest.mark.limit(BOUND_MOST_S + 60)
def test_a_session_that_holds_its_counters_back_delays_and_no_more(quiet, start):
    """It has published a moment ago, and then stays: the server lets it keep the rest for 10 s."""
    sidecar = start(configuration(quiet.url(), tables("users"), period="300ms")).wait_ready()
    with contextlib.closing(quiet.connect()) as migrator:
        cursor = migrator.cursor()
        cursor.execute("CREATE TABLE other (id int)")
        cursor.execute("DROP TABLE users")
        sees_in_the_end(sidecar)


@pytest.mark.limit(BOUND_MOST_S + 60)
def test_a_session_that_counts_nothing_is_found_out(quiet, start):
    sidecar = start(configuration(quiet.url(), tables("users"), period="300ms")).wait_ready()
    look_again(sidecar, quiet)
    quiet.execute("SET track_counts = off; DROP TABLE users")
    sees_in_the_end(sidecar)


RESETS = {
    "of the database": "SELECT pg_stat_reset()",
    "of everything": "SELECT pg_stat_reset(); SELECT pg_stat_reset_shared('bgwriter')",
}


@pytest.mark.parametrize("reset", RESETS.values(), ids=RESETS)
def test_counters_that_are_reset_fool_nobody(quiet, start, reset):
    sidecar = start(configuration(quiet.url(), tables("users"), period="200ms")).wait_ready()
    quiet.execute(reset)
    stays(sidecar.ready, 1)
    quiet.execute(f"{reset}; DROP TABLE users")
    sidecar.wait_check(reason="missing")


def test_harmless_changes_are_looked_at_and_found_harmless(quiet, start):
    sidecar = start(configuration(quiet.url(), tables("users"), period="100ms")).wait_ready()
    for change in ("ALTER TABLE users ADD COLUMN name text", "CREATE INDEX ON users (name)",
                   "COMMENT ON TABLE users IS 'x'", "ANALYZE users", "VACUUM FULL users",
                   "REINDEX TABLE users", "CREATE TABLE other (id int)",
                   "CREATE TEMP TABLE t (id int)", "GRANT SELECT ON users TO PUBLIC",
                   "INSERT INTO users SELECT generate_series(1, 1000)", "TRUNCATE users"):
        quiet.execute(change)
        sidecar.wait_round(rounds=2)
        assert sidecar.check()["reason"] == "ok", change
    assert len(sidecar.told(check="tables")) == 1


@pytest.mark.limit(BOUND_MOST_S + 60)
def test_temporary_tables_without_end_do_not_hide_a_drift(quiet, start):
    """They move the counters all the time, so that looks are made less often; they are made."""
    sidecar = start(configuration(quiet.url(), tables("users"), period="50ms")).wait_ready()
    over = threading.Event()

    def churn():
        with contextlib.closing(quiet.connect()) as connection:
            while not over.is_set():
                connection.cursor().execute("CREATE TEMP TABLE t (id int); DROP TABLE t")

    churner = threading.Thread(target=churn)
    churner.start()
    try:
        sidecar.wait_round(rounds=30)
        assert sidecar.ready()
        quiet.execute("DROP TABLE users")
        sees_in_the_end(sidecar)
    finally:
        over.set()
        churner.join()


def test_a_server_that_started_anew_is_looked_at(own_server, own_database, start):
    """What happened before the sidecar was let in again has moved no counter."""
    own_database.execute("CREATE TABLE users (id int)")
    sidecar = start(configuration(own_database.url(), tables("users"), period="200ms")).wait_ready()
    own_server.stop()
    wait_until(lambda: sidecar.check()["held"], 15, "the verdict to be held")
    own_server.write_hba("local all postgres trust\n")
    own_server.start()
    own_database.execute("SET track_counts = off; DROP TABLE users")
    own_server.write_hba(HBA)
    own_server.reload()
    sidecar.wait_check(reason="missing", limit_s=30)
