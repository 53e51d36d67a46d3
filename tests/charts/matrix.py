"""The values that the charts are rendered with: one file of values/ each."""

import functools

import pytest

from charts.helm import NEWEST, OLDEST, VALUES, application, platform, render

CHARTS = {"app": application, "platform": platform}
ALL = sorted(str(path.relative_to(VALUES)) for path in VALUES.rglob("*.yaml"))
OF_APP = [name for name in ALL if name.startswith("app/")]
ONLY_NEW = {"app/image.yaml", "platform/injection.yaml"}  # image volumes, policies: see test_refusals.py

each_values = pytest.mark.parametrize("values", ALL)
each_app = pytest.mark.parametrize("values", OF_APP)
each_values_and_kubernetes = pytest.mark.parametrize(
    "values, kubernetes", [(values, NEWEST) for values in ALL]
    + [(values, OLDEST) for values in ALL if values not in ONLY_NEW])


@functools.cache
def rendered(values, kubernetes=NEWEST):
    return render(CHARTS[values.partition("/")[0]](), values, kubernetes=kubernetes)
