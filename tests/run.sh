#!/bin/sh
# Installs what the tests need, builds with warnings as errors, and runs all of them against Debian's
# PostgreSQL. Further words go to ctest: tests/run.sh -L unit
set -eu
cd "$(dirname "$0")/.."
tests/install.sh build demo test
cmake --preset ci >/dev/null
cmake --build --preset ci
exec ctest --preset ci --parallel "$(nproc)" "$@"
