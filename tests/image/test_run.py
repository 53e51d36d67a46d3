"""The image is run: as "restricted" demands, beside a PostgreSQL that wants TLS and a password."""

from pathlib import Path

import pytest

from bench.instruments import memory
from support.container import Container, image, run_image

RESIDENT_LIMIT = 8_000_000
VARIANTS = ("lean", "debian")


def process_status(pid):
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: value.strip() for name, value in (line.split(":", 1) for line in lines)}


@pytest.mark.parametrize("variant", VARIANTS)
def test_it_turns_with_the_schema_and_the_exec_probe_says_why(database, start, variant):
    container = start(database, variant=variant)
    container.wait_check(reason="missing")
    assert container.get("/readyz").status == 503
    probe = container.execute("schemalatch", "probe", "ready")
    assert probe.code == 1
    assert "[-]main/tables failed: missing: public.users" in probe.out + probe.err

    database.execute("CREATE TABLE users (id int)")
    container.wait_ready()
    assert container.execute("schemalatch", "probe", "ready").code == 0
    assert container.execute("schemalatch", "probe", "startup").code == 0

    database.execute("DROP TABLE users")
    container.wait_not_ready()


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_session_is_encrypted_by_a_server_that_was_verified(server, database, start, variant):
    start(database, variant=variant).wait_check(reason="missing")
    assert server.execute(
        "SELECT version FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)"
        " WHERE starts_with(application_name, 'schemalatch') AND ssl") == [("TLSv1.3",)]


def test_it_has_no_right_that_it_does_not_need(database, start):
    status = process_status(start(database).pid)
    assert status["Uid"].split() == status["Gid"].split() == ["65532"] * 4
    assert {status[f"Cap{kind}"] for kind in ("Inh", "Prm", "Eff", "Bnd", "Amb")} == {"0" * 16}
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")


def test_its_root_is_read_only(database, start):
    mounts = Path(f"/proc/{start(database).pid}/mountinfo").read_text().splitlines()
    options, = [line.split()[5] for line in mounts if line.split()[4] == "/"]
    assert "ro" in options.split(",")


def test_it_is_the_first_process_and_ends_within_a_second(database, start):
    container = start(database)
    assert process_status(container.pid)["NSpid"].split()[-1] == "1"
    database.execute("CREATE TABLE users (id int)")
    container.wait_ready()
    container.stop()


def test_it_ends_within_a_second_with_the_server_frozen(server, database, start):
    container = start(database)
    container.wait_check(reason="missing")
    server.freeze()
    try:
        container.stop()
    finally:
        server.thaw()


def test_names_of_the_hosts_file_are_known(database, start):
    """kubelet writes one for each pod."""
    for name in ("db.test", "localhost"):
        start(database, name).wait_check(reason="missing")


def test_names_of_the_name_server_are_known(names, database, start):
    names.addresses["db.test"] = "127.0.0.1"
    container = start(database, hosts={}, mounts={names.resolv_conf: "/etc/resolv.conf"})
    container.wait_check(reason="missing")
    assert "db.test" in names.queries


def test_without_a_user_in_the_URL_it_logs_in_by_its_own_name(server, database, start):
    server.create_role("schemalatch")
    container = start(database, role="", password=None)
    container.wait_check(reason="missing")
    assert server.sessions() and server.execute(
        "SELECT usename FROM pg_stat_activity WHERE starts_with(application_name, 'schemalatch')"
    ) == [("schemalatch",)]


def test_any_user_may_run_it(database, start):
    """Some clusters give each namespace numbers of its own."""
    container = start(database, user="1000650000:0")
    container.wait_check(reason="missing")
    assert process_status(container.pid)["Uid"].split()[0] == "1000650000"


def test_its_own_authorities_can_be_read(server, database):
    """The server hears that its certificate is of none of them: so they have been read."""
    url = database.url(host="localhost", sslmode="verify-full",
                       sslrootcert="/etc/ssl/certs/ca-certificates.crt")
    options = (f"--env=DATABASE_URL={url}", "--env=SCHEMALATCH_TABLES=users")
    result = run_image(image(), "check", options=options)
    assert result.code == 3
    assert server.log_lines("unknown ca")


def test_without_arguments_it_serves(database, start):
    """The image's own command, configured by nothing but the environment."""
    database.execute("CREATE TABLE users (id int)")
    env = {"DATABASE_URL": database.url(), "SCHEMALATCH_TABLES": "users"}
    with Container(image=image(), env=env) as container:
        container.wait_ready()


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_command_that_needs_no_server_works(variant):
    for command in ("version", "help", "config"):
        result = run_image(image(variant), command, options=("--env=SCHEMALATCH_TABLES=users",))
        assert result.code == 0 and result.out, (command, result)


def test_its_memory_with_a_TLS_session_is_small(database, start):
    database.execute("CREATE TABLE users (id int)")
    container = start(database).wait_ready()
    container.wait_round(rounds=5)
    container.execute("schemalatch", "probe")
    resident = memory(container.pid)["rss"]
    assert resident <= RESIDENT_LIMIT, f"{resident} bytes"
