"""What the charts write is what the real program takes: every configuration is accepted by it, and the
containers are run as they were rendered, beside a real PostgreSQL."""

import json

import pytest

from charts.helm import application, render
from charts.matrix import OF_APP, rendered
from charts.chrooted import Pod, World, same
from support.alembic_project import AlembicProject
from support.kubelet import Container
from support.processes import free_port, scratch_folder
from support.revisions import line_of, write_history
from support.waiting import wait_until

WITH_CONFIG = [name for name in OF_APP if name not in ("app/off.yaml", "app/existing.yaml")]
URL = "postgresql://orders:s3cret@127.0.0.1:1/orders"
SECRETS = {
    "orders-db": {"url": URL, "uri": URL, "DATABASE_URL": URL, "main": URL, "password": "s3cret"},
    "orders-pguser": {"host": "127.0.0.1", "port": "1", "user": "orders", "password": "s3cret", "dbname": "orders"},
}
CHANGELOG = """<databaseChangeLog xmlns="http://www.liquibase.org/xml/ns/dbchangelog">
  <changeSet id="1" author="a"><sql>SELECT 1</sql></changeSet>
</databaseChangeLog>
"""


def write(path, text=""):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


@pytest.fixture(scope="session")
def world():
    """An application's image with everybody's migrations, and volumes that the values speak of."""
    image = scratch_folder("application")
    write_history(image / "app/migrations/versions", line_of("a1", "b2"))
    for label in ("shop", "accounts"):
        write(image / f"app/{label}/migrations/__init__.py")
        write(image / f"app/{label}/migrations/0001_initial.py", "class Migration:\n    dependencies = []\n")
    write(image / "app/db/changelog.xml", CHANGELOG)
    flyway, tls, reports = (scratch_folder(name) for name in ("flyway", "tls", "reports"))
    write(flyway / "sql/V1__orders.sql", "CREATE TABLE orders ();\n")
    write(reports / "url", URL)
    return World(secrets=SECRETS, images={"orders:7": image, "orders:2.3.4": image},
                 others={"sql": flyway, "tls": tls, "reports": reports})


@pytest.mark.parametrize("values", WITH_CONFIG)
def test_the_program_takes_the_configuration(values, world):
    """`config` in the gate's place, with all that the container was given."""
    release = rendered(values)
    pod = Pod(release, world)
    pod.run_init_containers()
    done = pod.run(pod.gate, *pod.gate_words("config", without=("--timeout", "10m")))
    assert done.code == 0, done.err
    assert "s3cret" not in done.out
    same(expected_of(release), json.loads(done.out))


def expected_of(release):
    """Flags win over the file; folders by label are printed as the command line has them."""
    config = release.config()
    for check in (check for database in config.get("databases", ()) for check in database["checks"]):
        if isinstance(check.get("directory"), dict):
            check["directory"] = [f"{label}={path}" for label, path in check["directory"].items()]
    args = release.gate()["args"]
    if "--log-level" in args:
        config["log"]["level"] = args[args.index("--log-level") + 1]
    return config


def test_a_configuration_that_is_wrong_is_not_taken(world):
    """The test above can fail."""
    pod = Pod(rendered("app/tables.yaml"), world)
    pod.config.update(**{"schemalatch.json": '{"databases": [{"checks": [{"kind": "tabels"}]}]}'})
    done = pod.run(pod.gate, *pod.gate_words("config"))
    assert done.code == 2 and "tabels" in done.err


def test_what_env_says_is_what_the_program_has(world):
    """libpq's own variables, out of a Secret's keys: it says so when it cannot connect."""
    release = rendered("app/environment.yaml")
    pod = Pod(release, world)
    done = pod.run(pod.gate, *pod.gate_words("check"))
    assert done.code == 3 and "unreachable" in done.out, done.out + done.err


# --- beside a real server -----------------------------------------------------------------------

@pytest.fixture
def project(database):
    """A release with two revisions; the first makes the table orders."""
    made = AlembicProject(database.url().replace("postgresql://", "postgresql+psycopg2://"))
    made.revision("a1", "op.execute('CREATE TABLE orders (id bigint NOT NULL)')")
    made.revision("b2")
    return made


def image_of(project):
    """The application's image: the release's files where the values say."""
    image = scratch_folder("application")
    (image / "app/migrations").mkdir(parents=True)
    project.release().rename(image / "app/migrations/versions")
    return image


def pod_of(values, database, project=None, **sets):
    sets = {f"schemalatch.{key}": value for key, value in sets.items()}
    release = render(application(), values, sets)
    url = database.url()
    images = {name: image_of(project) for name in ("orders:7", "orders:2.3.4")} if project else {}
    return Pod(release, World(secrets={"orders-db": {"url": url, "uri": url}}, images=images))


QUICK = {"database.period": "100ms", "database.retryPeriod": "50ms"}


def settled(container, condition, what):
    wait_until(lambda: condition(container), 30, lambda: f"{what}: {container.events[-5:]}")


@pytest.mark.parametrize("values", ["app/image.yaml", "app/copy.yaml"])
def test_the_life_of_a_rendered_pod(values, database, project):
    """Image volume with exec probes, copy with HTTP probes: held back until Alembic has migrated, not
    ready when the table goes; only an exec probe tells the pod's events why."""
    pod = pod_of(values, database, project, port=free_port(), upstreams=[], **QUICK,
                 **{"database.role": ""})
    pod.run_init_containers()
    told = "unmanaged" if values == "app/image.yaml" else "HTTP probe failed with statuscode: 503"
    with pod.sidecar() as sidecar, Container("schemalatch", pod.probes()) as container:
        settled(container, lambda c: any(told in each for each in c.messages()), "a failed start-up")
        assert not container.started
        project.upgrade("a1")
        sidecar.wait_check("migrations", reason="behind")
        assert not container.started
        project.upgrade()
        settled(container, lambda c: c.started and c.ready, "readiness")
        database.execute("DROP TABLE orders")
        settled(container, lambda c: not c.ready, "unreadiness")
        if values == "app/image.yaml":
            settled(container, lambda c: any("public.orders" in each for each in c.messages()),
                    "the reason in an event")
        assert container.alive


def test_the_init_container_waits_and_goes(database):
    pod = pod_of("app/tables.yaml", database, kind="init", tables=["orders"], **QUICK,
                 **{"wait.timeout": "1s"})
    done = pod.run(pod.gate, *pod.gate_words())
    assert done.code == 1 and "public.orders" in done.out
    database.execute("CREATE TABLE orders ()")
    assert pod.run(pod.gate, *pod.gate_words()).code == 0


def test_the_lever_needs_no_rollout(database):
    """`disabled` changes the ConfigMap in place: the pods are the same, and take it up by themselves."""
    keys = {**QUICK, "port": free_port()}
    before = pod_of("app/tables.yaml", database, **keys)
    after = pod_of("app/tables.yaml", database, disabled="INC-42", **keys)
    assert after.release.only("Deployment") == before.release.only("Deployment")
    with before.sidecar() as sidecar:
        sidecar.wait_check(reason="missing")
        assert not sidecar.ready()
        before.config.update(**after.release.only("ConfigMap")["data"])
        sidecar.wait_ready()
        assert "INC-42" in sidecar.get("/readyz?verbose").text


def test_answers_survive_a_restart_of_the_container(own_server, own_database):
    """The volume for them is one that the sidecar's user can write to."""
    own_database.execute("CREATE TABLE users (); CREATE SCHEMA billing CREATE TABLE invoices ()")
    pod = pod_of("app/tables.yaml", own_database, port=free_port(), **QUICK, **{"stateDirectory.enabled": True})
    with pod.sidecar() as sidecar:
        sidecar.wait_ready()
        wait_until(lambda: list(pod.volumes["schemalatch-state"].iterdir()), what="a file of kept answers")
    own_server.stop()
    with pod.sidecar() as sidecar:
        assert sidecar.wait_ready().check()["held"]


# --- what stands in the ConfigMap's name --------------------------------------------------------

def config_map_name(**sets):
    sets = {f"schemalatch.{key}": value for key, value in sets.items()}
    return render(application(), "app/password.yaml", sets).only("ConfigMap")["metadata"]["name"]


@pytest.mark.parametrize("key, value", [
    ("disabled", "INC-42"), ("mode", "observe"), ("database.holdFor", "1h"), ("database.period", "1s"),
    ("database.notify", "schema"), ("config.log", {"level": "debug"}), ("commonLabels", {"a": "b"}),
])
def test_what_may_change_under_running_pods_keeps_the_name(key, value):
    assert config_map_name(**{key: value}) == config_map_name()


@pytest.mark.parametrize("key, value", [
    ("tables", ["users"]), ("contract", '{"schemalatch": 1}'), ("migrations.list", "ae1027a6acf\n"),
    ("migrations.rule", "exact"), ("checks", [{"kind": "query", "sql": "SELECT true"}]),
    ("image.tag", "0.2.0"), ("port", 9000), ("database.schema", "other"), ("database.url", "postgresql://other/a"),
    ("upstreams", [{"url": "http://127.0.0.1/health"}]), ("stateDirectory.enabled", True),
])
def test_what_a_release_asks_for_is_its_own(key, value):
    """Old pods keep their ConfigMap: what only the new release needs must not close their gates."""
    assert config_map_name(**{key: value}) != config_map_name()
