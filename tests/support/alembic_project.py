"""A project that migrates with the real Alembic."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

from support.processes import scratch_folder


class AlembicProject:
    """What `alembic init` makes, for one database. Runs Alembic as an application's release would:
    a process of its own, with psycopg2."""

    def __init__(self, url):
        self.folder = scratch_folder("alembic")
        self.run("init", "scripts")
        self._use(url)

    def copy(self, url):
        """The same for another database."""
        other = object.__new__(AlembicProject)
        other.folder = scratch_folder("alembic")
        shutil.copytree(self.folder, other.folder, dirs_exist_ok=True)
        other._use(url)
        return other

    def _use(self, url):
        self.versions = self.folder / "scripts" / "versions"
        ini = self.folder / "alembic.ini"
        setting = "sqlalchemy.url = " + url.replace("%", "%%")
        ini.write_text(re.sub(r"^sqlalchemy\.url = .*$", lambda _: setting, ini.read_text(), flags=re.M))

    def run(self, *arguments):
        """One alembic command; gives its standard output, fails with its standard error."""
        done = subprocess.run([sys.executable, "-m", "alembic", *arguments], cwd=self.folder,
                              capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, f"alembic {' '.join(arguments)}:\n{done.stdout}{done.stderr}"
        return done.stdout

    def revision(self, id, upgrade="pass", downgrade="pass", *options):
        """A new revision on top of the head (or as options say) with these Python statements."""
        self.run("revision", "--rev-id", id, "-m", f"step {id}", *options)
        path = self.path(id)
        text = path.read_text(encoding="utf-8")
        for name, body in (("upgrade", upgrade), ("downgrade", downgrade)):
            text = re.sub(rf"(def {name}\(\)[^:]*:\n)    pass", rf"\1    {body}", text)
        path.write_text(text, encoding="utf-8")
        return id

    def path(self, id):
        """The file of a revision."""
        found, = Path(self.versions).glob(f"{id}_*.py")
        return found

    def release(self):
        """The versions directory as it is now, as a release's image has it: later revisions are
        another release's."""
        return shutil.copytree(self.versions, scratch_folder("release") / "versions")

    def upgrade(self, target="head"):
        return self.run("upgrade", target)

    def downgrade(self, target):
        return self.run("downgrade", target)

    def stamp(self, target):
        return self.run("stamp", "--purge", target)
