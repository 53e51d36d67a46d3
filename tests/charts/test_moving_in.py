"""charts/MOVING-IN.md, run: each "after" holds the pod back before the migration and lets it go after;
each "before" that can be had does what the tables say of it."""

import functools
from pathlib import Path

import pytest
import yaml

from charts import objects, restricted, schemas
from charts.helm import NEWEST, OLDEST, render, with_library
from charts.runbook import Document
from support.alembic_project import AlembicProject
from support.pod import Image, World, gate_image
from support.waiting import wait_until

DOCUMENT = Document(Path("MOVING-IN.md"))
LOOP, ALEMBIC = "The `until psql` loop", "`alembic current | grep head`"
WAIT_FOR, AT_START = "k8s-wait-for", "A Job, and migrations at start as well"
SPECS = {section: [yaml.safe_load(block) for block in DOCUMENT.blocks("yaml", section)]
         for section in (LOOP, ALEMBIC, WAIT_FOR, AT_START)}
AFTER_OF_CHART = SPECS[AT_START].pop()
AFTERS = [LOOP, ALEMBIC, WAIT_FOR]
SLEEP = ("/usr/bin/sleep", "infinity")  # an application that has started and stays


def pod(spec):
    """A fragment of a pod spec as a whole object."""
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "app"}, "spec": spec}


@functools.cache
def two_revisions():
    """Made once: each call of Alembic takes its time."""
    project = AlembicProject("postgresql://nowhere/none")
    project.revision("0001", "op.execute('CREATE TABLE customers (id int)')", "op.drop_table('customers')")
    project.revision("0002", "op.execute('CREATE TABLE orders (id int)')", "op.drop_table('orders')")
    return project


class Place:
    """A database, the application's project that migrates it, and the worlds of the fragments."""

    def __init__(self, database):
        self.database = database
        self.project = two_revisions().copy(database.url())

    def world(self, spec, url=None):
        """The release as it is now: later revisions are another release's."""
        release = self.project.copy(self.database.url()).folder
        images = {"app:2.3.4": Image({"/app": release, "/app/migrations": release / "scripts"}, SLEEP, folder="/app"),
                  "postgres:16": Image(command=SLEEP),
                  "schemalatch:0.1.0": gate_image()}
        documents = [{"kind": "Deployment", "metadata": {"name": "app"}, "spec": {"template": {"spec": spec}}}]
        return World(documents, images, {"app-db": {"url": url or self.database.url()}})


@pytest.fixture
def place(database):
    return Place(database)


def test_all_blocks_are_looked_at():
    assert [len(specs) for specs in SPECS.values()] == [2, 2, 2, 1]
    assert len(DOCUMENT.blocks("yaml")) == 8


@pytest.mark.parametrize("kubernetes", [NEWEST, OLDEST])
@pytest.mark.parametrize("section", SPECS)
def test_every_block_is_valid(section, kubernetes):
    for spec in SPECS[section]:
        item = pod(spec)
        assert [*schemas.problems(item, kubernetes), *objects.of_pod(spec)] == []


@pytest.mark.parametrize("section", AFTERS)
def test_every_gate_is_restricted(section):
    _, after = SPECS[section]
    gate = next(c for c in after["initContainers"] if c["name"] == "schemalatch")
    assert restricted.violations({"containers": [gate]}) == []
    assert gate["securityContext"]["readOnlyRootFilesystem"]


# --- after --------------------------------------------------------------------------------------

def assert_gated(started, project, reasons=(), halfway=None):
    """started: a pod being started. Before the migration its app does not run, and halfway neither (with
    that reason); after it, it is ready."""
    for check, reason in reasons:
        started.gate.wait_check(check, reason=reason)
    wait_until(lambda: "missing" in started.log_text(), what=lambda: f"a reason\n{started.log_text()}")
    assert not started.ready and not started.is_started("app")
    project.upgrade("0001")
    if halfway:
        started.gate.wait_check("migrations", reason=halfway)
    assert not started.ready and not started.is_started("app")
    project.upgrade()
    started.wait_ready()
    assert started.is_started("app")


NOTHING_THERE = [("migrations", "unmanaged"), ("tables", "missing")]


@pytest.mark.parametrize("section, reasons, halfway", [
    (LOOP, (), None),
    (ALEMBIC, NOTHING_THERE, "behind"),
    (WAIT_FOR, NOTHING_THERE, "unknown_revision"),  # ids alone tell no order
])
def test_after(place, section, reasons, halfway):
    _, after = SPECS[section]
    with place.world(after).pod() as started:
        assert_gated(started, place.project, reasons, halfway)


def test_after_by_exec_probes_the_events_have_the_reason(place):
    _, after = SPECS[WAIT_FOR]
    with place.world(after).pod() as started:
        started.gate.wait_check("migrations", reason="unmanaged")
        kubelet = started.running["schemalatch"].kubelet
        wait_until(lambda: any("unmanaged" in each for each in kubelet.messages()), what=lambda: kubelet.messages())


def application_chart(folder):
    """The document's chart: its values, and its template within a Deployment."""
    template, = DOCUMENT.blocks("gotemplate", AT_START)
    (folder / "templates").mkdir(parents=True)
    (folder / "Chart.yaml").write_text(
        "{apiVersion: v2, name: app, version: 2.3.4, dependencies: [{name: schemalatch, version: 0.1.0,"
        " repository: 'file://../schemalatch'}]}")
    (folder / "values.yaml").write_text(yaml.safe_dump(AFTER_OF_CHART))
    (folder / "templates/deployment.yaml").write_text(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: app}\nspec:\n"
        "  selector: {matchLabels: {app: app}}\n"
        "  template:\n    metadata: {labels: {app: app}}\n    spec:\n" + template)
    return with_library(folder)


def test_after_by_the_chart(place, tmp_path):
    release = render(application_chart(tmp_path / "app"), name="app")
    for item in release.objects:
        assert [*schemas.problems(item, NEWEST), *objects.problems(item)] == []
    container, = release.pod()["containers"]
    assert container["env"] == [{"name": "SKIP_MIGRATIONS", "value": "true"}]
    world = place.world(release.pod())
    world.documents = release.objects
    with world.pod() as started:
        assert_gated(started, place.project, NOTHING_THERE, "behind")


# --- what the tables say ------------------------------------------------------------------------

def waits(started, container):
    """That an init container of the old way has tried and goes on trying."""
    wait_until(lambda: started.is_started(container) and started.log_text().count("\n") > 1,
               what=lambda: f"a try\n{started.log_text()}")
    return not started.is_started("app") and not started.running[container].has_ended()


def test_the_psql_loop(place):
    before, after = SPECS[LOOP]
    with place.world(before).pod() as loop:
        assert waits(loop, "wait-for-schema")
        assert 'relation "orders" does not exist' in loop.log_text()
        place.project.upgrade()
        loop.wait_ready()
    driver = place.database.url(scheme="postgresql+asyncpg")
    with place.world(before, driver).pod() as loop, place.world(after, driver).pod() as gated:
        gated.wait_ready()
        assert waits(loop, "wait-for-schema"), "psql takes it for a database's name"


def test_alembic_current_knows_equality_only(place):
    """A newer release has migrated, and an old pod restarts."""
    before, after = SPECS[ALEMBIC]
    place.project.upgrade()
    old = place.world(before)
    with old.pod() as loop:
        loop.wait_ready()
    gated_world = place.world(after)
    place.project.revision("0003", "op.execute('CREATE TABLE invoices (id int)')")
    place.project.upgrade()
    with old.pod() as loop, gated_world.pod() as gated:
        assert gated.wait_ready().gate.check("migrations")["reason"] == "ahead"
        wait_until(lambda: "Can't locate revision" in loop.log_text(), what=lambda: loop.log_text())
        assert not loop.is_started("app")


def test_alembic_current_is_content_with_one_of_two_heads(place):
    before, after = SPECS[ALEMBIC]
    place.project.revision("0009", "pass", "pass", "--head", "0001", "--splice")
    place.project.upgrade("0002")
    with place.world(before).pod() as loop, place.world(after).pod() as gated:
        loop.wait_ready()
        gated.gate.wait_check("migrations", reason="behind")
        assert not gated.is_started("app")


def test_alembic_current_believes_a_stamp(place):
    before, after = SPECS[ALEMBIC]
    place.project.stamp("head")
    with place.world(before).pod() as loop, place.world(after).pod() as gated:
        loop.wait_ready()
        gated.gate.wait_check("tables", reason="missing")
        assert not gated.is_started("app")


def test_in_observe_the_gate_stands_beside_what_is_there(place):
    """The first step of moving in."""
    assert "`SCHEMALATCH_MODE: observe`" in DOCUMENT.text
    _, after = SPECS[ALEMBIC]
    observing = yaml.safe_load(yaml.safe_dump(after))
    gate = next(c for c in observing["initContainers"] if c["name"] == "schemalatch")
    gate["env"].append({"name": "SCHEMALATCH_MODE", "value": "observe"})
    with place.world(observing).pod() as started:
        started.wait_ready()
        assert started.gate.wait_check("tables", reason="missing")["pass"] is False
        assert started.gate.metrics().value("schemalatch_check_pass", database="main", check="tables") == 0
