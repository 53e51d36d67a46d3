"""Another configuration while the sidecar runs: by SIGHUP, by a changed file, by a turned link."""

import json
import os
import signal
import threading
from pathlib import Path

import pytest

from support.processes import free_port, scratch_folder
from support.sidecar import alembic, configuration, tables
from support.volume import Prober, Volume, replace
from support.waiting import stays, wait_until

BOTH = "CREATE TABLE users (id int); CREATE TABLE orders (id int)"
SUCCESSFUL = "schemalatch_config_last_reload_successful"
SUCCESS_TIME = "schemalatch_config_last_reload_success_timestamp_seconds"


def file_of(sidecar):
    return sidecar.folder / "schemalatch.json"


def reload(sidecar, config):
    """Writes the configuration anew, and waits until one more has taken over."""
    before = len(sidecar.told("reloaded"))
    replace(file_of(sidecar), config)
    return wait_until(lambda: sidecar.events("reloaded")[before:], 15,
                      lambda: f"a reload\n{sidecar.log_text()}")


@pytest.fixture
def filled(database):
    database.execute(BOTH)
    return database


# --- what makes it read again -------------------------------------------------------------------

def test_SIGHUP_with_nothing_changed_changes_nothing(filled, start):
    sidecar = start(configuration(filled.url(), tables("users"))).wait_ready()
    read = sidecar.metrics().value(SUCCESS_TIME)
    since = sidecar.check()["since"]
    sidecar.send_signal(signal.SIGHUP)
    sidecar.wait_log("reload", level="info", message="the configuration is the same as before")
    sidecar.wait_until(lambda s: s.metrics().value(SUCCESS_TIME) > read)
    assert not sidecar.told("reloaded")
    assert sidecar.check()["since"] == since


def test_SIGHUP_reads_what_stands_there_now(filled, start):
    sidecar = start(configuration(filled.url(), tables("users"))).wait_ready()
    file_of(sidecar).write_text(json.dumps(configuration(filled.url(), tables("missing"))))
    sidecar.send_signal(signal.SIGHUP)
    assert sidecar.wait_check(reason="missing")
    assert len(sidecar.told("reloaded")) <= 2  # the file's change may be told besides


@pytest.mark.parametrize("how", ["in place", "renamed"])
def test_a_changed_file_is_enough(filled, start, how):
    sidecar = start(configuration(filled.url(), tables("users"))).wait_ready()
    changed = configuration(filled.url(), tables("users"), tables("orders", name="more"))
    if how == "renamed":
        replace(file_of(sidecar), changed)
    else:
        file_of(sidecar).write_text(json.dumps(changed))
    sidecar.wait_until(lambda s: s.get("/readyz/main/more").status == 200, what="the new check")


def test_a_turned_link_of_a_volume_is_enough(filled, start):
    volume = Volume(**{"config.json": configuration(filled.url(), tables("users"))})
    sidecar = start(volume / "config.json").wait_ready()
    for names in (("users", "orders"), ("users", "nowhere"), ("users",)):
        volume.update(**{"config.json": configuration(filled.url(), tables(*names))})
        reason = "missing" if "nowhere" in names else "ok"
        found = f"{len(names)} of {len(names)}" if reason == "ok" else "nowhere"
        sidecar.wait_until(lambda s: s.check()["reason"] == reason and found in s.check()["message"],
                           what=f"{reason} of {names}")


def test_a_link_that_is_turned_anywhere_on_the_way_is_enough(filled, start):
    folder = scratch_folder("links", for_service=True)
    for name, wanted in (("one", "users"), ("two", "nowhere")):
        (folder / name / "deep").mkdir(parents=True)
        (folder / name / "deep" / "c.json").write_text(
            json.dumps(configuration(filled.url(), tables(wanted))))
    (folder / "now").symlink_to("one")
    (folder / "entry.json").symlink_to(folder / "now" / "deep" / "c.json")
    sidecar = start(folder / "entry.json").wait_ready()
    (folder / "next").symlink_to("two")
    os.replace(folder / "next", folder / "now")
    sidecar.wait_check(reason="missing")


def test_a_volume_that_is_turned_to_the_same_again_changes_nothing(filled, start):
    config = configuration(filled.url(), tables("users"), top={"log": {"level": "debug"}})
    volume = Volume(**{"config.json": config})
    sidecar = start(volume / "config.json").wait_ready()
    volume.update(**{"config.json": config})
    sidecar.wait_log("reload", message="the configuration is the same as before")
    assert not sidecar.told("reloaded")


REVISION = 'revision = "{}"\ndown_revision = {!r}\n'


def test_a_new_migration_in_the_directory_is_expected_at_once(filled, start):
    directory = scratch_folder("versions", for_service=True)
    (directory / "a1.py").write_text(REVISION.format("a1", None))
    filled.execute("CREATE TABLE alembic_version (version_num text)")
    filled.execute("INSERT INTO alembic_version VALUES ('a1')")
    sidecar = start(configuration(filled.url(), alembic(directory))).wait_ready()
    (directory / "b2.py").write_text(REVISION.format("b2", "a1"))
    found = sidecar.wait_check("migrations", reason="behind")
    assert "b2" in found["message"]
    (directory / "b2.py").unlink()
    sidecar.wait_check("migrations", reason="ok")


def test_a_changed_list_is_read(filled, start):
    folder = scratch_folder("list", for_service=True)
    (folder / "heads").write_text("a1\n")
    filled.execute("CREATE TABLE alembic_version (version_num text)")
    filled.execute("INSERT INTO alembic_version VALUES ('a1')")
    sidecar = start(configuration(filled.url(), alembic(list=str(folder / "heads")))).wait_ready()
    replace(folder / "heads", "a1\nb2 <- a1\n")
    sidecar.wait_check("migrations", reason="behind")


def test_a_directory_that_is_replaced_is_followed(filled, start):
    folder = scratch_folder("release", for_service=True)
    for name, head in (("versions", "a1"), ("fresh", "b2")):
        (folder / name).mkdir()
        (folder / name / "a1.py").write_text(REVISION.format("a1", None))
        if head == "b2":
            (folder / name / "b2.py").write_text(REVISION.format("b2", "a1"))
    filled.execute("CREATE TABLE alembic_version (version_num text)")
    filled.execute("INSERT INTO alembic_version VALUES ('a1')")
    sidecar = start(configuration(filled.url(), alembic(folder / "versions"))).wait_ready()
    (folder / "versions").rename(folder / "old")
    (folder / "fresh").rename(folder / "versions")
    sidecar.wait_check("migrations", reason="behind")


def test_secrets_that_are_rotated_are_no_reload(server, filled, start):
    role = server.create_role(password="hush-one")
    secret = scratch_folder("secret", for_service=True) / "password"
    secret.write_text("hush-one")
    sidecar = start(configuration(filled.url(role), tables("users"), passwordFile=str(secret)),
                    secrets=("hush-one", "hush-two")).wait_ready()
    replace(secret, "hush-two")
    sidecar.wait_round(rounds=3)
    assert not sidecar.told("reloaded") and sidecar.ready()


def no_inotify():
    """A world in which no more inotify instance is to be had."""
    return ("unshare", "--user", "--map-root-user", "--", "sh", "-c",
            'echo 0 >/proc/sys/user/max_inotify_instances && exec "$@"', "sh")


def test_without_inotify_it_looks_every_few_seconds_and_says_so_once(filled, start):
    sidecar = start(configuration(filled.url(), tables("users")), prefix=no_inotify()).wait_ready()
    sidecar.wait_log("reload_polls")
    reload(sidecar, configuration(filled.url(), tables("nowhere")))
    sidecar.wait_check(reason="missing")
    assert len(sidecar.told("reload_polls")) == 1


# --- a bad one ----------------------------------------------------------------------------------

def test_a_bad_one_is_refused_with_all_its_problems_and_the_old_one_stays(filled, start):
    good = configuration(filled.url(), tables("users"))
    sidecar = start(good).wait_ready()
    bad = configuration(filled.url(), tables("users"), perriod="1s", timeout="0s")
    with Prober(sidecar) as prober:
        replace(file_of(sidecar), bad)
        sidecar.wait_log("reload_refused")
        wait_until(lambda: len(sidecar.events("reload_refused", level="error")) >= 2, 10)
        assert sidecar.metrics().value(SUCCESSFUL) == 0
        sidecar.wait_round(rounds=2)
    assert prober.codes == [200]
    told = " ".join(line["message"] for line in sidecar.told("reload_refused"))
    assert "perriod" in told and "timeout" in told and "stays" in told
    assert not sidecar.told("reloaded")
    replace(file_of(sidecar), good)
    sidecar.wait_until(lambda s: s.metrics().value(SUCCESSFUL) == 1, what="the good one again")


@pytest.mark.parametrize("damage", ["", "{", "[]", "\0", None], ids=["empty", "half", "list", "nul", "gone"])
def test_whatever_stands_in_the_file_the_old_one_stays(filled, start, damage):
    sidecar = start(configuration(filled.url(), tables("users"))).wait_ready()
    if damage is None:
        file_of(sidecar).unlink()
    else:
        file_of(sidecar).write_text(damage)
    sidecar.wait_log("reload_refused")
    assert sidecar.ready() and sidecar.metrics().value(SUCCESSFUL) == 0
    reload(sidecar, configuration(filled.url(), tables("orders")))
    assert sidecar.ready() and sidecar.metrics().value(SUCCESSFUL) == 1


def test_a_file_that_it_names_may_come_later(filled, start):
    folder = scratch_folder("late", for_service=True)
    filled.execute("CREATE TABLE alembic_version (version_num text)")
    sidecar = start(configuration(filled.url(), tables("users"))).wait_ready()
    wanted = configuration(filled.url(), alembic(list=str(folder / "deep" / "heads")))
    replace(file_of(sidecar), wanted)
    sidecar.wait_log("reload_refused")
    (folder / "deep").mkdir()
    (folder / "deep" / "heads").write_text("a1\n")
    sidecar.wait_until(lambda s: "empty" in s.get("/readyz/main/migrations?verbose").text,
                       what="the check of the list that came late")


# --- no moment of wrong answers -----------------------------------------------------------------

def test_a_ready_pod_stays_ready_while_new_checks_are_asked(filled, start):
    sidecar = start(configuration(filled.url(), tables("users"))).wait_ready()
    with Prober(sidecar) as prober:
        for names in (("users", "orders"), ("orders",), ("users",)):
            reload(sidecar, configuration(filled.url(), tables(*names), tables("orders", name="new")))
    assert prober.codes == [200], prober.bodies


def test_a_new_check_that_fails_closes_the_gate_with_its_reason(filled, start):
    sidecar = start(configuration(filled.url(), tables("users"))).wait_ready()
    with Prober(sidecar, "/readyz?verbose") as prober:
        reload(sidecar, configuration(filled.url(), tables("users"), tables("no", name="new")))
        sidecar.wait_not_ready()
    assert prober.codes == [200, 503]
    assert "[-]main/new failed: missing: public.no" in prober.bodies[1]
    assert "pending" not in prober.bodies[1]


def test_silence_at_a_reload_revokes_nothing(own_server, own_database, start):
    own_database.execute(BOTH)
    config = configuration(own_database.url(), tables("users"), timeout="300ms")
    sidecar = start(config).wait_ready()
    own_server.freeze()
    sidecar.wait_check(reason="timeout", held=True)
    with Prober(sidecar) as prober:
        reload(sidecar, configuration(own_database.url(), tables("users"),
                                      tables("orders", "no", name="new"), timeout="300ms"))
        check = sidecar.wait_check("new", verdict="unknown")
        assert check["held"] and check["pass"]
        assert prober.codes == [200]
        own_server.thaw()
        sidecar.wait_check("new", reason="missing")
        sidecar.wait_not_ready()
    assert prober.codes == [200, 503]


def test_what_is_held_over_a_reload_runs_out(own_server, own_database, start):
    own_database.execute(BOTH)
    keys = {"timeout": "200ms", "holdFor": "2s"}
    sidecar = start(configuration(own_database.url(), tables("users"), **keys)).wait_ready()
    own_server.stop("immediate")
    reload(sidecar, configuration(own_database.url(), tables("orders", name="new"), **keys))
    sidecar.wait_not_ready()
    own_server.start()
    sidecar.wait_ready()


def test_holding_on_can_be_made_longer_in_the_midst_of_an_outage(own_server, own_database, start):
    own_database.execute(BOTH)
    sidecar = start(configuration(own_database.url(), tables("users"), holdFor="20s")).wait_ready()
    own_server.stop("immediate")
    sidecar.wait_check(held=True)
    reload(sidecar, configuration(own_database.url(), tables("users"), holdFor="2h"))
    assert sidecar.check()["held"]
    assert json.loads(file_of(sidecar).read_text())["databases"][0]["holdFor"] == "2h"
    own_server.start()


def test_what_stays_keeps_its_session_counters_and_history(filled, start):
    sidecar = start(configuration(filled.url(), tables("users"))).wait_ready()
    filled.execute("DROP TABLE users")
    sidecar.wait_not_ready()
    filled.execute("CREATE TABLE users (id int)")
    sidecar.wait_ready()
    before, since = sidecar.metrics(), sidecar.check()["since"]
    reload(sidecar, configuration(filled.url(), tables("users"), tables("orders", name="more"),
                                  period="90ms"))
    after = sidecar.metrics()
    for name in ("schemalatch_rounds_total", "schemalatch_transitions_total",
                 "schemalatch_http_requests_total"):
        for labels, value in before.samples(name):
            assert after.value(name, **labels) >= value, (name, labels)
    assert after.value("schemalatch_connects_total", database="main") == 1
    assert after.value("schemalatch_started") == 1
    assert sidecar.check()["since"] == since
    assert any(change["reason"] == "missing" for change in sidecar.status()["history"])
    assert sidecar.get("/startupz").status == 200


def test_a_check_that_asks_something_else_forgets_what_it_had_seen(filled, start):
    sidecar = start(configuration(filled.url(), tables("users", latch=True))).wait_ready()
    reload(sidecar, configuration(filled.url(), tables("nowhere", latch=True)))
    sidecar.wait_not_ready()
    assert not sidecar.get("/readyz").status == 200


def test_another_database_is_another_session_and_another_answer(server, filled, start):
    other = server.create_database()
    sidecar = start(configuration(filled.url(), tables("users"))).wait_ready()
    reload(sidecar, configuration(other.url(), tables("users")))
    sidecar.wait_check(reason="missing")
    wait_until(lambda: not [s for s in server.sessions() if filled.name in str(s)], 10)
    other.execute("CREATE TABLE users (id int)")
    sidecar.wait_ready()
    sidecar.stop()
    other.drop()


def test_an_entry_with_another_name_has_the_one_connection(filled, start):
    sidecar = start(configuration(filled.url(), tables("users"))).wait_ready()
    with Prober(sidecar) as prober:
        reload(sidecar, configuration(filled.url(), tables("users"), name="renamed"))
    assert prober.codes == [200]
    assert sidecar.check("tables", "renamed")["reason"] == "ok"
    assert sidecar.get("/readyz/main/tables").status == 404
    count = ("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
             " AND application_name LIKE 'schemalatch%'")
    wait_until(lambda: filled.execute(count)[0][0] == 1, what="one session")


def test_several_databases_are_reloaded_whole_and_one_that_hangs_holds_up_none(
        own_server, own_database, filled, start):
    own_database.execute(BOTH)
    def config(*names):
        both = configuration(filled.url(), tables(*names))
        both["databases"].append({**configuration(own_database.url(), tables("users"),
                                                  timeout="500ms")["databases"][0], "name": "hung"})
        return both
    sidecar = start(config("users")).wait_ready()
    own_server.freeze()
    sidecar.wait_check("tables", "hung", held=True)
    with Prober(sidecar) as prober:
        reload(sidecar, config("users", "orders"))
        assert "2 of 2" in sidecar.check()["message"]
    assert prober.codes == [200]
    own_server.thaw()


# --- the lever ----------------------------------------------------------------------------------

def mode_of(sidecar):
    found, = sidecar.metrics().samples("schemalatch_mode_info")
    return found[0]["mode"]


def test_the_gate_is_opened_and_closed_while_probes_look_on(filled, start):
    config = configuration(filled.url(), tables("nowhere"))
    sidecar = start(config)
    sidecar.wait_check(reason="missing")
    with Prober(sidecar) as prober:
        wait_until(lambda: prober.codes == [503], 10)
        for top, mode in (({"mode": "observe"}, "observe"), ({}, "gate"),
                          ({"disabled": "incident 4711"}, "disabled"), ({}, "gate")):
            reload(sidecar, {**config, **top})
            assert mode_of(sidecar) == mode
            wait_until(lambda: prober.codes[-1] == (503 if mode == "gate" else 200), 10)
    assert prober.codes == [503, 200, 503, 200, 503]


def test_disabled_asks_nothing_and_enabled_looks_before_it_closes_a_gate(own_server, own_database, start):
    own_database.execute(BOTH)
    config = configuration(own_database.url(), tables("users"))
    sidecar = start(config).wait_ready()
    with Prober(sidecar) as prober:
        reload(sidecar, {**config, "disabled": "incident 4711"})
        wait_until(lambda: not own_server.sessions(), 10)
        rounds = sidecar.metrics().value("schemalatch_rounds_total", database="main")
        assert "nothing is asked while disabled" in sidecar.check()["message"]
        stays(lambda: sidecar.metrics().value("schemalatch_rounds_total", database="main") == rounds, 0.5)
        reload(sidecar, config)
        assert sidecar.check()["reason"] == "ok"
    assert prober.codes == [200]


def test_the_lever_works_at_once_while_the_database_hangs(own_server, own_database, start):
    own_database.execute(BOTH)
    config = configuration(own_database.url(), tables("nowhere"), timeout="30s")
    sidecar = start(config)
    sidecar.wait_check(reason="missing")
    own_server.freeze()
    asked = sidecar.metrics().value("schemalatch_rounds_total", database="main")
    sidecar.wait_until(lambda s: s.metrics().value("schemalatch_rounds_total", database="main") == asked)
    replace(file_of(sidecar), {**config, "mode": "observe"})
    sidecar.send_signal(signal.SIGHUP)
    sidecar.wait_ready(3)
    own_server.thaw()


def test_the_log_level_follows(filled, start):
    config = configuration(filled.url(), tables("users"))
    sidecar = start(config).wait_ready()
    replace(file_of(sidecar), {**config, "mode": "observe", "log": {"level": "error"}})
    sidecar.wait_until(lambda s: mode_of(s) == "observe")
    filled.execute("DROP TABLE users")
    sidecar.wait_check(reason="missing")
    assert not sidecar.told(check="tables", reason="missing")
    replace(file_of(sidecar), {**config, "log": {"level": "debug"}})
    sidecar.wait_log("reloaded")


def test_listen_takes_a_restart_and_the_rest_does_not(filled, start):
    def config(port, *names):
        return configuration(filled.url(), tables(*names), top={"listen": f"127.0.0.1:{port}"})
    port = free_port()
    sidecar = start(config(port, "users"), listen=None, port=port).wait_ready()
    replace(file_of(sidecar), config(free_port(), "nowhere"))
    sidecar.wait_check(reason="missing")
    sidecar.wait_log("reload", level="warn",
                     message='"listen" is another one now: that takes a restart, the rest does not')


# --- all day long -------------------------------------------------------------------------------

def resident_kib(sidecar):
    for line in Path(f"/proc/{sidecar.pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1])
    raise AssertionError("no VmRSS")


RELOADS = int(os.environ.get("SCHEMALATCH_TEST_RELOADS", "400"))


def sockets(pid):
    """The inodes of the sockets that a process has open."""
    found = set()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        try:
            kind, _, inode = os.readlink(entry).partition(":")
        except FileNotFoundError:  # closed meanwhile
            continue
        if kind == "socket":
            found.add(inode.strip("[]"))
    return found


def sessions(sidecar, server):
    """How many connections to the server are open or being opened, as the sidecar's side has them:
    the server goes on for a while with one that has been closed."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    # The kernel may list one several times where others come and go meanwhile.
    to_server = {rest[5] for _, _, remote, state, *rest in rows
                 if int(remote.split(":")[1], 16) == server.port and state in ("01", "02")}
    return len(to_server & sockets(sidecar.pid))


def connections(sidecar, server, stop, most):
    """The most at any one look."""
    while not stop.is_set():
        most.append(sessions(sidecar, server))
        stop.wait(0.02)


@pytest.mark.limit(3600)
def test_reloads_under_probing_change_no_answer_and_keep_no_memory(server, filled, start):
    """Ten thousand of them in tests/check.sh; some hundreds here."""
    variants = [configuration(filled.url(), tables("users"), tables("orders", name="more")),
                configuration(filled.url(), tables("users", "orders"), period="80ms"),
                configuration(filled.url(), tables("orders"), tables("users", name="other")),
                configuration(filled.url(), tables("users"), keepConnection="never")]
    sidecar = start(variants[0]).wait_ready()
    stop, most = threading.Event(), []
    watch = threading.Thread(target=connections, args=(sidecar, server, stop, most))
    watch.start()
    with Prober(sidecar) as prober:
        for i in range(1, RELOADS + 1):
            seen = len(sidecar.lines)
            replace(file_of(sidecar), variants[i % len(variants)])
            sidecar.send_signal(signal.SIGHUP)
            wait_until(lambda: any('"reloaded"' in line for line in sidecar.lines[seen:]), 15,
                       lambda: f"reload {i}\n{sidecar.lines[seen:]}")
            if i == RELOADS // 4:
                early = resident_kib(sidecar)
    stop.set()
    watch.join()
    assert prober.codes == [200], prober.bodies
    assert max(most) <= 1
    assert sidecar.metrics().value(SUCCESSFUL) == 1
    print(f"{RELOADS} reloads, {prober.count} probes, {early} KiB -> {resident_kib(sidecar)} KiB")
    if not sidecar.is_instrumented():
        assert resident_kib(sidecar) - early < 1024
