"""A real Prometheus scrapes the sidecar each second, in the format that it asks for itself."""

import json
import shutil
import subprocess
import urllib.parse
import urllib.request

import pytest

from support.processes import free_port, guarded, scratch_folder
from support.sidecar import alembic, configuration, tables
from support.waiting import PATIENCE, wait_until

SCRAPES = 12

CONFIG = """
global: {{scrape_interval: 1s, scrape_timeout: 1s}}
scrape_configs:
  - job_name: schemalatch
    static_configs: [{{targets: ["127.0.0.1:{target}"]}}]
"""


class Prometheus:
    """A server of its own with one target, asked through its HTTP interface."""

    def __init__(self, target):
        self.port = free_port()
        self.folder = scratch_folder("prometheus")
        self.log_file = self.folder / "log"
        config = self.folder / "prometheus.yml"
        config.write_text(CONFIG.format(target=target), encoding="ascii")
        program = shutil.which("prometheus")
        assert program, "Debian's package prometheus is not installed"
        self.command = [
            program, f"--config.file={config}", f"--storage.tsdb.path={self.folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{self.port}", "--log.level=info",
        ]
        self.process = None

    def __enter__(self):
        with open(self.log_file, "wb") as log:
            self.process = subprocess.Popen(guarded(self.command), stdout=log, stderr=log, cwd="/")
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(20 * PATIENCE)
        shutil.rmtree(self.folder, ignore_errors=True)

    def ask(self, path, **parameters):
        """The data of one answer of its interface."""
        query = urllib.parse.urlencode(parameters)
        url = f"http://127.0.0.1:{self.port}/api/v1/{path}?{query}"
        with urllib.request.urlopen(url, timeout=10 * PATIENCE) as answer:
            return json.load(answer)["data"]

    def is_up(self):
        assert self.process.poll() is None, self.log_file.read_text(encoding="utf-8")
        try:
            return self.ask("targets") and True
        except OSError:
            return False

    def series(self, selector):
        """All samples of the last minutes: labels -> values in order."""
        found = self.ask("query", query=f'{selector}[5m]')["result"]
        return {frozenset(s["metric"].items()): [float(v) for _, v in s["values"]] for s in found}

    def values(self, name):
        """The samples of the one series of that name, or []."""
        found = list(self.series(name).values())
        assert len(found) <= 1, found
        return found[0] if found else []

    def target(self):
        found, = self.ask("targets")["activeTargets"]
        return found


@pytest.fixture
def sidecar(start, database):
    """Not ready yet: nothing is migrated."""
    checks = tables("users"), alembic(revisions=["a1"])
    return start(configuration(database.url(), *checks))


@pytest.fixture
def prometheus(sidecar):
    with Prometheus(sidecar.port) as running:
        wait_until(running.is_up, 30, "Prometheus to answer")
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
