#!/bin/sh
# Run while the image is built: compiles the program, and lays out in /image all that the image holds.
#   assemble.sh lean|debian REVISION
set -eu

libpq=$1
revision=$2
source=/source
build=/build/program
root=/image

# The map tells what the linker has really taken, for the SBOM.
flags="-Wl,--as-needed,--gc-sections,-z,pack-relative-relocs,-Map=$build/schemalatch.map"

compile() {
    if [ "$libpq" = lean ]; then
        export PKG_CONFIG_PATH=/opt/lean/lib/pkgconfig
        set -- -DPKG_CONFIG_ARGN=--static
    else
        set --
    fi
    cmake -S "$source" -B "$build" -G Ninja -DBUILD_TESTING=OFF -DREVISION="$revision" \
        -DCMAKE_BUILD_TYPE=Release -DCMAKE_INSTALL_PREFIX=/usr \
        -DCMAKE_C_FLAGS_RELEASE="-O2 -DNDEBUG -ffunction-sections -fdata-sections" \
        -DCMAKE_EXE_LINKER_FLAGS="$flags" "$@"
    cmake --build "$build"
}

# What the dynamic linker would load, and itself, each where it looks for it.
copy_shared_libraries() {
    ldd "$root/usr/bin/schemalatch" | grep -o '/[^ ]*' | while read -r library; do
        mkdir -p "$root${library%/*}"
        cp -L "$library" "$root$library"
    done
}

# libpq asks who runs it, where nobody has said who logs in.
write_names() {
    mkdir -p "$root/etc"
    echo 'schemalatch:x:65532:65532:schemalatch:/nonexistent:/nonexistent' >"$root/etc/passwd"
    echo 'schemalatch:x:65532:' >"$root/etc/group"
    printf '%s\n' 'passwd: files' 'group: files' 'hosts: files dns' >"$root/etc/nsswitch.conf"
}

copy_authorities() {
    mkdir -p "$root/etc/ssl/certs"
    cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
}

compile
mkdir -p "$root/usr/bin"
cp "$build/sidecar/schemalatch" "$root/usr/bin/"
strip "$root/usr/bin/schemalatch"
copy_shared_libraries
write_names
copy_authorities
python3 "$source/sidecar/image/sbom.py" --root "$root" --map "$build/schemalatch.map" --source "$source"
find "$root" -type d -exec chmod 755 {} +
find "$root" -type f -exec chmod 644 {} +
chmod 755 "$root/usr/bin/schemalatch" "$root"/lib*/ld-linux*
find "$root" -exec touch -hd "@$SOURCE_DATE_EPOCH" {} +
