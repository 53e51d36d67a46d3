"""SIGTERM in the middle of a conversation that would go on for a minute."""

import pytest
from peer.ailments import AILMENTS
from peer.full_backlog import FullBacklog
from support.sidecar import Sidecar, configuration, tables
from support.waiting import wait_until

LONG = (
    "is silent after accept",
    "is silent after the start-up packet",
    "lets in and is silent",
    "storms notices",
    "storms statuses",
    "does not answer the SSL request",
    "stalls in the handshake",
    "is silent after the handshake",
    "is silent after its first statement",
    "stalls in a row",
    "withholds the end of an answer",
)


@pytest.mark.parametrize("name", LONG)
def test_a_stall_does_not_hold_up_the_exit(ward, name):
    ailment = AILMENTS[name]
    script = ailment.script(ward)
    with ward.patient(script, ailment.sslmode, timeout="60s") as (fake, sidecar):
        wait_until(lambda: fake.visits and fake.visits[0].stalled.is_set(), what="the stall")
        answer = sidecar.get("/readyz")
        assert answer.status == 503 and "pending" in answer.text
        assert sidecar.get("/livez").status == 200
        sidecar.stop()  # asserts exit code 0 within the second that is promised


def test_a_hanging_connect_does_not_hold_up_the_exit():
    with FullBacklog() as backlog:
        url = f"postgresql://app@127.0.0.1:{backlog.port}/app"
        with Sidecar(configuration(url, tables("users"), timeout="60s")) as sidecar:
            assert "pending" in sidecar.get("/readyz").text
