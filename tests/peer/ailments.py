"""What can be wrong with a server, as data: each ailment is a script, and what a check may be told
to be unknown for.

Where the promise leaves two reasons open (is a session that breaks off unreachable or an error?)
both are named; the verdict is unknown in every case.
"""

from dataclasses import dataclass
from typing import Callable

from peer import wire
from peer.fake_postgres import (
    drip,
    greet,
    half_handshake,
    hear,
    hear_bytes,
    linger,
    pour,
    reset,
    say,
    shake_hands,
    welcome,
)
from peer.relay import (
    at,
    crumbs,
    every,
    half_and_leave,
    half_and_linger,
    over_and_over,
    relay,
    say_and_leave,
    say_and_linger,
    say_forever,
    say_instead,
    silence,
    swallow,
    twice,
    with_values,
)

BROKEN = {"unreachable", "error"}
NO_TLS = {"login", "unreachable", "error"}
STUCK = {"timeout", "error"}
NONSENSE = {"error", "unreachable", "timeout"}

NOTICE = wire.notice(words="a storm " * 20)
CRASHED = wire.notice("57P02", "terminating because of crash of another process")
ENDLESS_VALUE = wire.message("D", b"\0\1" + b"\x3f\0\0\0", 2**30)
LOOK_UP = "pg_catalog.pg_class"  # in what every check asks
TABLES = "AS wanted"  # in what only the tables check asks


@dataclass(frozen=True)
class Ailment:
    """script: gets the Ward (where the real server is, TLS) and gives the fake server's steps;
    checks: whom it concerns; repeats: whether the sidecar tries again within moments."""

    reasons: set
    script: Callable
    sslmode: str = "disable"
    checks: tuple = ("tables", "migrations")
    repeats: bool = True


def in_start_up(reasons, *steps, sslmode="disable"):
    """The server goes wrong in these steps, and then closes the connection."""
    return Ailment(set(reasons), lambda ward: steps, sslmode)


def after_start_up(reasons, disturb):
    """The real server answers, and is disturbed."""
    return Ailment(set(reasons), lambda ward: (greet(), relay(ward.real, disturb)))


def in_look_up(reasons, kind, action):
    """All is well until the first look-up in the catalogs."""
    return after_start_up(reasons, at(kind, action, of=LOOK_UP))


def in_tables(kind, action):
    """The answer to the tables check keeps to the protocol and makes no sense."""
    disturb = at(kind, action, which=None, of=TABLES)
    return Ailment(NONSENSE, lambda ward: (greet(), relay(ward.real, disturb)), checks=("tables",))


def refused(reason, sqlstate):
    script = (greet(), say(wire.fatal(sqlstate)))
    return Ailment({reason}, lambda ward: script, repeats=not sqlstate.startswith("28"))


def failing(reason, sqlstate):
    return Ailment({reason}, lambda ward: (greet(), relay(ward.real, spoil=(LOOK_UP, sqlstate))))


START_UP = {
    "closes at once": in_start_up({"unreachable"}),
    "closes after the start-up packet": in_start_up({"unreachable"}, greet()),
    "resets": in_start_up({"unreachable"}, greet(), reset()),
    "is silent after accept": in_start_up({"timeout"}, linger()),
    "is silent after the start-up packet": in_start_up({"timeout"}, greet(), linger()),
    "lets in and is silent": in_start_up(
        {"timeout"}, greet(), say(wire.authentication(0)), linger()
    ),
    "stops in the middle of a status": in_start_up(
        {"timeout"}, greet(), say(welcome()[:40]), linger()
    ),
    "drips its welcome slower than anybody waits": in_start_up(
        {"timeout"}, greet(), drip(welcome(), pause=0.05), linger()
    ),
    "speaks HTTP": in_start_up(BROKEN, greet(), say(b"HTTP/1.1 400 Bad Request\r\n\r\n")),
    "wants an unknown authentication": in_start_up(
        NO_TLS, greet(), say(wire.authentication(99)), linger()
    ),
    "wants an unknown SASL mechanism": in_start_up(
        NO_TLS, greet(), say(wire.authentication(10, b"PALM-READING\0\0")), linger()
    ),
    "sends a negative length": in_start_up(
        BROKEN, greet(), say(wire.message("R", b"", -5)), linger()
    ),
    "sends a huge length": in_start_up(
        BROKEN | {"timeout"}, greet(), say(wire.message("R", b"\0\0", 2**31 - 1)), linger()
    ),
    "sends an error without an end": in_start_up(
        BROKEN | {"timeout"}, greet(), say(wire.message("E", b"SFATAL\0", 2**30)), pour(b"x" * 999)
    ),
    "storms notices before it lets in": in_start_up(BROKEN, greet(), pour(NOTICE)),
    "storms notices": in_start_up(STUCK, greet(), say(wire.authentication(0)), pour(NOTICE)),
    "storms statuses": in_start_up(
        STUCK,
        greet(),
        say(wire.authentication(0)),
        pour(wire.parameter_status("application_name", "x" * 500)),
    ),
}

TLS = {
    "declines TLS that is required": in_start_up(NO_TLS, greet(), linger(), sslmode="require"),
    "does not answer the SSL request": in_start_up({"timeout"}, hear(), linger(), sslmode="prefer"),
    "answers the SSL request with garbage": in_start_up(
        NO_TLS, hear(), say(b"?"), linger(), sslmode="require"
    ),
    "answers the SSL request with an error": in_start_up(
        NO_TLS, hear(), say(b"Eno such thing\0"), sslmode="require"
    ),
    "agrees to TLS and speaks plainly": in_start_up(
        NO_TLS, hear(), say(b"S"), hear_bytes(), say(welcome()), linger(), sslmode="require"
    ),
    "stuffs bytes behind its consent to TLS": Ailment(
        NO_TLS,
        lambda ward: (hear(), say(b"S" + welcome()), shake_hands(ward.tls), linger()),
        "require",
    ),
    "agrees to TLS and is silent": in_start_up(
        {"timeout"}, hear(), say(b"S"), linger(), sslmode="require"
    ),
    "stalls in the handshake": Ailment(
        {"timeout"}, lambda ward: (half_handshake(ward.tls), linger()), "require"
    ),
    "goes away in the handshake": Ailment(
        NO_TLS, lambda ward: (half_handshake(ward.tls),), "require"
    ),
    "is silent after the handshake": Ailment(
        {"timeout"}, lambda ward: (greet(ward.tls), linger()), "require"
    ),
}

REFUSALS = {
    f"refuses with {sqlstate}": refused(reason, sqlstate)
    for sqlstate, reason in {
        "28P01": "login",
        "28000": "login",
        "3D000": "login",
        "42501": "login",
        "53300": "starting",
        "57P03": "starting",
        "57P01": "starting",
        "XX000": "error",
    }.items()
}

FAILURES = {
    f"fails a look-up with {sqlstate}": failing(reason, sqlstate)
    for sqlstate, reason in {
        "42501": "denied",
        "55P03": "locked",
        "57014": "timeout",
        "53200": "error",
        "XX000": "error",
    }.items()
}

FIRST_ANSWER = {
    "is silent after its first statement": after_start_up({"timeout"}, every(silence)),
    "stalls in its first row": after_start_up({"timeout"}, at("D", half_and_linger)),
    "goes away in its first row": after_start_up(BROKEN, at("D", half_and_leave)),
    "fails its first statement and leaves": after_start_up(
        BROKEN, at("T", say_and_leave(wire.error("XX000")))
    ),
    "sends first rows without end": after_start_up(STUCK, at("D", over_and_over)),
}

ANSWERS = {
    "stalls in a row": in_look_up({"timeout"}, "D", half_and_linger),
    "drips a row slower than anybody waits": in_look_up({"timeout"}, "D", crumbs(pause=0.1)),
    "withholds the end of an answer": in_look_up({"timeout"}, "Z", silence),
    "goes away in a row": in_look_up(BROKEN, "D", half_and_leave),
    "is stopped by its administrator": in_look_up(
        {"starting"}, "D", say_and_leave(wire.fatal("57P01"))
    ),
    "crashes": in_look_up({"starting", "unreachable"}, "D", say_and_leave(CRASHED)),
    "sends an unknown message": in_look_up(NONSENSE, "D", say_instead(wire.message("~"))),
    "sends a row of negative length": in_look_up(
        NONSENSE, "D", say_instead(wire.message("D", b"", -1))
    ),
    "sends a huge row and no more": in_look_up(
        NONSENSE, "D", say_and_linger(wire.message("D", b"\0\1", 2**30))
    ),
    "sends a row that lies about its fields": in_look_up(
        NONSENSE, "D", say_instead(wire.data_row(["1"], count=500))
    ),
    "sends a row of another width": in_look_up(
        NONSENSE, "D", say_instead(wire.data_row(["1"] * 40))
    ),
    "wants to copy in": in_look_up(NONSENSE, "T", say_instead(wire.message("G", b"\0\0\0"))),
    "wants to copy out": in_look_up(NONSENSE, "T", say_instead(wire.message("H", b"\0\0\0"))),
    "wants to copy both ways": in_look_up(NONSENSE, "T", say_instead(wire.message("W", b"\0\0\0"))),
    "says that the statement was empty": in_look_up(NONSENSE, "T", say_instead(wire.message("I"))),
    "forgets to describe": in_look_up(NONSENSE, "T", swallow),
}

# Within the protocol, and yet nothing to go by.
CONTENTS = {
    "describes other columns": in_tables(
        "T", say_instead(wire.row_description([(name, wire.TEXT) for name in "xyz"]))
    ),
    "describes no columns": in_tables("T", say_instead(wire.row_description([]))),
    "answers nothing but NULL": in_tables("D", with_values(None)),
    "answers words for numbers": in_tables("D", with_values("many")),
    "answers numbers out of range": in_tables("D", with_values("99999999999999999999999")),
    "answers negative numbers": in_tables("D", with_values("-1")),
    "answers with no rows": in_tables("D", swallow),
    "answers each row twice": in_tables("D", twice),
}

# Whoever takes all that comes runs out of memory.
FLOODS = {
    "storms notices in an answer": in_look_up(STUCK, "D", say_forever(NOTICE)),
    "storms statuses in an answer": in_look_up(
        STUCK, "D", say_forever(wire.parameter_status("TimeZone", "x" * 500))
    ),
    "storms notifications in an answer": in_look_up(
        STUCK, "D", say_forever(wire.notification("schemalatch", "x" * 500))
    ),
    "sends rows without end": in_look_up(STUCK, "D", over_and_over),
    "sends a value without end": in_look_up(
        NONSENSE, "D", say_forever(b"x" * 1000, first=ENDLESS_VALUE)
    ),
}

AILMENTS = {
    **START_UP, **TLS, **REFUSALS, **FAILURES, **FIRST_ANSWER, **ANSWERS, **CONTENTS, **FLOODS
}
