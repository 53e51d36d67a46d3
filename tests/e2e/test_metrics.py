"""The metrics: every promised name, right values, and nothing for promtool to say."""

import re
import subprocess

import pytest

from support.revisions import set_versions
from support.sidecar import Metrics, alembic, configuration, tables

PROMISED = """
    schemalatch_build_info schemalatch_ready schemalatch_started schemalatch_check_pass
    schemalatch_check_verdict schemalatch_check_reason schemalatch_rounds_total
    schemalatch_round_duration_seconds_bucket schemalatch_round_duration_seconds_sum
    schemalatch_round_duration_seconds_count schemalatch_last_answer_timestamp_seconds
    schemalatch_transitions_total schemalatch_pending_migrations schemalatch_schema_info
    schemalatch_connected schemalatch_connects_total schemalatch_connect_failures_total
    schemalatch_http_requests_total process_cpu_seconds_total process_resident_memory_bytes
    process_virtual_memory_bytes process_start_time_seconds process_open_fds process_max_fds
""".split()

OPEN_METRICS = "application/openmetrics-text; version=1.0.0"
PROMETHEUS_2 = (OPEN_METRICS.replace(" ", "") + ",application/openmetrics-text;version=0.0.1;q=0.75,"
                "text/plain;version=0.0.4;q=0.5,*/*;q=0.1")
PROMETHEUS_3 = ("application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
                "application/openmetrics-text;version=0.0.1;q=0.5,"
                "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,"
                "*/*;q=0.2")


def checks(database, **keys):
    return configuration(database.url(), tables("users"), alembic(revisions=["aa01"]),
                         timeout="500ms", **keys)


@pytest.fixture
def eventful(own_server, own_database, start):
    """A sidecar that has seen success, failure and a lost server."""
    own_database.execute("CREATE TABLE users (id int)")
    set_versions(own_database, "aa01")
    sidecar = start(checks(own_database)).wait_ready()
    own_server.stop("immediate")
    sidecar.wait_until(lambda s: sum(
        value for _, value in s.metrics().samples("schemalatch_connect_failures_total")))
    own_server.start()
    sidecar.wait_check(reason="ok", limit_s=40)
    return sidecar


def assert_promtool_is_silent(text):
    done = subprocess.run(["promtool", "check", "metrics"], input=text.encode("utf-8"),
                          capture_output=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b""), text


def test_every_promised_name_is_there_and_promtool_is_silent(eventful):
    answer = eventful.get("/metrics")
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert set(PROMISED) <= Metrics.parse(answer.text).names()
    assert_promtool_is_silent(answer.text)


def test_promtool_is_silent_before_the_first_answer(own_server, own_database, start):
    own_server.freeze()
    text = start(checks(own_database)).get("/metrics").text
    assert_promtool_is_silent(text)
    assert Metrics.parse(text).value("schemalatch_ready") == 0


def test_promtool_is_silent_with_values_that_need_escapes(database, start):
    set_versions(database, 'a"b\\c')
    sidecar = start(configuration(database.url(), alembic(revisions=['x"y\\z'])))
    sidecar.wait_log(reason="unknown_revision")
    assert_promtool_is_silent(sidecar.get("/metrics").text)
    assert sidecar.metrics().samples("schemalatch_schema_info", actual='a"b\\c', expected='x"y\\z')


def test_values_follow_the_verdicts(database, start):
    set_versions(database, "aa01")
    sidecar = start(checks(database))
    sidecar.wait_check("tables", reason="missing")
    sidecar.wait_check("migrations", reason="ok")
    metrics = sidecar.metrics()
    labels = {"database": "main", "check": "tables"}
    assert metrics.value("schemalatch_ready") == 0
    assert metrics.value("schemalatch_started") == 0
    assert metrics.value("schemalatch_check_pass", **labels) == 0
    verdicts = {has["verdict"]: value
                for has, value in metrics.samples("schemalatch_check_verdict", **labels)}
    assert verdicts == {"ready": 0, "not_ready": 1, "unknown": 0}
    (reason, one), = metrics.samples("schemalatch_check_reason", **labels)
    assert (reason["reason"], one) == ("missing", 1)
    assert metrics.value("schemalatch_check_pass", database="main", check="migrations") == 1
    assert metrics.value("schemalatch_pending_migrations", database="main", check="migrations") == 0
    assert metrics.value("schemalatch_connected", database="main") == 1

    database.execute("CREATE TABLE users (id int)")
    sidecar.wait_ready()
    later = sidecar.metrics()
    assert later.value("schemalatch_ready") == later.value("schemalatch_started") == 1
    for name in ("schemalatch_transitions_total", "schemalatch_rounds_total"):
        only = labels if name == "schemalatch_transitions_total" else {"database": "main"}
        assert later.value(name, **only) > metrics.value(name, **only)
    assert (later.value("schemalatch_last_answer_timestamp_seconds", database="main")
            > metrics.value("schemalatch_last_answer_timestamp_seconds", database="main"))


def test_the_histogram_of_rounds_is_one(eventful):
    metrics = eventful.metrics()
    buckets = metrics.samples("schemalatch_round_duration_seconds_bucket", database="main")
    counts = [value for _, value in sorted(buckets, key=lambda b: float(b[0]["le"]))]
    assert counts == sorted(counts)
    total = metrics.value("schemalatch_round_duration_seconds_count", database="main")
    assert metrics.value("schemalatch_round_duration_seconds_bucket", database="main", le="+Inf") == total
    assert total == metrics.value("schemalatch_rounds_total", database="main") > 0


def test_failures_to_connect_are_counted_by_reason(eventful):
    failures = eventful.metrics().samples("schemalatch_connect_failures_total", database="main")
    counted = {has["reason"] for has, value in failures if value > 0}
    assert counted and counted <= {"unreachable", "starting", "timeout"}


def test_requests_are_counted_by_handler_and_code(database, start):
    sidecar = start(checks(database))
    sidecar.wait_check("tables", reason="missing")
    name = "schemalatch_http_requests_total"

    def count(**labels):
        return sum(value for _, value in sidecar.metrics().samples(name, **labels))

    before = {code: count(code=code) for code in ("503", "404", "405")}
    for path in ("/readyz", "/nothing/at/all", "/more/of/nothing"):
        sidecar.get(path)
    sidecar.request("/readyz", "POST")
    assert count(code="503") == before["503"] + 1
    assert count(code="404") == before["404"] + 2
    assert count(code="405") == before["405"] + 1
    handlers = {has["handler"] for has, _ in sidecar.metrics().samples(name)}
    assert not [h for h in handlers if "nothing" in h], "a client must not make new series"


@pytest.mark.parametrize("accept", [OPEN_METRICS, PROMETHEUS_2, PROMETHEUS_3])
def test_OpenMetrics_when_asked_for(eventful, accept):
    answer = eventful.get("/metrics", {"Accept": accept})
    assert answer.headers["Content-Type"] == OPEN_METRICS + "; charset=utf-8"
    lines = answer.text.split("\n")
    assert lines[-2:] == ["# EOF", ""] and lines.count("# EOF") == 1
    types = dict(re.findall(r"^# TYPE (\S+) (\S+)$", answer.text, re.M))
    samples = Metrics.parse(answer.text).names()
    for family, kind in types.items():
        suffixes = {"counter": "_total", "info": "_info"}
        if kind in suffixes:
            assert not family.endswith(suffixes[kind]), family
            assert family + suffixes[kind] in samples or not [s for s in samples if s.startswith(family)]
    assert set(PROMISED) <= samples
    assert not re.search(r"^$", answer.text.rstrip("\n"), re.M), "an empty line"


@pytest.mark.parametrize("accept", ["*/*", "text/plain", "text/plain;version=0.0.4", "nonsense",
                                    OPEN_METRICS + ";q=0.1,text/plain;q=0.9"])
def test_text_when_OpenMetrics_is_not_wanted(eventful, accept):
    answer = eventful.get("/metrics", {"Accept": accept})
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert "# EOF" not in answer.text


def test_build_info_names_program_and_library(eventful):
    (labels, one), = eventful.metrics().samples("schemalatch_build_info")
    assert one == 1 and {"version", "revision", "libpq"} <= set(labels)
    assert labels["version"] == eventful.status()["version"]
    assert re.match(r"\d+\.\d+", labels["libpq"])


def test_the_process_is_described_as_it_is(eventful):
    metrics = eventful.metrics()
    assert 1 < metrics.value("process_open_fds") <= metrics.value("process_max_fds")
    assert metrics.value("process_resident_memory_bytes") > 2 ** 20
    assert metrics.value("process_cpu_seconds_total") >= 0
