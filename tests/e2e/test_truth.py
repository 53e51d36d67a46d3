"""What the real tools left, recorded in tests/truth, judged by the release's files and by a list.

A recording is a folder tests/truth/TOOL/STATE: `history.sql` recreates what stood in the database,
`case.json` says which files or ids the release has and what a check has to find. How they are made
and compared anew is the business of tests/truth.sh."""

import json
import subprocess
from pathlib import Path

import pytest

from support.postgres import client
from support.sidecar import ask, configuration, run

TRUTH = Path(__file__).parents[1] / "truth"
CASES = sorted(TRUTH.glob("*/*/case.json"))
ABOUT = {"tool", "version", "state", "directory", "list", "expect", "made"}
READY = {"ok", "ahead", "dirty_newer"}
WITHOUT_PENDING = {"dirty", "unmanaged", "mismatch", "unknown_revision", "error"}


def located(folder, directory):
    """A directory of the case, or its labels and directories, as seen from here. Of "/./" in it,
    which has a meaning, nothing is resolved."""
    if isinstance(directory, dict):
        return {label: located(folder, path) for label, path in directory.items()}
    if isinstance(directory, list):
        return [located(folder, path) for path in directory]
    front, mark, rest = directory.partition("/./")
    return str((folder / front).resolve()) + mark + rest


def operands(directory):
    if isinstance(directory, dict):
        return [f"{label}={path}" for label, path in directory.items()]
    return directory if isinstance(directory, list) else [directory]


def sources(folder, case, scratch):
    """The check by the case's own source and, where that is a directory, by the list made of it."""
    check = {"kind": "migrations", "tool": case["tool"],
             **{key: value for key, value in case.items() if key not in ABOUT}}
    if "list" in case:
        return {"list": {**check, "list": str(folder / case["list"])}}
    directory = located(folder, case["directory"])
    manifest = run("manifest", case["tool"], *operands(directory))
    assert manifest.code == 0, manifest.err
    (scratch / "list").write_text(manifest.out)
    return {"directory": {**check, "directory": directory},
            "manifest": {**check, "list": str(scratch / "list")}}


def load(server, database, path):
    subprocess.run(
        [client(), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", path,
         "-h", server.folder, "-p", str(server.port), "-U", "postgres", "-d", database.name],
        check=True, capture_output=True, text=True)


@pytest.mark.parametrize(
    "path", CASES, ids=[f"{path.parents[1].name}-{path.parent.name}" for path in CASES])
def test_recording(server, database, tmp_path, path):
    case = json.loads(path.read_text(encoding="utf-8"))
    expect = case["expect"]
    load(server, database, path.parent / "history.sql")
    for source, check in sources(path.parent, case, tmp_path).items():
        found = ask(configuration(database.url(), check), "migrations")
        assert found["reason"] == expect["reason"], (source, found)
        is_ready = expect["reason"] in READY or case.get("unknownRevision") == "ready"
        assert found["verdict"] == ("ready" if is_ready else "not_ready"), (source, found)
        if expect["pending"] and expect["reason"] not in WITHOUT_PENDING:
            assert f"{expect['pending']} pending" in found["message"], (source, found)
            for id in expect["missing"][:2]:
                assert expect["reason"] == "empty" or id in found["message"], (source, found)
