"""Command prefixes that run a program in a world of its own: other files in place of the system's,
a read-only root, another host name, a process namespace. Without root, a user namespace makes them possible."""

from pathlib import Path

from support.processes import is_root, scratch_folder

DEVICES = ("null", "zero", "random", "urandom")


def _unshare(*options):
    return ("unshare", *([] if is_root() else ["--map-root-user"]), *options, "--")


def private_mounts(*pairs):
    """With each (source, target) file or folder bound in a mount namespace of the program's own.
    The process id stays."""
    script = "".join(f'mount --{"r" * Path(source).is_dir()}bind "{source}" "{target}" && '
                     for source, target in pairs)
    return (*_unshare("--mount"), "sh", "-c", script + 'exec "$@"', "sh")


class PrivateDev:
    """A /dev with a file `termination-log`, as kubelet mounts one into a container."""

    def __init__(self):
        self._folder = scratch_folder("dev")
        self.termination_log = self._folder / "termination-log"
        for name in (*DEVICES, "termination-log"):
            (self._folder / name).touch()

    @property
    def prefix(self):
        nodes = [(f"/dev/{name}", self._folder / name) for name in DEVICES]
        return private_mounts(*nodes, (self._folder, "/dev"))


def first_process():
    """As PID 1 of a process namespace. The process is a child of the one that is started."""
    return _unshare("--pid", "--fork", "--kill-child")


def host_named(name):
    """On a host of that name."""
    return (*_unshare("--uts"), "sh", "-c", f'hostname "{name}" && exec "$@"', "sh")


def without_rights(writable=()):
    """On a read-only root, but for these folders, without capabilities, and as a numeric user who is
    nobody else. The process id stays."""
    drop = ["--reuid=65532", "--regid=65532", "--clear-groups"] if is_root() else []
    script = 'mount --rbind / /mnt && mount -o remount,bind,ro /mnt && '
    script += "".join(f'mount --bind "{each}" "/mnt{each}" && ' for each in writable)
    return (*_unshare("--mount"), "sh", "-c", script + 'exec chroot /mnt "$@"', "sh", "setpriv", *drop,
            "--pdeathsig=KILL", "--no-new-privs", "--inh-caps=-all", "--bounding-set=-all", "--")
