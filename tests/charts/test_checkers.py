"""The checkers themselves: each finds what it is there for, and nothing in a pod that is right."""

import copy

import pytest

from charts import objects, restricted, schemas
from charts.helm import NEWEST, OLDEST
from charts.matrix import rendered


def good_pod():
    return {
        "containers": [{
            "name": "app",
            "image": "app:1",
            "securityContext": {
                "allowPrivilegeEscalation": False,
                "capabilities": {"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]},
            },
            "ports": [{"name": "http", "containerPort": 8000}],
            "readinessProbe": {"httpGet": {"path": "/", "port": 8000}},
            "volumeMounts": [{"name": "data", "mountPath": "/data"}],
        }],
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        "volumes": [{"name": "data", "emptyDir": {}}, {"name": "image", "image": {"reference": "app:1"}}],
    }


def put(pod, path, value):
    """Sets a place, as "containers/0/securityContext/privileged"; value None takes it away."""
    *way, last = [int(word) if word.isdigit() else word for word in path.split("/")]
    for word in way:
        pod = pod[word] if isinstance(word, int) else pod.setdefault(word, {})
    if value is None:
        del pod[last]
    else:
        pod[last] = value


CONTEXT = "containers/0/securityContext"
VIOLATIONS = {
    "escalation allowed": (f"{CONTEXT}/allowPrivilegeEscalation", True),
    "escalation unsaid": (f"{CONTEXT}/allowPrivilegeEscalation", None),
    "capabilities kept": (f"{CONTEXT}/capabilities/drop", ["NET_RAW"]),
    "capabilities unsaid": (f"{CONTEXT}/capabilities", None),
    "capability added": (f"{CONTEXT}/capabilities/add", ["SYS_TIME"]),
    "no context": (CONTEXT, None),
    "root by container": (f"{CONTEXT}/runAsUser", 0),
    "root by pod": ("securityContext/runAsUser", 0),
    "perhaps root by container": (f"{CONTEXT}/runAsNonRoot", False),
    "perhaps root by pod": ("securityContext/runAsNonRoot", False),
    "perhaps root, unsaid": ("securityContext/runAsNonRoot", None),
    "seccomp off by container": (f"{CONTEXT}/seccompProfile", {"type": "Unconfined"}),
    "seccomp off by pod": ("securityContext/seccompProfile/type", "Unconfined"),
    "seccomp unsaid": ("securityContext/seccompProfile", None),
    "privileged": (f"{CONTEXT}/privileged", True),
    "host's network": ("hostNetwork", True),
    "host's processes": ("hostPID", True),
    "host's memory": ("hostIPC", True),
    "host's port": ("containers/0/ports/0/hostPort", 8000),
    "host's folder": ("volumes/0", {"name": "data", "hostPath": {"path": "/"}}),
    "another volume": ("volumes/0", {"name": "data", "nfs": {"server": "a", "path": "/"}}),
    "probe of a host": ("containers/0/readinessProbe/httpGet/host", "169.254.169.254"),
    "TCP probe of a host": ("containers/0/livenessProbe", {"tcpSocket": {"host": "db", "port": 1}}),
    "hook of a host": ("containers/0/lifecycle", {"preStop": {"httpGet": {"host": "db", "port": 1}}}),
    "proc unmasked": (f"{CONTEXT}/procMount", "Unmasked"),
    "AppArmor off": (f"{CONTEXT}/appArmorProfile", {"type": "Unconfined"}),
    "SELinux type": (f"{CONTEXT}/seLinuxOptions", {"type": "spc_t"}),
    "SELinux user": ("securityContext/seLinuxOptions", {"user": "system_u"}),
    "sysctl": ("securityContext/sysctls", [{"name": "kernel.msgmax", "value": "1"}]),
    "Windows' host process": (f"{CONTEXT}/windowsOptions", {"hostProcess": True}),
    "init container": ("initContainers", [{"name": "early"}]),
    "ephemeral container": ("ephemeralContainers", [{"name": "late"}]),
}


def test_a_good_pod_is_not_restricted():
    assert restricted.violations(good_pod()) == []
    assert restricted.violations({**good_pod(), "hostNetwork": False}) == []


@pytest.mark.parametrize("name", VIOLATIONS)
def test_a_violation_is_found(name):
    pod = good_pod()
    put(pod, *VIOLATIONS[name])
    assert restricted.violations(pod), pod


def test_apparmor_by_annotation_is_found():
    key = "container.apparmor.security.beta.kubernetes.io/app"
    assert restricted.violations(good_pod(), {key: "unconfined"})
    assert not restricted.violations(good_pod(), {key: "localhost/tight"})


def test_what_the_container_says_is_enough():
    """An injected sidecar must not rely on the pod."""
    pod = good_pod()
    del pod["securityContext"]
    assert len(restricted.violations(pod)) == 2
    pod["containers"][0]["securityContext"].update(
        runAsNonRoot=True, seccompProfile={"type": "RuntimeDefault"})
    assert restricted.violations(pod) == []


MISFITS = {
    "two containers": ("initContainers", [{"name": "app"}]),
    "bad name": ("containers/0/name", "App_1"),
    "long name": ("containers/0/name", "a" * 64),
    "no volume": ("containers/0/volumeMounts/0/name", "other"),
    "two volumes": ("volumes/1/name", "data"),
    "bad volume": ("volumes/1/name", "Image"),
    "two mounts": ("containers/0/volumeMounts",
                   [{"name": "data", "mountPath": "/a"}, {"name": "image", "mountPath": "/a/"}]),
    "path out of the volume": ("containers/0/volumeMounts/0/subPath", "../a"),
    "variable twice": ("containers/0/env", [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]),
    "bad variable": ("containers/0/env", [{"name": "A B", "value": "1"}]),
    "long port": ("containers/0/ports/0/name", "a-port-of-sixteen"),
    "wrong port": ("containers/0/readinessProbe/httpGet/port", 8001),
    "liveness by two": ("containers/0/livenessProbe", {"exec": {"command": ["a"]}, "successThreshold": 2}),
    "probe of what ends": ("initContainers", [{"name": "a", "startupProbe": {"exec": {"command": ["a"]}}}]),
}


def deployment(pod):
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "app"},
            "spec": {"selector": {"matchLabels": {"a": "b"}},
                     "template": {"metadata": {"labels": {"a": "b"}}, "spec": pod}}}


def test_a_good_pod_fits_together():
    assert objects.problems(deployment(good_pod())) == []
    assert schemas.problems(deployment(good_pod()), NEWEST) == []


@pytest.mark.parametrize("name", MISFITS)
def test_a_misfit_is_found(name):
    pod = good_pod()
    put(pod, *MISFITS[name])
    assert objects.problems(deployment(pod)), pod


@pytest.mark.parametrize("metadata", [
    {"name": "A"}, {"name": "a", "labels": {"k": "v" * 64}}, {"name": "a", "labels": {"k": "1+2"}},
    {"name": "a", "labels": {"k k": ""}}, {"name": "a", "annotations": {"/a": ""}},
])
def test_bad_metadata_is_found(metadata):
    assert objects.problems({"kind": "ConfigMap", "metadata": metadata})


def test_bad_data_is_found():
    item = {"kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"a/b": ""}}
    assert objects.problems(item)
    item["data"] = {"a": "x" * (1 << 20) + "x"}
    assert objects.problems(item)


TYPOS = {
    "Deployment": [
        ("spec/replica", 1), ("spec/template/spec/restartpolicy", "Always"),
        ("spec/template/spec/initContainers/2/readinesProbe", {}),
        ("spec/template/spec/initContainers/2/restartPolicy", 1),
        ("spec/template/spec/initContainers/2/startupProbe/httpGet/pth", "/"),
        ("spec/template/spec/initContainers/2/startupProbe/httpGet/port", None),
        ("spec/template/spec/initContainers/2/securityContext/capabilities/drops", []),
        ("spec/template/spec/initContainers/2/resources/limit", {}),
        ("spec/template/spec/initContainers/2/image", 1),
        ("spec/template/spec/volumes/0/configMap/nam", "a"),
        ("metadata/label", {}), ("spec/selector", None),
    ],
    "ConfigMap": [("dat", {}), ("data/schemalatch.json", {}), ("metadata/namespce", "a")],
    "PodMonitor": [
        ("spec/podMetricsEndpoint", []), ("spec/podMetricsEndpoints/0/prt", "a"),
        ("spec/podMetricsEndpoints/0/interval", "soon"), ("spec/selector/matchLabel", {}),
        ("spec/selector", None), ("metadata/nam", "a"),
    ],
}


@pytest.mark.parametrize("kubernetes", [OLDEST, NEWEST])
@pytest.mark.parametrize("kind, path, value", [(k, *each) for k, all_ in TYPOS.items() for each in all_])
def test_what_no_schema_knows_is_found(kind, path, value, kubernetes):
    item = copy.deepcopy(rendered("app/django.yaml").only(kind))
    assert schemas.problems(item, kubernetes) == []
    put(item, path, value)
    assert schemas.problems(item, kubernetes)


@pytest.mark.parametrize("path, value", [
    ("spec/group", []), ("spec/groups/0/rules/0/alrt", "a"), ("spec/groups/0/rules/0/expr", {}),
    ("spec/groups/0/rules/0/for", "10 minutes"), ("spec/groups/0/name", None),
])
def test_what_no_rule_knows_is_found(path, value):
    item = copy.deepcopy(rendered("platform/all.yaml").only("PrometheusRule"))
    put(item, path, value)
    assert schemas.problems(item, NEWEST)


@pytest.mark.parametrize("path, value", [
    ("spec/podSelecter", {}), ("spec/ingress/0/form", []), ("spec/ingress/0/ports/0/prt", 1),
    ("spec/policyTypes", "Ingress"),
])
def test_what_no_policy_knows_is_found(path, value):
    item = copy.deepcopy(rendered("platform/all.yaml").all("NetworkPolicy")[0])
    put(item, path, value)
    assert schemas.problems(item, NEWEST)


def test_a_kind_that_nobody_knows_is_no_silence():
    with pytest.raises(AssertionError, match="no schema"):
        schemas.problems({"apiVersion": "v2", "kind": "Pod"}, NEWEST)


def test_image_volumes_are_unknown_to_the_oldest():
    item = rendered("app/image.yaml").only("Deployment")
    assert schemas.problems(item, NEWEST) == []
    assert any("image" in problem for problem in schemas.problems(item, OLDEST))
