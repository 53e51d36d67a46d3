"""A real Prometheus scrapes the sidecar each second, in the format that it asks for itself."""

import subprocess

import pytest

from support.prometheus import Prometheus, Target
from support.sidecar import alembic, configuration, tables
from support.waiting import wait_until

SCRAPES = 12

@pytest.fixture
def sidecar(start, database):
    """Not ready yet: nothing is migrated."""
    checks = tables("users"), alembic(revisions=["a1"])
    return start(configuration(database.url(), *checks))


@pytest.fixture
def prometheus(sidecar):
    with Prometheus(Target(sidecar.port)) as running:
        yield running


def migrate(database):
    database.execute("CREATE TABLE users (id int)")
    database.execute("CREATE TABLE alembic_version (version_num varchar(32))")
    database.execute("INSERT INTO alembic_version VALUES ('a1')")


def wait_scrapes(prometheus, count):
    def told():
        return f"{count} scrapes; the target is {prometheus.target()}"

    wait_until(lambda: len(prometheus.values("up")) >= count, 2 * count + 10, told)


def test_a_target_that_becomes_ready(prometheus, database):
    wait_scrapes(prometheus, 2)
    assert set(prometheus.values("schemalatch_ready")) == {0}
    migrate(database)
    wait_until(lambda: prometheus.values("schemalatch_ready")[-1] == 1, what="ready to be scraped")
    before = len(prometheus.values("up"))
    wait_scrapes(prometheus, before + SCRAPES)

    assert set(prometheus.values("up")) == {1}
    assert prometheus.target()["lastError"] == ""
    assert_rises_once(prometheus.values("schemalatch_ready"))
    assert len(set(prometheus.values("scrape_samples_scraped")[before:])) == 1
    assert_counters_never_fall(prometheus)
    assert_open_metrics(prometheus)


def assert_rises_once(values):
    assert values == sorted(values) and set(values) == {0, 1}, values


def assert_counters_never_fall(prometheus):
    counters = prometheus.series('{__name__=~".+_(total|count|sum|bucket)"}')
    for labels, values in counters.items():
        assert values == sorted(values), (labels, values)
    rounds = prometheus.values("schemalatch_rounds_total")
    assert rounds[-1] > rounds[0]


def assert_open_metrics(prometheus):
    """Its families are named without _total, those of the older text format with it."""
    told = prometheus.ask("targets/metadata", match_target='{job="schemalatch"}')
    types = {entry["metric"]: entry["type"] for entry in told}
    assert types["schemalatch_rounds"] == "counter"
    assert "schemalatch_rounds_total" not in types
    assert types["schemalatch_round_duration_seconds"] == "histogram"


@pytest.mark.parametrize("migrated", [False, True], ids=["not ready", "ready"])
def test_promtool_has_nothing_to_say(sidecar, database, migrated):
    if migrated:
        migrate(database)
        sidecar.wait_ready()
    sidecar.wait_check(reason="ok" if migrated else "missing")
    answer = sidecar.get("/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    done = subprocess.run(["promtool", "check", "metrics"], input=answer.body, capture_output=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
