"""NOTIFY makes the sidecar look at once; without it the timer does."""

import contextlib
import re
from pathlib import Path

import pytest

from support.pgbouncer import PgBouncer
from support.sidecar import configuration, tables
from support.waiting import stays, wait_until

USERS = "CREATE TABLE users (id int)"
README = Path(__file__).resolve().parents[2] / "README.md"


def patient(url, **keys):
    """Left to its timer it would not look again within this test."""
    return configuration(url, tables("users"), period="1h", retryPeriod="1h", notify="schemalatch", **keys)


def listening(sidecar, database):
    """Waits until it has looked once and its session is idle: nothing more happens by itself."""
    sidecar.wait_check(verdict="not_ready")
    wait_until(lambda: [s for s in database.server.sessions() if s[1] == database.name], 15,
               "a session that is kept")
    return sidecar


def rounds(sidecar):
    return sidecar.metrics().value("schemalatch_rounds_total", database="main")


def test_a_notification_is_looked_at_at_once(database, start):
    sidecar = listening(start(patient(database.url())), database)
    database.execute(f"BEGIN; {USERS}; NOTIFY schemalatch; COMMIT")
    sidecar.wait_ready()
    database.execute("DROP TABLE users; NOTIFY schemalatch")
    sidecar.wait_check(reason="missing")


def test_what_is_notified_in_the_midst_of_a_round_is_looked_at_after_it(database, start):
    sidecar = listening(start(patient(database.url())), database)
    for _ in range(20):
        database.execute("NOTIFY schemalatch")
        database.execute(f"{USERS}; NOTIFY schemalatch")
        sidecar.wait_check(reason="ok")
        database.execute("NOTIFY schemalatch")
        database.execute("DROP TABLE users; NOTIFY schemalatch")
        sidecar.wait_check(reason="missing")


def test_a_notification_is_worth_a_whole_look(database, start):
    """Counters may be late where the migrator stays connected; a notification is not."""
    database.execute(USERS)
    sidecar = start(patient(database.url())).wait_ready()
    with contextlib.closing(database.connect()) as migrator:
        cursor = migrator.cursor()
        cursor.execute("CREATE TABLE other (id int)")
        cursor.execute("DROP TABLE users")
        cursor.execute("NOTIFY schemalatch")
        sidecar.wait_check(reason="missing", limit_s=8)


def test_other_channels_are_none_of_ours(database, start):
    sidecar = listening(start(patient(database.url())), database)
    database.execute(f"{USERS}; NOTIFY another; NOTIFY \"Schemalatch\"")
    stays(lambda: sidecar.check()["reason"] == "missing", 1)


@pytest.mark.parametrize("channel", ["Mixed Case", 'a"b; NOTIFY x', "ünï"])
def test_a_channel_is_a_name_and_nothing_else(database, start, channel):
    config = configuration(database.url(), tables("users"), period="1h", retryPeriod="1h", notify=channel)
    sidecar = listening(start(config), database)
    quoted = channel.replace('"', '""')
    database.execute(f'{USERS}; NOTIFY "{quoted}"')
    sidecar.wait_ready()


def test_a_lost_notification_is_healed_by_the_timer(database, start):
    config = configuration(database.url(), tables("users"), period="500ms", retryPeriod="500ms",
                           notify="schemalatch")
    sidecar = listening(start(config), database)
    database.execute(USERS)
    sidecar.wait_ready()


def test_it_listens_again_after_its_session_was_ended(database, start):
    config = configuration(database.url(), tables("users"), period="1h", retryPeriod="300ms",
                           notify="schemalatch")
    database.execute(USERS)
    sidecar = start(config).wait_ready()
    database.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                     " WHERE starts_with(application_name, 'schemalatch')")
    sidecar.wait_until(lambda s: rounds(s) >= 2, what="a round in another session")
    database.execute("DROP TABLE users; NOTIFY schemalatch")
    sidecar.wait_check(reason="missing")


def test_a_storm_of_notifications_is_no_storm_of_rounds(database, start):
    sidecar = listening(start(patient(database.url())), database)
    before = rounds(sidecar)
    with contextlib.closing(database.connect()) as connection:
        for number in range(2000):
            connection.cursor().execute(f"NOTIFY schemalatch, '{number}'")
    database.execute(f"{USERS}; NOTIFY schemalatch")
    sidecar.wait_ready()
    assert rounds(sidecar) - before < 1000


def test_the_event_trigger_of_the_readme(database, start):
    sql, = re.findall(r"```sql\n(.*?CREATE EVENT TRIGGER.*?)```", README.read_text("utf-8"), re.S)
    database.execute(sql)
    sidecar = listening(start(patient(database.url())), database)
    database.execute(USERS)
    sidecar.wait_ready()
    database.execute("DROP TABLE users")
    sidecar.wait_check(reason="missing")


def test_through_a_pooler_the_timer_alone_tells_and_that_is_said_once(server, database, start):
    password = "through the pooler"
    role = server.create_role(password=password)
    with PgBouncer(server, {role: password}) as pooler:
        config = configuration(database.url(role, password, port=pooler.port), tables("users"),
                               period="200ms", notify="schemalatch", keepConnection="never")
        sidecar = start(config, secrets=(password,))
        sidecar.wait_check(reason="missing")
        database.execute(USERS)
        sidecar.wait_ready().wait_round(rounds=3)
        told, = sidecar.told("notify_unavailable")
        assert "pooler" in told["message"]
        sidecar.stop()
