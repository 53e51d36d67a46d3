#!/bin/sh
# Installs, builds, and shows the main job on a throw-away PostgreSQL. Ends by itself, leaves nothing.
set -eu
cd "$(dirname "$0")/.."
tests/install.sh build demo
cmake --preset release -DBUILD_TESTING=OFF >/dev/null
cmake --build --preset release >/dev/null
SCHEMALATCH=$PWD/.build/release/sidecar/schemalatch PYTHONPATH=tests PYTHONDONTWRITEBYTECODE=1 \
    exec /usr/bin/python3 tests/demo.py
