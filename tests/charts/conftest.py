"""What all tests of the charts share."""

from e2e.conftest import battered_server, database, own_database, own_server, server, start  # noqa: F401
from e2e.conftest import pytest_configure, pytest_runtest_call, pytest_runtest_makereport  # noqa: F401
