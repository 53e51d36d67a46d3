"""What all tests of the charts share."""

from e2e.conftest import database, server, start  # noqa: F401 (fixtures)
from e2e.conftest import pytest_configure, pytest_runtest_call, pytest_runtest_makereport  # noqa: F401
