"""Alembic. Its table has only the heads: what a newer or another release left cannot always be told
apart, so several states end in unknown_revision; test_alembic_story.py has what more is known."""

import re

from record.installing import debian
from record.tool import UNASKED, Expect, Tool, state
from support.processes import scratch_folder

ENVIRONMENT = """\
from alembic import context
from sqlalchemy import create_engine

with create_engine(context.config.get_main_option("url")).connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
"""


class Alembic(Tool):
    name = "alembic"
    tables = ("public.alembic_version",)
    prefixes = {"1": "1a0c6f3e5d01", "2": "2b1d7e4f6c02", "side": "5e4f0a7c9d05",
                "3": "3c2e8d5a7b03", "newer": "4d3f9c6b8a04"}

    def installed_version(self):
        return debian("alembic")

    def alembic(self, folder, *words):
        scripts = scratch_folder("scripts")
        (scripts / "env.py").write_text(ENVIRONMENT)
        (scripts / "alembic.ini").write_text(
            f"[alembic]\nscript_location = {scripts}\nversion_locations = {folder}\n"
            f"url = {self.url()}\n")
        return self.run("/usr/bin/python3", "-B", "-m", "alembic", "-c", scripts / "alembic.ini",
                        *words)

    def migrate(self, folder):
        return self.alembic(folder, "upgrade", "heads")

    def undo(self, folder):
        return self.alembic(folder, "downgrade", "-1")

    def mark(self, folder):
        return self.alembic(folder, "stamp", "heads")

    def pending(self, folder):
        current = self.alembic(folder, "current")
        if "Can't locate revision" in current.stderr + current.stdout:
            return None
        rows = re.findall(r"^[0-9a-f]+", self.done(current), re.M)
        since = f"{rows[0]}:heads" if rows else "base:heads"
        listed = self.done(self.alembic(folder, "history", "-r", since))
        return [id for id in re.findall(r"-> ([0-9a-f]+)", listed)[::-1] if id not in rows]

    squashed = None

    @state
    def ahead(self):
        """All migrations of a newer release applied: its head is the only row."""
        self.apply("release", "newer")
        return Expect("unknown_revision", options={"unknownRevision": "not_ready"})

    @state
    def ahead_trusted(self):
        """All migrations of a newer release applied, and unknown revisions taken as newer."""
        self.apply("release", "newer")
        return Expect("unknown_revision", options={"unknownRevision": "ready"})

    @state
    def diverged(self):
        """Ours and those of a side branch applied up to two heads, ours rolled back."""
        self.apply("release", "side")
        folder = self.compose("release", "side")
        self.done(self.alembic(folder, "downgrade", f"{self.prefixes['3']}@{self.prefixes['2']}"))
        return Expect("unknown_revision", ("3",), options={"unknownRevision": "not_ready"})

    @state
    def merged_late(self):
        """All three migrations applied; the release has a second head, from a side branch."""
        self.apply("release")
        return Expect("behind", ("side",), directory=("release", "side"), said=UNASKED)

    @state
    def beside(self):
        """Ours and those of a side branch applied: two heads, of which one is ours."""
        self.apply("release", "side")
        return Expect("ahead")
