#!/bin/sh
# The page by axe-core, the accessibility checker, from npm: in a real Chromium, in each state.
set -eu
cd "$(dirname "$0")/.."
version=4.14.1
tests/install.sh build demo test
command -v npm >/dev/null || tests/install.sh npm
folder=/var/tmp/schemalatch-axe-$version
axe=$folder/node_modules/axe-core/axe.min.js
if [ ! -f "$axe" ]; then
    mkdir -p "$folder"
    npm install --no-save --no-audit --no-fund --prefix "$folder" "axe-core@$version"
fi
cmake --preset ci >/dev/null
cmake --build --preset ci
SCHEMALATCH=$PWD/.build/ci/sidecar/schemalatch SCHEMALATCH_AXE=$axe \
    SCHEMALATCH_PG_BIN=${SCHEMALATCH_PG_BIN:-/usr/lib/postgresql/15/bin} PYTHONDONTWRITEBYTECODE=1 \
    exec /usr/bin/python3 -m pytest -q -p no:cacheprovider tests/page/accessibility.py
