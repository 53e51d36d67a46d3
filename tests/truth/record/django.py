"""Django, by a project with one application, "shop"."""

import re

from record.capture import clocks
from record.installing import debian
from record.tool import Expect, Tool, state

SETTINGS = """\
import os

SECRET_KEY = "recording"
USE_TZ = True
INSTALLED_APPS = ["shop"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {"default": {
    "ENGINE": "django.db.backends.postgresql", "NAME": os.environ["NAME"], "USER": "postgres",
    "HOST": "127.0.0.1", "PORT": os.environ["PORT"]}}
"""


class Django(Tool):
    name = "django"
    tables = ("public.django_migrations",)
    rules = {"public.django_migrations": {"applied": clocks}}
    orders = {"public.django_migrations": "id"}
    prefixes = {"1": "0001_users", "2": "0002_orders", "side": "0003_coupons",
                "3": "0003_invoices", "newer": "0004_refunds"}
    merged_late = None
    ids = {name: f"shop.{stem}" for name, stem in prefixes.items()}

    def installed_version(self):
        return debian("python3-django")

    def composed(self, folder):
        """The files become the migrations of the application."""
        files = list(folder.iterdir())
        package = folder / "shop" / "migrations"
        package.mkdir(parents=True)
        for path in files:
            path.rename(package / path.name)
        for empty in (package, package.parent):
            (empty / "__init__.py").touch()
        (folder / "settings.py").write_text(SETTINGS)

    def django(self, folder, *words):
        server = self.database.server
        return self.run("/usr/bin/python3", "-B", "-m", "django", *words, cwd=folder, env={
            "DJANGO_SETTINGS_MODULE": "settings", "PYTHONPATH": folder,
            "NAME": self.database.name, "PORT": str(server.port)})

    def migrate(self, folder):
        return self.django(folder, "migrate", "--noinput")

    def undo(self, folder):
        """Back to the migration before the last one."""
        names = sorted(path.stem for path in (folder / "shop" / "migrations").glob("0*.py"))
        return self.django(folder, "migrate", "shop", names[-2] if len(names) > 1 else "zero")

    def mark(self, folder):
        return self.django(folder, "migrate", "--fake")

    def pending(self, folder):
        plan = self.done(self.django(folder, "showmigrations", "--plan"))
        return re.findall(r"^\[ \]  (\S+)", plan, re.M)

    def directory(self, *parts):
        return {"shop": super().directory(*parts)}

    @state
    def squashed(self):
        """The first two migrations applied; the release has one that replaces both."""
        self.apply("release")
        return Expect("ok", directory="squashed")

    @state
    def squashed_recorded(self):
        """All applied; then the release that replaces the first two ran, which records its own."""
        self.apply("release")
        self.apply("squashed")
        return Expect("ok", directory="squashed")

    @state
    def squashed_fresh(self):
        """The release that replaces the first two applied to an empty database, seen by the old one."""
        self.apply("squashed")
        return Expect("ahead")

    @state
    def squashed_partly(self):
        """One of the two replaced migrations applied; the release has none of the originals left.
        Django itself then forgets about the other one."""
        self.apply("release", without=("2", "3"))
        return Expect("diverged", ("shop.0001_squashed_0002_orders", "3"), directory="squashed",
                      said=("3",))

    @state
    def squashed_beside(self):
        """One of two replaced migrations applied; the release has the originals beside."""
        self.apply("release", without=("2", "3"))
        return Expect("behind", ("2", "3"), directory="squashing")

    @state
    def another_application(self):
        """All three migrations applied, and rows of an application that is not ours."""
        self.apply("release")
        self.done(self.django(self.compose("release"), "migrate", "--fake"))
        self.database.execute("INSERT INTO django_migrations (app, name, applied)"
                              " VALUES ('blog', '0001_initial', now())")
        return Expect("ok")
