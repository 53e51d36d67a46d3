"""Every tool in every ordinary state, with the release told by its files and by a list."""

import pytest

from support.sidecar import ask, configuration, run
from support.tools import SHAPES, create, operand, record, write_files


def migrations(tool, **keys):
    return {"kind": "migrations", "tool": tool, **keys}


def look(database, check):
    return ask(configuration(database.url(), check), "migrations")


def list_of(tool, directory, folder):
    """What `manifest` makes of a directory, as a file."""
    result = run("manifest", tool, *operand(directory))
    assert result.code == 0, result.err
    path = folder / "expected.list"
    path.write_text(result.out)
    return str(path)


# What is recorded (indices of the shape's ids), the reason, and how many are pending.
STATES = {
    "none": ((), "empty", 3),
    "half": ((0,), "behind", 2),
    "all": ((0, 1, 2), "ok", 0),
    "ahead": ((0, 1, 2, 3), "ahead", 0),
}


# Alembic's policy on what its table cannot tell is of its own; see test_alembic.py.
SETS = [tool for tool in SHAPES if not SHAPES[tool].single]
NOT_ALEMBIC = [tool for tool in SHAPES if tool != "alembic"]


@pytest.fixture
def sources(tool, tmp_path):
    """The check by directory, and by the list made of it."""
    directory = write_files(tool, tmp_path / "files")
    return [migrations(tool, directory=directory),
            migrations(tool, list=list_of(tool, directory, tmp_path))]


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("tool", SHAPES)
def test_states(database, tool, sources, state):
    recorded, reason, pending = STATES[state]
    if tool == "alembic" and state == "ahead":
        reason = "unknown_revision"
    create(database, tool)
    record(database, tool, *(SHAPES[tool].ids[i] for i in recorded))
    for check in sources:
        found = look(database, check)
        assert found["reason"] == reason, found
        if pending:
            assert f"{pending} pending" in found["message"], found


@pytest.mark.parametrize("tool", SHAPES)
def test_unmanaged(database, tool, sources):
    for check in sources:
        assert look(database, check)["reason"] == "unmanaged"


@pytest.mark.parametrize("tool", NOT_ALEMBIC)
def test_exact_refuses_more(database, tool, sources):
    create(database, tool)
    record(database, tool, *SHAPES[tool].ids)
    for check in sources:
        found = look(database, {**check, "rule": "exact"})
        assert found["reason"] == "mismatch" and "exact" in found["message"], found


@pytest.mark.parametrize("tool", SETS)
def test_a_hole_under_a_newer_release_is_diverged(database, tool, sources):
    create(database, tool)
    record(database, tool, *(SHAPES[tool].ids[i] for i in (0, 1, 3)))
    for check in sources:
        assert look(database, check)["reason"] == "diverged"


@pytest.mark.parametrize("tool", NOT_ALEMBIC)
def test_unknown_revision_is_alembics(tool, sources):
    result = run("config", config=configuration("postgresql://db/app", {
        **sources[0], "unknownRevision": "ready"}))
    assert result.code == 2 and "unknownRevision: is for alembic only" in result.err
