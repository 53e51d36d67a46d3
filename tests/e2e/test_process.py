"""The process among others: signals, the end, ports, limits, rights."""

import os
import resource
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from support.namespaces import PrivateDev, first_process, without_rights
from support.processes import family, free_port, is_root
from support.sidecar import Sidecar, configuration, run, tables
from support.waiting import PATIENCE, wait_until

ENDINGS = (signal.SIGTERM, signal.SIGINT)


@pytest.fixture
def filled(database):
    database.execute("CREATE TABLE users (id int)")
    return database


@pytest.fixture
def sidecar(filled, start):
    return start(configuration(filled.url(), tables("users"))).wait_ready()


# --- the end -------------------------------------------------------------------------------------

@pytest.mark.parametrize("number", ENDINGS)
def test_a_signal_ends_it_within_a_second(filled, start, number):
    sidecar = start(configuration(filled.url(), tables("users"))).wait_ready()
    sidecar.stop(number)


@pytest.mark.parametrize("number", ENDINGS)
@pytest.mark.parametrize("ready_before", [True, False], ids=["in a query", "in connecting"])
def test_a_signal_ends_it_with_the_server_frozen(own_server, own_database, start, number, ready_before):
    own_database.execute("CREATE TABLE users (id int)")
    if not ready_before:
        own_server.freeze()
    sidecar = start(configuration(own_database.url(), tables("users"), timeout="30s", period="50ms"))
    if ready_before:
        sidecar.wait_ready()
        own_server.freeze()
    sidecar.stop(number)


def test_a_signal_ends_it_while_a_name_is_looked_up(names, server, start):
    names.silent = True
    sidecar = start(configuration(server.url(host="db.test"), tables("users")), prefix=names.prefix)
    wait_until(lambda: "db.test" in names.queries, 10, "the look-up to begin")
    sidecar.stop()


def test_a_signal_ends_it_with_clients_that_keep_their_connections(sidecar):
    clients = [socket.create_connection((sidecar.host, sidecar.port), 5) for _ in range(20)]
    for client in clients[:10]:
        client.sendall(b"GET /readyz HTTP/1.1\r\nHost: x\r\n")
    sidecar.stop()
    for client in clients:
        client.close()


def test_many_signals_are_as_one(sidecar):
    """Whenever they come: also while the program is about to go."""
    try:
        while sidecar.is_running():
            sidecar.send_signal(signal.SIGTERM)
    except ProcessLookupError:
        pass
    sidecar.stop()


@pytest.mark.parametrize("number", ENDINGS)
@pytest.mark.parametrize("frozen", [False, True], ids=["healthy", "frozen"])
def test_as_PID_1_signals_are_not_ignored(own_server, own_database, number, frozen):
    """The kernel gives the first process of a namespace no default for any signal."""
    own_database.execute("CREATE TABLE users (id int)")
    with Sidecar(configuration(own_database.url(), tables("users"), timeout="30s"),
                 prefix=first_process()) as sidecar:
        sidecar.wait_ready()
        if frozen:
            own_server.freeze()
        inner = family(sidecar.pid)[-1]
        assert f"NSpid:\t{inner}\t1\n" in Path(f"/proc/{inner}/status").read_text()
        os.kill(inner, number)
        assert sidecar.wait_exit(1) == 0


def test_the_reason_of_an_error_is_the_last_line_and_the_termination_message(sidecar):
    """kubelet shows what is in /dev/termination-log when a container has ended."""
    device = PrivateDev()
    rows = (
        (2, configuration("mysql://role:hush@h/d", tables("users")), "/databases/0/url"),
        (4, configuration("postgresql://h/d", tables("users")), str(sidecar.port)),
    )
    for code, config, told in rows:
        device.termination_log.write_text("")
        result = run("serve", config=config, prefix=device.prefix,
                     env={"SCHEMALATCH_LISTEN": f"127.0.0.1:{sidecar.port}"})
        message = device.termination_log.read_text()
        assert result.code == code, result
        assert told in message and told in result.err.splitlines()[-1], (message, result.err)
        assert "hush" not in message + result.err
        assert len(message.encode()) <= 4096


def test_a_good_end_leaves_no_termination_message(filled):
    device = PrivateDev()
    with Sidecar(configuration(filled.url(), tables("users")), prefix=device.prefix) as sidecar:
        sidecar.wait_ready()
    assert device.termination_log.read_text() == ""


# --- ports ---------------------------------------------------------------------------------------

def test_a_port_in_use_is_4_and_named(filled, sidecar):
    result = run("serve", config=configuration(filled.url(), tables("users")),
                 env={"SCHEMALATCH_LISTEN": f"127.0.0.1:{sidecar.port}"})
    assert result.code == 4
    assert str(sidecar.port) in result.err.splitlines()[-1]


def listens(host, port):
    try:
        socket.create_connection((host, port), 2).close()
    except OSError:
        return False
    return True


@pytest.mark.parametrize("listen, answers, silent", [
    (":{port}", ("127.0.0.1", "::1", "127.0.0.5"), ()),
    ("0.0.0.0:{port}", ("127.0.0.1", "127.0.0.5"), ("::1",)),
    ("[::]:{port}", ("::1",), ()),
    ("127.0.0.1:{port}", ("127.0.0.1",), ("::1", "127.0.0.5")),
    ("[::1]:{port}", ("::1",), ("127.0.0.1",)),
    ("localhost:{port}", ("127.0.0.1",), ("127.0.0.5",)),
])
def test_where_it_listens(filled, start, listen, answers, silent):
    port = free_port()
    sidecar = start(configuration(filled.url(), tables("users")), listen=listen, port=port,
                    host=answers[0])
    sidecar.wait_ready()
    for host in answers:
        assert sidecar.get("/livez", host=host).status == 200, host
    assert not [host for host in silent if listens(host, port)]


def test_it_starts_again_at_once_on_the_port_it_had(filled, start):
    """Connections of the first one are still in TIME-WAIT."""
    port = free_port()
    config = configuration(filled.url(), tables("users"))
    for _ in range(3):
        sidecar = start(config, port=port).wait_ready()
        sidecar.get("/readyz", {"Connection": "close"})
        sidecar.stop()


def test_it_listens_before_any_database_work(own_server, own_database, start):
    own_server.freeze()
    sidecar = start(configuration(own_database.url(), tables("users"), timeout="30s"))
    assert sidecar.get("/livez").status == 200


# --- clients that misbehave ----------------------------------------------------------------------

@pytest.fixture
def many_files():
    """As many open files as the system allows this process."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_silent_connections_by_the_hundred_starve_nobody(sidecar, many_files):
    silent = []
    for _ in range(1500):
        try:
            silent.append(socket.create_connection((sidecar.host, sidecar.port), 2))
        except OSError:
            break
    try:
        wait_until(lambda: answers(sidecar), 20, "an answer beside silent clients")
        for _ in range(5):
            assert sidecar.get("/readyz").status == 200
        assert sidecar.metrics().value("process_open_fds") < 1400, "there is a limit"
    finally:
        for client in silent:
            client.close()
    wait_until(lambda: answers(sidecar), 20, "an answer afterwards")


def answers(sidecar):
    try:
        return sidecar.get("/readyz").status == 200
    except OSError:
        return False


def test_slow_senders_of_headers_starve_nobody_and_end(sidecar, many_files):
    """More of them than may be open, each a little more of a head that never ends."""
    slow = [socket.create_connection((sidecar.host, sidecar.port), 5) for _ in range(400)]
    for client in slow:
        client.setblocking(False)

    def still_open(client):
        try:
            client.send(b"X: " + b"y" * 100 + b"\r\n")
            return client.recv(4096) != b""
        except BlockingIOError:
            return True
        except OSError:
            return False

    def drip():
        slow[:] = [client for client in slow if still_open(client)]
        assert sidecar.get("/readyz").status == 200
        return not slow

    wait_until(drip, 60, lambda: f"the end of {len(slow)} slow connections")


def exchange(sidecar, data, limit_s=10):
    """Sends bytes and reads until the server closes or is silent."""
    with socket.create_connection((sidecar.host, sidecar.port), limit_s * PATIENCE) as client:
        try:
            client.sendall(data)
        except OSError:
            pass  # refused before all was sent
        received = b""
        try:
            while chunk := client.recv(65536):
                received += chunk
        except OSError:
            pass
        return received


def status_of(data):
    return int(data.split(b" ", 2)[1]) if data.startswith(b"HTTP/") else None


HUGE = {
    "one long header": b"GET /readyz HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 200_000 + b"\r\n\r\n",
    "many headers": b"GET /readyz HTTP/1.1\r\n" + b"".join(b"X%d: y\r\n" % n for n in range(20_000))
                    + b"\r\n",
    "a long path": b"GET /" + b"x" * 200_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
}


@pytest.mark.parametrize("data", HUGE.values(), ids=HUGE)
def test_huge_heads_are_refused(sidecar, data):
    status = status_of(exchange(sidecar, data))
    assert status is None or 400 <= status < 500
    assert sidecar.ready()


def test_a_head_a_little_too_large_is_told_so(sidecar):
    data = b"GET /readyz HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 20_000 + b"\r\n\r\n"
    assert status_of(exchange(sidecar, data)) in (400, 413, 414, 431)


BODIES = {
    "announced": b"POST /readyz HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000000\r\n\r\nabc",
    "sent": b"POST /readyz HTTP/1.1\r\nHost: x\r\nContent-Length: 4000000\r\n\r\n" + b"x" * 4_000_000,
    "in chunks": b"POST /readyz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                 + (b"10000\r\n" + b"x" * 65536 + b"\r\n") * 64 + b"0\r\n\r\n",
    "with GET": b"GET /readyz HTTP/1.1\r\nHost: x\r\nContent-Length: 4000000\r\n\r\n" + b"x" * 4_000_000,
}


@pytest.mark.parametrize("data", BODIES.values(), ids=BODIES)
def test_huge_bodies_are_refused(sidecar, data):
    before = sidecar.metrics().value("process_resident_memory_bytes")
    status = status_of(exchange(sidecar, data))
    assert status is None or 400 <= status < 500
    assert sidecar.ready()
    assert sidecar.metrics().value("process_resident_memory_bytes") - before < 3_000_000


NONSENSE = {
    "noise": bytes(range(256)) * 20,
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 500,
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\x00" * 9,
    "an old version": b"GET /readyz\r\n\r\n",
    "a bad version": b"GET /readyz HTTP/9.9\r\n\r\n",
    "a negative length": b"POST /readyz HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    "two lengths": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 0\r\n\r\nGET /",
    "a NUL in the path": b"GET /readyz\x00/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    "a header without end": b"GET /readyz HTTP/1.1\r\nHost",
    "an absolute URL": b"GET http://elsewhere/readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    "percent signs": b"GET /%%%00%zz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    "only line ends": b"\r\n" * 1000,
}


@pytest.mark.parametrize("data", NONSENSE.values(), ids=NONSENSE)
def test_nonsense_does_no_harm(sidecar, data):
    with socket.create_connection((sidecar.host, sidecar.port), 5) as client:
        client.sendall(data)
        client.shutdown(socket.SHUT_WR)
        try:
            received = client.recv(65536)
        except OSError:
            received = b""
    assert status_of(received) in (None, 200, 400, 404, 405, 411, 413, 414, 431, 501, 505)
    assert sidecar.ready()


def test_pipelined_requests_are_answered_in_order(sidecar):
    requests = b"".join(b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n" % path
                        for path in (b"/readyz", b"/nothing", b"/livez?verbose"))
    last = b"GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    received = exchange(sidecar, requests + last)
    codes = [int(part.split(b" ", 1)[0]) for part in received.split(b"HTTP/1.1 ")[1:]]
    assert codes == [200, 404, 200, 200]


def test_clients_that_leave_before_the_answer(sidecar):
    for _ in range(200):
        client = socket.create_connection((sidecar.host, sidecar.port), 5)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        client.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" * 20)
        client.close()  # with a reset
    assert sidecar.ready()


# --- rights and resources --------------------------------------------------------------------------

def test_without_any_right_on_a_read_only_root(filled):
    """As the restricted Pod Security level demands: a numeric user without capabilities."""
    with Sidecar(configuration(filled.url(), tables("users")), prefix=without_rights()) as sidecar:
        sidecar.wait_ready()
        status = Path(f"/proc/{family(sidecar.pid)[-1]}/status").read_text()
        assert "CapEff:\t0000000000000000" in status
        assert not is_root() or "Uid:\t65532" in status
        assert sidecar.run("probe").code == 0


def test_nothing_is_opened_twice_and_not_closed(own_server, own_database, start):
    own_database.execute("CREATE TABLE users (id int)")
    sidecar = start(configuration(own_database.url(), tables("users"), timeout="250ms",
                                  retryPeriod="20ms"))
    sidecar.wait_ready()
    before = len(os.listdir(f"/proc/{sidecar.pid}/fd"))
    for _ in range(3):
        own_server.restart("immediate")
        sidecar.wait_check(reason="ok", limit_s=40)
        for path in ("/readyz", "/metrics", "/nothing"):
            sidecar.get(path)
    wait_until(lambda: len(os.listdir(f"/proc/{sidecar.pid}/fd")) <= before, 10,
               lambda: f"{before} open files, not {len(os.listdir(f'/proc/{sidecar.pid}/fd'))}")


def test_nobody_else_sees_the_password(server, filled, start):
    """Neither the command line, nor the open files, nor any road out."""
    role = server.create_role(password="hush-hush")
    sidecar = start(env={"DATABASE_URL": filled.url(role, "hush-hush"), "SCHEMALATCH_TABLES": "users"},
                    secrets=("hush-hush",)).wait_ready()
    assert b"hush" not in Path(f"/proc/{sidecar.pid}/cmdline").read_bytes()
    for path in ("/", "/status", "/metrics", "/readyz?verbose", "/startupz?verbose"):
        body = sidecar.get(path).text
        assert role not in body and filled.name not in body and str(server.port) not in body, path


def test_SIGHUP_does_not_end_it(sidecar):
    sidecar.send_signal(signal.SIGHUP)
    sidecar.wait_round(rounds=2)
    assert sidecar.ready()


def test_it_is_one_process_without_children(sidecar):
    assert family(sidecar.pid) == [sidecar.pid]
    maps = subprocess.run(["ps", "-o", "nlwp=", "-p", str(sidecar.pid)], capture_output=True, text=True)
    assert int(maps.stdout) <= 4
