"""Servers, databases and sidecars for the end-to-end tests."""

import signal

import pytest

from support import postgres
from support.names import Names
from support.postgres import Postgres
from support.revisions import set_versions
from support.sidecar import Sidecar, program
from support.waiting import PATIENCE

TEST_LIMIT_S = 120  # whatever hangs, the run goes on


def pytest_configure():
    """Whoever ends the run politely gets the servers ended as well."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def pytest_report_header(config):
    return [f"server: {postgres.version()}", f"program: {program()}"]


@pytest.fixture(scope="session")
def server():
    """A server that goes on all the time; tests that stop or freeze one use own_server."""
    with Postgres() as running:
        yield running


@pytest.fixture(scope="session")
def battered_server():
    with Postgres() as running:
        yield running


@pytest.fixture
def own_server(battered_server):
    """A server that a test may stop, kill, freeze and lock up as it likes."""
    return battered_server.mend()


@pytest.fixture
def database(server):
    """An empty database of the server that goes on."""
    made = server.create_database()
    yield made
    made.drop()


@pytest.fixture
def own_database(own_server):
    """An empty database of the server that a test may do anything to."""
    return own_server.create_database()


@pytest.fixture(scope="session")
def talkative_server():
    """A server that writes every statement, log-in and long wait for a lock to its log."""
    settings = {"log_statement": "all", "log_connections": "on", "log_lock_waits": "on"}
    with Postgres(settings) as running:
        yield running


@pytest.fixture
def told(talkative_server):
    """A database whose server logs every statement, with what the checks want in it."""
    made = talkative_server.create_database()
    made.execute("CREATE TABLE users (id int)")
    set_versions(made, "aa01")
    return made


@pytest.fixture
def names():
    """A DNS server that does not know a name yet."""
    with Names({}) as serving:
        yield serving


@pytest.fixture
def start(request):
    """Starts sidecars that are stopped, and looked at, when the test is over."""
    started = []

    def start_one(config=None, **keywords):
        sidecar = Sidecar(config, **keywords)
        started.append(sidecar)
        return sidecar.start()

    yield start_one
    failed = getattr(request.node, "failed", False)
    for sidecar in started:
        if failed:
            sidecar.__exit__(AssertionError)
        else:
            sidecar.stop()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_call(item):
    marker = item.get_closest_marker("limit")
    limit_s = marker.args[0] if marker else TEST_LIMIT_S

    def give_up(*_):
        raise AssertionError(f"the test took longer than {limit_s * PATIENCE:g} s")

    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(int(limit_s * PATIENCE))
    yield
    signal.alarm(0)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    outcome = yield
    report = outcome.get_result()
    if report.when == "call":
        item.failed = report.failed
