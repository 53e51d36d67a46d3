"""A rendered pod's containers one by one, as what they say: their arguments, their environment, their
mounts, their user, on a root that holds the program and its libraries and nothing else. No path, port or
name is another than the rendered one. (support/pod.py runs whole pods side by side, by other paths.)

    world = World(secrets={"orders-db": {"url": "…"}}, images={"orders:7": folder})
    pod = Pod(release, world)
    pod.run_init_containers()                 # those in front of the gate
    with pod.sidecar() as sidecar: …          # a support.sidecar.Sidecar
    pod.run(pod.gate, "config")               # one command in the gate's place, to its end
"""

import functools
import json
import os
import shlex
import shutil
import subprocess
import threading
from dataclasses import dataclass, field
from pathlib import Path

from support.kubelet import Exec, HttpGet, Probe
from support.processes import guarded, is_root, scratch_folder
from support.sidecar import Result, Sidecar, program
from support.volume import Volume


@functools.cache
def sidecar_root():
    """What the sidecar's image has: the program and the libraries that it is linked with."""
    root = scratch_folder("image")
    done = subprocess.run(["ldd", program()], capture_output=True, text=True, check=True)
    libraries = [word for line in done.stdout.splitlines() for word in line.split() if word.startswith("/")]
    for path, target in [(program(), "/usr/bin/schemalatch"), *((each, each) for each in libraries)]:
        place = root / target.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, place)
    return root


@functools.cache
def application_root():
    """What an application's image may have besides its own files: Debian."""
    root = scratch_folder("image")
    for name in ("bin", "lib", "lib64", "sbin"):
        (root / name).symlink_to(f"usr/{name}")
    (root / "usr").mkdir()
    return root


@dataclass
class World:
    """What is in the cluster besides the release. images: a reference's files, as a folder;
    others: volumes that the application brings, by name, as folders; fields: of the pod."""
    secrets: dict = field(default_factory=dict)
    images: dict = field(default_factory=dict)
    config_maps: dict = field(default_factory=dict)
    others: dict = field(default_factory=dict)
    fields: dict = field(default_factory=lambda: {"status.podIP": "127.0.0.1"})


class Pod:
    def __init__(self, release, world):
        self.release = release
        self.world = world
        self.spec = release.pod()
        self.volumes = {}
        for volume in self.spec.get("volumes") or ():
            self.volumes[volume["name"]] = self._make(volume)
        self.gate = release.gate()

    # --- volumes

    def _make(self, volume):
        """The folder of a volume."""
        kind, = volume.keys() - {"name"}
        if volume["name"] in self.world.others:
            return self.world.others[volume["name"]]
        source = volume[kind]
        makers = {"configMap": self._config_map, "secret": self._secret, "emptyDir": self._empty,
                  "image": lambda s: self.world.images[s["reference"]]}
        assert kind in makers, f"no volume {volume['name']} was given to the test"
        return makers[kind](source)

    def _config_map(self, source):
        own = {each["metadata"]["name"]: each["data"] for each in self.release.all("ConfigMap")}
        self.config = Volume(**{**own, **self.world.config_maps}[source["name"]])
        return self.config.path

    def _secret(self, source):
        folder = scratch_folder("secret")
        values = self.world.secrets[source["secretName"]]
        for item in source["items"]:
            path = folder / item["path"]
            path.write_text(values[item["key"]], encoding="utf-8")
            path.chmod(source["defaultMode"])
        return folder

    @staticmethod
    def _empty(_):
        folder = scratch_folder("empty")
        folder.chmod(0o777)
        return folder

    # --- containers

    def _environment(self, container):
        found = {"PATH": "/usr/bin:/bin", "HOSTNAME": "orders-7d4f"}
        for each in container.get("env") or ():
            found[each["name"]] = each["value"] if "value" in each else self._value_from(each["valueFrom"])
        return found

    def _value_from(self, source):
        (kind, where), = source.items()
        if kind == "secretKeyRef":
            return self.world.secrets[where["name"]][where["key"]]
        assert kind == "fieldRef", source
        return self.world.fields[where["fieldPath"]]

    def _root(self, container):
        """A fresh root of its image, with a place for each mount."""
        base = sidecar_root() if container is self.gate else application_root()
        root = scratch_folder("root") / "root"
        shutil.copytree(base, root, symlinks=True, copy_function=os.link)
        mounts = [(self._mounted(each), each["mountPath"], each.get("readOnly", False))
                  for each in container.get("volumeMounts") or ()]
        if container is not self.gate:
            files = self.world.images[container["image"]]
            mounts += [(Path("/usr"), "/usr", True)]
            mounts += [(folder, f"/{folder.name}", True) for folder in files.iterdir()]
        mounts += [(Path("/proc"), "/proc", False)]
        for _, path, _ in mounts:
            (root / path.lstrip("/")).mkdir(parents=True, exist_ok=True)
        return root, mounts

    def _mounted(self, mount):
        folder = Path(self.volumes[mount["name"]])
        if "subPath" in mount:
            folder = folder / mount["subPath"]
            folder.mkdir(exist_ok=True)
            folder.chmod(0o777)
        return folder

    def command(self, container, words):
        """A command line that runs words in the container's world."""
        root, mounts = self._root(container)
        script = []
        for source, path, read_only in mounts:
            target = shlex.quote(str(root / path.lstrip("/")))
            script.append(f"mount --rbind {shlex.quote(str(source))} {target}")
            if read_only and path != "/usr":
                script.append(f"mount -o remount,bind,ro {target}")
        context = container["securityContext"]
        who = [f"--userspec={context['runAsUser']}:{context['runAsGroup']}", "--groups="] if is_root() else []
        unshare = ["unshare", "--mount", *([] if is_root() else ["--map-root-user"]), "--"]
        return [*unshare, "sh", "-c", " && ".join([*script, 'exec "$@"']), "sh",
                "chroot", *who, root, *words]

    def environment(self, container):
        """chroot itself is found by our own PATH, which has what the container's has."""
        return {**self._environment(container), "PATH": "/usr/bin:/bin:/usr/sbin:/sbin"}

    def run(self, container, *words, timeout_s=30):
        """Runs words in the container's world to their end."""
        done = subprocess.run(guarded(self.command(container, words)), cwd="/", capture_output=True,
                              env=self.environment(container), stdin=subprocess.DEVNULL,
                              text=True, timeout=timeout_s)
        return Result(done.returncode, done.stdout, done.stderr)

    def run_init_containers(self):
        """All in front of the gate, as the kubelet does: one after the other, to a good end."""
        for container in self.spec["initContainers"]:
            if container is self.gate:
                return
            done = self.run(container, *container["command"], *container.get("args", ()))
            assert done.code == 0, f"{container['name']} failed:\n{done.err}"

    def gate_words(self, command=None, without=()):
        """The gate's own command line; another command in its place, without some flags."""
        words = [word for word in self.gate["args"] if word not in without]
        return ["schemalatch", *([command] if command else words[:1]), *words[1:]]

    def sidecar(self, **keywords):
        return RenderedSidecar(pod=self, port=self.gate["ports"][0]["containerPort"], listen=None, **keywords)

    def probes(self, period=0.1):
        """The sidecar's probes as a kubelet has them, but asked more often."""
        return {kind: self._probe(self.gate[f"{kind}Probe"], period)
                for kind in ("startup", "readiness", "liveness") if f"{kind}Probe" in self.gate}

    def _probe(self, probe, period):
        if "httpGet" in probe:
            handler = HttpGet(probe["httpGet"]["port"], probe["httpGet"]["path"])
        else:
            line = self.command(self.gate, probe["exec"]["command"])
            handler = Exec(tuple(map(str, line)), self.environment(self.gate))
        return Probe(handler, period, probe["timeoutSeconds"], 0, probe.get("successThreshold", 1),
                     probe["failureThreshold"])


@dataclass(eq=False, repr=False)
class RenderedSidecar(Sidecar):
    """The gate's container, as it was rendered."""
    pod: Pod = None

    def launch(self):
        line = self.pod.command(self.pod.gate, self.pod.gate_words())
        self.process = subprocess.Popen(
            guarded(line), cwd="/", env=self.pod.environment(self.pod.gate),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        return self


RETOLD = ("url", "headers")  # what `config` prints in other words, or hides


def same(rendered, effective, place="config"):
    """Every value that was rendered is in effect."""
    if isinstance(rendered, dict):
        for key, value in rendered.items():
            assert key in effective, f"{place}.{key} is not in effect: {json.dumps(effective)}"
            if key not in RETOLD:
                same(value, effective[key], f"{place}.{key}")
    elif isinstance(rendered, list) and rendered and isinstance(rendered[0], dict):
        assert len(rendered) == len(effective), place
        for index, value in enumerate(rendered):
            same(value, effective[index], f"{place}[{index}]")
    else:
        assert rendered == effective or [rendered] == effective, f"{place}: {rendered} != {effective}"
