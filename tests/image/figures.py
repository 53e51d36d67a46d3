"""What the image costs, measured on the built image itself: the lean variant against its goals, and
against the variant with Debian's libpq in the same run. tests/image.sh runs it; it fails where something
cannot be measured, never for a goal that is missed on a busy machine.
"""

import os
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.figure import BYTES, HEADING, SECONDS, Figure, at_most, median, spread  # noqa: E402
from bench.instruments import NANOSECOND, memory  # noqa: E402
from bench.run import table  # noqa: E402
from support.certificates import make_certificate  # noqa: E402
from support.container import Container, image, remove_left_behind, root_of, run_image, succeed  # noqa: E402
from support.postgres import Postgres  # noqa: E402
from support.processes import free_port, scratch_folder  # noqa: E402
from support.sidecar import configuration, tables  # noqa: E402

BENCH = Path(__file__).resolve().parent.parent / "bench"
PROGRAM = "/usr/bin/schemalatch"
SAMPLES = 60
MEGABYTE = 1_000_000
MILLISECOND = 1e-3
GOALS = {"compressed": 10 * MEGABYTE, "resident": 8 * MEGABYTE, "start": 4 * MILLISECOND,
         "probe": 4 * MILLISECOND}
VARIANTS = ("lean", "debian")


def stopwatch():
    """The benchmarks' own, linked so that it can start in the image, where no library waits for it."""
    path = scratch_folder("tools") / "stopwatch"
    sources = [BENCH / "stopwatch.c", BENCH / "probe.c"]
    subprocess.run(["gcc", "-O2", "-static", "-D_GNU_SOURCE", "-o", path, *sources], check=True)
    return path


def go_first():
    """Ahead of all else that runs: what it costs is measured, not how long the queue is."""
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    except PermissionError:  # where root is not trusted with that
        os.setpriority(os.PRIO_PROCESS, 0, -20)


def time_in(root, tool, port, *arguments):
    """Seconds that the stopwatch tells, with the image's files as its root and as its user. The exec
    that is timed is the program's: by then the stopwatch is in there already."""
    descriptor = os.open(tool, os.O_RDONLY)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.dup2(writing, 1)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        go_first()
        os.chroot(root)
        os.chdir("/")
        os.setgroups([])
        os.setresgid(65532, 65532, 65532)
        os.setresuid(65532, 65532, 65532)
        environment = {"SCHEMALATCH_LISTEN": f"127.0.0.1:{port}", "SCHEMALATCH_TABLES": "users",
                       "DATABASE_URL": "postgresql://127.0.0.1:1/none"}
        os.execve(descriptor, ["stopwatch", *map(str, arguments)], environment)
    os.close(writing)
    os.close(descriptor)
    with open(reading, encoding="ascii") as output:
        lines = output.read().splitlines()
    _, status = os.waitpid(child, 0)
    assert status == 0, f"{arguments} ended with {status}: {lines}"
    return int(lines[-1]) * NANOSECOND


def compressed(variant):
    folder = scratch_folder("pushed") / "image"
    succeed("buildah", "push", "-q", image(variant), f"oci:{folder}")
    return sum(path.stat().st_size for path in (folder / "blobs/sha256").iterdir())


def starts(tool):
    """From exec to the first answer, the variants in turn."""
    found = {variant: [] for variant in VARIANTS}
    for _ in range(SAMPLES):
        for variant in VARIANTS:
            port = free_port()
            found[variant].append(time_in(root_of(image(variant)), tool, port,
                                          "--until", port, "/livez", PROGRAM, "serve"))
    return found


def probes(tool, port):
    """A whole exec probe, of one sidecar, by the variants in turn."""
    found = {variant: [] for variant in VARIANTS}
    for _ in range(SAMPLES):
        for variant in VARIANTS:
            found[variant].append(time_in(root_of(image(variant)), tool, port, PROGRAM, "probe", "live"))
    return found


def beside_a_server(tool):
    """Resident memory with a TLS session, by variant, and the exec probes' times."""
    certificate = make_certificate("localhost")
    resident = {}
    with Postgres(certificate=certificate) as server:
        server.execute("CREATE TABLE users (id int)")
        role = server.create_role(password="s3cret")
        url = server.url(user=role, password="s3cret", sslmode="verify-ca", sslrootcert="/ca.crt")
        for variant in VARIANTS:
            with Container(configuration(url, tables("users")), image=image(variant),
                           mounts={certificate.authority_file: "/ca.crt"}) as container:
                container.wait_ready().wait_round(rounds=5)
                container.execute("schemalatch", "probe")
                resident[variant] = memory(container.pid)["rss"]
                probed = probes(tool, container.port)
    return resident, probed


def figures():
    tool = stopwatch()
    resident, probed = beside_a_server(tool)
    started = starts(tool)
    rows = (
        ("compressed", "compressed image", BYTES, {v: compressed(v) for v in VARIANTS}),
        ("resident", "resident memory with a TLS session", BYTES, resident),
        ("start", "exec to the first answered /livez", SECONDS,
         {v: median(samples) for v, samples in started.items()}),
        ("probe", "a whole exec probe", SECONDS, {v: median(samples) for v, samples in probed.items()}),
    )
    details = {"start": {v: spread(s) for v, s in started.items()},
               "probe": {v: spread(s) for v, s in probed.items()}}
    for key, name, unit, found in rows:
        yield Figure(f"{name} ÷ its goal", found["lean"], GOALS[key], unit, at_most(1), details.get(key, {}))
        yield Figure(f"{name} ÷ with Debian's libpq", found["lean"], found["debian"], unit, at_most(1))


def main():
    remove_left_behind()
    found = list(figures())
    print(run_image(image(), "version").out, end="")
    print("\n".join(table([HEADING, *(figure.cells() for figure in found)])))
    for figure in found:
        for variant, times in figure.details.items():
            shown = ", ".join(f"{key} {SECONDS.show(times[key])}" for key in ("least", "median", "p99"))
            print(f"{figure.name.removesuffix(' ÷ its goal')}, {variant}: {shown}")


if __name__ == "__main__":
    main()
