"""Asks the Alembic reader and the graph engine through their small test program."""

import json
import os
import subprocess


def program():
    """The built tests/support/graph_driver.c."""
    path = os.environ.get("SCHEMALATCH_GRAPH_DRIVER")
    assert path, "SCHEMALATCH_GRAPH_DRIVER must name the built tests/support/graph_driver.c"
    return path


def run(*arguments, lines=()):
    """Its exit code, its lines of JSON, and what it said."""
    text = "".join(f"{line}\n" for line in lines)
    done = subprocess.run([program(), *map(str, arguments)], input=text, capture_output=True,
                          text=True, timeout=60)
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def read_rows(folders, row_sets):
    """What each set of rows means for the revisions in the folders, which must be fine."""
    code, answers, problems = run(*folders, lines=[" ".join(sorted(rows)) for rows in row_sets])
    assert code == 0, problems
    assert len(answers) == len(row_sets)
    return answers


def read_files(paths):
    """What each file says."""
    code, answers, problems = run("--files", lines=paths)
    assert code == 0, problems
    assert len(answers) == len(paths)
    return answers
