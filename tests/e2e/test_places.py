"""Several databases in one sidecar, standbys and primaries, and another database than before."""

import contextlib

import pytest

from support.postgres import REPLICATED, Postgres
from support.revisions import set_versions
from support.sidecar import alembic, configuration, run, tables
from support.waiting import stays, wait_until

USERS = "CREATE TABLE users (id int)"


def entry(url, name, *checks, **keys):
    return {**configuration(url, *checks, **keys)["databases"][0], "name": name}


def rounds(sidecar, database):
    return sidecar.metrics().value("schemalatch_rounds_total", database=database)


# --- several databases ---------------------------------------------------------------------------

@pytest.fixture
def two(own_server, own_database, server, database, start):
    """One database on a server that a test may do anything to, one on another."""
    own_database.execute(USERS)
    database.execute(USERS)
    slow = entry(own_database.url(), "ill", tables("users"), period="200ms", timeout="500ms")
    quick = entry(database.url(), "well", tables("users"), period="50ms")
    return start({"databases": [slow, quick]}).wait_ready()


def test_each_has_its_own_rhythm_and_verdict(two, database, own_database):
    before = rounds(two, "ill"), rounds(two, "well")
    two.wait_round("ill", rounds=3)
    assert rounds(two, "well") - before[1] > rounds(two, "ill") - before[0]
    own_database.execute("DROP TABLE users")
    two.wait_check("tables", "ill", reason="missing")
    assert two.check("tables", "well")["reason"] == "ok"
    assert two.get("/readyz/well/tables").status == 200
    assert two.get("/readyz/ill/tables").status == 503
    assert not two.ready()


AILMENTS = {
    "frozen": Postgres.freeze,
    "gone": lambda server: server.stop("immediate"),
}


@pytest.mark.parametrize("fall_ill", AILMENTS.values(), ids=AILMENTS)
def test_a_silent_one_holds_up_no_other(two, own_server, database, fall_ill):
    fall_ill(own_server)
    two.wait_check("tables", "ill", verdict="unknown", held=True)
    two.wait_round("well", rounds=20)
    assert two.ready()
    database.execute("DROP TABLE users")
    two.wait_check("tables", "well", reason="missing")
    assert not two.ready()


def test_a_name_that_nobody_resolves_holds_up_no_other(database, names, start):
    database.execute(USERS)
    names.silent = True
    lost = entry("postgresql://nobody.test/app", "lost", tables("users"))
    well = entry(database.url(), "well", tables("users"), period="50ms")
    sidecar = start({"databases": [lost, well]}, prefix=names.prefix)
    sidecar.wait_check("tables", "well", reason="ok")
    sidecar.wait_round("well", rounds=20)
    assert not sidecar.ready()


# --- primary and standby -------------------------------------------------------------------------

@pytest.fixture(scope="module")
def pair():
    with Postgres(REPLICATED) as primary:
        with primary.make_standby() as standby:
            yield primary, standby


@pytest.fixture
def replicated(pair):
    """A database that both have."""
    primary, standby = pair
    database = primary.create_database()
    database.execute(USERS)
    wait_until(lambda: has_users(standby, database.name), 20, "the standby to have it")
    yield database
    database.drop()


def has_users(server, name):
    with contextlib.suppress(Exception):
        return server.execute("SELECT to_regclass('users')", database=name)[0][0] == "users"
    return False


def on(server, database):
    return f"postgresql://postgres@127.0.0.1:{server.port}/{database.name}"


def on_both(first, second, database):
    return (f"postgresql://postgres@127.0.0.1:{first.port},127.0.0.1:{second.port}/{database.name}")


def test_a_standby_will_do_unless_a_primary_is_wanted(pair, replicated, start):
    _, standby = pair
    assert start(configuration(on(standby, replicated), tables("users"))).wait_ready()
    sidecar = start(configuration(on(standby, replicated), tables("users"), server="primary"))
    check = sidecar.wait_check(verdict="not_ready", reason="wrong_server")
    assert "standby" in check["message"]
    assert run("check", config=configuration(on(standby, replicated), tables("users"),
                                             server="primary")).code == 1


def test_the_primary_is_found_among_several_hosts(pair, replicated, start):
    primary, standby = pair
    config = configuration(on_both(standby, primary, replicated), tables("users"), server="primary")
    start(config).wait_ready()
    assert not primary.log_lines("FATAL", replicated.name)


def test_a_silent_host_beside_a_standby_may_be_the_primary(pair, replicated, start):
    """A standby is no evidence while the other host says nothing: the verdict is held."""
    primary, standby = pair
    config = configuration(on_both(standby, primary, replicated), tables("users"), server="primary",
                           period="200ms", timeout="500ms")
    sidecar = start(config).wait_ready()
    primary.freeze()
    try:
        sidecar.wait_check(verdict="unknown", held=True)
        assert sidecar.ready()
    finally:
        primary.thaw()
    sidecar.wait_check(reason="ok", limit_s=30)


def test_drift_is_seen_on_a_standby_which_counts_nothing(pair, replicated, start):
    _, standby = pair
    sidecar = start(configuration(on(standby, replicated), tables("users"), period="200ms"))
    sidecar.wait_ready().wait_round(rounds=2)
    replicated.execute("DROP TABLE users")
    sidecar.wait_check(reason="missing")


def test_a_standby_cannot_listen_and_that_is_said_once(pair, replicated, start):
    _, standby = pair
    config = configuration(on(standby, replicated), tables("users"), period="100ms", notify="n",
                           keepConnection="never")
    sidecar = start(config).wait_ready()
    sidecar.wait_round(rounds=5)
    told, = sidecar.told("notify_unavailable")
    assert "standby" in told["message"]


def test_a_promoted_standby_is_the_primary(start):
    with Postgres(REPLICATED) as primary:
        database = primary.create_database()
        database.execute(USERS)
        with primary.make_standby() as standby:
            wait_until(lambda: has_users(standby, database.name), 20, "the standby to have it")
            primary.stop()
            sidecar = start(configuration(on(standby, database), tables("users"), server="primary"))
            sidecar.wait_check(reason="wrong_server")
            standby.promote()
            sidecar.wait_ready(30)
            assert not sidecar.told("database_changed")


# --- another database ----------------------------------------------------------------------------

def replace(server, database):
    """Another database of the same name."""
    server.execute(f'DROP DATABASE "{database.name}" WITH (FORCE)')
    server.execute(f'CREATE DATABASE "{database.name}" TEMPLATE template0')


def test_another_database_of_the_same_name_is_seen_and_said(own_server, own_database, start):
    own_database.execute(USERS)
    sidecar = start(configuration(own_database.url(), tables("users"), period="200ms")).wait_ready()
    replace(own_server, own_database)
    sidecar.wait_check(reason="missing", limit_s=30)
    assert sidecar.wait_log("database_changed", database="main")
    own_database.execute(USERS)
    sidecar.wait_check(reason="ok")
    assert len(sidecar.told("database_changed")) == 1


def test_what_was_known_of_one_database_is_not_held_for_another(own_server, own_database, start):
    """The new one has a history that is locked: no answer, and none of the old one's counts."""
    set_versions(own_database, "aa01")
    config = configuration(own_database.url(), alembic(revisions=["aa01"]), period="200ms")
    sidecar = start(config).wait_ready()
    own_server.stop()
    own_server.start()
    sidecar.wait_check("migrations", reason="ok", limit_s=30)
    own_server.write_hba("local all postgres trust\n")
    own_server.reload()
    own_server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                       " WHERE starts_with(application_name, 'schemalatch')")
    sidecar.wait_check("migrations", verdict="unknown", held=True)
    replace(own_server, own_database)
    set_versions(own_database, "aa01")
    with contextlib.closing(own_database.connect()) as holder:
        holder.autocommit = False
        holder.cursor().execute("LOCK TABLE alembic_version")
        own_server.write_hba("local all postgres trust\nhost all all all trust\n")
        own_server.reload()
        check = sidecar.wait_check("migrations", reason="locked", limit_s=90)
        assert not check["held"] and not sidecar.ready()
    sidecar.wait_check("migrations", reason="ok")


def test_a_restart_or_a_rename_is_no_other_database(own_server, own_database, start):
    own_database.execute(USERS)
    sidecar = start(configuration(own_database.url(), tables("users"), period="200ms")).wait_ready()
    own_server.restart()
    sidecar.wait_check(reason="ok", limit_s=30)
    own_database.execute("CHECKPOINT")
    stays(lambda: not sidecar.events("database_changed"), 0.5)
