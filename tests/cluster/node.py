"""A node: containerd, runc, CNI and the kubelet, registered at the API server. There is no scheduler:
a pod names its node itself (see `bound`)."""

import json
import os
import subprocess
from pathlib import Path

import yaml

from cluster.images import write_archive
from cluster.daemon import NODE_ADDRESS, WORLD, Daemon, program

NAME = "node"
PAUSE = "registry.invalid/pause:1"
CONTROL_GROUPS = Path("/sys/fs/cgroup")
GROUP_MARK = "schemalatch-cluster-"

NETWORK = {
    "cniVersion": "1.0.0", "name": "pods",
    "plugins": [
        {"type": "bridge", "bridge": "pods", "isGateway": True, "ipMasq": False,
         "ipam": {"type": "host-local", "ranges": [[{"subnet": "10.88.0.0/24"}]],
                  "dataDir": str(WORLD / "addresses"), "routes": [{"dst": "0.0.0.0/0"}]}},
    ],
}


def control_group_folders(mark):
    """Folders of that mark in the only hierarchy (version 2), or in each (version 1)."""
    return [*CONTROL_GROUPS.glob(f"{mark}*"), *CONTROL_GROUPS.glob(f"*/{mark}*")]


def remove_control_groups(mark=GROUP_MARK):
    """Those without a process: a run that goes on keeps its own."""
    for top in control_group_folders(mark):
        for folder in sorted([top, *(p for p in top.rglob("*") if p.is_dir())], reverse=True):
            try:
                folder.rmdir()
            except OSError:
                pass


class Node:
    """with Node(api) as node: node.load(archive)"""

    def __init__(self, api):
        self.folder = WORLD / "node"
        self.folder.mkdir()
        self.socket = self.folder / "containerd.sock"
        self.api = api
        self.group = f"{GROUP_MARK}{os.urandom(4).hex()}"
        self._write_runtime_configuration()
        self._write_kubelet_configuration()
        path = f"{program('containerd').parent}:/usr/sbin:/usr/bin:/sbin:/bin"
        self.runtime = Daemon(
            "containerd", [program("containerd"), "--config", self.folder / "containerd.toml"],
            self._runtime_answers, {"PATH": path},
        )
        self.kubelet = Daemon("kubelet", [
            program("kubelet"), f"--config={self.folder / 'kubelet.yaml'}",
            f"--kubeconfig={self.folder / 'kubeconfig'}", f"--root-dir={self.folder / 'kubelet'}",
            f"--cert-dir={self.folder / 'certificates'}", f"--hostname-override={NAME}",
            f"--node-ip={NODE_ADDRESS}", "--v=3",
        ], self._is_ready)

    def __enter__(self):
        remove_control_groups()
        self._make_control_groups()
        self.runtime.start()
        return self

    def start_kubelet(self):
        self.kubelet.start(limit_s=90)

    def __exit__(self, *_):
        self.kubelet.stop()
        self._end_containers()
        self.runtime.stop()
        remove_control_groups(self.group)

    # --- configuration --------------------------------------------------------------------------

    def _write_runtime_configuration(self):
        networks = self.folder / "networks"
        networks.mkdir()
        (networks / "pods.conflist").write_text(json.dumps(NETWORK))
        (self.folder / "containerd.toml").write_text(f"""
version = 3
root = "{self.folder / 'images'}"
state = "{self.folder / 'containers'}"
[grpc]
address = "{self.socket}"
[plugins."io.containerd.cri.v1.images"]
snapshotter = "overlayfs"
[plugins."io.containerd.cri.v1.images".pinned_images]
sandbox = "{PAUSE}"
[plugins."io.containerd.cri.v1.runtime"]
restrict_oom_score_adj = true  # where we may not spare ourselves more than we are spared
[plugins."io.containerd.cri.v1.runtime".cni]
bin_dirs = ["/usr/lib/cni"]
conf_dir = "{networks}"
[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc.options]
SystemdCgroup = false
""")

    def _write_kubelet_configuration(self):
        self.api.write_kubeconfig(self.folder / "kubeconfig")
        (self.folder / "resolv.conf").touch()  # the machine's own may be a link into /run
        (self.folder / "kubelet.yaml").write_text(yaml.safe_dump({
            "apiVersion": "kubelet.config.k8s.io/v1beta1", "kind": "KubeletConfiguration",
            "containerRuntimeEndpoint": f"unix://{self.socket}",
            "address": NODE_ADDRESS, "port": 10250, "healthzPort": 0,
            "authentication": {"anonymous": {"enabled": True}, "webhook": {"enabled": False}},
            "authorization": {"mode": "AlwaysAllow"},
            # Nobody there; without one each pod's events tell of it again and again.
            "clusterDNS": ["10.96.0.10"], "resolvConf": str(self.folder / "resolv.conf"),
            "failSwapOn": False, "failCgroupV1": False, "cgroupDriver": "cgroupfs",
            "cgroupRoot": f"/{self.group}", "cgroupsPerQOS": True, "enforceNodeAllocatable": ["none"],
            "makeIPTablesUtilChains": False, "localStorageCapacityIsolation": False,
            "podLogsDir": str(self.folder / "logs"),
            "imageGCHighThresholdPercent": 100,
            "evictionHard": {f"{what}.available": "0%" for what in ("memory", "nodefs", "imagefs")},
            # What is waited for here is waited for by its event, not by these.
            "nodeStatusUpdateFrequency": "1s", "syncFrequency": "5s",
            "configMapAndSecretChangeDetectionStrategy": "Watch",
        }))

    def _make_control_groups(self):
        version_2 = (CONTROL_GROUPS / "cgroup.controllers").exists()
        hierarchies = [CONTROL_GROUPS] if version_2 else [
            p for p in CONTROL_GROUPS.iterdir() if (p / "cgroup.procs").exists() and not p.is_symlink()]
        for hierarchy in hierarchies:
            (hierarchy / self.group).mkdir()

    # --- life -----------------------------------------------------------------------------------

    def ctr(self, *arguments, check=True):
        return subprocess.run(
            [program("ctr"), "--address", self.socket, "--namespace", "k8s.io", *arguments],
            check=check, capture_output=True, text=True,
        ).stdout

    def _runtime_answers(self):
        return self.socket.exists() and subprocess.run(
            [program("ctr"), "--address", self.socket, "version"], capture_output=True, check=False
        ).returncode == 0

    def load(self, archive):
        """An image from an archive."""
        self.ctr("images", "import", "--no-unpack", archive)

    def load_image(self, name, files, **settings):
        """An image of files that are here; gives its name. See images.write_archive."""
        self.load(write_archive(self.folder / "archive.tar", name, files, **settings))
        return name

    def _is_ready(self):
        if not self.api.exists("nodes", NAME):
            return False
        conditions = self.api.get("nodes", NAME).get("status", {}).get("conditions", [])
        return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)

    def _end_containers(self):
        for task in self.ctr("tasks", "list", "--quiet", check=False).split():
            self.ctr("tasks", "delete", "--force", task, check=False)


def bound(pod):
    """pod for this node."""
    pod["spec"]["nodeName"] = NAME
    return pod
