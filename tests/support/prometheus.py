"""A real Prometheus that scrapes each second.

    with Prometheus(Target(sidecar.port), rules=folder / "rules.yaml") as prometheus:
        prometheus.values("schemalatch_ready")     # of the one series of that name, in order
        prometheus.alerts()                        # [(name, labels, state)]
"""

import json
import shutil
import subprocess
import urllib.parse
import urllib.request
from dataclasses import dataclass, field

from support.processes import free_port, guarded, scratch_folder
from support.waiting import PATIENCE, wait_until


@dataclass(frozen=True)
class Target:
    """A port of 127.0.0.1, with the labels that discovery would give it."""
    port: int
    job: str = "schemalatch"
    labels: dict = field(default_factory=dict)


class Prometheus:
    """A server of its own, asked through its HTTP interface; from `with` to its end."""

    def __init__(self, *targets, rules=None):
        self.port = free_port()
        self.folder = scratch_folder("prometheus")
        self.log_file = self.folder / "log"
        jobs = sorted({target.job for target in targets})
        settings = {
            "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
            "rule_files": [str(rules)] if rules else [],
            "scrape_configs": [{
                "job_name": job,
                "static_configs": [{"targets": [f"127.0.0.1:{t.port}"], "labels": t.labels}
                                   for t in targets if t.job == job],
            } for job in jobs],
        }
        config = self.folder / "prometheus.yml"
        config.write_text(json.dumps(settings), encoding="ascii")  # JSON is YAML, too
        program = shutil.which("prometheus")
        assert program, "Debian's package prometheus is not installed"
        self.command = [
            program, f"--config.file={config}", f"--storage.tsdb.path={self.folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{self.port}", "--log.level=info",
        ]
        self.process = None

    def __enter__(self):
        with open(self.log_file, "wb") as log:
            self.process = subprocess.Popen(guarded(self.command), stdout=log, stderr=log, cwd="/")
        wait_until(self.is_up, 30, "Prometheus to answer")
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(20 * PATIENCE)
        shutil.rmtree(self.folder, ignore_errors=True)

    def ask(self, path, **parameters):
        """The data of one answer of its interface."""
        query = urllib.parse.urlencode(parameters)
        url = f"http://127.0.0.1:{self.port}/api/v1/{path}?{query}"
        with urllib.request.urlopen(url, timeout=10 * PATIENCE) as answer:
            return json.load(answer)["data"]

    def is_up(self):
        assert self.process.poll() is None, self.log_file.read_text(encoding="utf-8")
        try:
            return self.ask("targets") and True
        except OSError:
            return False

    def series(self, selector):
        """All samples of the last minutes: labels -> values in order."""
        found = self.ask("query", query=f'{selector}[5m]')["result"]
        return {frozenset(s["metric"].items()): [float(v) for _, v in s["values"]] for s in found}

    def values(self, name):
        """The samples of the one series of that name, or []."""
        found = list(self.series(name).values())
        assert len(found) <= 1, found
        return found[0] if found else []

    def target(self):
        """The one target."""
        found, = self.ask("targets")["activeTargets"]
        return found

    def alerts(self):
        """What is pending or firing: (name, labels, state)."""
        return [(each["labels"]["alertname"], each["labels"], each["state"])
                for each in self.ask("alerts")["alerts"]]
