#!/bin/sh
# Builds the container image with buildah, as sidecar/Dockerfile says, and tests it.
#   tests/image.sh                   builds it and runs tests/image
#   tests/image.sh --archive FILE    builds it and writes it to FILE as a docker archive that names it
#                                    docker.io/library/schemalatch:VERSION, for whoever imports it:
#                                    ctr -n k8s.io images import FILE
# No registry is asked: the base image is made with debootstrap, and named as the Dockerfile names it.
# That, and the layers of earlier builds, stay in a storage of their own for the next run. As root.
set -eu
cd "$(dirname "$0")/.."
[ "$(id -u)" = 0 ] || {
    echo "tests/image.sh: debootstrap, and builds without a registry, want root" >&2
    exit 1
}

folder=/var/tmp/schemalatch-image-bookworm-2
base=docker.io/library/debian:bookworm-slim
version=$(sed -n 's/^project(schemalatch VERSION \([0-9.]*\) .*/\1/p' CMakeLists.txt)
image=docker.io/library/schemalatch:$version
revision=$(git rev-parse --short=12 HEAD)
# When the recipe was last changed: the same for many commits, so that their layers are the same, too.
epoch=$(git log -1 --format=%ct -- sidecar/Dockerfile sidecar/image)
reader_version=0.8.5
reader=/var/tmp/schemalatch-spdx-tools-$reader_version

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

# As the real image of that name has them, and with what this machine needs to reach them.
write_settings() {
    repositories | while read -r uri suite; do
        printf '%s\n' "Types: deb" "URIs: $uri" "Suites: $suite" "Components: main" \
            "Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg" ""
    done >"$1/etc/apt/sources.list.d/debian.sources"
    : >"$1/etc/apt/sources.list"
    printf '%s\n' 'path-exclude /usr/share/doc/*' 'path-include /usr/share/doc/*/copyright' \
        'path-exclude /usr/share/man/*' 'path-exclude /usr/share/locale/*' >"$1/etc/dpkg/dpkg.cfg.d/slim"
    echo 'APT::Keep-Downloaded-Packages "false";' >"$1/etc/apt/apt.conf.d/slim"
    apt-config dump | grep -E '^Acquire::(Check-|https?::)' >"$1/etc/apt/apt.conf.d/machine" || true
}

make_base() {
    repositories | grep -q . || apt-get update -qq
    root=$(mktemp -d "$folder/base-XXXXXX")
    trap 'rm -rf --one-file-system "$root"' EXIT
    debootstrap --variant=minbase bookworm "$root" "$(repositories | sed -n '1s/ .*//p')" >"$folder/debootstrap.log"
    rm -rf "$root/var/cache/apt/archives" "$root/var/lib/apt/lists" "$root/usr/share/man"
    write_settings "$root"
    container=$(buildah from scratch)
    buildah add -q "$container" "$root" / >/dev/null
    buildah commit -q --rm "$container" "$base" >/dev/null
    rm -rf --one-file-system "$root"
}

# build TAG [OPTION...]: the image, or what the options make of it.
build() {
    tag=$1
    shift
    buildah build -q --layers --timestamp "$epoch" --build-arg SOURCE_DATE_EPOCH="$epoch" \
        --build-arg VERSION="$version" --build-arg REVISION="$revision" \
        -f sidecar/Dockerfile -t "$tag" "$@" . >"$folder/${tag##*:}.log" 2>&1 || {
        cat "$folder/${tag##*:}.log" >&2
        return 1
    }
}

# Once more, all that is ours, without a layer of before: on Debian's packages as they were unpacked then.
build_again() {
    build "$image-tools" --target tools
    build "$1" --no-cache --build-arg BASE="$image-tools"
}

id_of() {
    buildah inspect --type image --format '{{.FromImageID}}' "$1"
}

# What nobody names goes; the layers that the next build starts from are named for that.
clear_away() {
    build "$image-build" --target build
    build "$image-build-debian" --target build --build-arg LIBPQ=debian
    podman image prune -f >/dev/null
}

build_all() {
    build "$image"
    build "$image-sbom" --target sbom
    build_again "$image-again" &
    build "$image-debian" --build-arg LIBPQ=debian
    wait $!
    # Packages that Debian has replaced since the layers were made are no fault of the Dockerfile.
    [ "$(id_of "$image")" = "$(id_of "$image-again")" ] || build_again "$image"
    clear_away
}

run_tests() {
    SCHEMALATCH_IMAGE=$image SCHEMALATCH_IMAGE_AGAIN=$image-again SCHEMALATCH_IMAGE_SBOM=$image-sbom \
        SCHEMALATCH_EPOCH=$epoch SCHEMALATCH_REVISION=$revision SCHEMALATCH_SPDX_READER=$reader/bin/pyspdxtools \
        SCHEMALATCH_PG_BIN=${SCHEMALATCH_PG_BIN:-/usr/lib/postgresql/15/bin} PYTHONDONTWRITEBYTECODE=1 "$@"
}

install_reader() {
    [ -x "$reader/bin/pyspdxtools" ] && return
    /usr/bin/python3 -m venv "$reader"
    "$reader/bin/pip" install -q "spdx-tools==$reader_version"
}

archive=
if [ "${1:-}" = --archive ]; then
    archive=$2
    tests/install.sh image
else
    tests/install.sh demo test image
    install_reader
fi
use_own_storage
exec 8>"$folder/lock"
flock 8
buildah inspect --type image "$base" >/dev/null 2>&1 || make_base
if [ -n "$archive" ]; then
    build "$image"
    rm -f "$archive"
    exec buildah push -q "$image" "docker-archive:$archive:$image"
fi
build_all
run_tests /usr/bin/python3 -m pytest -q -p no:cacheprovider tests/image
run_tests /usr/bin/python3 tests/image/figures.py
