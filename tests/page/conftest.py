"""One browser, and a sidecar in the state that a test wants."""

import pytest
from e2e.conftest import battered_server, own_server, start  # noqa: F401 (fixtures)
from e2e.conftest import pytest_runtest_call, pytest_runtest_makereport  # noqa: F401 (hooks)
from page.states import STATES, Stage
from support.browser import Browser


@pytest.fixture(scope="session")
def browser():
    with Browser() as running:
        yield running


@pytest.fixture
def stage(start, own_server):  # noqa: F811
    made = Stage(start, own_server)
    with made.open:
        yield made


@pytest.fixture(params=STATES)
def shown(request, stage):
    """The name of a state, and a sidecar in it."""
    return request.param, STATES[request.param](stage)
