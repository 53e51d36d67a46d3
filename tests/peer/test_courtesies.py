"""What a server may do, however odd, and what must make no difference: the checks are ready, on one
connection, nothing is held, and neither the log nor the memory takes note of the noise."""

import pytest
from peer import wire
from peer.relay import (
    at,
    crumbs,
    every,
    say_after,
    say_first,
    say_forever,
    say_instead,
    swallow,
    when_idle,
)
from peer.ward import ALLOWED_LINES, NAMES, assert_size, size, wait_visits

NOTICES = wire.notice(words="a storm " * 20) * 2000
STATUSES = b"".join(wire.parameter_status("TimeZone", f"Zone/{n}") for n in range(2000))
NOTIFICATIONS = wire.notification("schemalatch", "x" * 200) * 2000
ODD_VERSION = wire.parameter_status("server_version", "Fifteen (or so)")

COURTESIES = {
    "start-up byte by byte": every(crumbs(), settled=False),
    "answers byte by byte": every(crumbs(0.0005)),
    "no statuses": at("S", swallow, settled=False, which=None),
    "a strange version": at("S", say_instead(ODD_VERSION), settled=False, which=None),
    "no key for cancelling": at("K", swallow, settled=False),
    "notices in start-up": at("Z", say_first(NOTICES), settled=False),
    "statuses in start-up": at("Z", say_first(STATUSES), settled=False),
    "notices before a row": at("D", say_first(NOTICES), which=None),
    "statuses before a row": at("D", say_first(STATUSES), which=None),
    "notifications before a row": at("D", say_first(NOTIFICATIONS), which=None),
    "notices while idle": at("Z", say_after(NOTICES), which=None),
    "statuses while idle": at("Z", say_after(STATUSES), which=None),
    "notifications while idle": at("Z", say_after(NOTIFICATIONS), which=None),
}


@pytest.mark.parametrize("disturb", COURTESIES.values(), ids=COURTESIES)
def test_it_makes_no_difference(ward, disturb):
    with ward.patient(ward.healthy(), timeout="5s") as (fake, sidecar):
        sidecar.wait_ready()
        before = size(sidecar)
        fake.behave(ward.healthy(disturb))
        fake.hang_up()
        sidecar.wait_until(lambda _: len(fake.visits) == 2, what="the next connection")
        sidecar.wait_round(rounds=5)
        assert all_is_well(sidecar)
        assert len(fake.visits) == 2
        assert len(sidecar.lines) <= ALLOWED_LINES, sidecar.log_text()
        assert_size(sidecar, before)


FLOODS = {
    "notices": wire.notice(words="a storm " * 20),
    "statuses": wire.parameter_status("TimeZone", "x" * 500),
    "notifications": wire.notification("schemalatch", "x" * 500),
}


@pytest.mark.parametrize("noise", FLOODS.values(), ids=FLOODS)
def test_a_flood_while_idle_costs_a_session_and_nothing_else(ward, noise):
    flood = at("Z", when_idle(0.05, say_forever(noise)), which=None)
    with ward.patient(ward.healthy(), period="300ms", timeout="5s") as (fake, sidecar):
        sidecar.wait_ready()
        before = size(sidecar)
        fake.behave(ward.healthy(flood))
        fake.hang_up()
        wait_visits(fake, 3)
        assert sidecar.ready()
        assert len(sidecar.lines) <= ALLOWED_LINES, sidecar.log_text()
        assert_size(sidecar, before)


def all_is_well(sidecar):
    checks = [sidecar.check(name) for name in NAMES]
    return sidecar.ready() and all(c["reason"] == "ok" and not c["held"] for c in checks)
