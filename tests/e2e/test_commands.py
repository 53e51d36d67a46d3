"""The commands: exit codes, what is on standard output, and what on standard error."""

import json
import signal
import subprocess

import pytest

from support.postgres import Postgres
from support.processes import free_port, guarded
from support.revisions import set_versions
from support.sidecar import (
    alembic,
    command_line,
    configuration,
    environment,
    find_check,
    program,
    run,
    tables,
)
from support.waiting import PATIENCE, wait_until

USERS = "CREATE TABLE users (id int)"
COMMANDS = ("serve", "check", "wait", "probe", "config", "version", "help")


@pytest.fixture(scope="module")
def there(server):
    database = server.create_database()
    database.execute(USERS)
    set_versions(database, "aa01")
    return database


@pytest.fixture(scope="module")
def nobody():
    """A URL where no server is."""
    return f"postgresql://postgres@127.0.0.1:{free_port()}/none"


def entries(text):
    return [json.loads(line) for line in text.splitlines()]


# --- help, version, usage --------------------------------------------------------------------------

@pytest.mark.parametrize("arguments", [("help",), ("--help",), ("-h",)])
def test_help_names_every_command(arguments):
    result = run(*arguments)
    assert result.code == 0 and result.err == ""
    assert all(command in result.out for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_each_command(command):
    result = run(command, "--help")
    assert result.code == 0 and result.err == ""
    assert command in result.out


def test_version(there, start):
    result = run("version")
    assert result.code == 0 and result.err == ""
    sidecar = start(configuration(there.url(), tables("users")))
    assert sidecar.status()["version"] in result.out
    assert run("--version").out == result.out


@pytest.mark.parametrize("arguments", [
    (), ("sevre",), ("serve", "--nonsense"), ("check", "--jsn"), ("wait", "--timeout"),
    ("wait", "--timeout", "soon"), ("wait", "--timeout", "-5s"), ("probe", "nonsense"),
    ("probe", "ready", "live"), ("check", "surplus"), ("config", "surplus"), ("serve", "--config"),
    ("--nonsense",), ("serve", "--listen"), ("check", "--mode", "sometimes"),
])
def test_bad_usage_is_2(there, arguments):
    env = {"DATABASE_URL": there.url(), "SCHEMALATCH_TABLES": "users"}
    result = run(*arguments, env=env)
    assert result.code == 2, result
    assert result.out == "" and result.err != ""


def test_a_mistyped_command_or_flag_names_the_nearest():
    assert "serve" in run("sevre").err
    assert "--json" in run("check", "--jsn").err


# --- check ---------------------------------------------------------------------------------------

def test_check_exits_as_the_verdict_is(there, nobody):
    rows = (
        (0, there.url(), [tables("users")]),
        (1, there.url(), [tables("users"), tables("orders", name="more")]),
        (3, nobody, [tables("users")]),
        (0, there.url(), [tables("users"), alembic(revisions=["aa01"])]),
        (1, there.url(), [tables("users"), alembic(revisions=["bb02"])]),
    )
    for code, url, checks in rows:
        if code == 1:
            checks = [{**check, "unknownRevision": "not_ready"} if check["kind"] == "migrations"
                      else check for check in checks]
        assert run("check", config=configuration(url, *checks)).code == code, checks


def test_check_reports_for_people(there):
    result = run("check", config=configuration(there.url(), tables("users"),
                                               tables("orders", name="more")))
    assert result.code == 1
    for part in ("main", "tables", "more", "missing", "public.orders"):
        assert part in result.out
    assert not result.out.startswith("{")


def test_check_as_JSON(there):
    result = run("check", "--json", config=configuration(there.url(), tables("users"),
                                                         tables("orders", name="more")))
    document = result.json()
    assert result.code == 1 and document["ready"] is False
    assert find_check(document, "tables")["reason"] == "ok"
    more = find_check(document, "more")
    assert (more["verdict"], more["reason"], more["kind"]) == ("not_ready", "missing", "tables")


def test_check_says_not_ready_rather_than_unknown(there, nobody):
    """An answer is worth more than silence elsewhere."""
    config = configuration(there.url(), tables("orders"))
    config["databases"] += configuration(nobody, tables("users"))["databases"]
    config["databases"][1]["name"] = "other"
    assert run("check", config=config).code == 1


def test_check_takes_no_longer_than_its_timeout_on_a_hung_server(own_server):
    database = own_server.create_database()
    own_server.freeze()
    result = run("check", config=configuration(database.url(), tables("users"), timeout="500ms"),
                 timeout_s=8)
    assert result.code == 3 and "timeout" in result.out


def test_check_needs_no_port(there, start):
    """It runs beside the sidecar, with the same configuration."""
    sidecar = start(configuration(there.url(), tables("users"))).wait_ready()
    assert sidecar.run("check").code == 0


def test_standard_output_is_the_result_and_standard_error_the_log(there):
    config = configuration(there.url(pool_timeout=3), tables("orders"))
    result = run("check", "--json", config=config)
    assert json.loads(result.out)
    assert all({"time", "level", "event", "message"} <= set(e) for e in entries(result.err))
    text = run("check", "--log-format", "text", config=config)
    assert not any(line.startswith("{") for line in text.err.splitlines())


# --- wait ----------------------------------------------------------------------------------------

def test_wait_ends_when_it_is_ready(there):
    result = run("wait", config=configuration(there.url(), tables("users")))
    assert result.code == 0
    assert result.out.splitlines()


def test_wait_tells_each_change_in_a_line_and_ends_when_the_migration_is_done(server):
    database = server.create_database()
    line = command_line("wait", config=configuration(database.url(), tables("users", "orders")))
    process = subprocess.Popen(guarded(line), env=environment(), stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True, cwd="/")
    first = process.stdout.readline()
    assert "missing" in first and "public.users" in first and "public.orders" in first
    database.execute(USERS)
    second = process.stdout.readline()
    assert "public.orders" in second and "public.users" not in second
    database.execute("CREATE TABLE orders (id int)")
    out, err = process.communicate(timeout=20 * PATIENCE)
    assert process.returncode == 0, err
    assert len(out.splitlines()) == 1, "one line for the last change"


def test_wait_with_a_time_limit_exits_as_the_last_verdict(there, nobody):
    rows = ((1, there.url(), "missing", "3s"), (3, nobody, "unreachable", "500ms"))
    for code, url, reason, limit in rows:
        result = run("wait", "--timeout", limit, config=configuration(url, tables("orders")),
                     timeout_s=8)
        assert result.code == code, result
        assert reason in result.out


def test_wait_survives_a_server_that_is_not_there_yet(own_server):
    database = own_server.create_database()
    database.execute(USERS)
    own_server.stop("fast")
    line = command_line("wait", config=configuration(database.url(), tables("users")))
    process = subprocess.Popen(guarded(line), env=environment(), stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True, cwd="/")
    assert "unreachable" in process.stdout.readline()
    own_server.start()
    out, err = process.communicate(timeout=40 * PATIENCE)
    assert process.returncode == 0, err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_wait_can_be_ended(nobody, number):
    line = command_line("wait", config=configuration(nobody, tables("users")))
    process = subprocess.Popen(guarded(line), env=environment(), stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True, cwd="/")
    process.stdout.readline()
    process.send_signal(number)
    process.communicate(timeout=2 * PATIENCE)
    assert process.returncode != 0, "it is not ready"


def test_wait_asks_startup_gates_only_of_what_gates_startup(there):
    """Reported-only checks hold nobody up."""
    config = configuration(there.url(), tables("users"), tables("orders", name="more", gates=[]))
    assert run("wait", "--timeout", "5s", config=config).code == 0


# --- probe ---------------------------------------------------------------------------------------

def test_probe_asks_the_running_sidecar(server, start):
    database = server.create_database()
    sidecar = start(configuration(database.url(), tables("users")))
    sidecar.wait_check(reason="missing")
    for arguments, code in (((), 1), (("ready",), 1), (("startup",), 1), (("live",), 0)):
        assert sidecar.run("probe", *arguments).code == code, arguments
    assert "missing: " in sidecar.run("probe").out and "public.users" in sidecar.run("probe").out
    database.execute(USERS)
    sidecar.wait_ready()
    for arguments in ((), ("ready",), ("startup",), ("live",)):
        assert sidecar.run("probe", *arguments).code == 0, arguments


def test_probe_without_a_sidecar_is_3(there):
    env = {"SCHEMALATCH_LISTEN": f"127.0.0.1:{free_port()}"}
    result = run("probe", config=configuration(there.url(), tables("users")), env=env)
    assert result.code == 3
    assert result.out + result.err != ""


def test_probe_with_a_sidecar_that_hangs_is_3(there, start):
    sidecar = start(configuration(there.url(), tables("users")))
    sidecar.send_signal(signal.SIGSTOP)
    try:
        assert sidecar.run("probe", timeout_s=15).code == 3
    finally:
        sidecar.send_signal(signal.SIGCONT)


def test_probe_finds_a_sidecar_that_listens_everywhere(there, start):
    port = free_port()
    sidecar = start(configuration(there.url(), tables("users")), listen=f":{port}", port=port)
    sidecar.wait_ready()
    assert sidecar.run("probe").code == 0


def test_probe_by_flag(there, start):
    sidecar = start(configuration(there.url(), tables("users"))).wait_ready()
    assert run("probe", "--listen", f"127.0.0.1:{sidecar.port}").code == 0


# --- config --------------------------------------------------------------------------------------

def test_config_prints_what_is_in_effect(there):
    result = run("config", config=configuration(there.url(), tables("users")))
    assert result.code == 0
    printed = result.json()
    assert printed["listen"] == ":8484" and printed["mode"] == "gate"
    database, = printed["databases"]
    assert database["holdFor"] == "5m" and database["name"] == "main"
    assert database["checks"][0]["kind"] == "tables"


def test_config_shows_the_defaults():
    result = run("config", env={"DATABASE_URL": "postgresql://h/d", "SCHEMALATCH_TABLES": "users"})
    database, = result.json()["databases"]
    assert {key: database[key] for key in ("name", "period", "retryPeriod", "timeout", "holdFor",
                                           "keepConnection")} == {
        "name": "main", "period": "10s", "retryPeriod": "125ms", "timeout": "2s", "holdFor": "5m",
        "keepConnection": "auto"}
    check, = database["checks"]
    assert (check["name"], check["gates"], check["latch"]) == ("tables", ["startup", "readiness"], False)


def test_config_hides_secrets(tmp_path):
    urls = ("postgresql://role:hush@h/d", "postgresql://h/d?user=role&password=hush",
            "jdbc:postgresql://h/d?user=role&password=hush", "host=h user=role password=hush",
            "postgresql://role:hush@h/d?sslpassword=hush")
    for url in urls:
        result = run("config", config=configuration(url, tables("users")))
        assert result.code == 0, result
        assert "hush" not in result.out + result.err


def test_config_output_can_be_used_as_a_file(there, tmp_path):
    result = run("config", config=configuration(there.url(), tables("users"), alembic(revisions=["aa01"])))
    again = run("config", config=result.out)
    assert again.code == 0 and again.json() == result.json()


def test_config_from_the_environment_names_one_database_main(there):
    env = {"DATABASE_URL": there.url(), "SCHEMALATCH_TABLES": "users, app.people",
           "SCHEMALATCH_MIGRATIONS": "alembic@aa01,bb02", "SCHEMALATCH_LISTEN": ":9999",
           "SCHEMALATCH_MODE": "observe", "SCHEMALATCH_LOG_LEVEL": "debug"}
    printed = run("config", env=env).json()
    assert (printed["listen"], printed["mode"], printed["log"]["level"]) == (":9999", "observe", "debug")
    database, = printed["databases"]
    assert database["name"] == "main"
    assert [check["kind"] for check in database["checks"]] == ["tables", "migrations"]
    assert database["checks"][0]["tables"] == ["users", "app.people"]
    assert database["checks"][1]["revisions"] == ["aa01", "bb02"]


def test_a_configuration_file_by_environment(there, tmp_path):
    file = tmp_path / "file.json"
    file.write_text(json.dumps(configuration(there.url(), tables("users"))), encoding="utf-8")
    assert run("check", env={"SCHEMALATCH_CONFIG": file}).code == 0


def test_flags_go_before_environment_before_file(there):
    config = {**configuration(there.url(), tables("users")), "listen": ":1001", "mode": "observe"}
    assert run("config", config=config).json()["listen"] == ":1001"
    env = {"SCHEMALATCH_LISTEN": ":1002"}
    assert run("config", config=config, env=env).json()["listen"] == ":1002"
    assert run("config", "--listen", ":1003", config=config, env=env).json()["listen"] == ":1003"
    assert run("config", "--listen=:1003", config=config, env=env).json()["listen"] == ":1003"


# --- serve ---------------------------------------------------------------------------------------

def test_serve_without_anything_to_check_is_a_problem():
    result = run("serve", env={"SCHEMALATCH_LISTEN": f"127.0.0.1:{free_port()}"})
    assert result.code == 2 and result.err


def test_serve_with_a_bad_configuration_is_2(there):
    result = run("serve", config=configuration(there.url(), tables("users"), period="soon"))
    assert result.code == 2
    assert "/databases/0/period" in result.err


def test_one_shot_commands_do_not_need_the_superuser():
    """The tests' own servers trust everybody: a plain role does as well."""
    with Postgres() as server:
        database = server.create_database()
        database.execute(USERS)
        url = database.url(server.create_role())
        assert run("check", config=configuration(url, tables("users"))).code == 0


def test_a_log_on_a_terminal_is_text(there):
    """script(1) gives the program a terminal."""
    line = f"{program()} check"
    env = environment({"DATABASE_URL": there.url(), "SCHEMALATCH_TABLES": "users",
                       "SCHEMALATCH_LOG_LEVEL": "debug"})
    done = subprocess.run(["script", "-qec", line, "/dev/null"], env=env, capture_output=True,
                          text=True, stdin=subprocess.DEVNULL, timeout=20 * PATIENCE)
    assert done.returncode == 0
    assert not any(text.lstrip().startswith('{"time"') for text in done.stdout.splitlines())


def test_a_change_is_one_log_line_and_repetition_none(server, start):
    database = server.create_database()
    database.execute(USERS)
    sidecar = start(configuration(database.url(), tables("users"), period="50ms")).wait_ready()
    sidecar.wait_round(rounds=20)
    assert len(sidecar.told(check="tables")) == 1
    database.execute("DROP TABLE users")
    line = sidecar.wait_log(check="tables", reason="missing")
    assert (line["database"], line["verdict"]) == ("main", "not_ready")
    assert "public.users" in line["message"]
    sidecar.wait_round(rounds=20)
    assert len(sidecar.told(check="tables")) == 2


def test_a_held_verdict_and_its_end_are_told_in_the_log(own_server, start):
    database = own_server.create_database()
    database.execute(USERS)
    sidecar = start(configuration(database.url(), tables("users"), timeout="500ms", holdFor="1s"))
    sidecar.wait_ready()
    own_server.stop("immediate")
    sidecar.wait_log(check="tables", verdict="unknown")
    sidecar.wait_not_ready()
    wait_until(lambda: any("ready" in e["message"].lower() for e in sidecar.log[-3:]), 10,
               "a line that readiness is gone")
