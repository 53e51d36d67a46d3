"""A pod under a real kubelet, containerd and runc: what the sidecar holds back, when the pod is Ready,
what its events and its end tell. All pods are of level restricted; the gate is put in by the
policy, or by the library chart."""

import json
import re

import pytest
from charts.helm import application, render
from cluster.control_plane import RESTRICTED
from cluster.images import BUSYBOX_FILES, BUSYBOX_LINKS
from cluster.node import bound
from cluster.pods import APP_IMAGE, ENABLED, RESTRICTED_CONTAINER, asking, status_of
from support.alembic_project import AlembicProject
from support.waiting import stays, wait_until

pytestmark = [pytest.mark.usefixtures("injection"), pytest.mark.limit(180)]
RELEASE = "registry.invalid/release:1"


# On TERM the app asks the sidecar once more, and takes a while.
SERVE = """
end() {
    echo "told to end; the sidecar says $(wget -q -O - http://127.0.0.1:8484/readyz)"
    sleep 1
    exit 0
}
trap end TERM
echo started
while :; do sleep 0.1; done
"""
# An answer counts at once, and silence is told in the same words for as long as a test takes.
GATE = {"databases": [{
    "urlFile": "/run/secrets/schemalatch/url", "period": "100ms", "retryPeriod": "100ms", "holdFor": "5m",
    "checks": [{"kind": "tables", "tables": ["users"]}],
}]}


@pytest.fixture
def namespace(plane):
    """A namespace whose pods are gone when the test is over."""
    name = plane.namespace({**ENABLED, **RESTRICTED})
    yield name
    for pod in plane.api.list("pods", name):
        plane.api.delete("pods", pod["metadata"]["name"], name, gracePeriodSeconds=0)


@pytest.fixture
def start(api, node, namespace, database):
    """Creates a pod of one app beside a gate that wants the table users; gives what watches it."""
    api.create({"kind": "Secret", "metadata": {"name": "app-db"},
                "stringData": {"url": database.url()}}, namespace)
    api.create({"kind": "ConfigMap", "metadata": {"name": "gate"},
                "data": {"schemalatch.json": json.dumps(GATE)}}, namespace)

    def start_one(settings=None, *, app=SERVE, **spec):
        container = {"name": "app", "image": APP_IMAGE, "imagePullPolicy": "Never", "command": ["sh", "-c", app],
                     "securityContext": RESTRICTED_CONTAINER}
        settings = {"schemalatch.io/tables": None, "schemalatch.io/config": "gate", **(settings or {})}
        wanted = asking("app", settings, spec={"containers": [container], **spec})
        api.create(bound(wanted), namespace)
        return Watched(api, namespace)

    return start_one


@pytest.fixture
def start_from(api, start, namespace):
    """Creates a pod of a spec that a chart has rendered, with our app in the place of its own."""
    def start_one(spec):
        spec["containers"][0] |= {"image": APP_IMAGE, "command": ["sh", "-c", SERVE]}
        spec["containers"][0]["securityContext"]["runAsUser"] = 65532
        api.create(bound({"kind": "Pod", "metadata": {"name": "app"}, "spec": spec}), namespace)
        return Watched(api, namespace)

    return start_one


class Watched:
    """The pod called app, as the API tells of it."""

    def __init__(self, api, namespace):
        self.api = api
        self.namespace = namespace

    def get(self):
        return self.api.get("pods", "app", self.namespace)

    def condition(self, kind):
        found = [c for c in self.get()["status"].get("conditions", []) if c["type"] == kind]
        return found[0]["status"] if found else None

    def state(self, container):
        """{"running": …}, {"waiting": …} or {"terminated": …}"""
        return status_of(self.get(), container).get("state", {})

    def events(self):
        return self.api.list("events", self.namespace, fieldSelector="involvedObject.name=app")

    def told(self):
        return "\n".join(f"{e['type']} {e['reason']} {e['message']}" for e in self.events())

    def wait_event(self, pattern):
        return wait_until(lambda: re.search(pattern, self.told()), 60,
                          lambda: f"an event /{pattern}/\n{self.told()}")

    def wait_ready(self, ready=True):
        wanted = str(ready)
        wait_until(lambda: self.condition("Ready") == wanted, 60, self._what_it_is(f"Ready {wanted}"))

    def wait_state(self, container, state):
        wait_until(lambda: state in self.state(container), 60, self._what_it_is(f"{container} {state}"))

    def _what_it_is(self, what):
        return lambda: f"{what}\n{json.dumps(self.get()['status'], indent=1)}\n{self.told()}"

    def logs(self, container):
        return self.api.logs("app", container, self.namespace)

    def wait_log(self, container, text):
        wait_until(lambda: text in self.logs(container), 60, lambda: f"{text!r} in\n{self.logs(container)}")


def migrate(database):
    database.execute("CREATE TABLE users (id int)")


# --- the start ----------------------------------------------------------------------------------

def test_the_app_does_not_start_before_the_schema_is_there(start, database):
    pod = start()
    pod.wait_event(r"Warning Unhealthy Startup probe failed: HTTP probe failed with statuscode: 503")
    assert pod.get()["status"]["phase"] == "Pending"
    assert pod.state("app") == {"waiting": {"reason": "PodInitializing"}}
    pod.wait_log("schemalatch", '"reason":"missing"')  # where people find what the probe's event cannot tell
    assert "missing" not in pod.told()
    migrate(database)
    pod.wait_ready()
    sidecar, app = status_of(pod.get(), "schemalatch"), status_of(pod.get(), "app")
    assert (sidecar["started"], sidecar["ready"], sidecar["restartCount"]) == (True, True, 0)
    assert (app["started"], app["ready"], app["restartCount"]) == (True, True, 0)
    assert app["state"]["running"]["startedAt"] >= sidecar["state"]["running"]["startedAt"]


def test_with_an_exec_probe_the_event_says_why(start, database):
    pod = start({"schemalatch.io/probe": "exec"})
    pod.wait_event(r"Warning Unhealthy Startup probe failed: .*main/tables failed: missing: public\.users")
    event = next(e for e in pod.events() if e["reason"] == "Unhealthy")
    assert event["involvedObject"]["fieldPath"] == "spec.initContainers{schemalatch}"
    migrate(database)
    pod.wait_ready()
    database.execute("DROP TABLE users")
    pod.wait_event(r"Warning Unhealthy Readiness probe failed: .*main/tables failed: missing: public\.users")


def test_a_plain_init_container_waits_and_is_gone(start, database):
    pod = start({"schemalatch.io/kind": "init", "schemalatch.io/config": None, "schemalatch.io/tables": "users"})
    pod.wait_state("schemalatch-wait", "running")
    pod.wait_log("schemalatch-wait", "missing")
    assert pod.state("app") == {"waiting": {"reason": "PodInitializing"}}
    migrate(database)
    pod.wait_ready()
    ended = pod.state("schemalatch-wait")["terminated"]
    assert (ended["exitCode"], ended["reason"]) == (0, "Completed")
    database.execute("DROP TABLE users")
    stays(lambda: pod.condition("Ready") == "True", 3, "Ready: whoever waits once does not watch")


def test_a_configuration_that_is_wrong_is_told_where_people_look(start, api, namespace):
    broken = {"databases": [{"urlFile": "/run/secrets/schemalatch/url", "cheks": []}]}
    api.patch("configmaps", "gate", {"data": {"schemalatch.json": json.dumps(broken)}}, namespace)
    pod = start()
    ended = wait_until(lambda: status_of(pod.get(), "schemalatch").get("lastState", {}).get("terminated"), 60,
                       "an end of the sidecar")
    assert ended["exitCode"] == 2
    assert "cheks" in ended["message"] and "checks" in ended["message"]


def test_a_job_ends_when_its_work_has(start, database):
    """A native sidecar does not keep a finished pod alive."""
    migrate(database)
    pod = start(app="echo done", restartPolicy="Never")
    wait_until(lambda: pod.get()["status"]["phase"] == "Succeeded", 60, "the pod to succeed")
    assert status_of(pod.get(), "schemalatch")["state"]["terminated"]["exitCode"] == 0


# --- while it runs ------------------------------------------------------------------------------

def test_a_table_that_goes_takes_the_pod_out_and_back_it_comes(start, database):
    migrate(database)
    pod = start()
    pod.wait_ready()
    database.execute("DROP TABLE users")
    pod.wait_ready(False)
    said = next(c for c in pod.get()["status"]["conditions"] if c["type"] == "Ready")
    assert said["message"] == "containers with unready status: [schemalatch]"
    assert status_of(pod.get(), "app")["ready"], "the app itself is not to blame"
    migrate(database)
    pod.wait_ready()
    assert [status_of(pod.get(), name)["restartCount"] for name in ("schemalatch", "app")] == [0, 0]


def test_a_database_that_is_silent_leaves_the_pod_ready(start, own_server, database):
    migrate(database)
    pod = start()
    pod.wait_ready()
    own_server.stop("fast")
    pod.wait_log("schemalatch", "unreachable")
    stays(lambda: pod.condition("Ready") == "True", 5, "Ready, while the last verdict is held")
    assert pod.condition("Ready") == "True"
    own_server.start()
    database.execute("DROP TABLE users")
    pod.wait_ready(False)


def test_a_rotated_secret_reaches_the_running_sidecar(start, api, namespace, own_server, database):
    """No restart: the volume's link is turned, and the next connect reads it."""
    role = own_server.create_role(password="before")
    api.patch("secrets", "app-db", {"stringData": {"url": database.url(role, "before")}}, namespace)
    migrate(database)
    database.execute(f'GRANT SELECT ON users TO "{role}"')
    pod = start()
    pod.wait_ready()
    own_server.set_password(role, "after")
    own_server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s", (role,))
    pod.wait_log("schemalatch", '"reason":"login"')
    api.patch("secrets", "app-db", {"stringData": {"url": database.url(role, "after")}}, namespace)
    wait_until(lambda: own_server.sessions(), 60, "a session with the new password")
    assert pod.condition("Ready") == "True"
    assert status_of(pod.get(), "schemalatch")["restartCount"] == 0


@pytest.fixture(scope="module")
def release_of_two(node):
    """A release of two Alembic revisions, and its image with their files."""
    made = AlembicProject("postgresql://")
    made.revision("a1", "op.create_table('users', sa.Column('id', sa.Integer))")
    made.revision("b2")
    folder = "/srv/app/migrations/versions"
    files = {f"{folder}/{path.name}": path.read_bytes() for path in made.release().glob("*.py")}
    node.load_image(RELEASE, {**files, **BUSYBOX_FILES}, links=BUSYBOX_LINKS)
    return made


@pytest.fixture
def project(release_of_two, database):
    """The same, with a database that has the first revision."""
    made = release_of_two.copy(database.url())
    made.upgrade("a1")
    return made


def test_migrations_come_out_of_the_release_s_own_image(start, project):
    """By an image volume, and against what the real Alembic leaves."""
    pod = start({
        "schemalatch.io/config": None, "schemalatch.io/probe": "exec", "schemalatch.io/migrations-image": RELEASE,
        "schemalatch.io/migrations": "alembic:srv/app/migrations/versions",
    })
    pod.wait_event(r"Startup probe failed: .*main/migrations failed: behind.*b2")
    project.upgrade()
    pod.wait_ready()


# --- the library chart --------------------------------------------------------------------------

@pytest.mark.parametrize("source", ["image", "copy"])
def test_the_pod_that_the_library_chart_writes(api, namespace, start_from, project, source):
    release = render(application(), sets={
        "schemalatch.database.existingSecret": "app-db", "schemalatch.probes.startup.type": "exec",
        "schemalatch.probes.startup.periodSeconds": 1, "schemalatch.probes.readiness.periodSeconds": 1,
        "schemalatch.database.period": "100ms",
        "schemalatch.migrations": {"source": source, "tool": "alembic", "image": RELEASE,
                                   "path": "/srv/app/migrations/versions"},
    })
    settings = release.only("ConfigMap")
    api.create({**settings, "metadata": {"name": settings["metadata"]["name"]}}, namespace)
    pod = start_from(release.pod())
    pod.wait_event(r"Startup probe failed: .*main/migrations failed: behind.*b2")
    assert pod.state("app") == {"waiting": {"reason": "PodInitializing"}}
    project.upgrade()
    pod.wait_ready()
    project.downgrade("a1")
    pod.wait_ready(False)


# --- the end ------------------------------------------------------------------------------------

def test_at_its_end_the_app_goes_first_and_the_sidecar_at_once_after_it(start, api, namespace, database):
    migrate(database)
    pod = start(terminationGracePeriodSeconds=30)
    pod.wait_ready()
    pod.wait_log("app", "started")
    # The object stays when its containers are gone, so that their end can be read.
    api.patch("pods", "app", {"metadata": {"finalizers": ["tests/looks-at-the-end"]}}, namespace)
    api.delete("pods", "app", namespace)
    pod.wait_log("app", "told to end; the sidecar says ok")
    pod.wait_state("schemalatch", "terminated")
    app, sidecar = pod.state("app")["terminated"], pod.state("schemalatch")["terminated"]
    assert (app["exitCode"], sidecar["exitCode"]) == (0, 0)
    assert sidecar["finishedAt"] >= app["finishedAt"]
    api.patch("pods", "app", {"metadata": {"finalizers": None}}, namespace)
    wait_until(lambda: not api.exists("pods", "app", namespace), 30, "the pod to be gone")
