"""Files that a running sidecar is configured from, changed as people and Kubernetes change them."""

import json
import os
import threading
from pathlib import Path

from support.processes import own_by_service, scratch_folder


def replace(path, text):
    """Writes a file anew as careful programs do: under another name first."""
    fresh = Path(f"{path}.fresh")
    fresh.write_text(text if isinstance(text, str) else json.dumps(text), encoding="utf-8")
    own_by_service(fresh)
    os.replace(fresh, path)


class Volume:
    """A ConfigMap's volume as the kubelet keeps it: each name a link into "..data", which is a link
    to a folder of its own for each version, turned by one rename."""

    def __init__(self, **files):
        self.path = scratch_folder("volume", for_service=True)
        self.version = 0
        self.update(**files)

    def update(self, **files):
        self.version += 1
        old = self.path / "..data"
        before = old.resolve() if old.exists() else None
        folder = self.path / f"..v{self.version}"
        folder.mkdir()
        for name, text in files.items():
            (folder / name).write_text(
                text if isinstance(text, str) else json.dumps(text), encoding="utf-8")
            if not (self.path / name).is_symlink():
                (self.path / name).symlink_to(Path("..data") / name)
        (self.path / "..data_tmp").symlink_to(folder.name)
        os.replace(self.path / "..data_tmp", self.path / "..data")
        if before is not None:
            for file in before.iterdir():
                file.unlink()
            before.rmdir()

    def __truediv__(self, name):
        return self.path / name


class Prober:
    """Asks /readyz all the time from a thread of its own, over one connection after the other, and
    keeps each change of the answer.

        with Prober(sidecar) as prober:
            …
        assert prober.codes == [200]
    """

    def __init__(self, sidecar, path="/readyz", check=None):
        self.sidecar = sidecar
        self.path = path
        self.look = check or (lambda answer: answer.status)
        self.codes = []
        self.bodies = []
        self.count = 0
        self.problem = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self):
        try:
            is_last = False
            while not is_last:
                is_last = self._stop.wait(0.001)  # what has happened before the end is seen
                answer = self.sidecar.get(self.path)
                seen = self.look(answer)
                self.count += 1
                if not self.codes or self.codes[-1] != seen:
                    self.codes.append(seen)
                    self.bodies.append(answer.text)
        except Exception as problem:  # pylint: disable=broad-except
            self.problem = problem

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join(10)
        if self.problem is not None:
            raise self.problem
        assert self.count > 0
