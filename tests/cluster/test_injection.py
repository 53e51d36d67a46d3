"""The injection policy in a real API server: which pods get the sidecar, where, and how it is set up."""

import copy

import pytest
import yaml
from charts.helm import platform, refusal, render

from cluster.api import Refused
from cluster.control_plane import RESTRICTED
from cluster.pods import ASKS, ENABLED, ENOUGH, asking, environment, gate, pod, volume
from support.waiting import wait_until

pytestmark = pytest.mark.usefixtures("injection")


@pytest.fixture(scope="module")
def namespace(plane):
    return plane.namespace({**ENABLED, **RESTRICTED})


@pytest.fixture(scope="module")
def other_namespace(plane):
    return plane.namespace()


@pytest.fixture
def create(api, namespace):
    """The pod as the server would store it."""
    return lambda wanted, where=namespace: api.create(wanted, where, dry_run=True)


def names(made):
    return [container["name"] for container in made["spec"].get("initContainers", [])]


def mounts(made):
    return {mount.pop("name"): mount for mount in copy.deepcopy(gate(made)["volumeMounts"])}


PROBES = ("startup", "readiness", "liveness")


# --- whether ------------------------------------------------------------------------------------

def test_a_pod_that_asks_is_given_the_sidecar(create):
    made = create(asking("app"))
    assert names(made) == ["schemalatch"]
    assert made["metadata"]["annotations"]["schemalatch.io/injected"] == "0.1.0"


@pytest.mark.parametrize("labels", [{}, {"app": "shop"}, {"schemalatch.io/inject": "false"}])
def test_a_pod_that_does_not_ask_is_left_alone(create, labels):
    wanted = pod("app", labels=labels)
    made = create(wanted)
    assert names(made) == []
    assert "volumes" not in made["spec"]
    assert "annotations" not in made["metadata"]


def test_a_namespace_that_is_not_opted_in_gets_a_warning_instead(api, create, other_namespace):
    assert names(create(asking("app"), other_namespace)) == []
    assert any("asks for schemalatch and gets none" in text and other_namespace in text for text in api.warnings)


def test_no_warning_where_all_is_well(api, create, other_namespace):
    create(asking("app"))
    assert api.warnings == []
    create(pod("app"), other_namespace)
    assert api.warnings == []


def test_only_the_creation_counts(api, namespace):
    """A later label changes nothing: a pod's containers are what they are."""
    api.create(pod("late"), namespace)
    changed = api.patch("pods", "late", {"metadata": {"labels": ASKS}}, namespace)
    assert names(changed) == []
    api.delete("pods", "late", namespace, gracePeriodSeconds=0)


# --- where --------------------------------------------------------------------------------------

def step(name, **more):
    return {**copy.deepcopy(pod("x")["spec"]["containers"][0]), "name": name, **more}


@pytest.mark.parametrize(("before", "after"), [
    (["fetch"], ["schemalatch", "fetch"]),
    (["fetch", "render"], ["schemalatch", "fetch", "render"]),
    (["istio-init", "istio-proxy", "fetch"], ["istio-init", "istio-proxy", "schemalatch", "fetch"]),
    (["istio-validation", "istio-proxy"], ["istio-validation", "istio-proxy", "schemalatch"]),
    (["linkerd-init", "linkerd-proxy", "fetch"], ["linkerd-init", "linkerd-proxy", "schemalatch", "fetch"]),
    (["fetch", "linkerd-proxy"], ["fetch", "linkerd-proxy", "schemalatch"]),
])
def test_it_stands_in_front_but_behind_a_mesh(create, before, after):
    assert names(create(asking("app", spec={"initContainers": [step(name) for name in before]}))) == after


def test_an_empty_list_is_no_list(create):
    assert names(create(asking("app", spec={"initContainers": [], "volumes": []}))) == ["schemalatch"]


def test_what_the_pod_has_of_its_own_stays_as_it_is(create):
    own = {"name": "cache", "emptyDir": {}}
    container = step("app", volumeMounts=[{"name": "cache", "mountPath": "/cache"}])
    wanted = asking("app", spec={"containers": [container], "initContainers": [step("fetch")], "volumes": [own]})
    made, plain = create(wanted), create({**wanted, "metadata": {"name": "plain"}})
    assert made["spec"]["containers"] == plain["spec"]["containers"]
    assert made["spec"]["initContainers"][1:] == plain["spec"]["initContainers"]
    assert [v["name"] for v in made["spec"]["volumes"]][0] == "cache"
    rest = {key for key in made["spec"]} - {"initContainers", "volumes"}
    assert {key: made["spec"][key] for key in rest} == {key: plain["spec"][key] for key in rest}


# --- how ----------------------------------------------------------------------------------------

def test_with_the_least_settings(create):
    container = gate(create(asking("app")))
    assert container["image"] == "schemalatch:0.1.0"
    assert container["args"] == ["serve"]
    assert container["restartPolicy"] == "Always"
    assert container["ports"] == [{"name": "latch", "containerPort": 8484, "protocol": "TCP"}]
    assert environment(container) == {
        "SCHEMALATCH_LISTEN": ":8484", "SCHEMALATCH_TABLES": "users",
        "SCHEMALATCH_DATABASE_URL_FILE": "/run/secrets/schemalatch/url",
    }
    assert [container[f"{kind}Probe"]["httpGet"]["path"] for kind in PROBES] == ["/startupz", "/readyz", "/livez"]
    assert container["resources"] == {
        "requests": {"cpu": "5m", "memory": "16Mi"}, "limits": {"memory": "64Mi"}}


def test_the_secret_comes_as_files_which_a_rotation_reaches(create):
    made = create(asking("app", **{"schemalatch.io/secret": "orders-db", "schemalatch.io/secret-key": "dsn"}))
    assert environment(gate(made))["SCHEMALATCH_DATABASE_URL_FILE"] == "/run/secrets/schemalatch/dsn"
    assert volume(made, "schemalatch-secret")["secret"] == {"secretName": "orders-db", "defaultMode": 0o444}
    assert mounts(made)["schemalatch-secret"] == {"mountPath": "/run/secrets/schemalatch", "readOnly": True}


@pytest.mark.parametrize(("setting", "value", "variable"), [
    ("tables", "users,billing.invoices", "TABLES"), ("migrations", "alembic@a1b2c3", "MIGRATIONS"),
    ("upstream", "http://127.0.0.1:8000/health", "UPSTREAM"), ("mode", "observe", "MODE"),
    ("disabled", "incident 17: the gate is in the way", "DISABLED"), ("log-level", "debug", "LOG_LEVEL"),
])
def test_settings_that_become_variables(create, setting, value, variable):
    made = create(asking("app", **{f"schemalatch.io/{setting}": value}))
    assert environment(gate(made))[f"SCHEMALATCH_{variable}"] == value


def test_a_contract(create):
    made = create(asking("app", **{"schemalatch.io/contract": "app-contract", "schemalatch.io/tables": None}))
    assert environment(gate(made))["SCHEMALATCH_CONTRACT"] == "/etc/schemalatch/contract/contract.json"
    assert volume(made, "schemalatch-contract")["configMap"]["name"] == "app-contract"
    assert "SCHEMALATCH_TABLES" not in environment(gate(made))


def test_migrations_of_the_release_s_own_image(create):
    made = create(asking("app", **{"schemalatch.io/migrations": "alembic:srv/app/migrations/versions",
                                  "schemalatch.io/migrations-image": "registry.invalid/app:2.3.4"}))
    assert gate(made)["workingDir"] == "/migrations"
    assert volume(made, "schemalatch-migrations")["image"]["reference"] == "registry.invalid/app:2.3.4"
    assert mounts(made)["schemalatch-migrations"] == {"mountPath": "/migrations", "readOnly": True}


def test_a_whole_configuration(create):
    made = create(asking("app", **{"schemalatch.io/config": "app-gate", "schemalatch.io/tables": None}))
    assert environment(gate(made)) == {
        "SCHEMALATCH_LISTEN": ":8484", "SCHEMALATCH_CONFIG": "/etc/schemalatch/schemalatch.json"}
    assert volume(made, "schemalatch-config")["configMap"]["name"] == "app-gate"


def test_a_plain_init_container(create):
    settings = {"schemalatch.io/kind": "init", "schemalatch.io/wait-timeout": "10m"}
    container = gate(create(asking("app", settings)))
    assert container["args"] == ["wait", "--timeout", "10m"]
    assert container["name"] == "schemalatch-wait"
    assert not {"restartPolicy", "ports", "startupProbe", "readinessProbe", "livenessProbe"} & set(container)
    assert gate(create(asking("app", **{"schemalatch.io/kind": "init"})))["args"] == ["wait"]


def test_probes_by_the_program_itself(create):
    container = gate(create(asking("app", **{"schemalatch.io/probe": "exec"})))
    assert [container[f"{kind}Probe"]["exec"]["command"] for kind in PROBES] == [
        ["schemalatch", "probe", word] for word in ("startup", "ready", "live")]


def test_another_port(create):
    container = gate(create(asking("app", **{"schemalatch.io/port": "9000"})))
    assert container["ports"][0]["containerPort"] == 9000
    assert environment(container)["SCHEMALATCH_LISTEN"] == ":9000"
    assert container["readinessProbe"]["httpGet"]["port"] == 9000


def test_a_namespace_can_set_what_its_pods_do_not(api, plane, create):
    where = plane.namespace({**ENABLED, **RESTRICTED}, {
        "schemalatch.io/secret": "shared-db", "schemalatch.io/mode": "observe"})
    made = create(asking("app", **{"schemalatch.io/secret": None}), where)
    assert volume(made, "schemalatch-secret")["secret"]["secretName"] == "shared-db"
    assert environment(gate(made))["SCHEMALATCH_MODE"] == "observe"
    stricter = create(asking("app", **{"schemalatch.io/mode": "gate"}), where)
    assert environment(gate(stricter))["SCHEMALATCH_MODE"] == "gate"


# --- security -----------------------------------------------------------------------------------

def test_the_level_restricted_is_enforced_here_and_lets_the_sidecar_pass(api, namespace):
    """The same namespace refuses a container that has not what the sidecar has."""
    bare = asking("bare")
    del bare["spec"]["containers"][0]["securityContext"]
    with pytest.raises(Refused, match=r'violates PodSecurity "restricted.*container "app"'):
        api.create(bare, namespace, dry_run=True)
    for kind in ("sidecar", "init"):
        made = api.create(asking("app", **{"schemalatch.io/kind": kind}), namespace, dry_run=True)
        assert gate(made)["securityContext"]["readOnlyRootFilesystem"] is True
    assert api.warnings == []


def test_it_is_not_given_the_service_account_s_token(api, namespace):
    wanted = asking("app")
    del wanted["spec"]["automountServiceAccountToken"]
    made = api.create(wanted, namespace, dry_run=True)
    place = "/var/run/secrets/kubernetes.io/serviceaccount"

    def mounted(container):
        return [m["name"] for m in container["volumeMounts"] if m["mountPath"] == place]

    assert mounted(made["spec"]["containers"][0])[0].startswith("kube-api-access-")
    assert mounted(gate(made)) == ["schemalatch-no-token"]
    assert volume(made, "schemalatch-no-token")["emptyDir"] == {}


# --- once, and only once ------------------------------------------------------------------------

def test_a_pod_that_was_injected_before_is_taken_as_it_is(create):
    """As it comes back from a backup, or through another admission."""
    made = create(asking("app"))
    metadata = {key: made["metadata"][key] for key in ("name", "labels", "annotations")}
    again = {"kind": "Pod", "metadata": metadata, "spec": made["spec"]}
    assert create(again)["spec"] == made["spec"]


@pytest.mark.parametrize(("place", "name"), [
    ("initContainers", "schemalatch"), ("initContainers", "schemalatch-wait"), ("containers", "schemalatch")])
def test_one_s_own_is_left_alone(create, place, name):
    """As the library chart writes it, for instance."""
    own = step(name, image="registry.invalid/mine:1")
    spec = {place: [own] if place == "initContainers" else [step("app"), own]}
    made = create(asking("app", spec=spec))
    everything = made["spec"].get("initContainers", []) + made["spec"]["containers"]
    assert [c["image"] for c in everything if c["name"].startswith("schemalatch")] == ["registry.invalid/mine:1"]
    assert "volumes" not in made["spec"]


def test_one_s_own_needs_no_settings_here(create):
    assert names(create(pod("app", labels=ASKS, initContainers=[step("schemalatch")]))) == ["schemalatch"]


LATER = """
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingAdmissionPolicy
metadata: {name: later}
spec:
  failurePolicy: Fail
  reinvocationPolicy: IfNeeded
  matchConstraints:
    resourceRules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [pods]}]
    objectSelector: {matchLabels: {tests/later: "true"}}
  mutations:
    - patchType: JSONPatch
      jsonPatch:
        expression: >-
          has(object.metadata.annotations) && 'tests/rounds' in object.metadata.annotations ?
          (object.metadata.annotations['tests/rounds'] == 'xx' ? [] :
            [JSONPatch{op: 'replace', path: '/metadata/annotations/tests~1rounds',
              value: object.metadata.annotations['tests/rounds'] + 'x'}]) :
          [JSONPatch{op: 'add', path: '/metadata/annotations/tests~1rounds', value: 'x'}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingAdmissionPolicyBinding
metadata: {name: later}
spec: {policyName: later}
"""


def test_a_second_round_of_admission_adds_nothing(plane, create):
    """Another policy changes the pod, so that all are asked once more."""
    plane.apply(LATER)
    wanted = asking("app")
    wanted["metadata"]["labels"]["tests/later"] = "true"

    def second_round():
        made = create(wanted)
        return made if made["metadata"]["annotations"].get("tests/rounds") == "xx" else None

    made = wait_until(second_round, 30, "the other policy to be asked twice")
    assert names(made) == ["schemalatch"]
    assert len(made["spec"]["volumes"]) == 2


# --- mistakes -----------------------------------------------------------------------------------

MISTAKES = {
    "no secret": ({"secret": None}, "schemalatch.io/secret is missing"),
    "nothing to check": ({"tables": None}, "nothing to check"),
    "a name that is not known": (
        {"table": "users"}, r"unknown annotation schemalatch.io/table; known are .*schemalatch.io/tables"),
    "a mode": ({"mode": "off"}, "schemalatch.io/mode is gate or observe, not off"),
    "a kind": ({"kind": "classic"}, "schemalatch.io/kind is sidecar or init, not classic"),
    "a time limit of a sidecar": ({"wait-timeout": "5m"}, "schemalatch.io/wait-timeout is a duration"),
    "a time limit without a unit": (
        {"kind": "init", "wait-timeout": "5"}, "schemalatch.io/wait-timeout is a duration"),
    "a probe": ({"probe": "tcp"}, "schemalatch.io/probe is http or exec, not tcp"),
    "no port at all": ({"port": "latch"}, "schemalatch.io/port is a port number, not latch"),
    "no such port": ({"port": "70000"}, "schemalatch.io/port is a port number, not 70000"),
    "a log level": ({"log-level": "loud"}, "schemalatch.io/log-level is debug"),
    "two configurations": ({"config": "app-gate"}, "schemalatch.io/config is a whole configuration"),
    "an image of nothing": ({"migrations-image": "app:1"}, "schemalatch.io/migrations does not say what is in it"),
    "an annotation for a label": ({"inject": "true"}, "schemalatch.io/inject is a label"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_refused_with_what_to_do(create, mistake):
    settings, message = MISTAKES[mistake]
    with pytest.raises(Refused, match=message):
        create(asking("app", **{f"schemalatch.io/{name}": value for name, value in settings.items()}))


def test_an_annotation_without_the_label_is_refused(create):
    with pytest.raises(Refused, match="is a label of the pod, not an annotation"):
        create(pod("app", annotations={"schemalatch.io/inject": "true"}))


def test_a_label_that_means_nothing_is_refused(create):
    with pytest.raises(Refused, match='"true" or "false", not "yes"'):
        create(pod("app", labels={"schemalatch.io/inject": "yes"}, annotations=ENOUGH))


def test_a_pod_that_istio_would_let_wait_for_ever_is_refused(create):
    """As Istio's webhook leaves it where the proxy is an ordinary container: all HTTP probes go through it."""
    made = create(asking("app"))
    rewritten = gate(made)
    rewritten["startupProbe"]["httpGet"] = {"path": "/app-health/schemalatch/startupz", "port": 15020}
    made["spec"]["containers"].append(step("istio-proxy"))
    wanted = {"kind": "Pod", "spec": made["spec"], "metadata": {
        "name": "app", "labels": ASKS, "annotations": made["metadata"]["annotations"]}}
    with pytest.raises(Refused, match="this pod would wait for ever"):
        create(wanted)
    proxy = made["spec"]["containers"].pop()
    made["spec"]["initContainers"].insert(0, {**proxy, "restartPolicy": "Always"})
    assert names(create(wanted)) == ["istio-proxy", "schemalatch"]


# --- the chart's values -------------------------------------------------------------------------

def injection(**values):
    sets = {f"injection.{key}": value for key, value in values.items()}
    return render(platform(), sets={"injection.enabled": True, **sets})


@pytest.mark.parametrize("values", [
    {"failurePolicy": "Ignore"}, {"settingsAction": "Warn"},
    {"resources": {"requests": None, "limits": None}},
    {"image": {"digest": "sha256:" + "a" * 64}}, {"behind": ["only-one"]}, {"behind": []},
    {"namespaceSelector": {"matchExpressions": [{"key": "team", "operator": "Exists"}]}},
    {"probes": {"startup": {"initialDelaySeconds": 1}}}, {"resources.limits": {"cpu": "100m", "memory": "64Mi"}},
])
def test_what_other_values_render_is_accepted(plane, values):
    plane.apply(injection(**values).text, "--dry-run=server")


def test_values_reach_the_policies():
    release = injection(failurePolicy="Ignore", settingsAction="Audit", port=9484)
    policy = release.only("MutatingAdmissionPolicy")
    assert policy["spec"]["failurePolicy"] == "Ignore"
    assert "9484" in yaml.safe_dump(policy["spec"]["variables"])
    actions = {each["metadata"]["name"]: each["spec"]["validationActions"]
               for each in release.all("ValidatingAdmissionPolicyBinding")}
    assert actions == {"schemalatch-settings": ["Audit"], "schemalatch-unheard": ["Warn"]}


def test_a_cluster_that_has_no_such_policies_is_told(plane):
    sets = {"injection.enabled": True}
    said = refusal(platform(), sets, kubernetes="1.35.1")
    assert "injection needs Kubernetes 1.36 or newer, not v1.35.1" in said
    beta = render(platform(), sets={**sets, "injection.apiVersion": "v1beta1"}, kubernetes="1.35.1")
    assert beta.only("MutatingAdmissionPolicy")["apiVersion"] == "admissionregistration.k8s.io/v1beta1"
    plane.apply(beta.text, "--dry-run=server")
