import os, shutil, subprocess, yaml
from pathlib import Path
from support.processes import scratch_folder
ROOT = Path(__file__).parents[2]
HELM = os.environ.get("SCHEMALATCH_HELM", "/var/tmp/schemalatch-charttools-story/helm")
def chart(name):
    folder = scratch_folder("charts")
    for each in {name, "schemalatch"}:
        src = ROOT / "charts" / each
        if not src.exists(): src = Path("/work/wt-charts/charts") / each
        shutil.copytree(src, folder / each)
    subprocess.run([HELM, "dependency", "build", folder / name], check=True, capture_output=True)
    return folder / name
def template(chart, *settings, name="release"):
    line = [HELM, "template", name, chart]
    for s in settings: line += ["--set", s]
    done = subprocess.run(line, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return [d for d in yaml.safe_load_all(done.stdout) if d]
