"""helm, as people run it."""

import json
import subprocess
from pathlib import Path

import yaml

from cluster.daemon import program

CHARTS = Path(__file__).resolve().parents[2] / "charts"
KUBERNETES = "1.36.3"


def render(chart, values=None, *, name="release", namespace="default", kubernetes=KUBERNETES):
    """What `helm template` writes; chart is a folder's name of charts/, or a path."""
    settings = [word for key, value in (values or {}).items()
                for word in ("--set-json", f"{key}={json.dumps(value)}")]
    return subprocess.run(
        [program("helm"), "template", name, CHARTS / chart, "--namespace", namespace,
         "--kube-version", kubernetes, *settings],
        check=True, capture_output=True, text=True,
    ).stdout


def documents(manifests):
    return [document for document in yaml.safe_load_all(manifests) if document]
