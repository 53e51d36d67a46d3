"""A real server, as the end-to-end tests have it, and TLS for the fake one."""

import ssl

import pytest
from e2e.conftest import server  # noqa: F401 (a fixture)
from peer.ward import Ward
from support.certificates import make_certificate


@pytest.fixture(scope="session")
def certificate():
    """TLS for a fake server."""
    made = make_certificate("localhost")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made.certificate_file, made.key_file)
    return context


@pytest.fixture(scope="module")
def ward(server, certificate):
    """A real server that has what the sidecar of `patient` looks for."""
    return Ward(server, certificate)
