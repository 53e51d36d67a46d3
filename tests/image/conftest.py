"""The image beside a PostgreSQL that speaks TLS. tests/image.sh builds it and names it."""

import pytest
from e2e.conftest import (  # noqa: F401
    names,
    pytest_configure,
    pytest_runtest_call,
    pytest_runtest_makereport,
)

from support import postgres
from support.certificates import make_certificate
from support.container import Container, image, remove_left_behind
from support.postgres import Postgres
from support.sidecar import configuration, tables

PASSWORD = "s3cret"
AUTHORITY = "/etc/schemalatch/authority.crt"  # in the container


def pytest_report_header():
    return [f"server: {postgres.version()}", f"image: {image()}"]


@pytest.fixture(scope="session", autouse=True)
def empty_storage():
    remove_left_behind()


@pytest.fixture(scope="session")
def certificate():
    return make_certificate("db.test", "localhost")


@pytest.fixture(scope="session")
def server(certificate):
    with Postgres(certificate=certificate) as running:
        yield running


@pytest.fixture
def database(server):
    made = server.create_database()
    yield made
    made.drop()


@pytest.fixture
def start(request, server, certificate):
    """Starts the image on a database by the name db.test, with TLS as strict as can be and a
    password; ends it, and looks at how it went, when the test is over."""
    started = []
    owner = server.create_role(password=PASSWORD)

    def start_one(database, name="db.test", variant="lean", role=owner, password=PASSWORD, **keywords):
        url = database.url(role, password, host=name, sslmode="verify-full", sslrootcert=AUTHORITY)
        container = Container(
            configuration(url, tables("users")), image=image(variant), secrets=(PASSWORD,),
            mounts={certificate.authority_file: AUTHORITY, **keywords.pop("mounts", {})},
            **{"hosts": {"db.test": server.address}, **keywords},
        )
        started.append(container)
        return container.start()

    yield start_one
    for container in started:
        if getattr(request.node, "failed", False):
            container.__exit__(AssertionError)
        else:
            container.stop()
