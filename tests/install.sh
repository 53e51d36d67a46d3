#!/bin/sh
# Installs what is missing of Debian's packages for the purposes named: build, demo, test, check,
# regression, truth, npm, maven, charts, cluster, go, image.
#   tests/install.sh build test
# As root, or through sudo. Does nothing, and needs no network, where all is there.
set -eu

packages_for() {
    case $1 in
    build) echo gcc libc6-dev cmake ninja-build pkg-config libpq-dev libevent-dev libcjson-dev \
        libssl-dev libexpat1-dev libyaml-dev ;;
    demo) echo python3 python3-psycopg2 postgresql-15 alembic util-linux ;;
    test) echo libcmocka-dev python3-pytest python3-pytest-xdist python3-yaml pgbouncer prometheus openssl procps bsdutils \
        python3-fastapi uvicorn chromium chromium-driver python3-selenium ;;
    check) echo clang clang-tidy clang-format libclang-rt-14-dev valgrind wrk curl \
        postgresql-client-15 prometheus-postgres-exporter dpkg-dev file \
        python3-django ;;
    regression) echo bzip2 gcc libc6-dev ;;
    truth) echo python3-django python3-yoyo sqitch libdbd-pg-perl postgresql-client-15 \
        ruby-railties ruby-activerecord ruby-pg rake ;;
    npm) echo npm ;;
    maven) echo maven ;;
    charts) echo libcmocka-dev prometheus python3-pytest python3-pytest-xdist python3-jsonschema python3-yaml \
        python3-fastapi uvicorn util-linux coreutils ;;
    cluster) echo gcc libc6-dev runc containernetworking-plugins busybox-static iproute2 util-linux openssl python3-yaml ;;
    image) echo buildah podman runc python3-venv debootstrap debian-archive-keyring util-linux ;;
    go) echo golang-go ca-certificates ;;
    *)
        echo "tests/install.sh: $1: expected build, demo, test, check, regression, truth, npm, maven, charts, cluster, go or image" >&2
        exit 2
        ;;
    esac
}

is_installed() {
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

missing=
for purpose in "$@"; do
    wanted=$(packages_for "$purpose")
    for package in $wanted; do
        is_installed "$package" || missing="$missing $package"
    done
done
[ -n "$missing" ] || exit 0

# One at a time: suites that run at once would find the package database locked.
exec 9>"${TMPDIR:-/tmp}/schemalatch-install.lock"
flock 9
as_root=
[ "$(id -u)" = 0 ] || as_root=sudo
echo "installing:$missing"
$as_root apt-get update -qq
# The servers are started by the tests themselves, on ports of their own, never as services.
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing
