#!/bin/sh
# The injection policy in a real API server, and pods under a real kubelet, containerd and runc. As root.
# The first run builds them (see tests/cluster/programs.sh); all that runs has namespaces of its own.
# Further words go to pytest: tests/cluster.sh -k injection
set -eu
cd "$(dirname "$0")/.."
if [ "$(id -u)" != 0 ]; then
    exec sudo -E "$0" "$@"
fi
tests/install.sh demo test charts cluster
SCHEMALATCH_CLUSTER=$(tests/cluster/programs.sh)
SCHEMALATCH_KUBE=$(tests/charts/fetch.sh)
mkdir -p .build
SCHEMALATCH_IMAGE=$PWD/.build/image.tar
tests/image.sh --archive "$SCHEMALATCH_IMAGE"
# One at a time: a run tidies up what one before it has left.
exec 9>/var/tmp/schemalatch-cluster.lock
flock 9
export SCHEMALATCH_CLUSTER SCHEMALATCH_KUBE SCHEMALATCH_IMAGE PYTHONDONTWRITEBYTECODE=1
exec tests/cluster/world.sh /usr/bin/python3 -m pytest -q -p no:cacheprovider "$@" tests/cluster
