"""A release of 10,000 migrations read and judged, by a whole process: `schemalatch check` against
what people ask the tool itself with, `alembic heads` and Django's `manage.py showmigrations --plan`,
on the same files. They are as a container's first start finds them: in the page cache, without
Python's compiled ones, which no image has of files that nobody has run in it. What the tools need
where these are kept is among the details."""

import sys

from bench.figure import SECONDS, Figure, at_most, median, spread
from bench.instruments import time_program
from support.alembic_project import AlembicProject
from support.postgres import Postgres
from support.processes import scratch_folder
from support.revisions import line_of, set_versions, write_history
from support.sidecar import command_line, configuration, environment

COUNT = 10_000
APP = "shop"
SETTINGS = """
SECRET_KEY = "x"
INSTALLED_APPS = ["shop"]
USE_TZ = True
DATABASES = {{"default": {{"ENGINE": "django.db.backends.postgresql", "NAME": "{name}",
    "USER": "postgres", "HOST": "{host}", "PORT": "{port}"}}}}
"""
MIGRATION = """from django.db import migrations


class Migration(migrations.Migration):
    dependencies = {dependencies}
    operations = [migrations.RunSQL("select 1", "select 1")]
"""


def check_seconds(url, folder, **check):
    line = command_line("check", config=configuration(url, {"kind": "migrations", **check}),
                        folder=folder)
    return time_program(*line, env=environment())


def alembic_history(database):
    project = AlembicProject(database.url())
    ids = [f"{number:012x}" for number in range(1, COUNT + 1)]
    write_history(project.versions, line_of(*ids))
    set_versions(database, ids[-1])
    return project


def python_environment(keeps_compiled, **more):
    return environment({"PYTHONDONTWRITEBYTECODE": None if keeps_compiled else "1", **more})


def heads_seconds(project, keeps_compiled=False):
    return time_program(sys.executable, "-m", "alembic", "heads", cwd=project.folder,
                        env=python_environment(keeps_compiled))


def django_project(database):
    """An app with a line of migrations, all recorded as applied."""
    folder = scratch_folder("django")
    migrations = folder / APP / "migrations"
    migrations.mkdir(parents=True)
    names = [f"{number:05}_step" for number in range(1, COUNT + 1)]
    for before, name in zip([None, *names], names):
        dependencies = [(APP, before)] if before else []
        (migrations / f"{name}.py").write_text(MIGRATION.format(dependencies=dependencies))
    for package in (folder / APP, migrations):
        (package / "__init__.py").write_text("")
    server = database.server
    (folder / "settings.py").write_text(
        SETTINGS.format(name=database.name, host=server.address, port=server.port))
    database.execute(
        "CREATE TABLE django_migrations (id serial PRIMARY KEY, app varchar(255), name varchar(255),"
        " applied timestamptz); INSERT INTO django_migrations (app, name, applied)"
        f" SELECT '{APP}', lpad(n::text, 5, '0') || '_step', now()"
        f" FROM generate_series(1, {COUNT}) n")
    return folder


def showmigrations_seconds(folder, keeps_compiled=False):
    env = python_environment(keeps_compiled, DJANGO_SETTINGS_MODULE="settings", PYTHONPATH=folder)
    return time_program(sys.executable, "-m", "django", "showmigrations", "--plan", cwd=folder,
                        env=env)


def figure(name, ours, theirs, ask):
    """ask: the tool's own question. The first run that keeps the compiled files makes them."""
    ask(keeps_compiled=True)
    return Figure(name, median(ours), median(theirs), SECONDS, at_most(1 / 50),
                  {"ours": spread(ours), "theirs": spread(theirs), "migrations": COUNT,
                   "theirsCompiled": ask(keeps_compiled=True)})


def measure(short):
    rounds = 1 if short else 3
    with Postgres() as server:
        database, scratch = server.create_database(), scratch_folder("many")
        project = alembic_history(database)
        theirs = [heads_seconds(project) for _ in range(rounds)]
        ours = [check_seconds(database.url(), scratch, tool="alembic",
                              directory=str(project.versions)) for _ in range(10 * rounds)]
        yield figure(f"{COUNT:,} revisions read and judged ÷ alembic heads", ours, theirs,
                     lambda **keywords: heads_seconds(project, **keywords))

        database = server.create_database()
        folder = django_project(database)
        theirs = [showmigrations_seconds(folder) for _ in range(rounds)]
        ours = [check_seconds(database.url(), scratch, tool="django",
                              directory={APP: f"{folder}/{APP}/migrations"})
                for _ in range(10 * rounds)]
        yield figure(f"{COUNT:,} migrations read and judged ÷ showmigrations --plan", ours, theirs,
                     lambda **keywords: showmigrations_seconds(folder, **keywords))
