"""The runbooks are promises: each alert has one, each command is real, each claim is tried."""

import contextlib
import json
import re
import shlex
import subprocess
from pathlib import Path

import pytest
import yaml

from charts.helm import CHARTS, HERE, helm, kube_folder, platform, render
from charts.release import Release
from charts.runbook import Document, slug
from support.pod import World
from support.sidecar import Metrics, Sidecar, configuration, run, tables
from support.waiting import wait_until

README = Document(Path("README.md"))
DOCUMENTS = [Document(path) for path in sorted(CHARTS.rglob("*.md"))]
ALERTS = yaml.safe_load((CHARTS / "schemalatch-platform/values.yaml").read_text())["prometheusRule"]["alerts"]
each_document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda d: str(d.path.relative_to(CHARTS)))


# --- alerts -------------------------------------------------------------------------------------

def test_each_alert_has_a_runbook_where_its_link_leads():
    rule = render(platform(), sets={"prometheusRule.enabled": True}).only("PrometheusRule")
    rules = [each for group in rule["spec"]["groups"] for each in group["rules"]]
    anchors = {slug(heading) for heading in README.headings()}
    for each in rules:
        path, _, anchor = each["annotations"]["runbook_url"].rpartition("#")
        assert anchor in anchors, each["alert"]
        assert path.endswith("charts/README.md")
    named = [heading for heading in README.headings() if heading.startswith("Schemalatch")]
    assert named == list(ALERTS) and {each["alert"] for each in rules} == set(named)


@pytest.mark.parametrize("alert", ALERTS)
def test_each_runbook_has_its_four_parts(alert):
    parts = re.findall(r"(?m)^\*\*(\w+)\.\*\*", README.section(alert))
    assert parts == ["Meaning", "Impact", "Diagnosis", "Mitigation"]


SAID = {"10m": "10 minutes", "1h": "an hour", "5m": "5 minutes"}


def test_the_times_that_are_told_are_those_of_the_alerts():
    for alert in ("SchemalatchNotReady", "SchemalatchDisabled"):
        assert SAID[ALERTS[alert]["for"]] in README.section(alert)
    assert ALERTS["SchemalatchStale"]["afterSeconds"] == 600 and "10 minutes" in README.section("SchemalatchStale")
    hold = yaml.safe_load((CHARTS / "schemalatch/values.yaml").read_text())["database"]["holdFor"]
    assert f"`holdFor` ({SAID[hold]})" in README.text


def test_metrics_and_reasons_are_real(database):
    with Sidecar(configuration(database.url(), tables("users"))) as sidecar:
        text = sidecar.get("/metrics").text
    families = set(re.findall(r"(?m)^# TYPE (\S+)", text)) | Metrics.parse(text).names()
    named = set(re.findall(r"`(schemalatch_[a-z_]+)", README.text))
    assert named and named <= families
    real = set(re.findall(r'\[REASON_\w+\] = \{"(\w+)"', (CHARTS.parent / "probes/verdict.c").read_text()))
    passing = {"ok", "ahead", "dirty_newer"}
    listed = [reason for row in README.table("reason")[1:] for reason in re.findall(r"`(\w+)`", row[0])]
    assert sorted(listed) == sorted(real - passing), "each reason that shuts a gate is told once"


# --- links --------------------------------------------------------------------------------------

@each_document
def test_links_lead_somewhere(document):
    for path, anchor in document.links():
        if path.startswith("http"):
            continue
        target = (document.path.parent / path).resolve() if path else document.path
        assert target.exists(), path
        if anchor:
            assert anchor[1:] in {slug(heading) for heading in Document(target).headings()}, f"{path}{anchor}"


@each_document
def test_files_that_are_named_exist(document):
    for path in re.findall(r"`((?:tests|charts|app|sidecar)/[\w./-]+)`", document.prose):
        root = document.path.parent if path.startswith("app/") else CHARTS.parent
        found = [root / path, CHARTS / "example" / path]
        assert any(each.exists() for each in found), path


# --- commands -----------------------------------------------------------------------------------

def says(*line):
    done = subprocess.run([str(word) for word in line], capture_output=True, text=True,
                          env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "KUBECONFIG": "/nonexistent"})
    return done.stdout + done.stderr


def help_of(tool, words):
    """The help of the longest run of words that is a command of the tool."""
    path = kube_folder() / "bin" / tool
    for count in (3, 2, 1):
        text = says(path, *words[:count], "--help")
        if re.search(rf"(?m)^ +{tool} {re.escape(' '.join(words[:count]))}( |$)", text):
            return text + (says(path, "options") if tool == "kubectl" else "")
    raise AssertionError(f"{tool} {' '.join(words)}: no such command")


def flags(words):
    before = words[:words.index("--")] if "--" in words else words
    return [word.partition("=")[0] for word in before if re.match(r"--?[a-zA-Z]", word)]


KUBE_LINES = [(tool, words[1:]) for document in DOCUMENTS for tool in ("kubectl", "helm")
              for words in document.commands(tool)]


@pytest.mark.parametrize("tool, words", [pytest.param(*each, id=f"{each[0]} {' '.join(each[1])}"[:90])
                                         for each in KUBE_LINES])
def test_commands_of_the_cluster_are_real(tool, words):
    if words[0].isupper() or words[:1] == ["--wait"]:
        return  # `helm --wait`, the flag as people call it
    text = help_of(tool, words)
    for flag in flags(words):
        assert re.search(rf"(?<![\w-]){re.escape(flag)}(?![\w-])", text), f"{flag} in {tool} {' '.join(words)}"


def test_enough_commands_are_looked_at():
    assert len(KUBE_LINES) > 25, "the parser has lost them"


def schemalatch_lines():
    """Those of the runbooks that are run by hand, and those that are run in a pod."""
    direct = README.commands("schemalatch")
    inside = [words[words.index("--") + 1:] for words in README.commands("kubectl") if "--" in words]
    return direct + [words for words in inside if words[0] == "schemalatch"]


@pytest.mark.parametrize("words", schemalatch_lines(), ids=" ".join)
def test_commands_of_the_program_are_real(words, tmp_path):
    """Run, with files that exist and a database that does not: anything but bad usage (2)."""
    config = tmp_path / "schemalatch.json"
    config.write_text(json.dumps(configuration("postgresql://nobody@127.0.0.1:1/none", tables("users"))))
    line = [re.sub(r"\S*schemalatch\.json$", str(config), word) for word in words[1:]]
    line = [word.replace("new-db", "127.0.0.1:1").replace("charts/", f"{CHARTS}/") for word in line]
    done = run(*line)
    assert done.code == (0 if line[0] == "config" else 3), f"{done.code}\n{done.err}"


def block_with(text, language="sh"):
    found = [block for block in README.blocks(language) if text in block]
    assert len(found) == 1, found
    return found[0]


# --- levers -------------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def first():
    return Release("0.1.0")


def test_the_gate_is_opened_without_helm(first, tmp_path):
    """The pipeline's sed, on what kubectl prints."""
    given = first.render().only("ConfigMap")
    (tmp_path / "given.yaml").write_text(yaml.safe_dump(given))
    printed = says(kube_folder() / "bin/kubectl", "label", "--local", "-f", tmp_path / "given.yaml", "-o", "yaml",
                   "app.kubernetes.io/instance=orders", "--overwrite")
    change, = re.findall(r"\| (sed .*?) \|", block_with("kubectl replace"))
    done = subprocess.run(shlex.split(change), input=printed, capture_output=True, text=True, check=True)
    after = yaml.safe_load(done.stdout)
    assert json.loads(given["data"]["schemalatch.json"])["mode"] == "gate"
    assert json.loads(after["data"]["schemalatch.json"])["mode"] == "observe"
    assert given["metadata"] == after["metadata"]
    labels = dict(pair.split("=") for pair in re.search(r"-l (\S+)", block_with("kubectl replace"))[1].split(","))
    assert labels.items() <= given["metadata"]["labels"].items(), "the selector finds it"


@pytest.mark.parametrize("line", README.blocks("sh", "The gate must be opened at once")[0].splitlines())
def test_the_gate_is_opened_by_helm(first, line):
    """What `--set` says reaches the ConfigMap of the same name: running pods have it mounted."""
    sets = [word for flag, word in zip(line.split(), line.split()[1:]) if flag == "--set"]
    done = helm("template", "orders", first.chart, "--namespace", "shop", "--set", f"image.tag={first.tag}",
                *[word for each in sets for word in ("--set", each)])
    after, = [o for o in yaml.safe_load_all(done.stdout) if o and o["kind"] == "ConfigMap"]
    before = first.render().only("ConfigMap")
    assert after["metadata"]["name"] == before["metadata"]["name"]
    was, now = (json.loads(each["data"]["schemalatch.json"]) for each in (before, after))
    changed = {key: value for key, value in now.items() if was.get(key) != value}
    assert changed in ({"mode": "observe"}, {"disabled": "INC-42"})


def test_selectors_of_the_commands_find_the_pods(first):
    made = first.render().objects
    labels = [each["metadata"]["labels"] for each in made]
    labels += [each["spec"]["template"]["metadata"]["labels"] for each in made if "template" in each.get("spec", {})]
    for words in README.commands("kubectl"):
        for flag, value in zip(words, words[1:]):
            if flag == "-l":
                wanted = dict(pair.split("=") for pair in value.split(","))
                assert any(wanted.items() <= each.items() for each in labels), value


# --- migrations ---------------------------------------------------------------------------------

def test_a_schema_is_rolled_back_by_the_newer_release(database, first):
    newer = Release("0.2.0")
    world = newer.world(database.url())
    world.run_job()
    words = shlex.split(block_with("downgrade").partition(" | ")[0])
    done = helm(*[str(newer.chart) if word == "charts/example" else word for word in words[1:]])
    assert done.returncode == 0, done.stderr
    job = yaml.safe_load(done.stdout)
    assert job["metadata"]["name"] != world.find("Job")["metadata"]["name"], "it can be created beside the other"
    log = World([job], newer.images, world.secrets).run_job()
    assert "Running downgrade 0003 -> 0002" in log
    assert database.execute("SELECT version_num FROM alembic_version") == [("0002",)]
    with first.world(database.url()).pod() as pod:
        assert pod.wait_ready().gate.check("migrations")["reason"] == "ok"


def test_who_blocks_a_migration_is_found_and_ended(database, first):
    """The queries of the runbook, while a forgotten session keeps a real migration waiting."""
    world = first.world(database.url())
    world.run_job()
    find, end, progress = README.blocks("sql", "A migration that hangs")
    newer = Release("0.2.0").world(database.url())
    with contextlib.ExitStack() as stack:
        old = stack.enter_context(world.pod()).wait_ready()
        forgotten = database.connect(application_name="forgotten")
        forgotten.autocommit = False
        forgotten.cursor().execute("SELECT 1 FROM orders")
        job = stack.enter_context(newer.pod("Job"))
        found = wait_until(lambda: database.execute(find), what=lambda: f"a session that waits\n{job.log_text()}")
        row, = found
        assert "ALTER TABLE orders" in row[2] and row[4:6] == ("forgotten", "idle in transaction"), row
        assert old.ready and database.execute(progress) == []
        assert database.execute(end.replace("PID", str(row[3]))) == [(True,)]
        assert job.wait_exit() == 0, job.log_text()
        assert old.ready


def test_the_database_is_moved(server, database, first):
    """Sessions stay where they are until they are ended there; then nothing of the old one counts."""
    moved = server.create_database()
    world = first.world(database.url())
    world.run_job()
    with world.pod() as pod:
        pod.wait_ready()
        pod.rewrite("schemalatch-database", "url", moved.url())
        pod.gate.wait_round(rounds=2)
        assert pod.ready and pod.gate.check("migrations")["reason"] == "ok"
        database.execute(README.blocks("sql", "Moving the database")[0])
        pod.gate.wait_check("migrations", reason="unmanaged")
        wait_until(lambda: not pod.ready, what="the gate to shut")
        wait_until(lambda: '"database_changed"' in pod.log_text(), what="the change to be told")


def test_the_new_database_is_asked_before_the_move(database, first):
    line, = [words for words in README.commands("schemalatch") if "--database-url" in words]
    words = [database.url() if word.startswith("postgresql:") else word.replace("charts/", f"{CHARTS}/")
             for word in line[1:]]
    done = run(*words)
    assert done.code == 1 and "unmanaged" in done.out and "public.orders" in done.out
    first.world(database.url()).run_job()
    assert run(*words).code == 0


# --- the versioning strategy --------------------------------------------------------------------

HEAD, *STATES = README.table("the database is at")
TAGS = HEAD[1:]


@pytest.fixture(scope="module")
def releases():
    return {tag: Release(tag) for tag in TAGS}


def test_the_releases_of_the_strategy_are_there(releases):
    assert TAGS == ["0.1.0", *sorted(folder.name for folder in (HERE / "releases").iterdir())]
    for tag, revision, _, contract in README.table("release")[1:]:
        release = releases[tag.split()[0]]
        wanted = json.loads((release.chart / "contract.json").read_text())
        columns = wanted["schemas"]["public"]["tables"]["orders"]["columns"]
        told = re.findall(r"`(\w+)`( not null)?", contract)
        assert {name: bool(words) for name, words in told} == \
            {name: column.get("nullable") is False for name, column in columns.items()}, tag
        newest = max(path.name for path in (release.chart / "app/migrations/versions").glob("*.py"))
        assert newest.startswith(revision), tag


def verdicts(release, url):
    """What a gate that starts now says: migrations / contract, bold where it is shut."""
    world = release.world(url)
    world.find("Deployment")["spec"]["template"]["spec"]["containers"] = []
    with world.pod() as pod:
        return wait_until(lambda: said_by(pod.gate), what="a first answer")


def said_by(gate):
    """As the table writes it; None before the first answer."""
    document = gate.status()
    reasons = {check["name"]: check["reason"] for check in document["databases"][0]["checks"]}
    if "pending" in reasons.values():
        return None
    text = f"{reasons['migrations']} / {reasons['contract']}"
    return text if document["ready"] else f"**{text}**"


@pytest.mark.limit(180)
def test_the_gate_says_at_each_step_what_the_table_claims(database, releases):
    running, found = {}, []
    try:
        for (state, *_), tag in zip(STATES, [None, *TAGS]):
            if tag:
                releases[tag].world(database.url()).run_job()
                assert database.execute("SELECT version_num FROM alembic_version") == [(state.split()[0],)]
            found.append([state, *[verdicts(releases[each], database.url()) for each in TAGS]])
            if tag:
                running[tag] = releases[tag].world(database.url()).pod().__enter__()
                running[tag].wait_ready()
            for each, cell in zip(running, found[-1][1:]):
                expected = cell.replace("unknown_revision", "ahead")
                wait_until(lambda: said_by(running[each].gate) == expected, what=f"{each}: {expected} at {state}")
    finally:
        for pod in running.values():
            pod.stop()
    assert found == STATES
