#!/bin/sh
# Run while the image is built: what the program is linked with.
#   libraries.sh lean       archives: those of Debian's packages, and two in /opt/lean that are built from
#                           its source packages: libpq with OpenSSL as its only dependency, and cJSON, of
#                           which Debian has no archive; /opt/lean/built names them
#   libraries.sh debian     Debian's own libpq
set -eu

lean=/opt/lean
work=/build/work

# The newest whose files can be had: mirrors drop, or lack, some that their lists name.
fetch_source() {
    package=$1
    for version in $(apt-cache showsrc "$package" | sed -n 's/^Version: //p' | sort -rVu); do
        if apt-get -q source "$package=$version"; then
            echo "building $package $version"
            cp "$package"-*/debian/copyright "$lean/copyright/$package"
            return
        fi
    done
    echo "libraries.sh: no source of $package can be had" >&2
    exit 1
}

# describe NAME LINKED [LINKED_ALONG]: what was fetched last, to pkg-config.
describe() {
    cat >"$lean/lib/pkgconfig/$1.pc" <<END
Name: $1
Description: built from Debian's source package $package
Version: ${version%%-*}
Cflags: -I$lean/include
Libs: -L$lean/lib $2
Libs.private: ${3:-}
END
}

# record ARCHIVE...: what the source that was fetched last is built into.
record() {
    for archive in "$@"; do
        echo "$lean/lib/$archive $package $version" >>"$lean/built"
    done
}

# Only what a client needs: the library, and the two that hold what it shares with the server.
build_libpq() {
    fetch_source postgresql-15
    cd postgresql-15-*/
    ./configure --with-ssl=openssl --without-readline --without-zlib \
        CFLAGS='-O2 -fPIE -ffunction-sections -fdata-sections -fstack-protector-strong -D_FORTIFY_SOURCE=2'
    make -s -C src/backend generated-headers
    make -s -j"$(nproc)" -C src/port libpgport_shlib.a
    make -s -j"$(nproc)" -C src/common libpgcommon_shlib.a
    make -s -j"$(nproc)" -C src/interfaces/libpq SHLIB_PREREQS= libpq.a
    cp src/interfaces/libpq/libpq.a "$lean/lib/"
    cp src/port/libpgport_shlib.a "$lean/lib/libpgport.a"
    cp src/common/libpgcommon_shlib.a "$lean/lib/libpgcommon.a"
    cp src/interfaces/libpq/libpq-fe.h src/include/postgres_ext.h src/include/pg_config_ext.h "$lean/include/"
    cd ..
    describe libpq -lpq "-lpgcommon -lpgport -lssl -lcrypto"
    record libpq.a libpgcommon.a libpgport.a
}

build_cjson() {
    fetch_source cjson
    gcc -O2 -fPIE -ffunction-sections -fdata-sections -fstack-protector-strong -D_FORTIFY_SOURCE=2 \
        -c cjson-*/cJSON.c -o cJSON.o
    ar rcsD "$lean/lib/libcjson.a" cJSON.o
    cp cjson-*/cJSON.h "$lean/include/cjson/"
    describe libcjson -lcjson
    record libcjson.a
}

prepare_lean() {
    mkdir -p "$lean/lib/pkgconfig" "$lean/include/cjson" "$lean/copyright" "$work"
    chown -R _apt "$work"
    cd "$work"
    build_libpq
    build_cjson
    rm -rf "$work"
    # What has no such link any more is linked from its archive.
    for name in crypto event event_core event_extra event_openssl expat ssl yaml; do
        rm "/usr/lib/$(gcc -print-multiarch)/lib$name.so"
    done
}

prepare_debian() {
    apt-get update -q
    DEBIAN_FRONTEND=noninteractive apt-get install -yq --no-install-recommends \
        -o Dpkg::Options::=--force-unsafe-io libpq-dev
}

case $1 in
lean | debian) "prepare_$1" ;;
*)
    echo "LIBPQ=$1: expected lean or debian" >&2
    exit 2
    ;;
esac
