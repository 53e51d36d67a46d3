"""A server that has the client's own library compute for hours: nothing that the sidecar could time
out, since the call does not return. The other thread has to notice, to answer, and to end."""

import os
from pathlib import Path

import pytest
from peer.fake_postgres import ask_proof, greet, linger
from support.waiting import wait_until

FOR_HOURS = 2**31 - 1


@pytest.fixture
def stuck(ward):
    """A sidecar that was ready and whose checking thread hangs since."""
    with ward.patient(ward.healthy()) as (fake, sidecar):
        sidecar.wait_ready()
        fake.behave((greet(), ask_proof(FOR_HOURS), linger()))
        fake.hang_up()
        wait_until(lambda: fake.visits[-1].stalled.is_set(), what="the challenge")
        make_way(sidecar)
        yield sidecar


def make_way(sidecar):
    """Its arithmetic gets the time that nobody else wants; the main thread is to answer."""
    for thread in Path(f"/proc/{sidecar.pid}/task").iterdir():
        if int(thread.name) != sidecar.pid:
            os.setpriority(os.PRIO_PROCESS, int(thread.name), 19)


def test_answers_and_exit_go_on(stuck):
    assert stuck.ready()
    assert stuck.get("/livez").status == 200
    stuck.stop()  # asserts exit code 0 within the second that is promised


def test_liveness_fails_in_the_end(stuck):
    wait_until(lambda: stuck.get("/livez").status == 503, 60, "liveness to fail")
    assert "[-]" in stuck.get("/livez").text
    answer = stuck.get("/readyz?verbose")
    assert answer.status == 200 and "held" in answer.text
