#!/bin/sh
# Installs what the benchmarks need, builds, runs them, and prints one table. --short for a quick look.
set -eu
cd "$(dirname "$0")/../.."
tests/install.sh build demo test check
cmake --preset ci >/dev/null
cmake --build --preset ci
SCHEMALATCH=$PWD/.build/ci/sidecar/schemalatch SCHEMALATCH_BENCH_TOOLS=$PWD/.build/ci/tests/bench \
    PYTHONDONTWRITEBYTECODE=1 exec /usr/bin/python3 tests/bench/run.py "$@"
