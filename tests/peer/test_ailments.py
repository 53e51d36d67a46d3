"""Each thing that can be wrong with a server, from the sidecar's start on and again later.

One story for all: ill from the start (not ready, with the reason), healthy (ready), ill again (the
verdict is held, with the reason), then SIGTERM in the middle of it.
"""

import signal
from concurrent.futures import ThreadPoolExecutor

import pytest
from peer.ailments import AILMENTS
from peer.ward import ALLOWED_LINES, assert_size, size, wait_unknown
from support.waiting import stays, wait_until


QUICK = {name: ailment for name, ailment in AILMENTS.items() if ailment.repeats}
SLOW = {name: ailment for name, ailment in AILMENTS.items() if not ailment.repeats}


@pytest.mark.parametrize("ailment", QUICK.values(), ids=QUICK)
def test_an_ailment(ward, ailment):
    live_through(ward, ailment)


def test_ailments_that_the_sidecar_is_slow_to_try_again(ward):
    with ThreadPoolExecutor() as pool:
        stories = {name: pool.submit(live_through, ward, ailment) for name, ailment in SLOW.items()}
    problems = {name: story.exception() for name, story in stories.items() if story.exception()}
    assert not problems


def live_through(ward, ailment):
    ill = ailment.script(ward)
    tls = ward.tls if ailment.sslmode == "require" else None
    with ward.patient(ill, ailment.sslmode) as (fake, sidecar):
        is_not_ready_from_the_start(sidecar, ailment)
        becomes_ready(fake, sidecar, ward.healthy(tls=tls))
        before = size(sidecar)
        fake.behave(ill)
        fake.hang_up()
        ward.stir()
        is_held(sidecar, ailment)
        if ailment.repeats:
            wait_attempts(fake)
        stays(lambda: sidecar.get("/livez").status == 200 and sidecar.ready(), 0.2)
        assert_size(sidecar, before)
        assert len(sidecar.lines) <= ALLOWED_LINES, sidecar.log_text()
        sidecar.stop(signal.SIGTERM)  # and looks at the exit code and the log


def is_not_ready_from_the_start(sidecar, ailment):
    wait_unknown(sidecar, ailment.reasons, False, ailment.checks)
    answer = sidecar.get("/readyz")
    assert answer.status == 503
    assert any(f"[-]main/tables failed: {r}: " in answer.text for r in ailment.reasons), answer.text
    assert sidecar.get("/startupz").status == 503
    assert sidecar.get("/livez").status == 200


def becomes_ready(fake, sidecar, healthy):
    fake.behave(healthy)
    fake.hang_up()
    sidecar.wait_ready()
    assert sidecar.get("/startupz").status == 200
    sidecar.wait_check("migrations", reason="ok")


def is_held(sidecar, ailment):
    wait_unknown(sidecar, ailment.reasons, True, ailment.checks)
    answer = sidecar.get("/readyz?verbose")
    assert answer.status == 200
    assert any(f"[+]main/tables ok (held: {r} for " in answer.text for r in ailment.reasons), answer.text
    assert sidecar.metrics().value("schemalatch_ready") == 1


def wait_attempts(fake):
    """Waits for more visits, or for more statements where the session goes on."""

    def seen():
        return len(fake.visits) + sum(len(visit.statements) for visit in list(fake.visits))

    target = seen() + 2
    wait_until(lambda: seen() >= target, 15, "two more attempts")
