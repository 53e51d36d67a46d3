"""All that the charts render, as the API server takes it: defaults, validation and admission are the real
ones, an unknown field is an error, and so is a warning."""

import os
from pathlib import Path

import pytest
from charts.matrix import ALL, OF_APP, rendered
from cluster.control_plane import RESTRICTED

WORKLOADS = ("Deployment", "StatefulSet", "Job")
WARNED = {**RESTRICTED, "pod-security.kubernetes.io/warn": "restricted"}


@pytest.fixture(scope="module")
def cluster(plane):
    """Namespaces that the values name, and the kinds of Prometheus's operator."""
    for name in ("shop", "billing", "monitoring"):
        plane.namespace(WARNED, name=name)
    for path in sorted(Path(os.environ["SCHEMALATCH_KUBE"], "operator").glob("*.yaml")):
        plane.api.kubectl("apply", "--server-side", "-f", str(path))
    plane.api.kubectl("wait", "--for=condition=Established", "--timeout=60s", "crd", "--all")
    return plane


@pytest.mark.parametrize("values", [values for values in ALL if values != "platform/off.yaml"])  # which is empty
def test_accepted(cluster, values):
    release = rendered(values)
    said = cluster.apply(release.text, "--dry-run=server", namespace="shop")
    assert "Warning" not in said, said
    assert said.count("(server dry run)") == len(release.objects)


@pytest.mark.parametrize("values", OF_APP)
def test_its_pod_is_let_in_where_restricted_is_enforced(cluster, values):
    for item in rendered(values).objects:
        if item["kind"] not in WORKLOADS:
            continue
        template = item["spec"]["template"]
        made = cluster.api.create({"kind": "Pod", "spec": template["spec"], "metadata": {
            **template["metadata"], "name": "app"}}, "shop", dry_run=True)
        assert [c["name"] for c in made["spec"].get("initContainers", [])] == [
            c["name"] for c in template["spec"].get("initContainers", [])]
