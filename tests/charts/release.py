"""Releases of charts/example: the chart as it stands, and what later releases lay over it.

    release = Release("0.2.0")                      # the chart, and releases/0.2.0 over it
    documents = release.render({"environment": "staging"}).objects
    world = release.world(database.url(), {"environment": "staging"})

An image is what the Dockerfile copies into it; its programs and packages are this machine's.
"""

import copy
import json
import re
import shutil
from functools import cached_property

from charts.helm import CHARTS, HERE, render, with_library
from support.pod import Image, World, gate_image
from support.processes import scratch_folder

LATER = HERE / "releases"
FIRST = "0.1.0"
SECRET = "orders-db"
QUICK = {"schemalatch.database.period": "300ms"}


def stages(dockerfile):
    """Its stages in order: name -> (name of the stage it is from, instructions as (word, rest))."""
    text = re.sub(r"\\\n", " ", dockerfile.read_text(encoding="utf-8"))
    found = {}
    for line in text.splitlines():
        word, _, rest = line.strip().partition(" ")
        if word == "FROM":
            base, _, name = rest.partition(" AS ")
            found[name] = (base, [])
        elif found and word and word != "#":
            list(found.values())[-1][1].append((word, rest))
    return found


def instructions(dockerfile, stage):
    """All of a stage, those of the stages below it first."""
    known = stages(dockerfile)
    base, own = known[stage]
    return [*(instructions(dockerfile, base) if base in known else []), *own]


class Release:
    def __init__(self, tag=FIRST):
        self.tag = tag
        self._renderings = {}
        self.chart = with_library(CHARTS / "example")
        for folder in sorted(LATER.iterdir()):
            if folder.name <= tag:
                shutil.copytree(folder / "migrations", self.chart / "app" / "migrations", dirs_exist_ok=True)
                shutil.copy(folder / "contract.json", self.chart)

    def render(self, sets=None):
        """Once for the same values: helm takes its time."""
        key = json.dumps(sets or {}, sort_keys=True)
        if key not in self._renderings:
            self._renderings[key] = render(self.chart, sets={"image.tag": self.tag, **(sets or {})})
        return copy.deepcopy(self._renderings[key])

    def image(self, stage):
        """What a stage of the Dockerfile copies into the image, and how it is started."""
        source = self.chart / "app"
        folder = scratch_folder(stage)
        for word, rest in instructions(source / "Dockerfile", stage):
            if word == "COPY":
                self._copy(source, folder, *rest.split())
        return Image({"/app": folder}, ("/app/start.sh",), folder="/app",
                     listen=lambda port: {"HOST": "127.0.0.1", "PORT": str(port)})

    @staticmethod
    def _copy(source, folder, *names):
        *origins, target = names
        for name in origins:
            place = folder / (name if target in (".", "./") else target)
            copy = shutil.copytree if (source / name).is_dir() else shutil.copy
            copy(source / name, place)

    @cached_property
    def images(self):
        return {f"orders:{self.tag}": self.image("service"),
                f"orders-migrations:{self.tag}": self.image("migrations"),
                f"schemalatch:{FIRST}": gate_image()}

    def world(self, url, sets=None):
        """In which the gate looks oftener than by default: a value like any other."""
        return World(self.render({**QUICK, **(sets or {})}).objects, self.images, {SECRET: {"url": url}})
