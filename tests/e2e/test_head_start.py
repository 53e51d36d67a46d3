"""check and wait open their session while the files that checks name are still being read."""

import json
import os
import signal
import subprocess
from contextlib import contextmanager

import pytest

from peer import wire
from peer.fake_postgres import FakePostgres, greet
from peer.relay import at, relay, say_and_leave
from support.processes import free_port, guarded
from support.sidecar import alembic, command_line, configuration, environment, run, tables
from support.statements import log_lines
from support.waiting import PATIENCE, wait_until



class Reading:
    """A command in the midst of reading its files: a list that comes through a pipe."""

    def __init__(self, command, url, folder, *, checks=(), **database):
        self.list = folder / "list"
        os.mkfifo(self.list)
        config = configuration(url, *checks, alembic(list=str(self.list)), **database)
        line = command_line(*command, config=config, folder=folder)
        self.process = subprocess.Popen(guarded(line), env=environment(), text=True,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def finish(self, text):
        """The rest is read; gives the exit code and what was said."""
        self.list.write_text(text)
        out, err = self.process.communicate(timeout=30 * PATIENCE)
        return self.process.returncode, out, err


@contextmanager
def reading(*arguments, **keywords):
    there = Reading(*arguments, **keywords)
    try:
        yield there
    finally:
        there.process.kill()
        there.process.communicate()


def idle_session(database):
    """The pid of our session of that database once it has been asked where it leads."""
    def find():
        found = [pid for pid, name, _, state in database.server.sessions()
                 if name == database.name and state == "idle"]
        return found[0] if found and asked(database, "pg_current_snapshot") else None
    return wait_until(find, what="a session while files are being read")


def asked(database, what):
    return [line for line in log_lines(database) if what in line]


@pytest.mark.parametrize("command", [("check",), ("wait", "--timeout", "20s")])
def test_the_session_is_there_before_the_files_are_read(told, tmp_path, command):
    with reading(command, told.url(), tmp_path, checks=(tables("users"),)) as started:
        idle_session(told)
        assert not asked(told, "relname"), "a check was asked before all was known"
        code, out, err = started.finish("aa01\n")
    assert code == 0, out + err
    assert asked(told, "relname"), "no check was asked"
    opened = told.server.log_lines(f"database={told.name} application_name=schemalatch")
    assert len(opened) == 1, "the session that was there has not been used"


def test_nothing_is_asked_where_a_file_is_wrong(told, tmp_path):
    with reading(("check",), told.url(), tmp_path, checks=(tables("users"),)) as started:
        idle_session(told)
        code, out, err = started.finish("a@b\n")
    assert (code, out) == (2, "")
    assert 'revision "a@b" has a "@"' in err
    assert not asked(told, "relname")
    wait_until(lambda: told.name not in [name for _, name, _, _ in told.server.sessions()])


def test_no_session_is_opened_where_the_configuration_is_wrong(told):
    result = run("check", config=configuration(told.url(), tables(), alembic(list="/no/such")))
    assert result.code == 2 and "no table is named" in result.err and "/no/such" in result.err
    assert not log_lines(told)


def test_a_session_that_was_lost_meanwhile_is_opened_anew(told, tmp_path):
    with reading(("check", "--json"), told.url(), tmp_path) as started:
        pid = idle_session(told)
        told.execute("SELECT pg_terminate_backend(%s)", (pid,))
        wait_until(lambda: pid not in [found[0] for found in told.server.sessions()])
        code, out, err = started.finish("aa01\n")
    assert code == 0, out + err
    assert json.loads(out)["databases"][0]["checks"][0]["verdict"] == "ready"


def test_a_session_whose_loss_shows_late_is_opened_anew(told, tmp_path):
    """It is lost as soon as a check asks: the first does so with texts of its own in hand."""
    real = told.server.address, told.server.port
    knex = {"kind": "migrations", "tool": "knex", "name": "knex", "revisions": ["a.js"]}
    leave = at("T", say_and_leave(wire.fatal("57P01")), of="relname")
    with FakePostgres((greet(), relay(real, leave))) as fake:
        url = fake.url("disable", "postgres", database=told.name)
        with reading(("check", "--json"), url, tmp_path, checks=(knex,)) as started:
            idle_session(told)
            fake.behave((greet(), relay(real)))
            code, out, err = started.finish("aa01\n")
        assert len(fake.visits) == 2
    assert code == 1, out + err
    checks = json.loads(out)["databases"][0]["checks"]
    assert {c["name"]: c["verdict"] for c in checks} == {"knex": "not_ready", "migrations": "ready"}
    assert "Sanitizer" not in err


def test_a_server_that_is_not_there_is_told_once_all_is_read(tmp_path):
    url = f"postgresql://postgres@127.0.0.1:{free_port()}/none"
    with reading(("check",), url, tmp_path) as started:
        code, out, _ = started.finish("aa01\n")
    assert code == 3 and "refuse" in out


def test_a_signal_ends_it_at_once(told, tmp_path):
    """SIGINT does as well, unless whoever started us ignores it, as shells do for what runs behind."""
    with reading(("wait",), told.url(), tmp_path) as started:
        idle_session(told)
        started.process.send_signal(signal.SIGTERM)
        assert started.process.wait(timeout=10 * PATIENCE) == -signal.SIGTERM
