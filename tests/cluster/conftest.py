"""One control plane and one node for all tests; what a test makes there has a namespace of its own."""

import pytest
from e2e.conftest import pytest_configure, pytest_runtest_call, pytest_runtest_makereport  # noqa: F401 (hooks)

from cluster.charts import render
from cluster.control_plane import ControlPlane
from cluster.pods import ENABLED, asking
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
    plane.apply(render("schemalatch-platform", {"injection.enabled": True, **QUICK}))
    namespace = plane.namespace(ENABLED)
    wait_until(lambda: injects(plane.api, namespace) and refuses(plane.api, namespace), 60, "the policies to be in force")


def injects(api, namespace):
    made = api.create(asking("first"), namespace, dry_run=True)
    return "initContainers" in made["spec"]


def refuses(api, namespace):
    from cluster.api import Refused
    try:
        api.create(asking("first", **{"schemalatch.io/mode": "other"}), namespace, dry_run=True)
    except Refused:
        return True
    return False
