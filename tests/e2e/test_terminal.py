"""`check` and `wait` for a person: colours, lines that fit and progress on a terminal that has them;
the same words in plain lines elsewhere."""

import signal

import pytest
from support.processes import free_port
from support.revisions import line_of, set_versions, write_history
from support.sidecar import alembic, configuration, run, tables
from support.terminal import ESCAPE, Terminal

COLOURED = "\x1b[1;31mnot_ready\x1b[0m"


@pytest.fixture
def config(database, tmp_path):
    """Two migrations pending."""
    versions = write_history(tmp_path, line_of("a1", "b2", "c3"))
    set_versions(database, "a1")
    url = database.url(sslmode="disable")
    return configuration(url, alembic(versions), tables("users", gates=[]))


def words(text):
    return " ".join(text.split())


@pytest.mark.parametrize("columns", [200, 80, 40])
def test_check_fits_and_says_the_same_as_when_piped(config, columns):
    piped = run("check", config=config)
    assert "\x1b" not in piped.out
    with Terminal("check", config=config, columns=columns) as terminal:
        assert terminal.wait() == piped.code == 1
        assert COLOURED in terminal.raw
        assert max(map(len, terminal.lines())) <= columns
        assert words(" ".join(terminal.lines())) == words(piped.out)


@pytest.mark.parametrize("env", [{"NO_COLOR": "1"}, {"TERM": "dumb"}, {"TERM": None}])
@pytest.mark.parametrize("command", ["check", "wait"])
def test_no_colours_where_they_are_not_wanted(config, command, env):
    arguments = ["--timeout", "1500ms"] if command == "wait" else []
    with Terminal(command, *arguments, config=config, env=env) as terminal:
        assert terminal.wait() == 1
        escapes = set(ESCAPE.findall(terminal.raw))
        assert escapes == ({"\x1b[K"} if command == "wait" and "NO_COLOR" in env else set())
        assert max(map(len, terminal.lines())) <= 80


def test_an_empty_no_color_is_none(config):
    with Terminal("check", config=config, env={"NO_COLOR": ""}) as terminal:
        terminal.wait()
        assert COLOURED in terminal.raw


def test_wait_shows_what_is_pending_and_for_how_long(config, database):
    with Terminal("wait", config=config, columns=60) as terminal:
        terminal.wait_text("waiting 2s for main/migrations (behind, 2 pending)")
        assert all(len(line) < 60 for line in terminal.drawn())
        set_versions(database, "b2")
        terminal.wait_text("(behind, 1 pending)")
        set_versions(database, "c3")
        assert terminal.wait() == 0
        left = terminal.lines()
        assert not any(line.startswith("waiting") for line in left), left
        assert "main/migrations ready (ok): at c3, all of this" in words(" ".join(left))


def test_a_line_that_does_not_fit_is_cut(database):
    checks = [tables("t", name=f"check-number-{i}") for i in range(20)]
    with Terminal("wait", config=configuration(database.url(), *checks), columns=50) as terminal:
        terminal.wait_text("waiting 1s")
        drawn = [line for line in terminal.drawn() if line.startswith("waiting")]
        assert {len(line) for line in drawn if "number-0" in line} == {49}


def test_a_line_of_the_log_takes_the_place_of_what_is_drawn(database):
    """The session is not encrypted, which is told while progress stands there."""
    config = configuration(database.url(sslmode="prefer"), tables("users"))
    with Terminal("wait", "--timeout", "1500ms", config=config) as terminal:
        assert terminal.wait() == 1
        told = [line for line in terminal.lines() if "unencrypted" in line]
        assert len(told) == 1 and "waiting" not in told[0]


def test_wait_leaves_no_progress_behind_when_it_is_ended():
    config = {"upstreams": [{"url": f"tcp://127.0.0.1:{free_port()}"}]}
    with Terminal("wait", config=config) as terminal:
        terminal.wait_text("waiting 1s for upstream (unhealthy)")
        terminal.process.send_signal(signal.SIGINT)
        terminal.wait()
        assert not any("waiting" in line for line in terminal.lines())


def test_wait_is_plain_when_piped(config, database):
    result = run("wait", "--timeout", "1500ms", config=config)
    assert result.code == 1
    assert "\x1b" not in result.out and "\r" not in result.out and "waiting" not in result.out
    assert result.out.splitlines()[-1].startswith("not ready after ")
