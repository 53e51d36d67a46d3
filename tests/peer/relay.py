"""A step for FakePostgres that stands in front of a real server and disturbs what it says.

The real server does the talking, so nothing need be known of a client's SQL. A disturbance sees
each message of the server, start-up included, and gives what the client gets in its place:

    relay(address, at("D", half_and_linger))     the first row of each connection breaks off
"""

import select
import socket
from collections import Counter

from . import wire
from .fake_postgres import note_statement


def relay(server, disturb=None, spoil=None):
    """Passes both ways between the client and the real server at (host, port) until either ends.

    Comes after `greet`, whose start-up packet it passes on: the fake ends TLS, and the real server
    sees to the login. spoil: (part of a statement, SQLSTATE) for statements that are to fail so;
    pipelines and transactions then go on just as the real server has it.
    """

    def step(visit):
        with socket.create_connection(server, timeout=10) as upstream:
            upstream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            upstream.settimeout(None)
            upstream.sendall(visit.packet)
            Relay(visit, upstream, disturb or undisturbed, spoil).run()

    return step


class Relay:
    """What a disturbance is given besides the message."""

    def __init__(self, visit, upstream, disturb, spoil):
        self.visit = visit
        self.upstream = upstream
        self.spoiled_part, sqlstate = spoil or (None, None)
        self.disturb = at("E", say_instead(wire.error(sqlstate)), which=None) if spoil else disturb
        self.answers = wire.Stream(upstream.recv)
        self.settled = False  # the first ReadyForQuery has passed
        self.statement = ""  # the client's latest
        self.prepared = {}  # SQL by name
        self.met = Counter()  # how often each `at` of this connection applied

    def run(self):
        while True:
            self._pass_on_requests()
            ready = self._wait()
            if self.upstream in ready:
                self._pass_on_answers()

    def _wait(self):
        if self.visit.has_input():
            return []
        return select.select([self.visit.client, self.upstream], [], [])[0]

    def _pass_on_requests(self):
        while self.visit.has_input():
            request = self.visit.stream.message()
            note_statement(self.visit, request)
            self._follow(request)
            self.upstream.sendall(self._spoil(request))

    def _follow(self, request):
        kind = wire.kind_of(request)
        if kind == "P":
            name, self.statement = wire.strings_of(request, 2)
            self.prepared[name] = self.statement
        elif kind == "B":
            self.statement = self.prepared[wire.strings_of(request, 2)[1]]
        elif kind == "Q":
            self.statement = wire.statement_of(request)

    def _spoil(self, request):
        """A statement that the real server refuses, in the place of one that is to fail."""
        if self.spoiled_part and self.spoiled_part in (wire.statement_of(request) or ""):
            return wire.with_statement(request, "scripted failure")
        return request

    def _pass_on_answers(self):
        self._pass_on(self.answers.message())
        while self.answers.holds_message():
            self._pass_on(self.answers.message())

    def _pass_on(self, message):
        for data in self.disturb(self, message):
            self.visit.send(data)
        self.settled = self.settled or wire.kind_of(message) == "Z"


# Disturbances: (relay, message) -> what the client gets, piece by piece.


def undisturbed(_relay, message):
    yield message


def at(kind, action, settled=True, which=1, of=""):
    """The which-th message of that kind meets action, the others pass. which: None for each.

    settled: only messages after the start-up count, else only those of it; of: only those that
    answer a statement which contains this.
    """

    def disturb(relay, message):
        fits = kind == wire.kind_of(message) and relay.settled == settled and of in relay.statement
        relay.met[disturb] += fits
        if fits and which in (None, relay.met[disturb]):
            yield from action(relay, message)
        else:
            yield message

    return disturb


def every(action, settled=True):
    """Each message meets action: of the start-up, or from then on."""

    def disturb(relay, message):
        yield from action(relay, message) if relay.settled == settled else (message,)

    return disturb


# Actions: what a message can meet, itself a disturbance.


def silence(relay, _message):
    relay.visit.linger()
    raise EOFError("the client left")
    yield  # a generator, as the others are


def half_and_linger(relay, message):
    yield message[: len(message) // 2]
    yield from silence(relay, message)


def half_and_leave(_relay, message):
    yield message[: len(message) // 2]
    raise EOFError("the script hangs up")


def twice(_relay, message):
    yield message + message


def swallow(_relay, _message):
    return ()


def crumbs(pause=0.0):
    """Byte by byte, with a pause after each."""

    def action(relay, message):
        for place in range(len(message)):
            yield message[place : place + 1]
            relay.visit.pause(pause)

    return action


def late(seconds):
    """Holds the message back, and sends it whether or not the client is still there."""

    def action(relay, message):
        relay.visit.pause(seconds)
        yield message

    return action


def with_values(value):
    """The row with each of its values replaced."""

    def action(_relay, message):
        yield wire.data_row([value] * int.from_bytes(message[5:7], "big"))

    return action


def say_instead(*messages):
    """What the script says in the message's place; then the relay goes on."""
    return lambda _relay, _message: messages


def say_first(messages):
    """Bytes that come before the message."""
    return lambda _relay, message: (messages, message)


def say_after(messages):
    """Bytes that come behind the message."""
    return lambda _relay, message: (message, messages)


def say_and_leave(*messages):
    def action(_relay, _message):
        yield from messages
        raise EOFError("the script hangs up")

    return action


def say_and_linger(*messages):
    def action(relay, message):
        yield from messages
        yield from silence(relay, message)

    return action


def say_forever(data, first=b""):
    """data until the client hangs up, after first."""

    def action(relay, _message):
        relay.visit.stalled.set()
        yield first
        while True:
            yield data * max(1, 65536 // len(data))

    return action


def over_and_over(relay, message):
    yield from say_forever(message)(relay, message)


def when_idle(seconds, action):
    """The message; then, if the client has nothing to say for so long, the action."""

    def step(relay, message):
        yield message
        if not relay.visit.hears_within(seconds):
            yield from action(relay, b"")

    return step
