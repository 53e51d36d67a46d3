#!/bin/sh
# The injection policy in a real API server, and pods under a real kubelet, containerd and runc. As root.
# The first run builds them (see tests/cluster/programs.sh); all that runs has namespaces of its own.
# Further words go to pytest: tests/cluster.sh -k injection
set -eu
cd "$(dirname "$0")/.."
if [ "$(id -u)" != 0 ]; then
    exec sudo -E "$0" "$@"
fi
tests/install.sh build demo test cluster
SCHEMALATCH_CLUSTER=$(tests/cluster/programs.sh)
SCHEMALATCH_KUBE=$(tests/charts/fetch.sh)
cmake --preset ci >/dev/null
cmake --build --preset ci
export SCHEMALATCH_CLUSTER SCHEMALATCH_KUBE SCHEMALATCH="$PWD/.build/ci/sidecar/schemalatch" PYTHONDONTWRITEBYTECODE=1
exec tests/cluster/world.sh /usr/bin/python3 -m pytest -q -p no:cacheprovider "$@" tests/cluster
