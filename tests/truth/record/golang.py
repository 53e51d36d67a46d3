"""Tools of Go, from the module proxy. They want a newer Go than Debian 12 has."""

import os

from record.installing import SLOWLY, needs, once


def install(folder, module, package, version, tags="", also=()):
    """Builds the program of a package, in a module of our own: so it needs nothing but the proxy.
    also: other modules as name@version that it needs newer than it says."""
    needs("go", f"build {module}")
    env = {**os.environ, "GOFLAGS": "-mod=mod", "GOTOOLCHAIN": "local"}
    path = f"{module}/{package}" if package else module
    once(folder, ["go", "mod", "init", "truth"], ["go", "get", f"{path}@v{version}", *also],
         [*SLOWLY, "go", "build", "-p", "1", "-tags", tags, "-o", folder / path.rpartition("/")[2], path],
         env=env)
