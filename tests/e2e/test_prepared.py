"""What a history is asked is prepared once a session, and stays right whatever becomes of its table."""

import contextlib
import re

import pytest

from support.sidecar import alembic, configuration
from support.statements import statements
from support.waiting import wait_until


def forms(asked):
    """How each was asked: the name it was prepared under, or "<unnamed>"."""
    return [re.sub("_[0-9a-f]{16}$", "", text.removeprefix("execute ").split(":")[0]) for text in asked]


def history_rounds(told, start):
    config = configuration(told.url(), alembic(revisions=["aa01"]), period="200ms", retryPeriod="100ms")
    return start(config).wait_ready()


def test_a_history_is_asked_by_statements_that_are_prepared_once(told, start):
    sidecar = history_rounds(told, start)
    sidecar.wait_round()
    before = len(statements(told))
    sidecar.wait_round(rounds=4)
    assert set(forms(statements(told)[before:])) == {
        "schemalatch_snapshot", "schemalatch_locate", "schemalatch_history"}


def test_a_statement_that_failed_once_is_asked_plainly_and_the_others_stay_prepared(told, start):
    """Had the lock been there when it was prepared, there would be none of that name."""
    sidecar = history_rounds(told, start)
    with contextlib.closing(told.connect()) as connection:
        connection.autocommit = False
        connection.cursor().execute("LOCK alembic_version IN ACCESS EXCLUSIVE MODE")
        wait_until(lambda: told.server.log_lines("canceling statement due to lock timeout"),
                   what="a look that the lock keeps from its answer")
        connection.rollback()
    sidecar.wait_check("migrations", verdict="ready", reason="ok")
    sidecar.wait_round()
    before = len(statements(told))
    sidecar.wait_round(rounds=4)
    assert {"schemalatch_locate", "<unnamed>"} <= set(forms(statements(told)[before:]))
    told.execute("UPDATE alembic_version SET version_num = 'zz99'")
    sidecar.wait_check("migrations", reason="ahead")


@pytest.mark.parametrize("change", [
    "ALTER TABLE alembic_version ALTER version_num TYPE text",
    "ALTER TABLE alembic_version ADD note int DEFAULT 7",
    "BEGIN; ALTER TABLE alembic_version RENAME TO kept;"
    " CREATE VIEW alembic_version AS SELECT version_num FROM kept; COMMIT",
    "BEGIN; DROP TABLE alembic_version; CREATE TABLE alembic_version (version_num varchar(64) NOT NULL);"
    " INSERT INTO alembic_version VALUES ('aa01'); COMMIT",
])
def test_a_history_that_has_become_another_table_is_read_as_before(told, start, change):
    sidecar = history_rounds(told, start)
    sidecar.wait_round(rounds=2)
    told.execute(change)
    sidecar.wait_round(rounds=3)
    assert sidecar.check("migrations")["verdict"] == "ready"
    assert not told.server.log_lines("cached plan")
    told.execute("UPDATE alembic_version SET version_num = 'bb02'")
    sidecar.wait_check("migrations", reason="ahead")
