#!/bin/sh
# Drives the real migration tools against a real PostgreSQL and compares what they leave with the
# data in tests/truth. See tests/truth/README.md.
#   tests/truth.sh                   all tools that can be installed; the first time takes long
#   tests/truth.sh --quick           those that install in minutes
#   tests/truth.sh --write goose     records anew
set -eu
cd "$(dirname "$0")/.."
tests/install.sh demo truth
command -v npm >/dev/null || tests/install.sh npm
command -v mvn >/dev/null || tests/install.sh maven
PYTHONPATH=tests:tests/truth PYTHONDONTWRITEBYTECODE=1 exec /usr/bin/python3 -m record "$@"
