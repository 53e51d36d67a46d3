"""The dashboard: what it asks exists in a real sidecar's /metrics, parses, and keeps the conventions."""

import json
import re
import subprocess

import pytest
import yaml

from charts.helm import CHARTS
from charts.matrix import rendered
from charts.metrics import GROUPING, TARGET, groupings_of, metrics_of
from charts.test_alerts import rules
from support.processes import scratch_folder
from support.sidecar import Sidecar, alembic, configuration, tables

VARIABLES = {"namespace", "job", "instance"}


def dashboard():
    return json.loads(rendered("platform/all.yaml").only("ConfigMap")["data"]["schemalatch.json"])


def queries():
    return [(panel["title"], target["expr"]) for panel in dashboard()["panels"] for target in panel["targets"]]


def as_promql(query):
    """Grafana's variables in place."""
    return re.sub(r"\$(\w+)", "x", query.replace("$__rate_interval", "5m"))


@pytest.fixture(scope="module")
def exposition(server):
    """Samples of a sidecar that has everything to tell: migrations that are behind, tables, an upstream.
    name -> the labels that its samples have."""
    database = server.create_database()
    database.execute("CREATE TABLE alembic_version (version_num varchar(32))")
    database.execute("INSERT INTO alembic_version VALUES ('a1')")
    revisions = scratch_folder("versions") / "expected.list"
    revisions.write_text("b2 <- a1\na1\n", encoding="utf-8")
    config = configuration(database.url(), tables("users"), alembic(list=str(revisions)),
                           top={"upstreams": [{"name": "app", "url": "http://127.0.0.1:1/"}]})
    with Sidecar(config) as sidecar:
        sidecar.wait_check("migrations", reason="behind")
        samples = sidecar.metrics()
    found = {"up": set()}
    for name, labels in samples:
        found.setdefault(name, set()).update(key for key, _ in labels)
    return found


def assert_known(query, exposition, what):
    named = metrics_of(query)
    assert named, f"{what} asks for nothing of ours: {query}"
    for name, labels in named.items():
        assert name in exposition, f"{what}: {name} does not exist"
        assert labels <= exposition[name] | TARGET, f"{what}: {name} has no {labels - exposition[name] - TARGET}"
    known = set().union(TARGET, *(exposition[name] for name in named))
    assert groupings_of(query) <= known, f"{what}: no {groupings_of(query) - known}"


def test_the_queries_name_what_exists(exposition):
    for title, query in queries():
        assert_known(query, exposition, title)
    for variable in dashboard()["templating"]["list"]:
        if variable["type"] == "query":
            inner, label = re.match(r"label_values\((.*), (\w+)\)$", variable["definition"]).groups()
            assert_known(inner, exposition, variable["name"])
            assert label in TARGET


def test_the_alerts_name_what_exists(exposition):
    for rule in rules(rendered("platform/all.yaml")):
        assert_known(rule["expr"], exposition, rule["alert"])
        for label in re.findall(r"\$labels\.(\w+)", " ".join(rule["annotations"].values())):
            known = set().union(TARGET, *(exposition[name] for name in metrics_of(rule["expr"])))
            assert label in known, f"{rule['alert']}: no label {label}"


def test_a_metric_that_does_not_exist_is_found(exposition):
    """The tests above can fail."""
    for wrong in ("schemalatch_redy", 'schemalatch_ready{check="a"}', "vector(1)",
                  "sum by (verdict) (schemalatch_ready)"):
        with pytest.raises(AssertionError):
            assert_known(wrong, exposition, "a test")


def test_every_metric_is_of_use(exposition):
    """Alerts and dashboard together show what the sidecar tells; exceptions have a reason."""
    of_no_use = {
        "schemalatch_started",  # the startup gate: kubectl shows it
        "schemalatch_config_last_reload_success_timestamp_seconds",  # the alert is on the other of the pair
        "schemalatch_round_duration_seconds_sum", "schemalatch_round_duration_seconds_count",
    }
    used = {name for _, query in queries() for name in metrics_of(query)}
    used |= {name for rule in rules(rendered("platform/all.yaml")) for name in metrics_of(rule["expr"])}
    ours = {name for name in exposition if name.startswith("schemalatch_")}
    assert ours - used == of_no_use


def test_the_queries_parse():
    parsed = [{"record": "x:y", "labels": {"query": str(index)}, "expr": as_promql(query)}
              for index, (_, query) in enumerate(queries())]
    group = {"name": "dashboard", "rules": parsed}
    path = scratch_folder("queries") / "queries.yaml"
    path.write_text(yaml.safe_dump({"groups": [group]}), encoding="utf-8")
    done = subprocess.run(["promtool", "check", "rules", str(path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_conventions():
    """Those of Grafana's linter."""
    board = dashboard()
    assert board["uid"] == "schemalatch" and board["tags"] == ["schemalatch"]
    assert board["timezone"] == "utc" and board["editable"] is False
    variables = {each["name"]: each for each in board["templating"]["list"]}
    assert variables["datasource"]["type"] == "datasource" and variables["datasource"]["query"] == "prometheus"
    for name in VARIABLES:
        assert variables[name]["multi"] and variables[name]["includeAll"] and variables[name]["refresh"] == 2
    for each in [*board["panels"], *(variables[name] for name in VARIABLES)]:
        assert each["datasource"] == {"type": "prometheus", "uid": "${datasource}"}


def test_the_panels():
    panels = dashboard()["panels"]
    assert len({panel["id"] for panel in panels}) == len({panel["title"] for panel in panels}) == len(panels)
    for panel in panels:
        assert panel["description"].endswith(".") and panel["fieldConfig"]["defaults"]["unit"], panel["title"]
        for target in panel["targets"]:
            assert target["datasource"] == panel["datasource"]
            assert_query_keeps_conventions(target["expr"])


def assert_query_keeps_conventions(query):
    """Each selector takes all variables; counters stand in rates over Grafana's own interval."""
    for name, matchers in re.findall(r"\b((?:schemalatch|process)_\w+)\b(\{[^}]*\})?", GROUPING.sub("", query)):
        for variable in VARIABLES:
            assert f'{variable}=~"${variable}"' in matchers, f"{name} without ${variable}: {query}"
    assert re.findall(r"\[([^]]*)\]", query) == ["$__rate_interval"] * query.count("[")
    counters = len(re.findall(r"\w+_(?:total|bucket)\{", query))
    assert counters == len(re.findall(r"\b(?:rate|increase)\(\w+_(?:total|bucket)\{", query)), query


def test_panels_do_not_overlap():
    """On Grafana's 24 columns."""
    taken = {}
    for panel in dashboard()["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        for cell in ((x, y) for x in range(place["x"], place["x"] + place["w"])
                     for y in range(place["y"], place["y"] + place["h"])):
            assert taken.setdefault(cell, panel["title"]) == panel["title"]


def test_the_file_is_one_that_grafana_takes():
    """JSON with no number or text that Helm's templates would have touched."""
    text = (CHARTS / "schemalatch-platform/files/dashboard.json").read_text(encoding="utf-8")
    assert json.loads(text) == dashboard()
