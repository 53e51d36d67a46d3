"""etcd and kube-apiserver: admission, validation and PodSecurity are the real ones. No controllers
run, so what they would make in a namespace is made here."""

import subprocess

from cluster.api import Api, Refused
from cluster.daemon import NODE_ADDRESS, WORLD, Daemon, program

TOKEN = "admin-of-the-tests"
PORT = 6443
RESTRICTED = {
    "pod-security.kubernetes.io/enforce": "restricted",
    "pod-security.kubernetes.io/enforce-version": "latest",
}


class ControlPlane:
    """with ControlPlane() as plane: plane.api.create(…)"""

    def __init__(self):
        self.folder = WORLD / "control-plane"
        self.folder.mkdir()
        self.api = Api(PORT, TOKEN)
        self.etcd = Daemon("etcd", self._etcd(), lambda: True)
        self.server = Daemon("kube-apiserver", self._server(), self.api.answers)
        self._namespaces = 0

    def __enter__(self):
        self._make_keys()
        self.etcd.start()
        self.server.start()
        return self

    def __exit__(self, *_):
        self.server.stop()
        self.etcd.stop()

    def _make_keys(self):
        (self.folder / "tokens.csv").write_text(f'{TOKEN},admin,admin,"system:masters"\n')
        key = self.folder / "accounts.key"
        subprocess.run(["openssl", "genrsa", "-out", key, "2048"], check=True, capture_output=True)

    def _etcd(self):
        return [program("etcd"), f"--data-dir={self.folder / 'etcd'}", "--unsafe-no-fsync",
                "--listen-client-urls=http://127.0.0.1:2379", "--advertise-client-urls=http://127.0.0.1:2379",
                "--listen-peer-urls=http://127.0.0.1:2380"]

    def _server(self):
        key = self.folder / "accounts.key"
        return [program("kube-apiserver"), "--etcd-servers=http://127.0.0.1:2379",
                "--bind-address=127.0.0.1", f"--secure-port={PORT}", f"--advertise-address={NODE_ADDRESS}",
                "--endpoint-reconciler-type=none", f"--cert-dir={self.folder / 'certificates'}",
                "--service-account-issuer=https://kubernetes.default.svc",
                f"--service-account-key-file={key}", f"--service-account-signing-key-file={key}",
                "--service-cluster-ip-range=10.96.0.0/24", f"--token-auth-file={self.folder / 'tokens.csv'}",
                "--authorization-mode=RBAC", "--kubelet-preferred-address-types=InternalIP",
                # For what the platform chart renders for older clusters.
                "--runtime-config=admissionregistration.k8s.io/v1beta1=true"]

    def namespace(self, labels=None, annotations=None, name=None):
        """A fresh namespace as its controllers would leave it; gives its name."""
        self._namespaces += 1
        name = name or f"tests-{self._namespaces}"
        self.api.create({"kind": "Namespace", "metadata": {
            "name": name, "labels": labels or {}, "annotations": annotations or {}}})
        self.api.create({"kind": "ServiceAccount", "metadata": {"name": "default"}}, name)
        authority = (self.folder / "certificates" / "apiserver.crt").read_text()
        self.api.create({"kind": "ConfigMap", "metadata": {"name": "kube-root-ca.crt"},
                         "data": {"ca.crt": authority}}, name)
        return name

    def apply(self, manifests, *options, namespace="default"):
        """By kubectl, with unknown fields as errors; gives what it printed."""
        return self.api.kubectl("apply", "--validate=strict", *options, "-f", "-",
                                input=manifests, namespace=namespace)


__all__ = ["RESTRICTED", "ControlPlane", "Refused"]
