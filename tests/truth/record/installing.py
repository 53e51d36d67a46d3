"""Where tools come from. Each is installed once, into the folder of its driver, at a fixed version."""

import shutil
import subprocess
import threading

SLOWLY = ("nice", "-n", "19")
FILLING = {}  # a lock for each folder: drivers run in parallel, and one may need another's tool


class NotInstalled(Exception):
    """Something that the installation needs is not there, or it failed."""


def needs(program, why):
    if shutil.which(program) is None:
        raise NotInstalled(f"{program} is needed to {why}")


def debian(package):
    """The version of a package of tests/install.sh, as its makers count."""
    found = subprocess.run(["dpkg-query", "-W", "-f", "${source:Upstream-Version}", package],
                           capture_output=True, text=True)
    if found.returncode or not found.stdout:
        raise NotInstalled(f"Debian's package {package} is not installed: tests/install.sh truth")
    return found.stdout.partition("+")[0]


def once(folder, *commands, files=None, env=None):
    """Runs the commands that fill the folder, files by name being there, unless they did so before."""
    with FILLING.setdefault(folder, threading.Lock()):
        if not (folder / "complete").exists():
            fill(folder, commands, files or {}, env)
            (folder / "complete").touch()


def fill(folder, commands, files, env):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / name).write_text(text)
    for command in commands:
        done = subprocess.run([*map(str, command)], cwd=folder, env=env, text=True,
                              stdin=subprocess.DEVNULL, capture_output=True)
        if done.returncode:
            raise NotInstalled(f"{command} ended with {done.returncode}:\n"
                               f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}")


def npm(folder, *packages):
    """Packages as name@version; their own install scripts are not run."""
    needs("npm", "install a tool of Node.js")
    once(folder, ["npm", "install", "--save-exact", "--no-audit", "--no-fund", "--ignore-scripts",
                  "--prefix", folder, *packages])


def pip(folder, *packages):
    """Packages as name==version, importable from the folder."""
    needs("pip3", "install a tool of Python")
    once(folder, ["pip3", "install", "--quiet", "--disable-pip-version-check", "--no-compile",
                  "--only-binary", ":all:", "--target", folder, *packages])
