"""Every rendering: valid by Kubernetes' own schemas, fit for a restricted namespace, and as it was."""

import os
import shutil

import pytest
import yaml

from charts import matrix, objects, restricted, schemas
from charts.helm import CHARTS, HERE, NEWEST, application, helm, render
from charts.matrix import ALL, each_values, each_values_and_kubernetes, rendered
from support.processes import scratch_folder

GOLDEN = HERE / "golden"


@pytest.mark.parametrize("chart", ["schemalatch", "schemalatch-platform"])
def test_lint(chart):
    done = helm("lint", "--strict", CHARTS / chart)
    assert done.returncode == 0 and "[WARNING]" not in done.stdout, done.stdout + done.stderr


def test_lint_of_an_application_with_values_that_are_complete():
    done = helm("lint", "--strict", application(), "--values", HERE / "values/app/tables.yaml")
    assert done.returncode == 0, done.stdout + done.stderr


@each_values_and_kubernetes
def test_valid(values, kubernetes):
    release = rendered(values, kubernetes)
    found = [f"{item['kind']} {item['metadata']['name']}: {problem}" for item in release.objects
             for problem in [*schemas.problems(item, kubernetes), *objects.problems(item)]]
    assert found == []


def test_injection_is_valid():
    """By the schemas; what it does is tried in a real API server by tests/cluster.sh."""
    release = render(matrix.platform(), None, {"injection.enabled": True})
    assert {item["kind"] for item in release.objects} >= {"MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding"}
    for item in release.objects:
        assert [*schemas.problems(item, NEWEST), *objects.problems(item)] == []


@each_values
def test_restricted(values):
    for item in rendered(values).objects:
        template = objects.template_of(item)
        if template:
            annotations = template["metadata"].get("annotations")
            assert restricted.violations(template["spec"], annotations) == []


def test_user_ids_may_be_left_to_the_cluster():
    """As OpenShift wants it."""
    nobody = {"schemalatch.securityContext.runAsUser": None, "schemalatch.securityContext.runAsGroup": None}
    release = render(application(), "app/copy.yaml", nobody)
    for container in release.pod()["initContainers"]:
        assert not {"runAsUser", "runAsGroup"} & container["securityContext"].keys()
    assert restricted.violations(release.pod()) == []


@each_values
def test_as_it_was(values):
    """The renderings that are kept; RECORD_GOLDEN=1 tests/charts.sh -k as_it_was writes them anew."""
    path = GOLDEN / values
    text = rendered(values).text
    if os.environ.get("RECORD_GOLDEN"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        pytest.fail("golden files were recorded: look at the diff, then run without RECORD_GOLDEN")
    assert path.exists(), f"{path} is not there: RECORD_GOLDEN=1 tests/charts.sh -k as_it_was writes it"
    assert text == path.read_text(encoding="utf-8")


@each_values
def test_helm_3_renders_the_same(values):
    chart = matrix.CHARTS[values.partition("/")[0]]()
    assert render(chart, values, program="helm3").text == rendered(values).text


def test_helm_3_refuses_the_same():
    done = helm("template", application(), "--set-json", 'schemalatch.tabels=["a"]', program="helm3")
    assert done.returncode != 0 and "tabels" in done.stderr


def test_the_library_is_brought_by_helm_itself():
    """As its README says: a dependency by a path, in an umbrella chart or not."""
    folder = scratch_folder("charts")
    shutil.copytree(HERE / "app", folder / "app")
    shutil.copytree(CHARTS / "schemalatch", folder / "schemalatch")
    (folder / "umbrella").mkdir()
    (folder / "umbrella/Chart.yaml").write_text(yaml.safe_dump({
        "apiVersion": "v2", "name": "umbrella", "version": "1.0.0",
        "dependencies": [{"name": "app", "version": "1.2.3+build.4", "repository": "file://../app"}]}))
    for chart in ("app", "umbrella"):
        done = helm("dependency", "update", folder / chart)
        assert done.returncode == 0, done.stderr
    alone = render(folder / "app", "app/copy.yaml")
    values = yaml.safe_load((HERE / "values/app/copy.yaml").read_text(encoding="utf-8"))
    below = render(folder / "umbrella", None, {"app": values, "global": {"team": "shop"}})
    assert below.objects == alone.objects == rendered("app/copy.yaml").objects


def test_no_golden_file_is_left_over():
    kept = sorted(str(path.relative_to(GOLDEN)) for path in GOLDEN.rglob("*.yaml"))
    assert kept == ALL


def test_no_anchor_or_tab_of_ours_reaches_the_manifest():
    text = rendered("app/django.yaml").text
    assert "\t" not in text
    assert not [line for line in text.splitlines() if line != line.rstrip()], "trailing blanks"


@pytest.mark.parametrize("name", ["a", "o" * 53])
def test_names_of_any_release_fit(name):
    release = render(application(), "app/copy.yaml", name=name)
    for item in release.objects:
        assert objects.problems(item) == []
        assert len(item["metadata"]["name"]) <= 63


def test_the_same_values_give_the_same_text():
    assert rendered("app/django.yaml").text == render(application(), "app/django.yaml").text


def test_values_files_have_no_key_twice():
    """YAML would let the last one win without a word."""
    class Loader(yaml.SafeLoader):  # pylint: disable=too-many-ancestors
        def construct_mapping(self, node, deep=False):
            keys = [self.construct_object(key) for key, _ in node.value]
            assert len(set(keys)) == len(keys), f"{node.start_mark}: {keys}"
            return super().construct_mapping(node, deep)
    for path in [*CHARTS.glob("schemalatch*/values.yaml"), *HERE.glob("values/*/*.yaml")]:
        yaml.load(path.read_text(encoding="utf-8"), Loader)
