"""The example's life in a real API server, by the real helm and kubectl. The commands are those of the
runbooks in charts/README.md, as they stand there but for the namespace and the chart's folder; only what
needs running pods, and so controllers, is left out."""

import functools
import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from charts.release import Release
from charts.runbook import Document
from cluster.control_plane import PORT, RESTRICTED, TOKEN, Refused
from cluster.daemon import program
from support.processes import scratch_folder

README = Document(Path("README.md"))
WARNED = {"pod-security.kubernetes.io/warn": "restricted", "pod-security.kubernetes.io/warn-version": "latest"}


class Shell:
    """A person's shell, in which helm and kubectl know where the server is."""

    def __init__(self, namespace, chart):
        self.namespace = namespace
        self.chart = chart
        self.folder = scratch_folder("shell")
        self._program("kubectl", f"--server=https://127.0.0.1:{PORT} --insecure-skip-tls-verify --token={TOKEN}")
        self._program("helm", f"--kube-apiserver=https://127.0.0.1:{PORT} --kube-insecure-skip-tls-verify"
                              f" --kube-token={TOKEN}")

    def _program(self, name, flags):
        """The flags come first, so that what follows `--` stays what it is."""
        script = self.folder / name
        script.write_text(f'#!/bin/sh\nexec "{program(name)}" {flags} "$@"\n')
        script.chmod(0o755)

    def tries(self, line, chart=None, **fills):
        """A line of the README: the exit code and all that was said."""
        for name, value in fills.items():
            line = re.sub(rf"\b{name}\b", value, line)
        line = re.sub(r"\bshop\b", self.namespace, line).replace("charts/example", str(chart or self.chart))
        done = subprocess.run(["bash", "-o", "pipefail", "-c", line], capture_output=True, text=True, timeout=60,
                              env={"PATH": f"{self.folder}:{os.environ['PATH']}", "HOME": str(self.folder)})
        return done.returncode, done.stdout + done.stderr

    def run(self, line, chart=None, **fills):
        code, said = self.tries(line, chart, **fills)
        assert code == 0, f"{line}\n{said}"
        return said

    def get(self, kind, *names):
        return json.loads(self.run(f"kubectl get {kind} {' '.join(names)} -n shop -o json"))

    def names(self, kind, selector):
        return {item["metadata"]["name"] for item in self.get(kind, "-l", selector)["items"]}

    def jobs(self):
        return self.names("jobs", "app.kubernetes.io/component=migrate")

    def config(self, release):
        """What a release's pods have mounted."""
        return json.loads(self.get("configmap", config_name(release))["data"]["schemalatch.json"])


@functools.cache
def config_name(release):
    return release.render().only("ConfigMap")["metadata"]["name"]


def line_with(*words):
    """The one command line of the README that has these words."""
    found = [line for line in README.lines() if all(word in line for word in words)]
    assert len(found) == 1, found
    return found[0]


INSTALL = "helm upgrade --install orders charts/example -n shop --set image.tag=TAG"


@pytest.fixture(scope="module")
def first():
    return Release("0.1.0")


@pytest.fixture(scope="module")
def second():
    return Release("0.2.0")


@pytest.fixture
def shell(plane, first):
    """In a namespace of its own, of the level restricted, with the first release installed."""
    made = Shell(plane.namespace({**RESTRICTED, **WARNED}), first.chart)
    made.run(line_with("kubectl create secret"))
    said = made.run(INSTALL, TAG="0.1.0")
    assert "PodSecurity" not in said and "Warning" not in said, said
    return made


def make_pod(shell, api, kind, name=None):
    """One of a workload's template, as its controller would make it."""
    owner, = shell.get(kind, "-l", "app.kubernetes.io/instance=orders")["items"]
    template = owner["spec"]["template"]
    return api.create({"kind": "Pod", "spec": template["spec"], "metadata": {
        "name": name or kind, "labels": template["metadata"]["labels"]}}, shell.namespace)


def test_the_server_takes_the_pods_too(shell, plane, first):
    """At level restricted. No controller makes them, so they are made here from the templates."""
    for kind in ("deployments", "jobs"):
        made = make_pod(shell, plane.api, kind)
        assert "serviceAccountToken" not in json.dumps(made), "no token is mounted"
    gate = made_gate(plane.api.get("pods", "deployments", shell.namespace))
    assert gate["restartPolicy"] == "Always"
    assert "deployments" in shell.run(line_with("kubectl get pods", "-L"))
    shell.run(line_with("kubectl annotate pods"))
    assert plane.api.get("pods", "deployments", shell.namespace)["metadata"]["annotations"]["incident"] == "INC-42"


def evicted(api, namespace, pod):
    """Whether the server evicts it, as `kubectl drain` asks for it. 429 is what a budget says."""
    try:
        api.request("POST", f"/api/v1/namespaces/{namespace}/pods/{pod}/eviction",
                    {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": pod}})
    except Refused as refused:
        assert refused.code == 429, refused
        return False
    return True


def test_a_drain_evicts_pods_whose_gate_is_shut(shell, plane):
    """The server itself judges that; that the budget is spent is all that it knows of it here."""
    def running(name, ready):
        make_pod(shell, plane.api, "deployments", name)
        status = {"phase": "Running", "conditions": [{"type": "Ready", "status": str(ready)}]}
        plane.api.request("PATCH", f"/api/v1/namespaces/{shell.namespace}/pods/{name}/status",
                          {"status": status}, "application/merge-patch+json")
        return name

    assert not evicted(plane.api, shell.namespace, running("serves", True))
    assert evicted(plane.api, shell.namespace, running("held-back", False))
    shell.run("kubectl patch poddisruptionbudget orders-schemalatch-example -n shop --type=merge"
              " -p '{\"spec\": {\"unhealthyPodEvictionPolicy\": \"IfHealthyBudget\"}}'")
    assert not evicted(plane.api, shell.namespace, running("held-back", False)), "what the default would do"


def made_gate(pod):
    return next(c for c in pod["spec"]["initContainers"] if c["name"] == "schemalatch")


def image_of(shell):
    """What the Deployment would run."""
    template = shell.get("deployment", "orders-schemalatch-example")["spec"]["template"]
    return template["spec"]["containers"][0]["image"]


def test_a_release_is_rolled_out_and_back(shell, first, second):
    old_job, = shell.jobs()
    shell.run(INSTALL, second.chart, TAG="0.2.0")
    new_job, = shell.jobs()
    assert new_job != old_job, "another image is another Job, and the old one is gone"
    assert shell.config(first) and shell.config(second), "pods of both releases have their configuration"

    assert "superseded" in shell.run(line_with("helm history"))
    rollback = line_with("helm rollback", "REVISION").replace(" --wait --timeout 10m", "")
    shell.run(rollback, REVISION="1")
    assert shell.config(first) and shell.config(second), "the other way as well"
    assert shell.jobs() == {old_job}
    assert image_of(shell) == "orders:0.1.0"

    shell.run(INSTALL, second.chart, TAG="0.2.0")
    assert shell.jobs() == {new_job}, "and forward again"


def test_an_upgrade_that_fails_is_rolled_back(shell, first, second):
    """Nothing gets ready here, so an upgrade that waits fails, and so does the wait for its rollback."""
    old_job = shell.jobs()
    code, said = shell.tries(f"{INSTALL} --rollback-on-failure --wait --timeout 1s", second.chart, TAG="0.2.0")
    assert code and "ConfigMap" not in said, said
    assert shell.jobs() == old_job and shell.config(first) and image_of(shell) == "orders:0.1.0"


def test_the_configuration_of_former_releases_is_kept(shell):
    """Unchanged in the cluster, however many there are, and no hindrance on the way back."""
    def maps():
        return [(item["metadata"]["name"], item["data"], item["metadata"]["labels"])
                for item in shell.get("configmaps", "-l", "app.kubernetes.io/name=schemalatch")["items"]]
    kept = []
    for number in range(4):
        shell.run(f"{INSTALL} --set schemalatch.database.schema=schema{number}", TAG="0.1.0")
        assert all(each in maps() for each in kept)
        kept = maps()
    assert len(kept) == 5
    shell.run(line_with("helm rollback", "REVISION").replace(" --wait --timeout 10m", ""), REVISION="1")
    assert maps() == kept


def test_the_same_values_again_change_nothing(shell, first):
    """The ConfigMap, a hook, is written anew: with the same content, which no sidecar takes for a change."""
    def versions():
        return {(item["kind"], item["metadata"]["name"]): item["metadata"]["resourceVersion"]
                for kind in ("deployments", "jobs") for item in shell.get(kind)["items"]}
    before, config = versions(), shell.config(first)
    shell.run(INSTALL, TAG="0.1.0")
    assert versions() == before and shell.config(first) == config


@pytest.mark.parametrize("setting, told", [("schemalatch.mode=observe", {"mode": "observe"}),
                                           ("schemalatch.disabled=INC-42", {"disabled": "INC-42"})])
def test_the_gate_is_opened_by_helm_and_shut_again(shell, first, setting, told):
    deployment = shell.get("deployment", "orders-schemalatch-example")["metadata"]["generation"]
    shell.run(line_with("helm upgrade", f"--set {setting}"))
    assert told.items() <= shell.config(first).items()
    undo = re.search(rf"`(--set {setting.partition('=')[0]}=\S*)`", README.text)[1]
    shell.run(line_with("helm upgrade", f"--set {setting}").replace(f"--set {setting}", undo))
    assert shell.config(first)["mode"] == "gate" and "disabled" not in shell.config(first)
    after = shell.get("deployment", "orders-schemalatch-example")["metadata"]["generation"]
    assert after == deployment, "no pod was replaced"


def test_the_gate_is_opened_without_helm(shell, first):
    pipeline = line_with("kubectl replace")
    shell.run(pipeline)
    assert shell.config(first)["mode"] == "observe"
    shell.run(INSTALL, TAG="0.1.0")
    assert shell.config(first)["mode"] == "gate", "what the README says of the next upgrade"


def test_a_downgrade_stands_beside_the_other_job(shell, second):
    shell.run(INSTALL, second.chart, TAG="0.2.0")
    shell.run(line_with("alembic,downgrade"), second.chart)
    jobs = {item["metadata"]["name"]: item["spec"]["template"]["spec"]["containers"][0] for item in
            shell.get("jobs")["items"]}
    assert sorted(container["command"] for container in jobs.values()) == [
        ["alembic", "-x", "ahead=ok", "upgrade", "head"], ["alembic", "downgrade", "0002"]]
    assert {container["image"] for container in jobs.values()} == {"orders-migrations:0.2.0"}


def test_a_job_that_has_failed_for_good_is_made_anew(shell):
    job, = shell.jobs()
    uid = shell.get("job", job)["metadata"]["uid"]
    shell.run("kubectl delete job -n shop JOB", JOB=job)
    assert "kubectl delete job -n shop JOB" in README.text
    shell.run(INSTALL, TAG="0.1.0")
    assert shell.jobs() == {job} and shell.get("job", job)["metadata"]["uid"] != uid


def test_the_password_is_rotated(shell):
    before = shell.get("secret", "orders-db")["data"]["url"]
    shell.run(line_with("kubectl create secret").replace("orders:NEW@", "orders:another@"))
    assert shell.get("secret", "orders-db")["data"]["url"] != before
    assert re.match(r"\d{4}-\d\d-\d\dT", shell.run(line_with("kubectl get secret")))


def test_what_else_is_typed_at_night(shell):
    """Commands that only ask, or that a test above has no place for."""
    shell.run(line_with("kubectl annotate namespace", "disabled=INC-42"))
    shell.run(line_with("kubectl rollout restart deployment"))
    shell.run(line_with("kubectl get jobs -n shop -l"))
    shell.run(line_with("kubectl get networkpolicies"))
    shell.run(line_with("kubectl annotate namespace shop schemalatch.io/disabled-"))
    annotations = shell.get("namespace", shell.namespace)["metadata"].get("annotations", {})
    assert "schemalatch.io/disabled" not in annotations
