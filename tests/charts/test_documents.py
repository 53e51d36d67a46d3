"""Values, their schema and their tables in the READMEs say the same; a runbook stands for each alert."""

import json
import re

import pytest
import yaml

from charts.helm import CHARTS, helm, platform
from charts.matrix import rendered
from charts.test_alerts import rules

ROW = re.compile(r"^\| `([\w./-]+)` \| `(.*?)` \|(.*)\|$", re.MULTILINE)
EACH = pytest.mark.parametrize("chart", ["schemalatch", "schemalatch-platform"])


def values_of(chart):
    return yaml.safe_load((CHARTS / chart / "values.yaml").read_text(encoding="utf-8"))


def documented(chart):
    """value -> default, by the table under "Values"."""
    text = (CHARTS / chart / "README.md").read_text(encoding="utf-8").partition("\n## Values\n")[2]
    rows = ROW.findall(text)
    assert len(rows) == text.count("\n| `"), "a row that is none"
    assert len({name for name, _, _ in rows}) == len(rows), "a value that stands there twice"
    return {name: yaml.safe_load(default) for name, default, _ in rows}


def leaves(values, known, prefix=""):
    """path -> default, down to what the table has."""
    found = {}
    for key, value in values.items():
        path = f"{prefix}{key}"
        if isinstance(value, dict) and value and path not in known:
            found.update(leaves(value, known, f"{path}."))
        else:
            found[path] = value
    return found


@EACH
def test_every_value_is_documented_with_its_default(chart):
    table = documented(chart)
    assert leaves(values_of(chart), table) == table


def resolve(schema, root):
    while "$ref" in schema:
        schema = root["$defs"][schema["$ref"].removeprefix("#/$defs/")]
    return schema


def differences(values, schema, root, path=""):
    """Where the schema names other values than there are; free maps have no names."""
    schema = resolve(schema, root)
    if "properties" not in schema or not isinstance(values, dict):
        return []
    assert schema.get("additionalProperties") is False, f"{path} is open: a typo would pass"
    names = set(schema["properties"])
    missing = [f"{path}{name} has no default" for name in sorted(names - values.keys())]
    found = [f"{path}{name} is not in the schema" for name in sorted(values.keys() - names)]
    if path.rstrip(".").rpartition(".")[2] not in FREE:
        found += missing
    for name in names & values.keys():
        found += differences(values[name], schema["properties"][name], root, f"{path}{name}.")
    return found


# As Kubernetes or the program has them: what may stand there need not.
FREE = ("config", "resources", "securityContext", "capabilities", "seccompProfile", "podSelector",
        "namespaceSelector", "prometheus", "dns", "startup", "readiness", "liveness")


@EACH
def test_schema_and_values_name_the_same(chart):
    schema = json.loads((CHARTS / chart / "values.schema.json").read_text(encoding="utf-8"))
    assert differences(values_of(chart), schema, schema) == []


@EACH
def test_a_default_that_was_taken_away_is_refused(chart):
    """null takes a default away: the templates rely on each."""
    schema = json.loads((CHARTS / chart / "values.schema.json").read_text(encoding="utf-8"))

    def lacking(values, part, path=""):
        part = resolve(part, schema)
        if path.rpartition(".")[2] in FREE or "properties" not in part or not isinstance(values, dict):
            return []
        found = [f"{path}.{key}" for key in values if key != "global" and key not in part.get("required", ())]
        for key, value in values.items():
            found += lacking(value, part["properties"][key], f"{path}.{key}")
        return found

    assert lacking(values_of(chart), schema) == []


def test_a_value_that_is_documented_nowhere_is_found():
    """The tests above can fail."""
    table = documented("schemalatch")
    assert leaves({**values_of("schemalatch"), "other": 1}, table) != table
    assert leaves({**values_of("schemalatch"), "port": 1}, table) != table
    schema = json.loads((CHARTS / "schemalatch/values.schema.json").read_text(encoding="utf-8"))
    assert differences({**values_of("schemalatch"), "other": 1}, schema, schema)


def test_the_alerts_in_the_readme_are_those_of_the_chart():
    text = (CHARTS / "schemalatch-platform/README.md").read_text(encoding="utf-8")
    table = set(re.findall(r"^\| `(Schemalatch\w+)` \| .* \| `(\w+)` \| (\w+) \|$", text, re.MULTILINE))
    assert table == {(rule["alert"], rule["for"], rule["labels"]["severity"])
                     for rule in rules(rendered("platform/all.yaml"))}


def test_each_alert_has_a_runbook():
    """Under its own name, with the four parts."""
    text = (CHARTS / "README.md").read_text(encoding="utf-8")
    chapters = {title: body for title, body in re.findall(r"^### (\w+)$(.*?)(?=^##)", text + "\n##", re.M | re.S)}
    for rule in rules(rendered("platform/all.yaml")):
        assert rule["alert"] in chapters, f"no runbook for {rule['alert']}"
        for part in ("Meaning", "Impact", "Diagnosis", "Mitigation"):
            assert part in chapters[rule["alert"]], f"{rule['alert']}: no {part}"


def test_the_versions_are_the_programs():
    cmake = (CHARTS.parent / "CMakeLists.txt").read_text(encoding="utf-8")
    version = re.search(r"VERSION (\d+\.\d+\.\d+)", cmake).group(1)
    for path in CHARTS.glob("schemalatch*/Chart.yaml"):
        chart = yaml.safe_load(path.read_text(encoding="utf-8"))
        assert chart["version"] == chart["appVersion"] == version


def test_the_notes_tell_what_is_on():
    """What `helm install` prints in the end."""
    done = helm("install", "gates", platform(), "--dry-run=client", "--set", "prometheusRule.enabled=true")
    assert done.returncode == 0, done.stderr
    notes = done.stdout.partition("NOTES:")[2]
    assert "alerts      on" in notes and "off (dashboard.enabled)" in notes
