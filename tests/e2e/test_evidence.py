"""Only an answer of the database may turn a ready pod unready; silence holds the last verdict for
holdFor. Servers are stopped, killed, frozen, restarted, full, locked and dropped."""

import os
import signal

import psycopg2
import pytest

from support.postgres import HBA, Postgres
from support.sidecar import alembic, configuration, tables
from support.waiting import stays, wait_until

USERS = "CREATE TABLE users (id int)"
SILENT = {"unreachable", "starting", "timeout"}


def watching(start, database, user="postgres", password=None, **keys):
    """A sidecar that has seen the table and is ready."""
    if not database.execute("SELECT 1 FROM pg_class WHERE relname = 'users'"):
        database.execute(USERS)
    entry = {"timeout": "500ms", **keys}
    return start(configuration(database.url(user, password), tables("users"), **entry)).wait_ready()


def is_held(sidecar, reasons=SILENT):
    """Waits until a verdict is held for one of these reasons, and looks at every road."""
    check = sidecar.wait_until(lambda s: s.check()["held"] and s.check()["reason"] in reasons
                               and s.check(), 40, f"a verdict held for {reasons}")
    assert check["verdict"] == "unknown", check
    assert check["pass"] is True
    line = sidecar.get("/readyz?verbose").text.splitlines()[0]
    assert line.startswith("[+]main/tables ok (held: ") and " for " in line, line
    assert sidecar.ready()
    metrics = sidecar.metrics()
    assert metrics.value("schemalatch_check_pass", database="main", check="tables") == 1
    assert metrics.value("schemalatch_check_verdict", check="tables", verdict="unknown") == 1
    return sidecar.check()


def says(sidecar, sqlstate):
    """It need not be the first that is told: another failure may have the same reason."""
    sidecar.wait_until(lambda s: f"(SQLSTATE {sqlstate})" in s.check()["message"], 20, sqlstate)


def recovers(sidecar):
    sidecar.wait_check(reason="ok", held=False, limit_s=40)
    assert sidecar.ready()


SILENCE = {
    "stopped fast": (lambda server: server.stop("fast"), Postgres.start),
    "stopped at once": (lambda server: server.stop("immediate"), Postgres.start),
    "killed": (Postgres.kill, Postgres.start),
    "frozen": (Postgres.freeze, Postgres.thaw),
}


@pytest.mark.parametrize("silence, end", SILENCE.values(), ids=SILENCE)
def test_a_silent_server_holds_the_verdict(own_server, own_database, start, silence, end):
    sidecar = watching(start, own_database)
    silence(own_server)
    is_held(sidecar)
    assert sidecar.get("/livez").status == 200
    assert not sidecar.told(check="tables", verdict="not_ready")
    end(own_server)
    recovers(sidecar)


@pytest.mark.parametrize("silence, end", SILENCE.values(), ids=SILENCE)
def test_a_held_verdict_runs_out_by_itself(own_server, own_database, start, silence, end):
    sidecar = watching(start, own_database, holdFor="6s")
    silence(own_server)
    is_held(sidecar)
    sidecar.wait_not_ready()
    check = sidecar.check()
    assert (check["verdict"], check["held"], check["pass"]) == ("unknown", False, False)
    assert check["reason"] in SILENT
    assert f"[-]main/tables failed: {check['reason']}" in sidecar.get("/readyz").text
    end(own_server)
    recovers(sidecar)


def test_nothing_is_held_before_the_first_ready_answer(own_server, own_database, start):
    """An answer of "missing" is no verdict that could be held."""
    sidecar = start(configuration(own_database.url(), tables("users"), timeout="500ms"))
    sidecar.wait_check(reason="missing")
    own_server.stop("immediate")
    check = sidecar.wait_until(lambda s: s.check()["reason"] in SILENT and s.check())
    assert not check["held"] and not sidecar.ready()


def test_an_unready_answer_ends_what_could_be_held(own_server, own_database, start):
    sidecar = watching(start, own_database)
    own_database.execute("DROP TABLE users")
    sidecar.wait_not_ready()
    own_server.stop("immediate")
    sidecar.wait_until(lambda s: s.check()["reason"] in SILENT)
    assert not sidecar.ready()


def test_a_restart_goes_unnoticed(own_server, own_database, start):
    sidecar = watching(start, own_database)
    own_server.restart("fast")
    recovers(sidecar)
    assert not sidecar.told(check="tables", verdict="not_ready")


def test_a_restart_with_less_than_before_is_an_answer(own_server, own_database, start):
    sidecar = watching(start, own_database)
    own_server.stop("fast")
    is_held(sidecar)
    own_server.start()
    own_database.execute("DROP TABLE users")
    sidecar.wait_check(reason="missing")
    assert not sidecar.ready()


def test_a_crash_of_one_backend_ends_all_sessions_and_no_readiness(own_server, own_database, start):
    sidecar = watching(start, own_database)
    victim, = own_database.execute("SELECT pid FROM pg_stat_activity WHERE backend_type ="
                                   " 'client backend' AND starts_with(application_name, 'schemalatch')")
    os.kill(victim[0], signal.SIGKILL)
    wait_until(lambda: own_server.log_lines("all server processes terminated; reinitializing"), 20,
               "the end of all sessions")
    recovers(sidecar)
    assert not sidecar.told(check="tables", verdict="not_ready")


def test_only_the_backend_of_the_session_hangs(own_server, own_database, start):
    """The server is well, but our session never answers: it is given up and replaced."""
    sidecar = watching(start, own_database)
    (hung, *_), = own_server.sessions()
    os.kill(hung, signal.SIGSTOP)
    try:
        wait_until(lambda: any(s[0] != hung for s in own_server.sessions()), 20, "another session")
        recovers(sidecar)
    finally:
        os.kill(hung, signal.SIGCONT)
    wait_until(lambda: len(own_server.sessions()) <= 1, 20, "the old session to end")


@pytest.mark.parametrize("away", [lambda s: s.stop("immediate"), Postgres.freeze], ids=["down", "hung"])
def test_a_sidecar_that_is_there_first_waits_for_its_server(own_server, own_database, start, away):
    own_database.execute(USERS)
    away(own_server)
    sidecar = start(configuration(own_database.url(), tables("users"), timeout="500ms"))
    assert sidecar.get("/readyz").status == 503
    assert sidecar.get("/startupz").status == 503
    assert sidecar.get("/livez").status == 200
    check = sidecar.wait_until(lambda s: s.check()["reason"] in SILENT and s.check())
    assert check["verdict"] == "unknown" and not check["held"]
    own_server.thaw()
    if not own_server.is_running():
        own_server.start()
    recovers(sidecar)


def test_pending_is_the_reason_until_the_first_answer(own_server, own_database, start):
    own_server.freeze()
    sidecar = start(configuration(own_database.url(), tables("users"), timeout="30s"))
    check = sidecar.check()
    assert (check["verdict"], check["reason"], check["pass"]) == ("unknown", "pending", False)
    assert "[-]main/tables failed: pending" in sidecar.get("/readyz").text


def test_no_sessions_pile_up_on_a_hung_server(own_server, own_database, start):
    sidecar = watching(start, own_database, timeout="250ms")
    own_server.freeze()
    is_held(sidecar)
    failures = "schemalatch_connect_failures_total"
    sidecar.wait_until(lambda s: sum(v for _, v in s.metrics().samples(failures)) >= 2, 40,
                       "two more attempts")
    own_server.thaw()
    recovers(sidecar)
    wait_until(lambda: len(own_server.sessions()) == 1, 20,
               lambda: f"one session to remain of {own_server.sessions()}")


# --- the server answers, but does not let us in ---------------------------------------------------

def test_no_free_slot_is_starting_and_held(start):
    """The role has the last slot that is not reserved, loses it, and another takes it."""
    with Postgres({"max_connections": 5, "superuser_reserved_connections": 3}) as server:
        database = server.create_database()
        database.execute(USERS)
        role = server.create_role()
        # Slots of sessions that have been closed are free a moment later.
        first = wait_until(lambda: slot(server, role), 20, "a slot")
        sidecar = watching(start, database, role)

        def steal():
            """Be the first to take it."""
            server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                           " WHERE starts_with(application_name, 'schemalatch')")
            return slot(server, role)

        thief = wait_until(steal, 20, "the last slot")
        is_held(sidecar, {"starting"})
        says(sidecar, "53300")
        thief.close()
        recovers(sidecar)
        first.close()


def slot(server, role):
    """A session of the role, None where all slots are taken."""
    try:
        return server.connect(user=role)
    except psycopg2.OperationalError:
        return None


def test_a_role_without_a_free_connection_is_starting(server, start):
    database = server.create_database()
    database.execute(USERS)
    role = server.create_role(options="CONNECTION LIMIT 1")
    taken = server.connect(database.name, role)
    sidecar = start(configuration(database.url(role), tables("users")))
    assert sidecar.wait_check(reason="starting")["verdict"] == "unknown"
    taken.close()
    sidecar.wait_ready(40)


def test_a_changed_password_holds_and_is_not_hammered(own_server, own_database, start, tmp_path):
    """Accounts are locked for too many failures; a new passwordFile heals without a restart."""
    role = own_server.create_role(password="old one")
    own_database.execute(USERS)
    password = tmp_path / "password"
    password.write_text("old one\n", encoding="utf-8")
    sidecar = start(configuration(own_database.url(role, sslmode="disable"), tables("users"),
                                  passwordFile=str(password)), secrets=("old one", "new one"))
    sidecar.wait_ready()

    own_server.set_password(role, "new one")
    own_server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                       " WHERE starts_with(application_name, 'schemalatch')")
    is_held(sidecar, {"login"})
    says(sidecar, "28P01")
    stays(lambda: len(own_server.log_lines("password authentication failed for user")) <= 4, 3,
          lambda: "\n".join(own_server.log_lines("password authentication failed")))

    password.write_text("new one\n", encoding="utf-8")
    recovers(sidecar)


LOCKED_OUT = {
    # what is done to a role and its database, and how it is undone
    "may not log in": ("ALTER ROLE {role} NOLOGIN", "ALTER ROLE {role} LOGIN"),
    "is renamed": ("ALTER ROLE {role} RENAME TO gone_{role}", "ALTER ROLE gone_{role} RENAME TO {role}"),
    "may not connect": ("REVOKE CONNECT ON DATABASE {database} FROM PUBLIC",
                        "GRANT CONNECT ON DATABASE {database} TO PUBLIC"),
    "database is renamed": ("ALTER DATABASE {database} RENAME TO gone_{database}",
                            "ALTER DATABASE gone_{database} RENAME TO {database}"),
    "database takes nobody": ("ALTER DATABASE {database} ALLOW_CONNECTIONS false",
                              "ALTER DATABASE {database} ALLOW_CONNECTIONS true"),
}


def test_whoever_is_locked_out_holds_the_verdict(server, start):
    """All at once, since a refused login is not tried again soon."""
    cases = []
    for label, (out, back) in LOCKED_OUT.items():
        database, role = server.create_database(), server.create_role()
        words = {"role": role, "database": database.name}
        cases.append((label, database, watching(start, database, role), out.format(**words),
                      back.format(**words)))
    for _, database, sidecar, out, _ in cases:
        # Renaming wants the database empty, so the session may have to be ended more than once.
        wait_until(lambda: expel(server, database) and done(server, out), 20, out)
        expel(server, database)
    for label, _, sidecar, _, _ in cases:
        check = is_held(sidecar, {"login"})
        assert check["held"], label
    for *_, back in cases:
        server.execute(back)
    for _, _, sidecar, _, _ in cases:
        recovers(sidecar)


def expel(server, database):
    server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
                   (database.name,))
    return True


def done(server, sql):
    try:
        server.execute(sql)
    except psycopg2.errors.ObjectInUse:
        return False
    return True


def test_a_server_that_rejects_the_host_holds_the_verdict(own_server, own_database, start):
    sidecar = watching(start, own_database)
    own_server.write_hba("local all postgres trust\nhost all all all reject\n")
    own_server.reload()
    own_server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                       " WHERE starts_with(application_name, 'schemalatch')")
    is_held(sidecar, {"login"})
    own_server.write_hba(HBA)
    own_server.reload()
    recovers(sidecar)


def test_a_dropped_database_holds_and_a_new_one_answers(server, database, start):
    sidecar = watching(start, database)
    database.drop()
    is_held(sidecar, {"login"})
    server.create_database(database.name)
    check = sidecar.wait_check(reason="missing", limit_s=40)
    assert check["verdict"] == "not_ready" and not sidecar.ready()
    database.execute(USERS)
    recovers(sidecar)


def test_a_database_that_never_was_is_not_ready(server, start):
    sidecar = start(configuration(server.database("nowhere").url(), tables("users")))
    check = sidecar.wait_check(reason="login")
    assert check["verdict"] == "unknown" and not sidecar.ready()
    server.create_database("nowhere").execute(USERS)
    sidecar.wait_ready(40)


def test_a_server_in_recovery_is_starting(start):
    """A standby that takes no queries yet refuses with 57P03."""
    with Postgres({"wal_level": "replica", "hot_standby": "off"}) as server:
        database = server.create_database()
        sidecar = watching(start, database)
        server.stop("fast")
        (server.data / "standby.signal").touch()
        server.launch()
        is_held(sidecar, {"starting"})
        says(sidecar, "57P03")
        server.kill()
        (server.data / "standby.signal").unlink()
        server.start()
        recovers(sidecar)


# --- several checks -------------------------------------------------------------------------------

def test_each_check_holds_what_it_has_seen(own_server, own_database, start):
    """One was ready, the other never: silence keeps the first and does not help the second."""
    own_database.execute(USERS)
    sidecar = start(configuration(own_database.url(), tables("users"), alembic(revisions=["aa01"]),
                                  timeout="500ms"))
    sidecar.wait_check("tables", reason="ok")
    sidecar.wait_check("migrations", reason="unmanaged")
    own_server.stop("immediate")
    check = sidecar.wait_until(lambda s: s.check("tables")["held"] and s.check("migrations"))
    assert not check["held"] and not check["pass"]
    body = sidecar.get("/readyz").text
    assert "[+]main/tables ok (held: " in body and "[-]main/migrations failed: " in body


def test_a_query_that_takes_too_long_is_a_timeout(own_server, own_database, start, tmp_path):
    """The history is a view over something slow; the tables check beside it goes on."""
    own_database.execute(USERS)
    own_database.execute("CREATE TABLE pace (seconds float); INSERT INTO pace VALUES (0);"
                         "CREATE VIEW alembic_version AS SELECT 'aa01'::text AS version_num"
                         " FROM pace WHERE pg_sleep(seconds) IS NOT NULL")
    sidecar = start(configuration(own_database.url(), tables("users"), alembic(revisions=["aa01"]),
                                  timeout="500ms"))
    sidecar.wait_ready()
    own_database.execute("UPDATE pace SET seconds = 60")
    check = sidecar.wait_check("migrations", reason="timeout")
    assert check["held"] and sidecar.ready()
    own_database.execute("UPDATE pace SET seconds = 0")
    sidecar.wait_check("migrations", reason="ok")
