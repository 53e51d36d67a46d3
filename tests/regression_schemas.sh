#!/bin/sh
# Captures a contract of every schema that PostgreSQL's own regression tests leave behind, and checks
# it. The tests come from Debian's source package, which is kept for the next run.
set -eu
cd "$(dirname "$0")/.."
tests/install.sh build demo test regression

folder=/var/tmp/schemalatch-regression-15
apt_of_sources="-o Dir::Etc::SourceList=/dev/null -o Dir::Etc::SourceParts=$folder/sources
    -o Dir::State::Lists=$folder/lists -o APT::Sandbox::User=root"

# Debian's repositories as this machine knows them, but for their sources.
list_sources() {
    mkdir -p "$folder/sources" "$folder/lists/partial"
    for file in /etc/apt/sources.list /etc/apt/sources.list.d/*; do
        [ -f "$file" ] || continue
        case $file in
        *.sources) sed 's/^Types:.*/Types: deb-src/' "$file" >"$folder/sources/$(basename "$file")" ;;
        *.list) sed -n 's/^deb /deb-src /p' "$file" >"$folder/sources/$(basename "$file")" ;;
        esac
    done
    apt-get $apt_of_sources update -qq
}

# The newest that can be had: mirrors drop old ones before their lists do.
fetch_source() {
    for version in $(apt-cache $apt_of_sources showsrc postgresql-15 | sed -n 's/^Version: //p' | sort -rV); do
        if apt-get $apt_of_sources source -qq --download-only "postgresql-15=$version"; then
            return
        fi
    done
    echo "tests/regression_schemas.sh: no source of postgresql-15 can be had" >&2
    exit 1
}

# The server's headers, for the C functions of the tests; nothing is installed.
fetch_headers() {
    apt-get -o APT::Sandbox::User=root download -qq postgresql-server-dev-15
    dpkg-deb -x postgresql-server-dev-15_*.deb headers
}

prepare() (
    list_sources
    cd "$folder"
    fetch_source
    fetch_headers
    mkdir -p regress
    tar -xjf postgresql-15_*.orig.tar.bz2 --wildcards --strip-components=4 -C regress \
        'postgresql-15*/src/test/regress'
    gcc -shared -fPIC -O1 -w -I headers/usr/include/postgresql/15/server -o regress/regress.so \
        regress/regress.c
    chmod -R a+rX "$folder"
    touch ready
)

[ -f "$folder/ready" ] || prepare
cmake --preset ci >/dev/null
cmake --build --preset ci
SCHEMALATCH=$PWD/.build/ci/sidecar/schemalatch SCHEMALATCH_PG_BIN=/usr/lib/postgresql/15/bin \
    SCHEMALATCH_REGRESSION=$folder/regress PYTHONDONTWRITEBYTECODE=1 \
    exec /usr/bin/python3 -m pytest -q -p no:cacheprovider tests/regression
