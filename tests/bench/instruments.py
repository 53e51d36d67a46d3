"""Measuring: the C tools beside this file, the kernel's account of a process, cores."""

import os
import re
import subprocess
from collections import defaultdict
from pathlib import Path

from support.processes import guarded

NANOSECOND = 1e-9
KIB = 1024
# Between looks at what is being measured, which would otherwise pay for being looked at: the answer
# of a page on one core pushes the server's code out of the cache that it shares.
REST_S = 0.25


# --- the C tools --------------------------------------------------------------------------------

def tool(name):
    """The path of one of the C tools."""
    folder = os.environ.get("SCHEMALATCH_BENCH_TOOLS")
    assert folder, "set SCHEMALATCH_BENCH_TOOLS to the folder of prober, stopwatch and the others"
    path = Path(folder) / name
    assert os.access(path, os.X_OK), f"{path} is not a program"
    return path


def _output(command, **keywords):
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=300,
                          **keywords)
    assert done.returncode == 0, f"{command} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
    return done.stdout


def probe(count, path, *ports):
    """count probes for each port, the ports in turn, on a connection each: port -> [seconds].
    Fails unless every one is answered with 200."""
    seconds = defaultdict(list)
    for line in _output([tool("prober"), count, path, *ports]).splitlines():
        port, status, nanoseconds = map(int, line.split())
        assert status == 200, f"{path} on port {port} answered {status}"
        seconds[port].append(nanoseconds * NANOSECOND)
    return seconds


def time_program(*command, **keywords):
    """Seconds from exec to the end of a program that must succeed."""
    return int(_output([tool("stopwatch"), *command], **keywords)) * NANOSECOND


def time_answer(port, path, *command, **keywords):
    """Seconds from exec of a server until it has answered path with 200; it is then ended."""
    line = [tool("stopwatch"), "--until", port, path, *command]
    return int(_output(line, **keywords)) * NANOSECOND


class FirstOk:
    """Watches ports from now on for their first 200; moments() waits for all of them and gives
    port -> seconds on the clock of time.monotonic()."""

    def __init__(self, path, ports, limit_s=60):
        line = [tool("first_ok"), limit_s, path, *ports]
        self._process = subprocess.Popen(guarded(line), stdout=subprocess.PIPE, text=True)

    def moments(self):
        output, _ = self._process.communicate(timeout=120)
        assert self._process.returncode == 0, "some port has not answered 200 in time"
        found = (map(int, line.split()) for line in output.splitlines())
        return {port: nanoseconds * NANOSECOND for port, nanoseconds in found}


# --- the kernel's account -----------------------------------------------------------------------

def cpu_seconds(pid):
    """Time on a core so far, of all threads that are alive."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) * NANOSECOND


def memory(pid):
    """Resident memory in bytes: all of it, its anonymous part, and what is mapped by this process
    alone (anonymous pages and file pages). Counted page by page, unlike VmRSS, whose per-core
    counters may lag."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    kib = {name: int(value) for name, value in re.findall(r"(\w+): +(\d+) kB", text)}
    status = Path(f"/proc/{pid}/status").read_text()
    return {"rss": kib["Rss"] * KIB, "anonymous": kib["Anonymous"] * KIB,
            "private": (kib["Private_Clean"] + kib["Private_Dirty"]) * KIB,
            "vm_rss": int(re.search(r"VmRSS:\s+(\d+)", status)[1]) * KIB}


# --- cores --------------------------------------------------------------------------------------

def two_cores():
    """One for a server and another for its load."""
    cores = sorted(os.sched_getaffinity(0))
    assert len(cores) > 1, "two cores are needed: one for the server, one for the load"
    return cores[:2]


def on_core(core):
    """Runs a program on that core alone."""
    return ("taskset", "--cpu-list", str(core))
