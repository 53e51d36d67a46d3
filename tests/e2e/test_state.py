"""stateDirectory: what a sidecar knew goes on after it was killed, and never more than that."""

import hashlib
import json
import os
import random
import time

import pytest

from support.processes import scratch_folder
from support.sidecar import configuration, tables
from support.waiting import stays, wait_until

BOTH = "CREATE TABLE users (id int); CREATE TABLE orders (id int)"
NAME = "schemalatch.state"
HEAD = len("schemalatch-state 1 ") + 64 + 1


@pytest.fixture
def folder():
    """In memory: what a slow disk does is another test's affair."""
    return scratch_folder("state", for_service=True, in_memory=True)


@pytest.fixture
def filled(own_database):
    own_database.execute(BOTH)
    return own_database


def config_of(database, folder, *names, **keys):
    return configuration(database.url(), tables(*(names or ("users",))),
                         **{"timeout": "300ms", **keys}, top={"stateDirectory": str(folder)})


def kill_when_kept(sidecar, folder):
    wait_until(lambda: (folder / NAME).exists(), 10, "the state to be kept")
    sidecar.kill()


def body(folder):
    return json.loads((folder / NAME).read_bytes()[HEAD:])


def start_is_right(state):
    """Whether the checksum in a state's first line is that of the rest."""
    text = state[HEAD:]
    digest = hashlib.sha256(len(text).to_bytes(8, "little") + text).hexdigest().encode()
    return state[:HEAD] == b"schemalatch-state 1 " + digest + b"\n"


def forge(folder, change):
    """The same state but for a change, with a checksum that is right."""
    document = body(folder)
    change(document)
    text = json.dumps(document).encode()
    digest = hashlib.sha256(len(text).to_bytes(8, "little") + text).hexdigest().encode()
    (folder / NAME).write_bytes(b"schemalatch-state 1 " + digest + b"\n" + text)


def each_check(document, **values):
    for database in document["databases"]:
        for check in database["checks"]:
            check.update(values)


def test_a_restart_in_an_outage_holds_on(own_server, filled, folder, start):
    config = config_of(filled, folder)
    kill_when_kept(start(config).wait_ready(), folder)
    own_server.stop("immediate")
    again = start(config)
    assert again.ready() and again.get("/startupz").status == 200
    check = again.wait_check(reason="unreachable")
    assert check["held"] and check["pass"]
    again.wait_log("state_restored", checks=1)
    assert again.metrics().value("schemalatch_last_answer_timestamp_seconds", database="main") > 0
    own_server.start()
    again.wait_check(reason="ok")


def test_without_a_state_nothing_is_assumed(own_server, filled, start):
    config = configuration(filled.url(), tables("users"), timeout="300ms")
    start(config).wait_ready().kill()
    own_server.stop("immediate")
    again = start(config)
    again.wait_check(reason="unreachable")
    assert not again.ready()
    own_server.start()


def test_a_stop_in_good_order_keeps_the_newest_time(own_server, filled, folder, start):
    sidecar = start(config_of(filled, folder)).wait_ready()
    wait_until((folder / NAME).exists, 10)
    first = body(folder)["databases"][0]["checks"][0]["answeredAt"]
    sidecar.wait_round(rounds=3)
    assert body(folder)["databases"][0]["checks"][0]["answeredAt"] == first
    sidecar.stop()
    assert body(folder)["databases"][0]["checks"][0]["answeredAt"] > first


def test_the_hold_runs_out_by_the_time_of_the_answer(own_server, filled, folder, start):
    config = config_of(filled, folder, holdFor="4s")
    sidecar = start(config).wait_ready()
    wait_until((folder / NAME).exists, 10)
    own_server.stop("immediate")
    sidecar.kill()
    answered_ms = body(folder)["databases"][0]["checks"][0]["answeredAt"]
    again = start(config)
    again.wait_not_ready()
    assert time.time() * 1000 - answered_ms >= 4000 or not again.told("state_restored")
    own_server.start()
    again.wait_ready()


def test_a_state_that_is_old_is_ignored(own_server, filled, folder, start):
    config = config_of(filled, folder, holdFor="2s")
    kill_when_kept(start(config).wait_ready(), folder)
    own_server.stop("immediate")
    forge(folder, lambda d: each_check(d, answeredAt=time.time() * 1000 - 2500))
    again = start(config)
    assert not again.ready()
    again.wait_log("state_ignored", level="warn")
    own_server.start()


@pytest.mark.parametrize("ahead_s, believed", [(-1, True), (3600, False)])
def test_an_answer_from_the_future_is_none(own_server, filled, folder, start, ahead_s, believed):
    config = config_of(filled, folder)
    kill_when_kept(start(config).wait_ready(), folder)
    own_server.stop("immediate")
    forge(folder, lambda d: each_check(d, answeredAt=(time.time() + ahead_s) * 1000))
    again = start(config)
    assert again.ready() == believed
    assert bool(again.told("state_ignored")) != believed
    own_server.start()


CHANGES = {
    "other tables": lambda d, f: config_of(d, f, "users", "orders"),
    "another name of the entry": lambda d, f: config_of(d, f, name="other"),
    "another role": lambda d, f: configuration(d.url("somebody"), tables("users"), timeout="300ms",
                                               top={"stateDirectory": str(f)}),
    "a primary wanted": lambda d, f: config_of(d, f, server="primary"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_state_of_something_else_is_ignored(own_server, filled, folder, start, change):
    kill_when_kept(start(config_of(filled, folder)).wait_ready(), folder)
    own_server.stop("immediate")
    again = start(change(filled, folder))
    assert not again.ready()
    again.wait_log("state_ignored")
    own_server.start()


def test_what_only_concerns_the_rhythm_makes_no_other_state(own_server, filled, folder, start):
    kill_when_kept(start(config_of(filled, folder)).wait_ready(), folder)
    own_server.stop("immediate")
    assert start(config_of(filled, folder, holdFor="1h", period="1s", timeout="200ms")).ready()
    own_server.start()


def test_another_database_behind_the_same_name_takes_nothing_over(own_server, filled, folder, start):
    """The state is held while there is silence; whoever answers then is asked who it is."""
    config = config_of(filled, folder)
    kill_when_kept(start(config).wait_ready(), folder)
    forge(folder, lambda d: d["databases"][0].update(database="1"))
    own_server.freeze()
    again = start(config)
    assert again.ready()
    own_server.thaw()
    again.wait_log("database_changed")
    again.wait_check(reason="ok")


DAMAGES = {
    "empty": lambda b: b"",
    "cut in the head": lambda b: b[:40],
    "cut in the body": lambda b: b[:-3],
    "one bit": lambda b: b[:HEAD + 9] + bytes([b[HEAD + 9] ^ 1]) + b[HEAD + 10:],
    "another version": lambda b: b.replace(b"state 1", b"state 2", 1),
    "zeros": lambda b: bytes(len(b)),
    "text": lambda b: b"not ours\n",
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_state_is_ignored_and_replaced(own_server, filled, folder, start, damage):
    config = config_of(filled, folder)
    kill_when_kept(start(config).wait_ready(), folder)
    own_server.stop("immediate")
    (folder / NAME).write_bytes(damage((folder / NAME).read_bytes()))
    again = start(config)
    again.wait_log("state_ignored", level="warn")
    assert not again.ready()
    own_server.start()
    again.wait_ready()
    wait_until(lambda: start_is_right((folder / NAME).read_bytes()), 10)


def test_an_answer_that_revoked_is_on_disk_before_it_is_told(own_server, filled, folder, start):
    config = config_of(filled, folder, period="20ms", retryPeriod="20ms")
    for _ in range(10):
        sidecar = start(config).wait_ready()
        wait_until((folder / NAME).exists, 10)
        filled.execute("DROP TABLE users")
        sidecar.wait_not_ready()
        sidecar.kill()
        assert body(folder)["databases"][0]["checks"][0]["answer"] == "not_ready"
        own_server.freeze()
        again = start(config)
        assert not again.ready()
        again.wait_check(reason="timeout")
        assert not again.ready()
        own_server.thaw()
        again.kill()
        filled.execute("CREATE TABLE users (id int)")


def let_pass(sidecar, probes):
    """A moment that no clock gives: as long as that many probes take."""
    for _ in range(probes):
        sidecar.ready()


def test_killed_at_random_moments_it_never_starts_damaged_nor_falsely_ready(
        own_server, filled, folder, start):
    """The table comes and goes all the time, so that the state is being written at most of them."""
    config = config_of(filled, folder, period="10ms", retryPeriod="10ms")
    chance = random.Random(4711)
    kill_when_kept(start(config).wait_ready(), folder)
    for _ in range(20):
        sidecar = start(config)
        sidecar.wait_until(lambda s: s.check()["verdict"] != "unknown")
        for _ in range(chance.randrange(1, 4)):
            filled.execute("DROP TABLE IF EXISTS users")
            let_pass(sidecar, chance.randrange(30))
            filled.execute("CREATE TABLE users (id int)")
            let_pass(sidecar, chance.randrange(30))
        filled.execute("DROP TABLE users")
        let_pass(sidecar, chance.randrange(60))
        sidecar.kill()
        own_server.freeze()
        again = start(config)
        assert not [line for line in again.told("state_ignored") if "holdFor" not in line["message"]]
        assert again.ready() == (body(folder)["databases"][0]["checks"][0]["answer"] == "ready")
        own_server.thaw()
        again.wait_check(reason="missing")
        again.kill()
        filled.execute("CREATE TABLE users (id int)")


def test_it_is_written_on_change_and_seldom_else(filled, folder, start):
    sidecar = start(config_of(filled, folder, period="20ms", retryPeriod="20ms")).wait_ready()
    wait_until((folder / NAME).exists, 10)
    first = (folder / NAME).stat()
    sidecar.wait_round(rounds=40)
    assert (folder / NAME).stat().st_ino == first.st_ino
    assert first.st_mode & 0o777 == 0o600
    filled.execute("DROP TABLE users")
    sidecar.wait_not_ready()
    assert body(folder)["databases"][0]["checks"][0]["answer"] == "not_ready"


def test_times_are_refreshed_before_the_hold_could_run_out(filled, folder, start):
    sidecar = start(config_of(filled, folder, period="50ms", holdFor="6s")).wait_ready()
    wait_until((folder / NAME).exists, 10)
    first = body(folder)["databases"][0]["checks"][0]["answeredAt"]
    wait_until(lambda: body(folder)["databases"][0]["checks"][0]["answeredAt"] > first, 15)
    assert sidecar.ready()


@pytest.mark.parametrize("where", ["nowhere", "file"])
def test_a_directory_that_cannot_be_written_harms_nothing(filled, folder, start, where):
    if where == "file":
        (folder / "file").write_text("")
    sidecar = start(config_of(filled, folder / where)).wait_ready()
    sidecar.wait_log("state_not_kept", level="warn")
    sidecar.wait_round(rounds=3)
    assert sidecar.ready() and len(sidecar.told("state_not_kept")) == 1


def test_a_full_disk_leaves_no_state_that_is_out_of_date(filled, start):
    folder = scratch_folder("full", for_service=True)
    (folder / "disk").mkdir()
    script = f'mount -t tmpfs -o size=4k,mode=777 none "{folder}/disk" && exec "$@"'
    config = config_of(filled, folder / "disk", "users", "orders")
    sidecar = start(config, prefix=("unshare", "--user", "--map-root-user", "--mount", "--", "sh",
                                    "-c", script, "sh"))
    sidecar.wait_ready()
    inside = f"/proc/{sidecar.pid}/root{folder}/disk"
    wait_until(lambda: os.path.exists(f"{inside}/{NAME}"), 10)
    filled.execute("DROP TABLE users")
    sidecar.wait_not_ready()
    sidecar.wait_log("state_not_kept")
    assert not os.path.exists(f"{inside}/{NAME}")


def test_the_directory_may_come_and_change_by_a_reload(filled, folder, start):
    config = configuration(filled.url(), tables("users"))
    sidecar = start(config).wait_ready()
    (sidecar.folder / "schemalatch.json").write_text(json.dumps({**config, "stateDirectory": str(folder)}))
    wait_until((folder / NAME).exists, 10)


def test_disabled_keeps_nothing(filled, folder, start):
    config = {**config_of(filled, folder), "disabled": "incident 4711"}
    sidecar = start(config)
    stays(lambda: not (folder / NAME).exists(), 0.5)
    sidecar.stop()
    assert not (folder / NAME).exists()
