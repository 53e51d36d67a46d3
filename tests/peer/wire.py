"""PostgreSQL's protocol 3.0 as bytes: what a server says, and messages cut out of a stream.

Written from the protocol's chapter in PostgreSQL's manual and on top of nothing, so that it can
share no mistake with a program that talks through libpq. Everything a server can say is made by
`message`, which lets a caller lie about the length.
"""

import struct

SSL_REQUEST = 80877103
GSS_REQUEST = 80877104
CANCEL_REQUEST = 80877102

TEXT = 25
INT8 = 20
BOOL = 16


def message(kind, body=b"", length=None):
    """One message. length: what its head claims, when that is not the truth."""
    claimed = len(body) + 4 if length is None else length
    return kind.encode() + struct.pack("!i", claimed) + body


def text(value):
    return value.encode() + b"\0"


def fields(severity, sqlstate, words):
    """The body of an error or a notice."""
    named = {"S": severity, "V": severity, "C": sqlstate, "M": words}
    return b"".join(key.encode() + text(value) for key, value in named.items()) + b"\0"


def error(sqlstate, words="as the script says", severity="ERROR"):
    return message("E", fields(severity, sqlstate, words))


def fatal(sqlstate, words="as the script says"):
    return error(sqlstate, words, "FATAL")


def notice(sqlstate="00000", words="as the script says", severity="WARNING"):
    return message("N", fields(severity, sqlstate, words))


def notification(channel, payload="", pid=1):
    return message("A", struct.pack("!i", pid) + text(channel) + text(payload))


def authentication(code, rest=b""):
    """code: 0 let in, 3 clear-text password, 10 SASL mechanisms in rest, 11 SASL challenge."""
    return message("R", struct.pack("!i", code) + rest)


def parameter_status(name, value):
    return message("S", text(name) + text(value))


def key_data(pid=1, secret=1):
    return message("K", struct.pack("!ii", pid, secret))


def ready(status="I"):
    return message("Z", status.encode())


def row_description(columns):
    """columns: pairs of name and type OID."""
    described = (text(name) + struct.pack("!ihihih", 0, 0, oid, -1, -1, 0) for name, oid in columns)
    return message("T", struct.pack("!h", len(columns)) + b"".join(described))


def data_row(values, count=None):
    """values: text or None for NULL. count: how many the row claims, when that is a lie."""
    cells = (
        struct.pack("!i", -1) if value is None else sized(value.encode()) for value in values
    )
    claimed = len(values) if count is None else count
    return message("D", struct.pack("!h", claimed) + b"".join(cells))


def sized(data):
    return struct.pack("!i", len(data)) + data


def command_complete(tag):
    return message("C", text(tag))


def parameter_description(count):
    return message("t", struct.pack("!h", count) + struct.pack("!i", TEXT) * count)


class Stream:
    """Cuts what recv brings into packets and messages; EOFError where the peer ended."""

    def __init__(self, recv):
        self.recv = recv
        self.held = b""

    def exactly(self, size):
        while len(self.held) < size:
            data = self.recv(65536)
            if not data:
                raise EOFError("the peer hung up")
            self.held += data
        taken, self.held = self.held[:size], self.held[size:]
        return taken

    def packet(self):
        """A message without a kind, as clients send until the start-up packet: all its bytes."""
        head = self.exactly(4)
        return head + self.exactly(struct.unpack("!i", head)[0] - 4)

    def message(self):
        """All bytes of one message; the first is its kind."""
        head = self.exactly(5)
        return head + self.exactly(struct.unpack("!i", head[1:])[0] - 4)

    def holds_message(self):
        """Whether `message` would return without asking recv."""
        if len(self.held) < 5:
            return False
        return len(self.held) > struct.unpack("!i", self.held[1:5])[0]


def kind_of(whole):
    return chr(whole[0])


def request_code(packet):
    return struct.unpack("!i", packet[4:8])[0]


def startup_parameters(packet):
    """What a start-up packet asks for: user, database, options …"""
    words = packet[8:].split(b"\0")
    pairs = zip(words[0::2], words[1::2])
    return {name.decode(): value.decode() for name, value in pairs if name}


def strings_of(whole, count, at=5):
    """The first count zero-terminated strings of a message's body."""
    return [word.decode() for word in whole[at:].split(b"\0", count)[:count]]


def statement_of(whole):
    """The SQL of a Query or Parse message; None of others."""
    if kind_of(whole) == "Q":
        return strings_of(whole, 1)[0]
    return strings_of(whole, 2)[1] if kind_of(whole) == "P" else None


def with_statement(whole, sql):
    """A Query or Parse message with other SQL."""
    if kind_of(whole) == "Q":
        return message("Q", text(sql))
    name, _old, types = whole[5:].split(b"\0", 2)
    return message("P", name + b"\0" + text(sql) + types)
