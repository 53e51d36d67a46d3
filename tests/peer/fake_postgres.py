"""A PostgreSQL server that does what its script says, right or wrong.

A script is a tuple of steps, a step a function that gets the visit: one connection of a client, on
a thread of its own. When the script ends, the connection is closed. What each client did is kept in
`visits` for the test to look at; `behave` gives later clients another script.

    with FakePostgres((greet(), say(wire.fatal("57P03")))) as server:
        … server.url() …

The steps of this module answer by themselves; those of relay.py stand in front of a real server.
"""

import contextlib
import re
import select
import socket
import ssl
import struct
import threading
import time

from . import wire


class FakePostgres:
    """Listens on a free port of loopback from its making until `stop`."""

    def __init__(self, script):
        self.script = tuple(script)
        self.visits = []
        self.stopping = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        self.threads = []  # one for each visit
        self.accepting = threading.Thread(target=self._accept, daemon=True)
        self.accepting.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def behave(self, script):
        """The script of all later visits; those under way keep theirs."""
        self.script = tuple(script)

    def hang_up(self):
        """Ends all visits under way, as a crash would."""
        for visit in list(self.visits):
            visit.shut()

    def stop(self):
        self.stopping.set()
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.accepting.join(10)  # no visit is added any more
        self.hang_up()
        for thread in self.threads:
            thread.join(10)

    def url(self, sslmode="prefer", user="app", password="secret", database="app"):
        place = f"{user}:{password}@127.0.0.1:{self.port}/{database}"
        return f"postgresql://{place}?sslmode={sslmode}&gssencmode=disable"

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                visit = Visit(client, self.stopping)
                self.visits.append(visit)
                thread = threading.Thread(target=visit.follow, args=(self.script,), daemon=True)
                self.threads.append(thread)
                thread.start()


class Visit:
    """One connection of a client: what steps work with, and what is known of it afterwards."""

    def __init__(self, client, stopping):
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.client = client
        self.stopping = stopping
        self.stream = wire.Stream(self._recv)
        self.began = time.monotonic()
        self.packet = b""  # the start-up packet
        self.tls = False
        self.passwords = []
        self.statements = []
        self.sent = 0  # bytes given to the client
        self.stalled = threading.Event()  # the script has come to a `linger`
        self.ended = threading.Event()

    @property
    def parameters(self):
        return wire.startup_parameters(self.packet)

    def follow(self, script):
        with contextlib.suppress(OSError, EOFError):
            for step in script:
                step(self)
        with contextlib.suppress(OSError):
            self.client.close()
        self.ended.set()

    def shut(self):
        # Not SSLSocket.shutdown: that takes the TLS object away from under the visit's thread.
        with contextlib.suppress(OSError):
            socket.socket.shutdown(self.client, socket.SHUT_RDWR)

    def send(self, data):
        self.client.sendall(data)
        self.sent += len(data)

    def linger(self):
        """Says nothing more; returns when the client has hung up or the server stops."""
        self.stalled.set()
        while self.client.recv(65536):
            pass

    def pause(self, seconds):
        """Waits, and ends the visit if the server is stopped meanwhile."""
        if self.stopping.wait(seconds):
            raise EOFError("the server stops")

    def has_input(self):
        """Whether the client has said something more (or hung up) that is not read yet."""
        pending = self.tls and self.client.pending()
        return bool(self.stream.held or pending or select.select([self.client], [], [], 0)[0])

    def hears_within(self, seconds):
        """Whether the client says something more (or hangs up) within that time."""
        end = time.monotonic() + seconds
        while not self.has_input():
            if time.monotonic() >= end:
                return False
            self.pause(0.01)
        return True

    def start_tls(self, context):
        self.client = context.wrap_socket(self.client, server_side=True)
        self.tls = True

    def _recv(self, size):
        return self.client.recv(size)


# Steps: how a conversation begins.


def greet(tls=None):
    """Reads up to the start-up packet. tls: an SSLContext, or None to decline encryption."""

    def step(visit):
        packet = visit.stream.packet()
        while wire.request_code(packet) in (wire.SSL_REQUEST, wire.GSS_REQUEST):
            wanted = tls is not None and wire.request_code(packet) == wire.SSL_REQUEST
            visit.send(b"S" if wanted else b"N")
            if wanted:
                visit.start_tls(tls)
            packet = visit.stream.packet()
        visit.packet = packet

    return step


def hear():
    """Reads one packet (an SSL request, mostly) and does not answer."""
    return lambda visit: setattr(visit, "packet", visit.stream.packet())


def hear_bytes():
    """Reads whatever comes."""
    return lambda visit: visit.client.recv(65536)


def shake_hands(context):
    """TLS from here on."""
    return lambda visit: visit.start_tls(context)


def half_handshake(context):
    """Agrees to TLS and stops in the middle of the server's first flight."""

    def step(visit):
        visit.stream.packet()
        visit.send(b"S")
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        handshake = context.wrap_bio(incoming, outgoing, server_side=True)
        while not outgoing.pending:
            incoming.write(visit.client.recv(65536))
            with contextlib.suppress(ssl.SSLWantReadError):
                handshake.do_handshake()
        flight = outgoing.read()
        visit.send(flight[: len(flight) // 2])

    return step


def refuse_options(sqlstate, words):
    """Fails those who ask for `options`, as a pooler does; the others go on."""

    def step(visit):
        if "options" in visit.parameters:
            visit.send(wire.fatal(sqlstate, words))
            raise EOFError("refused")

    return step


def refuse_tls(sqlstate="28000"):
    """Fails those who came with TLS, as a hostnossl line does; the others go on."""

    def step(visit):
        if visit.tls:
            visit.send(wire.fatal(sqlstate))
            raise EOFError("refused")

    return step


def ask_password():
    """Wants the password in clear text, notes it, and takes any."""

    def step(visit):
        visit.send(wire.authentication(3))
        visit.passwords.append(wire.strings_of(visit.stream.message(), 1)[0])

    return step


def ask_proof(iterations):
    """Begins SCRAM-SHA-256 with that many iterations, all of which the client has to compute."""

    def step(visit):
        visit.send(wire.authentication(10, b"SCRAM-SHA-256\0\0"))
        nonce = visit.stream.message().rpartition(b"r=")[2]
        challenge = b"r=" + nonce + b"fake,s=c2FsdHNhbHQ=,i=%d" % iterations
        visit.send(wire.authentication(11, challenge))
        visit.stalled.set()

    return step


def welcome(**parameters):
    """What lets a client in and is ready for statements. parameters: statuses besides the usual."""
    statuses = {
        "server_version": "15.99",
        "server_encoding": "UTF8",
        "client_encoding": "UTF8",
        "DateStyle": "ISO, MDY",
        "standard_conforming_strings": "on",
        "integer_datetimes": "on",
        "default_transaction_read_only": "off",
        "in_hot_standby": "off",
        **parameters,
    }
    told = b"".join(wire.parameter_status(name, value) for name, value in statuses.items())
    return wire.authentication(0) + told + wire.key_data() + wire.ready()


def settle(**parameters):
    return say(welcome(**parameters))


# Steps: single moves.


def say(*messages):
    return lambda visit: visit.send(b"".join(messages))


def drip(data, pause=0.001):
    """Sends byte by byte."""

    def step(visit):
        for at in range(len(data)):
            visit.send(data[at : at + 1])
            visit.pause(pause)

    return step


def pour(data):
    """Sends data over and over until the client hangs up."""

    def step(visit):
        chunk = data * max(1, 65536 // len(data))
        visit.stalled.set()
        while True:
            visit.send(chunk)

    return step


def linger():
    return lambda visit: visit.linger()


def reset():
    """Closes so that the client gets a reset in place of an end."""

    def step(visit):
        visit.client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        visit.client.close()

    return step


# Steps: answering statements from a table.


def rows(match, columns, *values):
    """For serve: a statement that contains match gives these rows of text."""
    description = wire.row_description([(name, wire.TEXT) for name in columns])
    data = b"".join(wire.data_row(row) for row in values)
    return match, description, data + wire.command_complete(f"SELECT {len(values)}")


def refusal(match, sqlstate, words="as the script says"):
    """For serve: a statement that contains match fails."""
    return match, b"", wire.error(sqlstate, words)


def serve(*answers):
    """Answers each statement by the first of answers that matches it, the others as done."""
    return lambda visit: Desk(visit, answers).work()


def note_statement(visit, message):
    """Keeps the SQL of a Query or Parse message; whether it was one."""
    sql = wire.statement_of(message)
    if sql is not None:
        visit.statements.append(sql)
    return sql is not None


class Desk:
    """Both query protocols over a table of answers."""

    def __init__(self, visit, answers):
        self.visit = visit
        self.answers = answers
        self.prepared = {}  # SQL by name of statement
        self.portals = {}  # SQL by name of portal
        self.skipping = False  # after an error, until the next Sync
        self.status = "I"
        self.handlers = {
            "Q": self._query,
            "P": self._parse,
            "B": self._bind,
            "D": self._describe,
            "E": self._execute,
            "C": lambda message: self._reply(wire.message("3")),
            "S": self._sync,
            "H": lambda message: None,
        }

    def work(self):
        message = self.visit.stream.message()
        while wire.kind_of(message) != "X":
            note_statement(self.visit, message)
            if not self.skipping or wire.kind_of(message) == "S":
                self.handlers[wire.kind_of(message)](message)
            message = self.visit.stream.message()

    def _answer_to(self, sql):
        for match, description, rest in self.answers:
            if match in sql:
                return description, rest
        return b"", wire.command_complete((sql.split() or [""])[0].upper())

    def _reply(self, data):
        self.visit.send(data)

    def _run(self, sql, described):
        """The answer to one statement; described: a row description has been sent already."""
        description, rest = self._answer_to(sql)
        self._follow(sql, failed=rest.startswith(b"E"))
        self._reply(rest if described else description + rest)

    def _follow(self, sql, failed):
        verb = (sql.split() or [""])[0].upper()
        if verb in ("BEGIN", "START"):
            self.status = "T"
        elif verb in ("COMMIT", "ROLLBACK", "END"):
            self.status = "I"
        elif failed and self.status == "T":
            self.status = "E"

    def _query(self, message):
        self._run(wire.strings_of(message, 1)[0], described=False)
        self._reply(wire.ready(self.status))

    def _parse(self, message):
        name, sql = wire.strings_of(message, 2)
        self.prepared[name] = sql
        self._reply(wire.message("1"))

    def _bind(self, message):
        portal, name = wire.strings_of(message, 2)
        self.portals[portal] = self.prepared[name]
        self._reply(wire.message("2"))

    def _describe(self, message):
        name = wire.strings_of(message, 1, at=6)[0]
        of_statement = message[5:6] == b"S"
        sql = (self.prepared if of_statement else self.portals)[name]
        if of_statement:
            numbers = [int(number) for number in re.findall(r"\$(\d+)", sql)]
            self._reply(wire.parameter_description(max(numbers, default=0)))
        self._reply(self._answer_to(sql)[0] or wire.message("n"))

    def _execute(self, message):
        sql = self.portals[wire.strings_of(message, 1)[0]]
        self._run(sql, described=True)
        self.skipping = self._answer_to(sql)[1].startswith(b"E")

    def _sync(self, _message):
        self.skipping = False
        self._reply(wire.ready(self.status))
