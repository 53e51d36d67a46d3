"""The fake server and the relay against clients that everybody uses: libpq in psycopg2, psql and
pgbench (its three query protocols, pipelines among them). A fake that a healthy client cannot talk
to proves nothing about an unhealthy conversation."""

import os
import socket
import ssl
import struct
import subprocess
import time

import psycopg2
import pytest
from peer import wire
from peer.fake_postgres import (
    FakePostgres,
    ask_password,
    drip,
    greet,
    half_handshake,
    hear,
    linger,
    pour,
    refusal,
    reset,
    rows,
    say,
    serve,
    settle,
    welcome,
)
from peer.full_backlog import FullBacklog
from peer.relay import (
    at,
    crumbs,
    every,
    half_and_leave,
    half_and_linger,
    late,
    over_and_over,
    relay,
    say_first,
    say_instead,
    swallow,
)
from support.waiting import stays, wait_until

USERS = rows("FROM users", ("id", "name"), ("1", "ann"), ("2", None))
DENIED = refusal("FROM secrets", "42501")
HEALTHY = (greet(), settle(), serve(USERS, DENIED))


def connect(url, **keywords):
    connection = psycopg2.connect(url, **{"connect_timeout": 5, **keywords})
    connection.autocommit = True
    return connection


def query(url, sql):
    with connect(url).cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


def test_a_client_gets_the_rows_of_the_table():
    with FakePostgres(HEALTHY) as fake:
        assert query(fake.url(), "SELECT * FROM users") == [("1", "ann"), ("2", None)]
        assert fake.visits[0].statements == ["SELECT * FROM users"]
        assert fake.visits[0].parameters["user"] == "app"


def test_a_refused_statement_leaves_the_session_usable():
    with FakePostgres(HEALTHY) as fake:
        connection = connect(fake.url())
        cursor = connection.cursor()
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            cursor.execute("SELECT * FROM secrets")
        cursor.execute("SELECT * FROM users")
        assert cursor.rowcount == 2


def test_statuses_reach_the_client():
    with FakePostgres((greet(), settle(in_hot_standby="on"), serve())) as fake:
        connection = connect(fake.url())
        assert connection.server_version == 150099
        assert connection.info.parameter_status("in_hot_standby") == "on"


def test_the_password_is_seen_under_tls(certificate):
    script = (greet(certificate), ask_password(), settle(), serve(USERS))
    with FakePostgres(script) as fake:
        assert query(fake.url("require"), "SELECT id FROM users")
        assert fake.visits[0].tls
        assert fake.visits[0].passwords == ["secret"]


def test_psql_reads_the_table():
    with FakePostgres(HEALTHY) as fake:
        command = ["psql", "-XAt", fake.url(), "-c", "SELECT * FROM users"]
        told = subprocess.check_output(command, text=True, timeout=20)
    assert told == "1|ann\n2|\n"


@pytest.mark.parametrize("protocol", ["simple", "extended", "prepared", "pipeline"])
def test_pgbench_speaks_each_query_protocol(protocol, tmp_path):
    block = "\\set n 1\nBEGIN;\nSELECT * FROM users WHERE id = :n;\nCOMMIT;\n"
    if protocol == "pipeline":
        block = f"\\set n 1\n\\startpipeline\n{block.partition(chr(10))[2]}\\endpipeline\n"
    script = tmp_path / "script"
    script.write_text(block)
    with FakePostgres(HEALTHY) as fake:
        mode = "extended" if protocol == "pipeline" else protocol
        done = run_pgbench(fake, "-M", mode, "-f", script)
    assert done.returncode == 0, done.stderr
    assert "number of transactions actually processed: 3/3" in done.stdout
    assert sum("FROM users" in sql for sql in fake.visits[-1].statements) >= 1


def run_pgbench(fake, *arguments):
    command = ["pgbench", "-n", "-t", "3", *arguments, fake.url(sslmode="disable")]
    return subprocess.run(command, capture_output=True, text=True, timeout=30)


def test_a_pipeline_with_an_error_skips_to_its_end():
    with FakePostgres(HEALTHY) as fake:
        with socket.create_connection(("127.0.0.1", fake.port), 5) as client:
            stream = wire.Stream(client.recv)
            client.sendall(struct.pack("!ii", 8, 196608))
            kinds_until_ready(stream)
            client.sendall(statement("SELECT 1 FROM secrets") + statement("SELECT 2 FROM users"))
            client.sendall(wire.message("S"))
            assert kinds_until_ready(stream) == "12nEZ"
            client.sendall(statement("SELECT 3 FROM users") + wire.message("S"))
            assert kinds_until_ready(stream) == "12TDDCZ"


def statement(sql):
    """Parse, Bind, Describe and Execute, without names and parameters."""
    parse = wire.message("P", b"\0" + wire.text(sql) + b"\0\0")
    bind = wire.message("B", b"\0\0" + b"\0" * 6)
    return parse + bind + wire.message("D", b"P\0") + wire.message("E", b"\0" * 5)


def kinds_until_ready(stream):
    kinds = ""
    while not kinds.endswith("Z"):
        kinds += wire.kind_of(stream.message())
    return kinds


CONNECT_FAILURES = {
    "an error in start-up": ((greet(), say(wire.fatal("57P03", "starting"))), "starting"),
    "an end in start-up": ((greet(),), "closed the connection unexpectedly"),
    "an answer to the SSL request that means nothing": (
        (hear(), say(b"?")),
        "invalid response to SSL negotiation",
    ),
    "silence": ((greet(), linger()), "timeout expired"),
}


@pytest.mark.parametrize("script, told", CONNECT_FAILURES.values(), ids=CONNECT_FAILURES)
def test_a_connection_that_fails_by_script(script, told):
    with FakePostgres(script) as fake:
        with pytest.raises(psycopg2.OperationalError, match=told):
            connect(fake.url(), connect_timeout=2)


def test_a_reset_is_a_reset():
    with FakePostgres((hear(), reset())) as fake:
        with socket.create_connection(("127.0.0.1", fake.port), 5) as client:
            client.sendall(struct.pack("!ii", 8, wire.SSL_REQUEST))
            with pytest.raises(ConnectionResetError):
                client.recv(1)


def test_half_a_handshake_leaves_the_client_waiting(certificate):
    with FakePostgres((half_handshake(certificate), linger())) as fake:
        with socket.create_connection(("127.0.0.1", fake.port), 1) as client:
            client.sendall(struct.pack("!ii", 8, wire.SSL_REQUEST))
            assert client.recv(1) == b"S"
            trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
            with pytest.raises(TimeoutError):
                trusting.wrap_socket(client)
            assert fake.visits[0].stalled.is_set()


def test_a_start_up_byte_by_byte_is_still_a_start_up():
    with FakePostgres((greet(), drip(welcome()), serve(USERS))) as fake:
        assert query(fake.url(), "SELECT id FROM users")


def test_pouring_ends_with_the_client():
    noise = wire.notice(words="x" * 100)
    with FakePostgres((greet(), settle(), pour(noise))) as fake:
        connection = connect(fake.url())
        wait_until(lambda: fake.visits[0].sent > 1_000_000, what="a megabyte of notices")
        connection.close()
        assert fake.visits[0].ended.wait(10)


def test_stopping_ends_visits_and_their_threads():
    fake = FakePostgres((greet(), settle(), linger()))
    connect(fake.url())
    assert fake.visits[0].stalled.wait(10)
    fake.stop()
    assert not any(thread.is_alive() for thread in fake.threads)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", fake.port), 2)


def test_a_full_backlog_lets_nobody_connect_until_it_is_emptied():
    with FullBacklog() as backlog:
        with pytest.raises(TimeoutError):
            socket.create_connection(("127.0.0.1", backlog.port), 1.5)
        backlog.empty()
        socket.create_connection(("127.0.0.1", backlog.port), 10).close()


# The relay, in front of a real server.


@pytest.fixture
def behind(server):
    """Makes a fake that relays to the real server, with a disturbance."""
    fakes = []

    def make(disturb=None, tls=None):
        fakes.append(FakePostgres((greet(tls), relay((server.address, server.port), disturb))))
        return fakes[-1]

    yield make
    for fake in fakes:
        fake.stop()


SERIES = "SELECT n FROM generate_series(1, 3) n"


def ask(fake, sql=SERIES, sslmode="prefer", **keywords):
    return query(fake.url(sslmode, user="postgres", database="postgres", **keywords), sql)


def test_the_relay_passes_everything(behind):
    fake = behind()
    assert ask(fake) == [(1,), (2,), (3,)]
    assert fake.visits[0].statements == [SERIES]


def test_the_relay_ends_tls_and_the_real_server_checks_the_password(behind, server, certificate):
    role = server.create_role(password="s3cret")
    fake = behind(tls=certificate)
    url = fake.url("require", user=role, password="s3cret", database="postgres")
    assert query(url, SERIES) == [(1,), (2,), (3,)]
    wrong = fake.url("require", user=role, password="wrong", database="postgres")
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        connect(wrong)


def test_pgbench_through_the_relay(behind, tmp_path):
    script = tmp_path / "script"
    script.write_text("\\startpipeline\nSELECT 1;\nSELECT 2;\n\\endpipeline\n")
    fake = behind()
    url = fake.url("disable", user="postgres", database="postgres")
    command = ["pgbench", "-n", "-t", "20", "-M", "prepared", "-f", script, url]
    subprocess.run(command, check=True, capture_output=True, timeout=30)


def test_byte_by_byte_changes_nothing(behind):
    assert ask(behind(every(crumbs()))) == [(1,), (2,), (3,)]
    assert ask(behind(every(crumbs(), settled=False))) == [(1,), (2,), (3,)]


def test_notices_before_an_answer_change_nothing(behind):
    fake = behind(at("C", say_first(wire.notice() * 1000)))
    assert ask(fake) == [(1,), (2,), (3,)]


def test_a_row_swallowed_and_a_row_replaced(behind):
    assert ask(behind(at("D", swallow, which=2))) == [(1,), (3,)]
    seven = wire.data_row(["7"])
    assert ask(behind(at("D", say_instead(seven), which=None))) == [(7,), (7,), (7,)]


def test_an_answer_cut_in_half_breaks_the_session_and_not_the_start_up(behind):
    fake = behind(at("Z", half_and_leave))
    cursor = connect(fake.url(user="postgres", database="postgres")).cursor()
    with pytest.raises(psycopg2.OperationalError, match="closed the connection unexpectedly"):
        cursor.execute(SERIES)


def test_a_stall_lasts_until_the_client_goes(behind):
    fake = behind(at("Z", half_and_linger))
    client = start_psql(fake, SERIES)
    wait_until(lambda: fake.visits and fake.visits[0].stalled.is_set(), what="the stall")
    stays(lambda: client.poll() is None, 0.3)
    client.kill()
    client.communicate()
    assert fake.visits[0].ended.wait(10)


def test_messages_are_counted_from_the_end_of_the_start_up(behind):
    fake = behind(at("Z", say_first(wire.notice())))
    connection = connect(fake.url(user="postgres", database="postgres"))
    assert connection.notices == []
    for _ in range(3):
        connection.cursor().execute(SERIES)
    assert len(connection.notices) == 1


def test_a_spoiled_statement_fails_and_the_session_goes_on(server):
    script = (greet(), relay((server.address, server.port), spoil=("generate_series", "55P03")))
    with FakePostgres(script) as fake:
        cursor = connect(fake.url(user="postgres", database="postgres")).cursor()
        with pytest.raises(psycopg2.errors.LockNotAvailable):
            cursor.execute(SERIES)
        cursor.execute("SELECT 1")
        assert cursor.fetchall() == [(1,)]


def test_rows_without_end(behind):
    fake = behind(at("D", over_and_over))
    client = start_psql(fake, SERIES, "-v", "FETCH_COUNT=100")
    wait_until(lambda: fake.visits and fake.visits[0].sent > 10_000_000, what="10 MB of rows")
    client.kill()
    client.communicate()
    assert fake.visits[0].ended.wait(10)


def start_psql(fake, sql, *arguments):
    url = fake.url("disable", user="postgres", database="postgres")
    command = ["psql", "-XAt", *arguments, url, "-c", sql]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def test_a_late_answer_is_held_back(behind):
    fake = behind(at("T", late(0.3)))
    began = time.monotonic()
    assert ask(fake) == [(1,), (2,), (3,)]
    assert time.monotonic() - began >= 0.3


def test_the_fakes_own_connections_are_closed(behind):
    before = len(os.listdir("/proc/self/fd"))
    fake = behind()
    for _ in range(5):
        ask(fake)
    for visit in fake.visits:
        assert visit.ended.wait(10)
    fake.stop()
    assert len(os.listdir("/proc/self/fd")) <= before
