#!/bin/sh
# Builds what a control plane and a node are made of, once for each set of versions (programs/go.mod
# names them, and Go's own), and prints the folder with it. Two cores take some eight minutes.
set -eu
cd "$(dirname "$0")"
wanted='etcd kube-apiserver kubelet containerd containerd-shim-runc-v2 ctr pause'

kubernetes=$(sed -n 's/^\tk8s.io\/kubernetes v//p' programs/go.mod)
go=$(sed -n 's/^go //p' programs/go.mod)
checksum=$(cat programs/* | sha256sum | cut -c1-12)
folder=/var/tmp/schemalatch-cluster-$kubernetes-$checksum
mkdir -p "$folder"
exec 9>"$folder/lock"
flock 9
complete=yes
for name in $wanted; do
    [ -x "$folder/bin/$name" ] || complete=
done
if [ -n "$complete" ]; then
    echo "$folder/bin"
    exit 0
fi
exec 3>&1 1>&2

# An interrupted build goes on where it was; a finished one leaves nothing but its programs.
work=$folder/work
mkdir -p "$work/bin" "$work/module"
export GOMODCACHE="$work/modules" GOCACHE="$work/cache" GOFLAGS='-mod=mod -modcacherw -buildvcs=false -trimpath'

# The toolchain that go.mod names is a module as well: whichever Go there is can fetch it, Debian's 1.19 too.
if [ "$(go env GOVERSION 2>/dev/null)" != "go$go" ]; then
    command -v go >/dev/null || ../install.sh go
    toolchain=golang.org/toolchain@v0.0.1-go$go.linux-$(dpkg --print-architecture)
    (cd "$work" && GOFLAGS=-modcacherw go mod download "$toolchain")
    chmod +x "$GOMODCACHE/$toolchain"/bin/* "$GOMODCACHE/$toolchain"/pkg/tool/*/*
    PATH=$GOMODCACHE/$toolchain/bin:$PATH
fi
export GOTOOLCHAIN=local
cp programs/go.mod "$work/module"
version=k8s.io/component-base/version
minor=${kubernetes#1.}
# One call for all: they share a good half of what is compiled.
(cd "$work/module" && CGO_ENABLED=0 go build -p 2 -o "$work/bin" \
    -tags 'providerless no_btrfs no_devmapper no_zfs no_aufs' \
    -gcflags all=-dwarf=false -ldflags "-s -w -X $version.gitMajor=1 -X $version.gitMinor=${minor%.*} -X $version.gitVersion=v$kubernetes" \
    k8s.io/kubernetes/cmd/kube-apiserver k8s.io/kubernetes/cmd/kubelet go.etcd.io/etcd/server/v3 \
    github.com/containerd/containerd/v2/cmd/containerd github.com/containerd/containerd/v2/cmd/ctr \
    github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2)
mv "$work/bin/server" "$work/bin/etcd"
gcc -static -O2 -s -o "$work/bin/pause" programs/pause.c

rm -rf "$folder/bin"
mv "$work/bin" "$folder/bin"
rm -rf "$work"
echo "$folder/bin" >&3
