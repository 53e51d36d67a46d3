"""Processes and folders of a test, which are gone when the test run is, however it ends."""

import atexit
import functools
import os
import pwd
import random
import shutil
import signal
import socket
import tempfile
from pathlib import Path

SERVICE_USER = "postgres"
MEMORY_PLACE = "/dev/shm"
MEMORY_LEAST_BYTES = 4 << 30


def is_root():
    return os.geteuid() == 0


def service_account():
    """The account for programs that refuse to run as root: (uid, gid)."""
    if not is_root():
        return os.geteuid(), os.getegid()
    try:
        entry = pwd.getpwnam(SERVICE_USER)
    except KeyError:
        raise AssertionError(
            f"run as root, the tests start servers as user {SERVICE_USER!r}, which does not exist"
        ) from None
    return entry.pw_uid, entry.pw_gid


def guarded(command, death_signal="KILL", drop_root=False):
    """The command line that runs command so that it dies with the test run (even when that is
    killed), and as the service account where drop_root and we are root. The process id stays."""
    prefix = ["setpriv", "--pdeathsig", death_signal]
    if drop_root and is_root():
        uid, gid = service_account()
        prefix += [f"--reuid={uid}", f"--regid={gid}", "--clear-groups"]
    return [*prefix, "--", *map(str, command)]


@functools.cache
def run_folder(place):
    """All that this run writes there; whatever runs that were killed have left is removed first."""
    mark = "schemalatch-tests-"
    for left in Path(place).glob(f"{mark}*"):
        if not Path("/proc", left.name.removeprefix(mark).partition("-")[0]).exists():
            shutil.rmtree(left, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=f"{mark}{os.getpid()}-", dir=place))
    folder.chmod(0o755)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@functools.cache
def memory_place():
    """Where files are kept in memory, if there is much room; else where all others are. A database is
    300 files, and ext4 takes its time to find room for those where as many were just removed."""
    try:
        free = shutil.disk_usage(MEMORY_PLACE).free
    except OSError:
        free = 0
    roomy = free >= MEMORY_LEAST_BYTES and os.access(MEMORY_PLACE, os.W_OK)
    return MEMORY_PLACE if roomy else tempfile.gettempdir()


def scratch_folder(name, for_service=False, in_memory=False):
    """A fresh folder that any user may enter, removed at the end of the run at the latest."""
    place = memory_place() if in_memory else tempfile.gettempdir()
    folder = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=run_folder(place)))
    folder.chmod(0o755)
    if for_service:
        os.chown(folder, *service_account())
    return folder


def own_by_service(path):
    """Gives path, and everything below it, to the service account."""
    for each in [path, *Path(path).rglob("*")]:
        os.chown(each, *service_account(), follow_symlinks=False)


def parent_of(pid):
    """The parent's process id; 0 where the process is gone. Zombies have a parent, too."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return int(stat.rpartition(")")[2].split()[1])


def is_alive(pid):
    """Whether it still has anything open: a zombie has not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"


def family(pid):
    """pid and all its descendants, the eldest first."""
    parents = {int(p.name): parent_of(p.name) for p in Path("/proc").iterdir() if p.name.isdigit()}
    found = [pid]
    for member in found:
        found += [child for child, parent in parents.items() if parent == member]
    return found


def signal_all(pids, number):
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass


def freeze(pid):
    """Stops a process and then its descendants: nobody notices that anybody else is frozen."""
    os.kill(pid, signal.SIGSTOP)
    frozen = family(pid)
    signal_all(frozen, signal.SIGSTOP)
    return frozen


def free_port(address="127.0.0.1"):
    """A TCP port of that loopback address on which nobody listens: below those that the kernel gives
    to whoever asks for none, or a connection of another test may take it before it is used."""
    given = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    kind = socket.AF_INET6 if ":" in address else socket.AF_INET
    while True:
        with socket.socket(kind) as probe:
            try:
                probe.bind((address, random.randrange(max(1024, given // 2), max(2048, given))))
            except OSError:
                continue
            return probe.getsockname()[1]
