"""The image, run by podman and runc as the Pod Security level "restricted" demands.

    with Container(image=image(), config=…, mounts={authority: "/etc/ca.crt"}) as container:
        container.wait_ready()                      # a Sidecar in all else
        container.execute("schemalatch", "probe")   # as an exec probe does

The network is the machine's: servers of the test are reached, and the program is, on loopback.
tests/image.sh sets the storage in which the images are.
"""

import atexit
import functools
import itertools
import json
import os
import signal
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from support.processes import guarded, scratch_folder
from support.sidecar import STOP_LIMIT_S, Result, Sidecar, write_config
from support.waiting import wait_until

CONFIG = "/etc/schemalatch/schemalatch.json"
RESTRICTED = ("--read-only", "--read-only-tmpfs=false", "--cap-drop=ALL",
              "--security-opt=no-new-privileges")
# podman would raise these to what only a privileged root may.
LIMITS = ("--ulimit=nofile=1024:1024", "--ulimit=nproc=1024:1024")
RUN = ("run", "--rm", "--runtime=runc", "--pull=never", "--network=host", *RESTRICTED, *LIMITS)

numbers = itertools.count(1)


def image(libpq="lean"):
    """The name of a variant of the image."""
    name = os.environ.get("SCHEMALATCH_IMAGE")
    assert name, "set SCHEMALATCH_IMAGE to the image's name"
    return name if libpq == "lean" else f"{name}-{libpq}"


def tool(*command, timeout_s=120):
    """Runs podman or buildah to its end."""
    done = subprocess.run(list(map(str, command)), stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=timeout_s)
    return Result(done.returncode, done.stdout, done.stderr)


def succeed(*command):
    """The output of one that must not fail."""
    result = tool(*command)
    assert result.code == 0, f"{command} ended with {result.code}:\n{result.out}{result.err}"
    return result.out


@functools.cache
def inspect(name):
    """The image's configuration, as the OCI's specification writes it."""
    return json.loads(succeed("buildah", "inspect", "--type", "image", name))["OCIv1"]


@functools.cache
def root_of(name):
    """The folder in which the image's files are mounted, for this run."""
    folder = Path(succeed("podman", "image", "mount", name).strip())
    atexit.register(tool, "podman", "image", "unmount", name)
    return folder


def remove_left_behind():
    """Containers of a run that was killed."""
    succeed("podman", "rm", "--all", "--force", "--time", "0")


def run_image(name, *arguments, options=()):
    """Runs a command of the program to its end."""
    return tool("podman", *RUN, *options, name, *arguments)


@dataclass(eq=False, repr=False)
class Container(Sidecar):
    """`schemalatch serve` in a container. mounts: files or folders here -> where they are in there;
    hosts: names for its /etc/hosts; user: another than the image's."""
    image: str = ""
    mounts: dict = field(default_factory=dict)
    hosts: dict = field(default_factory=dict)
    user: str = ""

    def __post_init__(self):
        super().__post_init__()
        self.name = f"schemalatch-{os.getpid()}-{next(numbers)}"
        self._pid = 0

    def _options(self):
        yield f"--name={self.name}"
        for source, target in self.mounts.items():
            yield f"--volume={source}:{target}:ro"
        for name, address in self.hosts.items():
            yield f"--add-host={name}:{address}"
        env = {"SCHEMALATCH_LISTEN": self.listen.format(port=self.port), **self.env}
        for name, value in env.items():
            yield f"--env={name}={value}"
        if self.user:
            yield f"--user={self.user}"

    def launch(self):
        arguments = []
        if self.config is not None:
            folder = scratch_folder("config")
            self.mounts = {**self.mounts, write_config(self.config, folder): CONFIG}
            arguments = ["serve", "--config", CONFIG]  # else the image's own command
        line = ["podman", *RUN, *self._options(), self.image, *arguments, *self.args]
        self._start_process(guarded(line), dict(os.environ))
        return self

    @property
    def pid(self):
        """The program's, as this machine counts."""
        if not self._pid:
            wait_until(lambda: self._state().get("Running"), 20, "the container to run")
            self._pid = self._state()["Pid"]
        return self._pid

    def _state(self):
        shown = tool("podman", "inspect", "--type", "container", "--format", "{{json .State}}", self.name)
        return json.loads(shown.out) if shown.code == 0 else {}

    def execute(self, *command):
        """Runs a command in the container, as an exec probe does."""
        return tool("podman", "exec", self.name, *command)

    def stop(self, number=signal.SIGTERM, limit_s=STOP_LIMIT_S):
        """The program must go within the limit; what podman does after that is not its affair."""
        if self.process is None or self._reader is None:
            return
        if self.is_running():
            pid = self.pid
            os.kill(pid, number)
            wait_until(lambda: not Path(f"/proc/{pid}").exists(), limit_s,
                       lambda: f"the end of the program\n{self.log_text()}")
        code = self.wait_exit(30)
        assert code == 0, f"exit code {code}\n{self.log_text()}"
        self.assert_log_is_clean()

    def kill(self):
        tool("podman", "kill", self.name)
        super().kill()
