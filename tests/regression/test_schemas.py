"""Capture, then check, of every schema that PostgreSQL's own regression tests leave behind: whatever
a schema holds, its contract is one that it meets."""

import json
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from support.postgres import Postgres, program
from support.processes import own_by_service, scratch_folder
from support.sidecar import configuration, run

TESTS = Path(os.environ["SCHEMALATCH_REGRESSION"])
AT_ONCE = 4
SETTINGS = {"max_connections": "100", "shared_buffers": "128MB", "max_prepared_transactions": "8"}


def groups():
    """Tests that may run at once, a list each, in the order of the schedule."""
    lines = (TESTS / "parallel_schedule").read_text().splitlines()
    return [line.split()[1:] for line in lines if line.startswith("test:")]


def run_test(server, results, name):
    """Their output is of no concern: what they leave behind is. Some fail for want of locales."""
    environment = {
        **os.environ, "PGHOST": str(server.folder), "PGPORT": str(server.port), "PGUSER": "postgres",
        "PGTZ": "PST8PDT", "PGDATESTYLE": "Postgres, MDY", "PG_ABS_SRCDIR": str(TESTS),
        "PG_ABS_BUILDDIR": str(results), "PG_LIBDIR": str(TESTS), "PG_DLSUFFIX": ".so",
        "PGOPTIONS": "-c intervalstyle=postgres_verbose", "LC_MESSAGES": "C",
    }
    with open(TESTS / "sql" / f"{name}.sql", "rb") as script:
        subprocess.run([program("psql"), "-X", "-q", "-d", "regression"], stdin=script, check=False,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment,
                       timeout=300)


@pytest.fixture(scope="session")
def regression():
    """The database as the tests leave it."""
    results = scratch_folder("results", for_service=True)
    for folder in ("results", "testtablespace"):
        (results / folder).mkdir()
    own_by_service(results)
    with Postgres(SETTINGS) as server, ThreadPoolExecutor(AT_ONCE) as pool:
        database = server.create_database("regression")
        server.execute("ALTER DATABASE regression SET bytea_output TO 'hex'")
        for group in groups():
            list(pool.map(lambda name: run_test(server, results, name), group))
        yield database


def schemas(database):
    rows = database.execute("SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_'"
                            " AND nspname <> 'information_schema' ORDER BY 1")
    return [name for name, in rows]


def capture(database, folder, *arguments):
    config = configuration(database.url(), schema="public")
    captured = run("capture", *arguments, config=config, timeout_s=60)
    assert captured.code == 0, captured.err
    path = folder / "contract.json"
    path.write_text(captured.out)
    return path, captured.out


def check(database, contract):
    config = configuration(database.url(), {"kind": "contract", "file": str(contract)}, timeout="30s")
    return run("check", "--json", config=config, timeout_s=60)


def count(contract, kind):
    return sum(len(s.get(kind, ())) for s in contract["schemas"].values())


def test_they_have_left_much_behind(regression, tmp_path):
    contract = json.loads(capture(regression, tmp_path)[1])
    assert len(contract["schemas"]) >= 5
    for kind, least in (("tables", 150), ("views", 20), ("functions", 200), ("enums", 3),
                        ("sequences", 10)):
        assert count(contract, kind) >= least, (kind, count(contract, kind))


def test_every_schema_meets_its_contract(regression, tmp_path):
    for schema in schemas(regression):
        contract, _ = capture(regression, tmp_path, "--schema", f'"{schema}"' if "," in schema else schema)
        result = check(regression, contract)
        assert result.code == 0, (schema, result.out, result.err)


def test_all_of_them_together_do_with_privileges(regression, tmp_path):
    regression.server.create_role("svc")
    contract, _ = capture(regression, tmp_path, "--privileges-of", "svc")
    config = configuration(regression.url(), {"kind": "contract", "file": str(contract)},
                           timeout="30s", role="svc")
    result = run("check", config=config, timeout_s=60)
    assert result.code == 0, result.out


def test_a_second_capture_is_the_same_byte_for_byte(regression, tmp_path):
    assert capture(regression, tmp_path)[1] == capture(regression, tmp_path)[1]
