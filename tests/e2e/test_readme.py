"""The README is a promise: all that it names is there, and all that is there is named."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from support.sidecar import Metrics, configuration, program, run, tables

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
HELP = run("help").out


def rows(title):
    """The rows of the table whose head begins with this cell: lists of cells."""
    head = README.index(f"| {title} |")
    lines = README[head:].split("\n\n", 1)[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def words(pattern, text):
    return set(re.findall(pattern, text))


def test_every_variable_and_flag_is_real_and_named():
    named = words(r"SCHEMALATCH_[A-Z_]+", README)
    real = words(r"SCHEMALATCH_[A-Z_]+", HELP)
    assert named == real
    of_commands, of_settings = (words(r"(--[a-z-]+)", part) for part in HELP.split("flags and variables"))
    flags = words(r"`(--[a-z-]+)", README) - {"--short"}
    assert flags - of_commands == of_settings
    assert {w for row in rows("command") for w in words(r"(--[a-z-]+)", row[0])} == of_commands


def keys_of(title):
    """The keys that `help` lists under a heading."""
    section = HELP.split(f"{title}\n", 1)[1].split("\n\n", 1)[0]
    return words(r"(?m)^  (\w+)", section)


def first_words(title, cell=0):
    return {w for row in rows(title) for w in re.findall(r"`(\w+)`", row[cell])}


def words_in_order(cell):
    return re.findall(r"`([^`]+)`", cell)


def test_every_key_is_real_and_named():
    assert first_words("key of a database") == keys_of("keys of a database")
    assert first_words("key of an upstream") == keys_of("keys of an upstream")
    assert first_words("key of every check") == keys_of("keys of every check")
    kinds = words(r'keys of a check of kind "(\w+)"', HELP)
    assert {row[0].strip("`") for row in rows("check") if row[0]} == kinds
    keys = set().union(*(keys_of(f'keys of a check of kind "{kind}"') for kind in kinds))
    assert first_words("check", 1) == keys
    for key in keys_of("keys of the file") - {"databases", "log", "upstreams"}:
        assert f"`{key}`" in README


def test_defaults_are_what_the_tables_say():
    shown = json.loads(run("config", config={"databases": [
        {"checks": [{"kind": "tables", "tables": ["users"]}]}]}).out)
    database = shown["databases"][0]
    for name, _, default in rows("key of a database"):
        value = re.match(r"`([^`]+)`", default)
        if value and name.strip("`") in database:
            assert database[name.strip("`")] == value[1]
    upstream = json.loads(run("config", "--upstream", "tcp://app:1").out)["upstreams"][0]
    for names, _, defaults in rows("key of an upstream"):
        for name, value in zip(words_in_order(names), words_in_order(defaults)):
            assert str(upstream[name]).replace("'", '"').lower() == value, name
    assert shown["listen"] == ":8484"


def test_every_reason_is_real_and_means_what_the_table_says():
    verdicts = {row[0].strip("`"): row[1] for row in rows("reason")}
    source = (ROOT / "probes/verdict.c").read_text(encoding="utf-8")
    real = dict(re.findall(r'\[REASON_\w+\] = \{"(\w+)", VERDICT_(\w+)', source))
    assert verdicts.keys() == real.keys()
    for reason, verdict in verdicts.items():
        assert verdict == "by policy" or verdict == real[reason].lower()


def test_every_metric_is_real_and_named(database, start):
    sidecar = start(configuration(database.url(), tables("users")))
    text = sidecar.get("/metrics").text
    families = words(r"(?m)^# TYPE (\S+)", text)
    named = {re.match(r"`(\w+)", row[0])[1] for row in rows("name") if "*" not in row[0]}
    assert named == {f for f in families if f.startswith("schemalatch_")}
    labels = {re.match(r"`(\w+)", row[0])[1]: words(r"(\w+)[,}]", row[0]) for row in rows("name")
              if "{" in row[0]}
    for (name, has), _ in Metrics.parse(text).items():
        family = re.sub(r"_(bucket|sum|count)$", "", name)
        if family in labels:
            assert {label for label, _ in has} - {"le"} == labels[family], name


def test_every_path_answers_and_is_named(database, start):
    app = {"upstreams": [{"name": "app", "url": "tcp://127.0.0.1:1"}]}
    sidecar = start(configuration(database.url(), tables("users"), top=app))
    named = {p for row in rows("path")
             for p in re.findall(r"`(/[a-z]*(?:/DATABASE/CHECK|/UPSTREAM)?)`", row[0])}
    for path in named:
        real = path.replace("DATABASE", "main").replace("CHECK", "tables").replace(
            "UPSTREAM", "app")
        assert sidecar.get(real).status in (200, 503), path
    listed = words(r"(/[a-zA-Z/]*)[,\n ]", sidecar.get("/nothing").text)
    assert listed == named


def tools_of_the_table():
    return {row[0].strip("`"): row for row in rows("tool")}


def test_every_tool_is_real_and_named(tmp_path):
    known = run("manifest", "none", "of-these").err.split("expected one of ")[1].strip().split(", ")
    assert list(tools_of_the_table()) == known
    for name, row in tools_of_the_table().items():
        assert re.match(rf"`{name}:\S+`$", row[4]), row


def test_tools_are_proven_by_what_is_recorded():
    """In the column stand the versions of the real tools in tests/truth, or that there are none."""
    recorded = {}
    for path in (ROOT / "tests/truth").glob("*/*/case.json"):
        case = json.loads(path.read_text(encoding="utf-8"))
        if case["version"]:
            recorded.setdefault(case["tool"], set()).add(case["version"])
    for name, row in tools_of_the_table().items():
        assert row[1] == (", ".join(sorted(recorded.get(name, ()))) or "by definition"), name


def test_every_command_is_real_and_named():
    named = {w for row in rows("command") for w in re.findall(r"schemalatch (\w+)", row[0])}
    assert named == words(r"(?m)^  (\w+) ", HELP.split("flags and variables")[0])


def test_every_file_of_ours_that_is_named_exists():
    named = words(r"(?<![\w/])(?:tests|probes|sidecar)/[\w./-]+|\.ci/run", README)
    for path in named:
        assert (ROOT / path.rstrip(".")).exists(), path
    for script in words(r"tests/\S+\.sh", README):
        assert os.access(ROOT / script, os.X_OK), script


CONTRACT_EXAMPLE = re.search(r'```json\n(\{"schemalatch": 1.*?)```', README, re.S)[1]


@pytest.mark.parametrize("block", re.findall(r"```json\n(.*?)```", README, re.S))
def test_every_example_is_a_configuration_or_a_contract(block, tmp_path):
    (tmp_path / "versions").mkdir()
    (tmp_path / "versions/a1.py").write_text('revision = "a1"\ndown_revision = None\n')
    for name, text in (("url", "postgresql://db/app"), ("password", "secret")):
        (tmp_path / name).write_text(text)
    (tmp_path / "contract.json").write_text(CONTRACT_EXAMPLE)
    if block == CONTRACT_EXAMPLE:
        block = '{"databases": [{"checks": [{"kind": "contract", "file": "/etc/schemalatch/contract.json"}]}]}'
    here = block.replace("/etc/schemalatch", str(tmp_path)).replace("/run/secrets/db", str(tmp_path)).replace("/migrations", str(tmp_path))
    result = run("config", config=here)
    assert result.code == 0, result.err


def test_the_pod_specs_are_yaml_with_what_a_native_sidecar_needs():
    import yaml
    schema, before, both = re.findall(r"```yaml\n(.*?)```", README, re.S)
    specs = [yaml.safe_load(schema)["spec"], yaml.safe_load(both)]
    for spec in specs:
        sidecar, = spec["initContainers"]
        assert sidecar["restartPolicy"] == "Always"
        assert sidecar["startupProbe"]["httpGet"]["path"] == "/startupz"
        assert sidecar["readinessProbe"]["httpGet"]["path"] == "/readyz"
    assert specs[0]["initContainers"][0]["livenessProbe"]["httpGet"]["path"] == "/livez"
    was, = yaml.safe_load(before)["containers"]
    now, = specs[1]["containers"]
    assert "readinessProbe" in was and now == {"name": was["name"], "image": was["image"]}


def test_the_version_stands_in_one_place():
    version = subprocess.run([program(), "version"], capture_output=True, text=True).stdout.split()[1]
    cmake = (ROOT / "CMakeLists.txt").read_text(encoding="utf-8")
    assert f"VERSION {version} " in cmake
    assert f"schemalatch:{version}" in README, "the pod spec names the image of this version"
