"""A program that runs in the background of the tests, with its log."""

import os
import subprocess
from pathlib import Path

from support.processes import guarded
from support.waiting import PATIENCE, wait_until

WORLD = Path("/mnt")  # a tmpfs of this run alone, see world.sh
NODE_ADDRESS = "10.88.0.1"


def program(name):
    """One that tests/cluster/programs.sh builds, or tests/charts/fetch.sh brings."""
    found = [path for path in (Path(os.environ["SCHEMALATCH_CLUSTER"]) / name,
                               Path(os.environ["SCHEMALATCH_KUBE"]) / "bin" / name) if path.exists()]
    assert found, f"{name} is in neither SCHEMALATCH_CLUSTER nor SCHEMALATCH_KUBE"
    return found[0]


class Daemon:
    """Started by start(), which returns once answers() is true."""

    def __init__(self, name, command, answers, environment=None):
        self.name = name
        self.command = command
        self.answers = answers
        self.environment = environment or {}
        self.log_file = WORLD / f"{name}.log"
        self.process = None

    def start(self, limit_s=60):
        with open(self.log_file, "ab") as log:
            self.process = subprocess.Popen(
                guarded(self.command), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                cwd="/", env={**os.environ, **self.environment}, start_new_session=True,
            )
        wait_until(self._answers, limit_s, lambda: f"{self.name} to answer\n{self.log_tail()}")
        return self

    def _answers(self):
        assert self.process.poll() is None, f"{self.name} ended:\n{self.log_tail()}"
        return self.answers()

    def log_tail(self, characters=4000):
        return self.log_file.read_text(encoding="utf-8", errors="replace")[-characters:]

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20 * PATIENCE)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
