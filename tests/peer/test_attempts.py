"""When the sidecar tries again, and how often: looked at from the server's side."""

import contextlib
import time

import pytest
from peer import wire
from peer.fake_postgres import ask_password, greet, linger, refuse_options, refuse_tls, say
from peer.full_backlog import FullBacklog
from peer.relay import at, late, relay, say_and_leave, say_instead, silence, when_idle
from peer.ward import NAMES, PASSWORD, wait_unknown, wait_visits
from support.sidecar import Sidecar, configuration, tables
from support.waiting import PATIENCE, stays, wait_until

CLOSES = (greet(),)
GLANCE = "SELECT pg_catalog.pg_current_snapshot()"  # how the first statement begins while ready
SLOW = {"period": "10s", "retryPeriod": "50ms"}
SLOW_MACHINE = {"timeout": "5s"}  # where none but the server may end an attempt


def watched(fake, seconds):
    """The times of all connection attempts within so many seconds from the first on."""
    wait_until(lambda: fake.visits, what="the first attempt")
    end = fake.visits[0].began + seconds
    wait_until(lambda: time.monotonic() >= end, seconds + 5, "the time of watching to pass")
    return [visit.began - fake.visits[0].began for visit in fake.visits if visit.began < end]


def test_attempts_grow_rarer(ward):
    with ward.patient(CLOSES, **SLOW) as (fake, _):
        times = watched(fake, 4)
    early = [t for t in times if t < 1]
    late_ones = [t for t in times if t >= 3]
    assert 3 <= len(early) and len(late_ones) < len(early), times
    assert len(times) <= 30, times  # 80 without a back-off


def test_the_longest_pause_is_bounded_and_an_answer_resets_it(ward):
    with ward.patient(CLOSES, period="3s", retryPeriod="50ms") as (fake, sidecar):
        watched(fake, 3)
        fake.behave(ward.healthy())
        sidecar.wait_ready()
        fake.behave(CLOSES)
        fake.hang_up()
        wait_visits(fake, 4, limit_s=1.5)  # 0.4 s at most; some 4.5 s without the reset


LOGINS = [("prefer", True), ("require", True), ("prefer", False), ("disable", False)]


def test_a_refused_password_is_not_hammered(ward):
    """libpq by itself would try each password twice where TLS is preferred and possible. All kinds
    at once, as each takes its time."""
    with contextlib.ExitStack() as stack:
        refused = [refused_login(stack, ward, *login) for login in LOGINS]
        for fake, sidecar, encrypted in refused:
            watched(fake, 4)
            wait_unknown(sidecar, {"login"}, held=False)
            sidecar.wait_log(reason="login", sqlstate="28P01")
            assert_few_logins(fake, encrypted)
        for fake, _, encrypted in refused:
            fake.behave(ward.healthy(tls=ward.tls if encrypted else None))
        for _, sidecar, _ in refused:
            sidecar.wait_ready(limit_s=60)


def refused_login(stack, ward, sslmode, encrypted):
    """A fake that refuses the password, and a sidecar whom it does so."""
    tls = ward.tls if encrypted else None
    script = (greet(tls), ask_password(), say(wire.fatal("28P01")))
    fake, sidecar = stack.enter_context(ward.patient(script, sslmode, **SLOW, **SLOW_MACHINE))
    return fake, sidecar, encrypted


def assert_few_logins(fake, encrypted):
    """One password an attempt, and few attempts; who hangs up before start-up has not tried."""
    tries = [visit for visit in list(fake.visits) if visit.packet]
    assert {(visit.tls, tuple(visit.passwords)) for visit in tries} == {(encrypted, (PASSWORD,))}
    assert len(tries) <= 2 and len(fake.visits) <= 4


def test_a_server_without_tls_is_used_where_the_url_allows_it(ward):
    with ward.patient(ward.healthy(), "prefer") as (fake, sidecar):
        sidecar.wait_ready()
        fake.hang_up()
        wait_visits(fake, 1)
        sidecar.wait_round()
        told = [line for line in sidecar.told() if "encrypt" in line["message"].lower()]
        assert len(told) == 1, sidecar.log_text()


def test_a_server_that_wants_no_tls_is_used_where_the_url_allows_it(ward):
    script = (greet(ward.tls), refuse_tls(), relay(ward.real))
    with ward.patient(script, "prefer", **SLOW_MACHINE) as (fake, sidecar):
        sidecar.wait_ready()
        assert [visit.tls for visit in fake.visits[:2]] == [True, False]


OPTIONS = {
    "an old pooler": ("08P01", "unsupported startup parameter: options"),
    "a pooler": ("08P01", "unsupported startup parameter in options: statement_timeout"),
    "a server that lacks a setting": ("42704", 'unrecognized configuration parameter "x"'),
}


@pytest.mark.parametrize("refusal", OPTIONS.values(), ids=OPTIONS)
def test_options_that_are_refused_are_left_out(ward, refusal):
    script = (greet(), refuse_options(*refusal), relay(ward.real))
    with ward.patient(script, **SLOW_MACHINE) as (fake, sidecar):
        sidecar.wait_ready()
        assert sum("options" in visit.parameters for visit in fake.visits) <= 2


def test_a_late_answer_counts_for_nobody(ward):
    """Each answer comes when the client has given it up; no later session may take it."""
    too_late = ward.healthy(at("D", late(0.6 * PATIENCE)))
    with ward.patient(too_late) as (fake, sidecar):
        wait_unknown(sidecar, {"timeout"}, held=False)
        wait_visits(fake, 2)
        assert fake.visits[0].ended.wait(10)
        stays(lambda: not sidecar.ready(), 0.5)
        fake.behave(ward.healthy())
        sidecar.wait_ready()
        changes = [c for c in sidecar.status()["history"] if c["check"] == "tables"]
        told = [c["reason"] for c in sorted(changes, key=lambda c: c["time"])]
        assert [reason for reason in told if reason != "pending"] == ["timeout", "ok"]


def test_a_session_ended_while_idle_is_replaced_in_silence(ward):
    goodbye = when_idle(0.5, say_and_leave(wire.fatal("57P01")))
    script = ward.healthy(at("Z", goodbye, which=None))
    with ward.patient(script, period="2s", **SLOW_MACHINE) as (fake, sidecar):
        sidecar.wait_ready()
        wait_visits(fake, 3)
        stays(sidecar.ready, 0.5)
        changes = sidecar.metrics().samples("schemalatch_transitions_total")
        assert {labels["check"]: count for labels, count in changes} == dict.fromkeys(NAMES, 1)


ENDS = {"told why": (wire.fatal("57P01"),), "told nothing": ()}


@pytest.mark.parametrize("last_words", ENDS.values(), ids=ENDS)
def test_an_end_that_shows_when_something_is_asked_is_no_news_either(ward, last_words):
    """No session survives the first statement of its second round."""
    leave = at("T", say_and_leave(*last_words), which=None, of=GLANCE)
    with ward.patient(ward.healthy(leave), period="100ms", **SLOW_MACHINE) as (fake, sidecar):
        sidecar.wait_ready()
        wait_visits(fake, 3)
        assert any(GLANCE in "".join(visit.statements[-1:]) for visit in fake.visits[:-1])
        changes = sidecar.metrics().samples("schemalatch_transitions_total")
        assert {labels["check"]: count for labels, count in changes} == dict.fromkeys(NAMES, 1)


def test_no_session_is_shown_while_a_new_one_is_opened(ward):
    leave = at("T", say_and_leave(), which=None, of=GLANCE)
    with ward.patient(ward.healthy(leave), period="100ms", timeout="30s") as (fake, sidecar):
        sidecar.wait_ready()
        fake.behave((greet(), linger()))
        sidecar.wait_until(lambda s: s.metrics().value("schemalatch_connected") == 0)
        assert sidecar.ready()


NEWS = {
    "an end in the midst of a round": (
        "starting", at("T", say_and_leave(wire.fatal("57P01")), which=2, of="alembic_version")
    ),
    "silence": ("timeout", at("T", silence, of=GLANCE)),
    "nonsense": ("error", at("T", say_instead(wire.message("G", b"\0\0\0")), of=GLANCE)),
}


@pytest.mark.parametrize("reason, disturb", NEWS.values(), ids=NEWS)
def test_whatever_else_befalls_a_kept_session_is_told(ward, reason, disturb):
    with ward.patient(ward.healthy(disturb), period="100ms") as (_, sidecar):
        sidecar.wait_ready()
        sidecar.wait_log("verdict", check="migrations", verdict="unknown", reason=reason)
        assert sidecar.ready(), "the last answer is not held"


def test_a_connect_that_hangs_is_a_timeout(ward):
    with FullBacklog() as backlog:
        with alone(ward, f"127.0.0.1:{backlog.port}") as sidecar:
            sidecar.wait_check(verdict="unknown", reason="timeout")
            assert sidecar.get("/readyz").status == 503
            assert sidecar.get("/livez").status == 200


def test_a_hanging_host_does_not_hide_the_next(ward):
    real = "{}:{}".format(*ward.real)
    with FullBacklog() as backlog:
        with alone(ward, f"127.0.0.1:{backlog.port},{real}") as sidecar:
            sidecar.wait_ready()


def alone(ward, hosts):
    """A sidecar without a fake server."""
    login = f"{ward.role}:{PASSWORD}"
    url = f"postgresql://{login}@{hosts}/{ward.database.name}?sslmode=disable"
    return Sidecar(configuration(url, tables("users"), timeout="500ms"), secrets=(PASSWORD,))


def test_silence_is_silence_however_often(ward):
    """One connection at a time, each given up before the next, and the server hears of it."""
    with ward.patient((greet(), linger())) as (fake, _):
        wait_visits(fake, 4)
        wait_until(lambda: all(visit.ended.is_set() for visit in fake.visits[:3]),
                   what="the end of those that were given up")
