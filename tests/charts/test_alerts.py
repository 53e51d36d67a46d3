"""The alerts by promtool: each fires when it should and not otherwise, with the labels and the words that
people get."""

import subprocess

import pytest
import yaml

from charts.helm import HERE, platform, render
from charts.matrix import rendered
from support.processes import scratch_folder

FILES = sorted((HERE / "alerts").glob("*.yaml"))
SEVERITIES = {"critical", "warning", "info"}


def rules(release):
    return [rule for group in release.only("PrometheusRule")["spec"]["groups"] for rule in group["rules"]]


def promtool(*words, cwd):
    return subprocess.run(["promtool", *map(str, words)], cwd=cwd, capture_output=True, text=True, timeout=60)


def write_rules(release):
    folder = scratch_folder("rules")
    spec = release.only("PrometheusRule")["spec"]
    (folder / "rules.yaml").write_text(yaml.safe_dump(spec), encoding="utf-8")
    return folder


@pytest.mark.parametrize("values", ["platform/all.yaml", "platform/tuned.yaml"])
def test_the_rules_are_rules(values):
    done = promtool("check", "rules", "rules.yaml", cwd=write_rules(rendered(values)))
    assert done.returncode == 0 and f"{len(rules(rendered(values)))} rules found" in done.stdout, done.stderr


def load(path):
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def promtool_test(folder, path):
    """Runs a file of alerts/ against the rules in the folder."""
    document = {"rule_files": ["rules.yaml"], "evaluation_interval": "30s", **load(path)}
    (folder / "test.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")
    return promtool("test", "rules", "test.yaml", cwd=folder)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_when_it_fires(path):
    folder = write_rules(rendered("platform/all.yaml"))
    done = promtool_test(folder, path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_is_tried_both_ways():
    assert [path.stem for path in FILES] == sorted(rule["alert"] for rule in rules(rendered("platform/all.yaml")))
    for path in FILES:
        tried = [case["exp_alerts"] for test in load(path)["tests"] for case in test["alert_rule_test"]]
        names = {case["alertname"] for test in load(path)["tests"] for case in test["alert_rule_test"]}
        assert names == {path.stem}
        assert any(tried) and not all(tried), f"{path.name} must have both"


def test_the_conventions():
    """Names with a common first word, a severity, a summary that is a sentence, a runbook."""
    for rule in rules(rendered("platform/all.yaml")):
        assert rule["alert"].startswith("Schemalatch")
        assert rule["labels"]["severity"] in SEVERITIES
        assert rule["annotations"]["summary"].endswith(".") and "{{" not in rule["annotations"]["summary"]
        assert "{{ $labels.namespace }}" in rule["annotations"]["description"]
        assert rule["annotations"]["runbook_url"].endswith("#" + rule["alert"].lower())


def test_what_is_tuned_is_in_force():
    tuned = {rule["alert"]: rule for rule in rules(rendered("platform/tuned.yaml"))}
    assert tuned["SchemalatchNotReady"]["for"] == "30m"
    assert tuned["SchemalatchNotReady"]["labels"]["severity"] == "info"
    assert "> 3600" in tuned["SchemalatchStale"]["expr"]
    assert "SchemalatchDisabled" not in tuned
    for rule in tuned.values():
        assert rule["annotations"]["runbook_url"].startswith("https://runbooks.example.org/schemalatch#")


def test_the_selector_is_in_every_selector():
    plain, tuned = (
        {rule["alert"]: rule["expr"] for rule in rules(rendered(name))}
        for name in ("platform/all.yaml", "platform/tuned.yaml"))
    selector = 'cluster="north",env=~"prod|stage"'
    for name, expression in tuned.items():
        metrics = plain[name].count("schemalatch_") + plain[name].count("process_") + plain[name].count("up{")
        assert expression.count(selector) == metrics, expression
        assert "SELECTOR" not in expression + plain[name] and "AFTER" not in expression + plain[name]


def test_an_alert_that_never_fires_is_found():
    """The unit tests above can fail."""
    release = render(platform(), "platform/all.yaml", {"prometheusRule.alerts.SchemalatchDown.for": "2h"})
    done = promtool_test(write_rules(release), HERE / "alerts/SchemalatchDown.yaml")
    assert done.returncode == 1, done.stdout
