"""The example's story, run for real: the rendered Job's command by the real Alembic, the rendered gate by
the real program, the FastAPI service in several replicas, on a real PostgreSQL."""

import contextlib
import json
import threading

import pytest

from charts.release import Release
from support.waiting import stays, wait_until

REPLICAS = 3


@contextlib.contextmanager
def fleet(world, replicas=REPLICAS):
    """That many pods of the Deployment, being started."""
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(world.pod()) for _ in range(replicas)]


def reason(pod, check="migrations"):
    return pod.gate.check(check)["reason"]


def wait_reason(pod, wanted, check="migrations"):
    return pod.gate.wait_check(check, reason=wanted)


def order(pod, customer):
    return json.loads(pod.ask("service", "/orders", json.dumps({"customer": customer}).encode()))["id"]


def customers(pod):
    return [row["customer"] for row in json.loads(pod.ask("service", "/orders"))]


@pytest.fixture(scope="module")
def first():
    return Release("0.1.0")


@pytest.fixture(scope="module")
def second():
    return Release("0.2.0")


@pytest.mark.parametrize("environment", ["staging", "production"])
def test_no_replica_starts_before_the_job_has_migrated(first, database, environment):
    world = first.world(database.url(), {"environment": environment})
    with fleet(world) as pods:
        for pod in pods:
            wait_reason(pod, "unmanaged")
            assert "table public.orders is missing" in wait_reason(pod, "missing", "contract")["message"]
        gate = pods[0].running["schemalatch"].kubelet
        wait_until(lambda: gate.outcomes["startup", "failure"] >= 3, what="failed start-ups")
        assert not any(pod.ready or pod.is_started("service") for pod in pods)

        log = world.run_job()
        assert "Running upgrade  -> 0001" in log and "-> 0002" in log
        for pod in pods:
            pod.wait_ready()
        order(pods[0], "Ada")
        assert all(customers(pod) == ["Ada"] for pod in pods)
        assert "Running upgrade" not in world.run_job(), "a second run has nothing to do"


class Client(threading.Thread):
    """Somebody who uses the service all the time, through each pod of the fleet that is ready."""

    def __init__(self, pods):
        super().__init__(daemon=True)
        self.pods = list(pods)
        self.passes = 0
        self.problems = []
        self.ending = threading.Event()

    def run(self):
        while not self.ending.is_set():
            ready = [pod for pod in list(self.pods) if pod.ready]
            if not ready:
                self.problems.append("no pod is ready")
            for pod in ready:
                self._use(pod)
            self.passes += 1
            self.ending.wait(0.02)

    def _use(self, pod):
        try:
            customers(pod)
        except (OSError, ValueError) as problem:
            self.problems.append(f"{pod.name}: {problem}")

    def wait_passes(self, count=2):
        """Two passes later, at least one has begun and ended since now."""
        target = self.passes + count
        wait_until(lambda: self.passes >= target, what="the client to use the fleet")

    def replace(self, old, new):
        """As a rolling update does: the new pod is used from now on, the old one is out of use, and
        ends."""
        self.pods.append(new)
        self.pods.remove(old)
        self.wait_passes()
        old.stop()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.ending.set()
        self.join(30)


def test_a_rolling_update_with_an_expanding_migration(first, second, database):
    old_world, new_world = first.world(database.url()), second.world(database.url())
    old_world.run_job()
    with contextlib.ExitStack() as stack:
        old = [stack.enter_context(old_world.pod()) for _ in range(REPLICAS)]
        for pod in old:
            pod.wait_ready()
        order(old[0], "Ada")
        with Client(old) as client:
            new = stack.enter_context(new_world.pod())
            wait_reason(new, "behind")
            wait_reason(new, "missing", "contract")
            client.wait_passes(10)
            assert all(pod.ready and reason(pod) == "ok" for pod in old)
            assert not new.is_started("service")

            assert "Running upgrade 0002 -> 0003" in new_world.run_job()
            for pod in old:
                wait_reason(pod, "ahead")
                assert reason(new.wait_ready()) == "ok"
                client.replace(pod, new)
                new = stack.enter_context(new_world.pod())
        assert not client.problems
        assert customers(new.wait_ready()) == ["Ada"]

        late = stack.enter_context(old_world.pod()).wait_ready()
        assert reason(late) == "ahead", "an old pod that starts anew, or a release that is rolled back"
        assert "ahead of this release: 0003" in old_world.run_job()


MIGRATION_LOCK = 4_112_760_001  # of migrations/env.py


def test_in_development_the_replicas_migrate_themselves_and_the_gate_observes(first, database):
    world = first.world(database.url(), {"environment": "development"})
    assert not world.has("Job")
    holder = database.connect()
    holder.cursor().execute("SELECT pg_advisory_lock(%s)", (MIGRATION_LOCK,))
    with fleet(world) as pods:
        for pod in pods:
            wait_reason(pod, "unmanaged")
            wait_until(lambda: pod.is_started("service"), what="the service to be started")
            assert pod.gate.ready() and not pod.gate.status()["ready"]
            assert pod.gate.status()["mode"] == "observe"
        waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        wait_until(lambda: database.execute(waiting) == [(REPLICAS,)], what="all replicas to queue")
        assert not any(pod.ready for pod in pods)
        holder.close()
        for pod in pods:
            pod.wait_ready()
            assert pod.gate.status()["ready"]
        migrated = [pod for pod in pods if "Running upgrade" in pod.log_text()]
        assert len(migrated) == 1, "one replica migrates, the others find it done"


@pytest.mark.parametrize("mode, sets", [("disabled", {"schemalatch.disabled": "INC-42"}),
                                        ("observe", {"schemalatch.mode": "observe"})])
def test_the_gate_is_opened_at_once_by_a_value(first, database, mode, sets):
    """What helm upgrade changes is the ConfigMap that running pods, and the waiting ones, have mounted."""
    world = first.world(database.url())
    opened = first.world(database.url(), sets)
    name = world.find("ConfigMap")["metadata"]["name"]
    assert opened.find("ConfigMap")["metadata"]["name"] == name
    with world.pod() as pod:
        wait_reason(pod, "unmanaged")
        assert not pod.gate.ready() and not pod.is_started("service")
        world.run_job()
        pod.wait_ready()
        database.execute("ALTER TABLE orders RENAME TO purchases")
        wait_until(lambda: not pod.ready, what="the gate to shut")

        pod.rewrite("schemalatch-config", "schemalatch.json",
                    opened.find("ConfigMap")["data"]["schemalatch.json"])
        pod.wait_ready()
        assert not pod.gate.status()["ready"]
        assert pod.gate.metrics().value("schemalatch_mode_info", mode=mode)


def test_a_password_is_rotated_without_a_restart(first, database):
    server = database.server
    role = server.create_role(password="before", options="SUPERUSER")
    world = first.world(database.url(role, "before"))
    world.run_job()
    with world.pod() as pod:
        pod.wait_ready()
        order(pod, "Ada")
        server.set_password(role, "after")
        for volume in ("database", "schemalatch-database"):
            pod.rewrite(volume, "url", database.url(role, "after"))
        before = pod.gate.metrics().value("schemalatch_connects_total", database="main")
        server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s", (role,))
        wait_until(lambda: pod.gate.metrics().value("schemalatch_connects_total", database="main") > before,
                   what="the gate to connect anew")
        wait_reason(pod, "ok")
        assert customers(pod) == ["Ada"]
        stays(lambda: pod.ready, 0.5)
    server.execute(f'DROP OWNED BY "{role}" CASCADE', database=database.name)


def test_a_service_without_migrations_has_none(first):
    """The image that staging and production run: no Alembic, no revision, not even its settings."""
    folder = first.image("service").files["/app"]
    assert sorted(path.name for path in folder.iterdir()) == ["service", "start.sh"]
    assert "alembic" not in "".join(path.read_text() for path in folder.rglob("*.py"))
    world = first.world("postgresql://nobody@127.0.0.1:1/none")
    container, = world.find("Deployment")["spec"]["template"]["spec"]["containers"]
    assert container["image"] == f"orders:{first.tag}"
