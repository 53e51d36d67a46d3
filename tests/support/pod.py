"""Pods of rendered manifests, run without a cluster: each container's own command, arguments,
environment, working folder, probes and mounted files, with the real programs.

    world = World(documents, images={"schemalatch:0.1.0": gate_image(), "orders:0.1.0": Image(…)},
                  secrets={"db": {"url": …}})
    with world.pod("Deployment") as pod:           # starts as the kubelet does, in the background
        pod.wait_ready()
        pod.gate.check("migrations")               # the sidecar's endpoints, as support/sidecar.py has them
    world.run_job()                                # to its end; gives its log

What a kubelet does, this does: init containers in order and again where they fail, a native sidecar's
startup probe before what follows, the probes with their thresholds (periods are shortened), TERM to
the service before TERM to the sidecar; where the rendering says so, another user, no capabilities, and a
root that is read-only but for the mounts. A path in a command is the path of the mount or of the image
that covers it; a path that nothing covers stays, and is not found. All pods share this machine's
loopback address, so each container gets a port of its own: that alone is not as rendered.
"""

import re
import shutil
import signal
import subprocess
import threading
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

from support.kubelet import Container, Exec, HttpGet, Probe
from support.namespaces import without_rights
from support.processes import free_port, guarded, scratch_folder
from support.sidecar import Sidecar, environment, program
from support.waiting import PATIENCE, wait_until

HASTE = 0.05  # what a second of a probe's period lasts here
GRACE_S = 5   # what TERM is given before KILL
SYSTEM_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"


# --- images and paths ---------------------------------------------------------------------------

@dataclass(frozen=True)
class Image:
    """files: what the image has, by the path that it has there; command: of its Dockerfile, which
    a container's `command` replaces; arguments: which its `args` replace; listen: the environment
    that makes it listen on a port of 127.0.0.1; path: where its programs are; folder: its WORKDIR."""
    files: dict = field(default_factory=dict)
    command: tuple = ()
    arguments: tuple = ()
    listen: object = None
    path: str = SYSTEM_PATH
    folder: str = "/"


def gate_image():
    """Of the program under test."""
    folder = scratch_folder("image")
    (folder / "schemalatch").symlink_to(program())
    return Image({"/usr/bin/schemalatch": program()}, ("schemalatch",), ("serve",),
                 lambda port: {"SCHEMALATCH_LISTEN": f"127.0.0.1:{port}"}, f"{folder}:{SYSTEM_PATH}")


def translated(text, places):
    """text, with each path that a place covers as it is on this machine."""
    if not places:
        return text
    longest_first = sorted(places, key=len, reverse=True)
    inside = "|".join(re.escape(path) for path in longest_first)
    return re.sub(rf"(?<![\w./-])({inside})(?=$|[/:,;\"'\s)\]])", lambda found: str(places[found[1]]), text)


# --- the world ----------------------------------------------------------------------------------

class World:
    """What a namespace holds: rendered documents, images and Secrets (name -> key -> text)."""

    def __init__(self, documents, images, secrets):
        self.documents = documents
        self.images = images
        self.secrets = secrets
        self._count = 0

    def find(self, kind, name=None):
        found = [d for d in self.documents if d["kind"] == kind and name in (None, d["metadata"]["name"])]
        assert len(found) == 1, f"{kind} {name}: {[d['metadata']['name'] for d in found]}"
        return found[0]

    def has(self, kind):
        return any(d["kind"] == kind for d in self.documents)

    def pod(self, kind="Deployment", name=None):
        """A new pod of a workload's template."""
        self._count += 1
        owner = self.find(kind, name)
        return Pod(self, f"{owner['metadata']['name']}-{self._count}", owner["spec"]["template"]["spec"])

    def run_job(self, name=None, limit_s=60):
        """Runs the Job's pod once, to its end; gives its log. Fails where it fails."""
        with self.pod("Job", name) as pod:
            code = pod.wait_exit(limit_s)
            assert code == 0, f"the Job ended with {code}:\n{pod.log_text()}"
            return pod.log_text()

    def files_of(self, volume):
        """The files of a configMap or secret volume: name -> text."""
        if "configMap" in volume:
            source, data = volume["configMap"], self.find("ConfigMap", volume["configMap"]["name"])["data"]
        else:
            source, data = volume["secret"], self.secrets[volume["secret"]["secretName"]]
        items = source.get("items") or [{"key": key, "path": key} for key in data]
        return {item["path"]: data[item["key"]] for item in items}


# --- a pod --------------------------------------------------------------------------------------

class Pod:
    """One pod, from `with` to its end."""

    def __init__(self, world, name, spec):
        self.world = world
        self.name = name
        self.spec = spec
        self.folder = scratch_folder("pod")
        self.running = {}  # name -> Running, in the order in which they were started
        self.problem = None
        self._ending, self._settled, self._gone = (threading.Event() for _ in range(3))
        self._thread = threading.Thread(target=self._start_all, daemon=True)
        self._empty = {}

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, kind, *_):
        self.stop()
        if kind is not None:
            print(f"--- pod {self.name}\n{self.log_text()}")

    # --- starting

    def _start_all(self):
        try:
            for container in self.spec.get("initContainers", ()):
                self._start_init(container)
            for container in self.spec["containers"]:
                self._start(container)
        except Exception as problem:  # told by whoever waits
            self.problem = problem
        self._settled.set()
        self._gone.wait()  # the kernel ends with this thread whatever it has started

    def _start_init(self, container):
        sidecar = container.get("restartPolicy") == "Always"
        while not self._ending.is_set():
            running = self._start(container)
            if sidecar:
                self._until(lambda: running.kubelet.started or running.has_ended())
                assert self._ending.is_set() or not running.has_ended(), running.log_text()
                return
            self._until(running.has_ended)
            if running.has_ended() and running.process.returncode == 0:
                return

    def _until(self, condition):
        while not condition() and not self._ending.wait(0.01):
            pass

    def _start(self, container):
        if self._ending.is_set():
            return None
        self.running[container["name"]] = running = Running(self, container)
        return running

    def empty_folder(self, volume):
        """Of an emptyDir volume, which the containers share."""
        if volume not in self._empty:
            self._empty[volume] = scratch_folder(volume)
            self._empty[volume].chmod(0o777)
        return self._empty[volume]

    # --- what it is like

    def is_started(self, container):
        """Whether a container's process has been started."""
        return container in self.running

    @property
    def ready(self):
        """As the pod's Ready condition: all containers run and are ready, sidecars among them."""
        self.assert_well()
        return all(c["name"] in self.running for c in self.spec["containers"]) and all(
            running.is_ready() for running in self.running.values() if running.stays)

    def assert_well(self):
        assert self.problem is None, f"{self.problem}\n{self.log_text()}"
        for name, running in list(self.running.items()):
            assert not (running.stays and running.has_ended()), f"{name} has ended\n{self.log_text()}"

    def wait_ready(self, limit_s=30):
        wait_until(lambda: self.ready, limit_s, lambda: f"pod {self.name} to be ready\n{self.log_text()}")
        return self

    def wait_exit(self, limit_s=30):
        """The exit code of the one container of a Job's pod."""
        name = self.spec["containers"][0]["name"]
        wait_until(lambda: self.problem or (name in self.running and self.running[name].has_ended()), limit_s,
                   lambda: f"{name} to end\n{self.log_text()}")
        assert self.problem is None, f"{self.problem}\n{self.log_text()}"
        return self.running[name].process.returncode

    def log_text(self):
        return "\n".join(f"[{name}]\n{running.log_text()}" for name, running in list(self.running.items()))

    # --- talking to it

    @property
    def gate(self):
        """The sidecar's endpoints, once it is started."""
        wait_until(lambda: "schemalatch" in self.running and self.running["schemalatch"].listens(), 20,
                   lambda: f"the gate to listen\n{self.problem}\n{self.log_text()}")
        return Sidecar(port=self.running["schemalatch"].port)

    def ask(self, container, path, body=None):
        """One request to a container: its body. Any status but 2xx, or no answer, fails."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.running[container].port}{path}", data=body,
                                         headers={"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=10 * PATIENCE) as answer:
            return answer.read()

    def rewrite(self, volume, name, text):
        """Gives a file of a configMap or secret volume another content, as an update of it does."""
        for running in self.running.values():
            running.rewrite(volume, name, text)

    # --- ending

    def stop(self):
        """TERM to the containers, then to the sidecars, the last one first."""
        self._ending.set()
        self._settled.wait()
        last = {c["name"] for c in self.spec.get("initContainers", ())}
        for wave in (lambda name: name not in last, lambda name: name in last):
            for name, running in reversed(list(self.running.items())):
                if wave(name):
                    running.stop()
        self._gone.set()
        self._thread.join()


class Running:
    """A container that has been started."""

    def __init__(self, pod, container):
        self.pod = pod
        self.container = container
        self.image = pod.world.images[container["image"]]
        self.port = free_port()
        self.stays = container.get("restartPolicy") == "Always" or container in pod.spec["containers"]
        self.volumes = {}  # name -> folder on this machine
        self.places = dict(self.image.files)
        self._mount()
        self.log = pod.folder / f"{container['name']}.log"
        self.process = self._launch()
        self.kubelet = Container(container["name"], self._probes()).__enter__()

    # --- files

    def _mount(self):
        volumes = {volume["name"]: volume for volume in self.pod.spec.get("volumes", ())}
        for mount in self.container.get("volumeMounts", ()):
            folder = self._folder_of(volumes[mount["name"]], mount.get("subPath", ""))
            self.volumes[mount["name"]] = folder
            self.places[mount["mountPath"]] = folder
        for name, folder in self.volumes.items():
            if "configMap" in volumes[name] or "secret" in volumes[name]:
                for file, text in self.pod.world.files_of(volumes[name]).items():
                    self.rewrite(name, file, text)

    def _folder_of(self, volume, sub_path):
        if "emptyDir" in volume:
            return self.pod.empty_folder(volume["name"]) / sub_path
        if "image" in volume:
            files = self.pod.world.images[volume["image"]["reference"]].files
            return Path(translated("/" + sub_path.strip("/"), files))
        return scratch_folder(volume["name"])

    def rewrite(self, volume, name, text):
        if volume in self.volumes:
            fresh = self.volumes[volume] / f".{name}"
            fresh.write_text(translated(text, self.places), encoding="utf-8")
            fresh.rename(self.volumes[volume] / name)

    # --- the process

    def _launch(self):
        command = self.container.get("command", self.image.command)
        arguments = self.container.get("args", () if "command" in self.container else self.image.arguments)
        line = [translated(str(word), self.places) for word in (*command, *arguments)]
        if "/" not in line[0]:
            line[0] = shutil.which(line[0], path=self.image.path) or line[0]
        folder = translated(self.container.get("workingDir", self.image.folder), self.places)
        with open(self.log, "ab") as log:
            return subprocess.Popen(guarded([*self._confined(folder), *line]), cwd="/",
                                    env=self.environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def _confined(self, folder):
        """The prefix of a command line that takes away what the security context takes away."""
        context = {**self.pod.spec.get("securityContext", {}), **self.container.get("securityContext", {})}
        within = ("sh", "-c", f'cd "{folder}" && exec "$@"', "sh")
        if not context.get("readOnlyRootFilesystem"):
            return within
        assert context["runAsNonRoot"] and context["capabilities"]["drop"] == ["ALL"], context
        mounts = self.container.get("volumeMounts", ())
        writable = [self.volumes[mount["name"]] for mount in mounts if not mount.get("readOnly")]
        return (*without_rights(writable), *within)

    def environment(self):
        given = {each["name"]: self._value(each) for each in self.container.get("env", ())}
        listen = self.image.listen(self.port) if self.image.listen else {}
        return {**environment(), "PATH": self.image.path, "PYTHONDONTWRITEBYTECODE": "1",
                **{name: translated(value, self.places) for name, value in given.items()}, **listen}

    def _value(self, entry):
        if "value" in entry:
            assert isinstance(entry["value"], str), f"an environment variable must be a text: {entry}"
            return entry["value"]
        source = entry["valueFrom"]
        if "secretKeyRef" in source:
            return self.pod.world.secrets[source["secretKeyRef"]["name"]][source["secretKeyRef"]["key"]]
        return {"metadata.name": self.pod.name, "metadata.namespace": "default",
                "metadata.uid": self.pod.name}[source["fieldRef"]["fieldPath"]]

    def _probes(self):
        kinds = {"startup": "startupProbe", "readiness": "readinessProbe", "liveness": "livenessProbe"}
        return {kind: self._probe(self.container[key]) for kind, key in kinds.items() if key in self.container}

    def _probe(self, given):
        return Probe(self._handler(given), given.get("periodSeconds", 10) * HASTE,
                     given.get("timeoutSeconds", 1) * PATIENCE, given.get("initialDelaySeconds", 0) * HASTE,
                     given.get("successThreshold", 1), given.get("failureThreshold", 3))

    def _handler(self, given):
        if "exec" in given:
            line = [translated(word, self.places) for word in given["exec"]["command"]]
            line[0] = shutil.which(line[0], path=self.image.path) or line[0]
            return Exec(tuple(line), self.environment())
        declared = [p for p in self.container["ports"]
                    if given["httpGet"]["port"] in (p.get("name"), p["containerPort"])]
        assert declared, f"a probe of {self.container['name']} asks a port that the container does not declare"
        return HttpGet(self.port, given["httpGet"]["path"])

    # --- what it is like

    def has_ended(self):
        return self.process.poll() is not None

    def is_ready(self):
        return not self.has_ended() and self.kubelet.ready

    def listens(self):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{self.port}/livez", timeout=5).close()
        except urllib.error.HTTPError:
            pass
        except OSError:
            return False
        return True

    def log_text(self):
        return self.log.read_text(encoding="utf-8", errors="replace")

    def stop(self):
        self.kubelet.stop()
        if not self.has_ended():
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(GRACE_S * PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
