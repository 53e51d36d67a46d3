"""helm, as people run it, on the charts of this project.

    release = render(platform(), "platform/all.yaml")
    release.only("PrometheusRule")["spec"]
    refusal(application(), {"schemalatch.mode": "gates"})     # what helm says
"""

import functools
import json
import os
import shutil
import subprocess
from pathlib import Path

import yaml

from support.processes import scratch_folder

HERE = Path(__file__).resolve().parent
CHARTS = HERE.parents[1] / "charts"
VALUES = HERE / "values"
OLDEST, NEWEST = "1.29.15", "1.36.3"  # of Kubernetes, as fetch.sh brings them


def kube_folder():
    folder = os.environ.get("SCHEMALATCH_KUBE")
    assert folder, "set SCHEMALATCH_KUBE to the folder that tests/charts/fetch.sh prints"
    return Path(folder)


def helm(*words, program="helm"):
    """Runs helm with no settings but its own, and nobody's cluster."""
    home = scratch_folder("helm")
    return subprocess.run(
        [kube_folder() / "bin" / program, *map(str, words)], capture_output=True, text=True, timeout=60,
        env={"PATH": os.environ["PATH"], "HOME": str(home), "KUBECONFIG": "/nonexistent"},
    )


def with_library(chart):
    """A copy of an application's chart that has what its Chart.yaml depends on: the library."""
    folder = scratch_folder("chart") / chart.name
    shutil.copytree(chart, folder)
    for dependency in yaml.safe_load((chart / "Chart.yaml").read_text())["dependencies"]:
        library = CHARTS / dependency["name"]
        own = yaml.safe_load((library / "Chart.yaml").read_text())
        assert own["version"] == dependency["version"], "the dependency's version is not the library's"
        shutil.copytree(library, folder / "charts" / library.name)
    return folder


@functools.cache
def application():
    """The smallest application with the gate."""
    return with_library(HERE / "app")


@functools.cache
def platform():
    return CHARTS / "schemalatch-platform"


def template(chart, values, sets, kubernetes, name, program="helm"):
    words = ["template", name, chart, "--kube-version", kubernetes, "--namespace", "shop"]
    words += ["--values", VALUES / values] if values else []
    for key, value in (sets or {}).items():
        words += ["--set-json", f"{key}={json.dumps(value)}"]
    return helm(*words, program=program)


class Release:
    """What one run of `helm template` gives."""

    def __init__(self, text):
        self.text = text
        self.objects = [each for each in yaml.safe_load_all(text) if each]

    def all(self, kind):
        return [each for each in self.objects if each["kind"] == kind]

    def only(self, kind):
        found = self.all(kind)
        assert len(found) == 1, f"{len(found)} objects of kind {kind}\n{self.text}"
        return found[0]

    def pod(self):
        """The spec of the one pod template."""
        return self.only("Deployment")["spec"]["template"]["spec"]

    def gate(self):
        """The gate's own container: the sidecar, or the one that waits."""
        return next(c for c in self.pod()["initContainers"] if c["name"] in ("schemalatch", "schemalatch-wait"))

    def config(self):
        return json.loads(self.only("ConfigMap")["data"]["schemalatch.json"])


def render(chart, values=None, sets=None, *, kubernetes=NEWEST, name="orders", program="helm"):
    """Renders with a file of values/ and single values on top; without a complaint of helm's."""
    done = template(chart, values, sets, kubernetes, name, program)
    assert done.returncode == 0, done.stderr
    assert done.stderr == "", done.stderr
    return Release(done.stdout)


def refusal(chart, sets=None, values=None, *, kubernetes=NEWEST):
    """What helm says when it refuses to render."""
    done = template(chart, values, sets, kubernetes, "orders")
    assert done.returncode != 0, f"rendered all the same:\n{done.stdout}"
    return done.stderr
