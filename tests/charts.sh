#!/bin/sh
# The charts: rendered by helm over many values, validated against Kubernetes' own schemas, their pods
# held against the restricted level, what they configure run by the real program, the alerts tried by
# promtool and by a real Prometheus. Further words go to pytest: tests/charts.sh -k alerts
set -eu
cd "$(dirname "$0")/.."
tests/install.sh build demo charts
folder=$(tests/charts/fetch.sh)
cmake --preset ci >/dev/null
cmake --build --preset ci --target schemalatch
SCHEMALATCH=$PWD/.build/ci/sidecar/schemalatch SCHEMALATCH_KUBE=$folder \
    SCHEMALATCH_PG_BIN=${SCHEMALATCH_PG_BIN:-/usr/lib/postgresql/15/bin} PYTHONDONTWRITEBYTECODE=1 \
    exec /usr/bin/python3 -m pytest -q -p no:cacheprovider -n 2 --dist loadfile tests/charts "$@"
