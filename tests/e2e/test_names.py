"""The database behind a host name: failover, and a DNS that dies. getaddrinfo() itself is used."""

import pytest

from support.postgres import Postgres
from support.sidecar import configuration, run, tables
from support.waiting import wait_until

NAME = "db.test"


@pytest.fixture
def pair(names):
    """Two servers with the same port on two addresses; the name leads to the first."""
    with Postgres(address="127.0.0.1") as first, \
            Postgres(address="127.0.0.2", port=first.port) as second:
        names.addresses[NAME] = "127.0.0.1"
        yield first, second


def test_failover_to_another_server_behind_the_name(names, pair, start):
    first, second = pair
    for server in pair:
        server.create_database("app")
    first.database("app").execute("CREATE TABLE users (id int)")
    sidecar = start(configuration(first.url("app", host=NAME), tables("users"), timeout="500ms"),
                    prefix=names.prefix)
    sidecar.wait_ready()
    first.kill()
    sidecar.wait_until(lambda s: s.check()["held"], what="a held verdict")
    assert sidecar.ready()

    names.addresses[NAME] = "127.0.0.2"
    sidecar.wait_check(reason="missing", limit_s=40)
    assert not sidecar.ready()
    second.database("app").execute("CREATE TABLE users (id int)")
    sidecar.wait_ready()


def test_the_second_host_of_a_URL_is_tried(pair, names, start):
    first, second = pair
    second.create_database("app").execute("CREATE TABLE users (id int)")
    first.freeze()
    url = f"postgresql://postgres@127.0.0.1:{first.port},127.0.0.2:{second.port}/app"
    sidecar = start(configuration(url, tables("users"), timeout="4s"))
    sidecar.wait_ready(40)


def test_a_name_that_does_not_exist_is_unreachable(names, server, start):
    sidecar = start(configuration(server.url(host="other.test"), tables("users")),
                    prefix=names.prefix)
    assert sidecar.wait_check(reason="unreachable")["verdict"] == "unknown"
    assert "other.test" not in sidecar.get("/readyz").text, "a host is told"
    wait_until(lambda: "other.test" in names.queries, 10, "the query")


def test_with_a_dead_DNS_every_probe_is_answered(names, server, database, start):
    names.silent = True
    database.execute("CREATE TABLE users (id int)")
    names.addresses[NAME] = server.address
    sidecar = start(configuration(database.url(host=NAME), tables("users"), timeout="500ms"),
                    prefix=names.prefix)
    wait_until(lambda: NAME in names.queries, 10, "the look-up to begin")
    for path, code in (("/livez", 200), ("/readyz", 503), ("/startupz", 503), ("/status", 200),
                       ("/metrics", 200)):
        assert sidecar.get(path, timeout_s=2).status == code
    names.silent = False
    sidecar.wait_ready(40)


def test_a_look_up_that_outlives_the_timeout_is_shown(names, server, start):
    """libpq waits for the resolver as long as that likes; the verdict does not wait for libpq."""
    names.silent = True
    sidecar = start(configuration(server.url(host=NAME), tables("users"), timeout="500ms"),
                    prefix=names.prefix)
    check = sidecar.wait_until(lambda s: s.check()["reason"] in ("unreachable", "timeout")
                               and s.check(), 40, "the end of the wait")
    assert check["verdict"] == "unknown"


def test_DNS_that_dies_later_does_not_touch_a_ready_pod(names, server, database, start):
    database.execute("CREATE TABLE users (id int)")
    names.addresses[NAME] = server.address
    sidecar = start(configuration(database.url(host=NAME), tables("users"), timeout="500ms"),
                    prefix=names.prefix)
    sidecar.wait_ready()
    names.silent = True
    sidecar.wait_round(rounds=2)
    assert sidecar.check()["reason"] == "ok", "the session is kept and needs no name"
    server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
                   (database.name,))
    sidecar.wait_until(lambda s: s.check()["held"], 40, "a held verdict")
    assert sidecar.ready() and sidecar.get("/livez").status == 200
    names.silent = False
    sidecar.wait_check(reason="ok", limit_s=40)


@pytest.mark.parametrize("command, code", [(("wait", "--timeout", "1s"), 3), (("check",), 3)])
def test_commands_end_in_time_with_a_dead_DNS(names, server, command, code):
    names.silent = True
    result = run(*command, config=configuration(server.url(host=NAME), tables("users"), timeout="1s"),
                 prefix=names.prefix, timeout_s=8)
    assert result.code == code, result
    assert "unknown" in result.out or "timeout" in result.out or "pending" in result.out
