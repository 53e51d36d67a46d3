"""The sidecar as a kubelet sees it: a native sidecar with startup, readiness and liveness probes
beside a database that is migrated, stopped, and robbed of a table."""

import pytest

from support.alembic_project import AlembicProject
from support.kubelet import Container, Exec, HttpGet, Probe
from support.sidecar import alembic, command_line, configuration, environment, tables
from support.waiting import stays, wait_until

QUICK = {"period": 0.1, "timeout": 1, "failure_threshold": 2}
HELD_BACK = {**QUICK, "failure_threshold": 100_000}  # "as long as it takes"


def http_probes(sidecar):
    return {
        "startup": Probe(HttpGet(sidecar.port, "/startupz"), **HELD_BACK),
        "readiness": Probe(HttpGet(sidecar.port, "/readyz"), **QUICK),
        "liveness": Probe(HttpGet(sidecar.port, "/livez"), **QUICK),
    }


def exec_probes(sidecar):
    """The same through `schemalatch probe`, whose output a kubelet shows."""
    listen = {"SCHEMALATCH_LISTEN": sidecar.listen.format(port=sidecar.port)}

    def asking(kind):
        line = command_line("probe", kind, config=sidecar.config, folder=sidecar.folder)
        return Exec(tuple(map(str, line)), environment(listen))

    return {
        "startup": Probe(asking("startup"), **HELD_BACK),
        "readiness": Probe(asking("ready"), **QUICK),
        "liveness": Probe(asking("live"), **QUICK),
    }


@pytest.fixture
def project(own_database):
    """A release that needs one revision, which makes the table users."""
    made = AlembicProject(own_database.url().replace("postgresql://", "postgresql+psycopg2://"))
    made.revision("a1", "op.execute('CREATE TABLE users (id int)')")
    return made


@pytest.fixture
def sidecar(start, own_database, project):
    checks = tables("users"), alembic(project.versions)
    return start(configuration(own_database.url(), *checks))


def wait_for(container, condition, what):
    wait_until(lambda: condition(container), what=lambda: f"{what}: {container.events[-5:]}")


@pytest.mark.parametrize("probes", [http_probes, exec_probes], ids=["http", "exec"])
def test_the_life_of_a_pod(probes, sidecar, project, own_server, own_database):
    with Container("schemalatch", probes(sidecar)) as container:
        wait_for(container, lambda c: c.outcomes["startup", "failure"] >= 3, "failed start-ups")
        assert not container.started and not container.ready

        project.upgrade()
        wait_for(container, lambda c: c.started and c.ready, "start and readiness")

        own_server.stop()
        sidecar.wait_check(held=True, reason="unreachable")
        stays(lambda: container.ready, 0.5, lambda: str(container.events[-3:]))

        own_server.start()
        own_database.execute("DROP TABLE users")
        wait_for(container, lambda c: not c.ready, "unreadiness")
        assert container.started

        own_database.execute("CREATE TABLE users (id int)")
        wait_for(container, lambda c: c.ready, "readiness again")
    assert_only_expected(container)


def assert_only_expected(container):
    """Liveness never fails, nothing is an error or a redirect, and nobody was killed."""
    assert container.alive
    assert container.outcomes["liveness", "success"] > 0
    results = {(kind, result) for kind, result in container.outcomes if result != "success"}
    assert results <= {("startup", "failure"), ("readiness", "failure")}
    assert {reason for reason, _ in container.events} == {"Unhealthy"}


def test_the_events_of_http_probes_tell_the_status_only(sidecar):
    with Container("schemalatch", http_probes(sidecar)) as container:
        wait_for(container, lambda c: c.messages(), "an event")
    told = "Startup probe failed: HTTP probe failed with statuscode: 503"
    assert set(container.messages()) == {told}


def test_the_events_of_exec_probes_tell_the_reason(sidecar, project, own_database):
    with Container("schemalatch", exec_probes(sidecar)) as container:
        wait_for(container, lambda c: any("public.users" in m for m in c.messages()), "a reason")
        event = container.messages()[-1]
        assert event.startswith("Startup probe failed: ")
        assert "main/tables" in event and "missing" in event
        assert "main/migrations" in event and "alembic upgrade head" in event

        project.upgrade()
        wait_for(container, lambda c: c.ready, "readiness")
        own_database.execute("DROP TABLE users")
        wait_for(container, lambda c: not c.ready, "unreadiness")
        event = container.messages()[-1]
        assert event.startswith("Readiness probe failed: ") and "public.users" in event


def test_a_probe_command_without_a_sidecar_says_so(sidecar):
    ready = exec_probes(sidecar)["readiness"].handler
    sidecar.stop()
    outcome = ready.run(10)
    assert outcome.result == "failure" and outcome.output.strip()


def test_a_thousand_missing_tables_stay_within_what_a_kubelet_reads(start, own_database):
    names = [f"table_with_a_rather_long_name_{n:04}" for n in range(1000)]
    sidecar = start(configuration(own_database.url(), tables(*names)))
    sidecar.wait_check(reason="missing")
    for path in ("/readyz", "/readyz?verbose", "/startupz"):
        assert len(sidecar.get(path).body) <= 8 * 1024
    outcome = exec_probes(sidecar)["readiness"].handler.run(10)
    assert outcome.result == "failure" and "missing" in outcome.output
    assert len(outcome.output) <= 8 * 1024
