#!/bin/sh
# Builds the container image with buildah, as sidecar/Dockerfile says, and tests it.
#   tests/image.sh                   builds it and runs tests/image
#   tests/image.sh --archive FILE    builds it and writes it to FILE as a docker archive that names it
#                                    docker.io/library/schemalatch:VERSION, for whoever imports it:
#                                    ctr -n k8s.io images import FILE
# No registry is asked: the base image is made with debootstrap, and named as the Dockerfile names it.
# That, and the layers of earlier builds, stay in a storage of their own for the next run.
set -eu
cd "$(dirname "$0")/.."

folder=/var/tmp/schemalatch-image-bookworm-1
base=docker.io/library/debian:bookworm-slim
version=$(sed -n 's/^project(schemalatch VERSION \([0-9.]*\) .*/\1/p' CMakeLists.txt)
image=docker.io/library/schemalatch:$version

# A storage apart from the machine's own, for buildah and podman alike.
use_own_storage() {
    mkdir -p "$folder"
    cat >"$folder/storage.conf" <<END
[storage]
driver = "overlay"
graphroot = "$folder/storage"
runroot = "$folder/run"
END
    export CONTAINERS_STORAGE_CONF="$folder/storage.conf" BUILDAH_ISOLATION=chroot
}

# Debian's repositories as this machine knows them: "URI SUITE", the first of them the main one.
repositories() {
    apt-get indextargets --format '$(REPO_URI) $(CODENAME)' 'Created-By: Packages' 'Origin: Debian' |
        grep ' bookworm' | sort -u -k2
}

# As the image of that name on Docker Hub has them, and with what this machine needs to reach them.
write_apt_settings() {
    repositories | while read -r uri suite; do
        printf '%s\n' "Types: deb" "URIs: $uri" "Suites: $suite" "Components: main" \
            "Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg" ""
    done >"$1/etc/apt/sources.list.d/debian.sources"
    : >"$1/etc/apt/sources.list"
    apt-config dump | grep -E '^Acquire::(Check-|https?::)' >"$1/etc/apt/apt.conf.d/50machine" || true
}

make_base() {
    repositories | grep -q . || apt-get update -qq
    root=$(mktemp -d "$folder/base-XXXXXX")
    trap 'rm -rf "$root"' EXIT
    debootstrap --variant=minbase bookworm "$root" "$(repositories | sed -n '1s/ .*//p')" >"$folder/debootstrap.log"
    rm -rf "$root/var/cache/apt/archives" "$root/var/lib/apt/lists" "$root/usr/share/man"
    write_apt_settings "$root"
    container=$(buildah from scratch)
    buildah add -q "$container" "$root" / >/dev/null
    buildah commit -q --rm "$container" "$base" >/dev/null
}

build_image() {
    epoch=$(git log -1 --format=%ct)
    buildah build -q --layers --timestamp "$epoch" --build-arg SOURCE_DATE_EPOCH="$epoch" \
        --build-arg VERSION="$version" --build-arg REVISION="$(git rev-parse --short=12 HEAD)" \
        -f sidecar/Dockerfile -t "$image" .
}

archive=
if [ "${1:-}" = --archive ]; then
    archive=$2
    tests/install.sh image
else
    tests/install.sh build demo test image
fi
use_own_storage
exec 8>"$folder/lock"
flock 8
buildah inspect --type image "$base" >/dev/null 2>&1 || make_base
build_image
if [ -n "$archive" ]; then
    rm -f "$archive"
    buildah push -q "$image" "docker-archive:$archive:$image"
    exit
fi
