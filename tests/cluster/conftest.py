"""One control plane and one node for all tests; what a test makes there has a namespace of its own."""

import os

import pytest
from charts.helm import platform, render
from e2e.conftest import pytest_configure, pytest_runtest_call, pytest_runtest_makereport  # noqa: F401 (hooks)

from cluster.api import Refused
from cluster.control_plane import ControlPlane
from cluster.daemon import NODE_ADDRESS, program
from cluster.images import BUSYBOX_FILES, BUSYBOX_LINKS
from cluster.node import PAUSE, Node
from cluster.pods import APP_IMAGE, ENABLED, asking
from support.postgres import Postgres
from support.waiting import wait_until

# Probes come each second, so that a test need not wait; everything else is as shipped.
QUICK = {f"injection.probes.{kind}.periodSeconds": 1 for kind in ("startup", "readiness", "liveness")}


@pytest.fixture(scope="session")
def plane():
    with ControlPlane() as running:
        yield running


@pytest.fixture(scope="session")
def api(plane):
    return plane.api


@pytest.fixture(scope="session")
def injection(plane):
    """The platform chart's policies, in force."""
    plane.apply(render(platform(), sets={"injection.enabled": True, **QUICK}).text)
    namespace = plane.namespace(ENABLED)
    wait_until(lambda: injects(plane.api, namespace) and refuses(plane.api, namespace), 60,
               "the policies to be in force")


def injects(api, namespace):
    made = api.create(asking("first"), namespace, dry_run=True)
    return "initContainers" in made["spec"]


def refuses(api, namespace):
    try:
        api.create(asking("first", **{"schemalatch.io/mode": "other"}), namespace, dry_run=True)
    except Refused:
        return True
    return False


@pytest.fixture(scope="session")
def node(plane):
    with Node(plane.api) as running:
        load_images(running)
        running.start_kubelet()
        yield running


def load_images(node):
    node.load_image(PAUSE, {"/pause": program("pause")}, command=["/pause"])
    node.load_image(APP_IMAGE, BUSYBOX_FILES, links=BUSYBOX_LINKS)
    archive = os.environ.get("SCHEMALATCH_IMAGE")
    assert archive, "set SCHEMALATCH_IMAGE to the archive that tests/image.sh --archive writes"
    node.load(archive)


@pytest.fixture(scope="session")
def battered_server(node):
    """Where the pods reach it. A test may do to it what it likes."""
    with Postgres(address=NODE_ADDRESS) as running:
        yield running


@pytest.fixture
def own_server(battered_server):
    return battered_server.mend()


@pytest.fixture
def database(own_server):
    return own_server.create_database()
