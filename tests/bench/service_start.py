"""One start of a service whose database is ready: `alembic upgrade head` in its start script, with
nothing to do, against `schemalatch wait`. Whole processes both."""

import sys

from bench.figure import SECONDS, Figure, at_most, median, spread
from bench.instruments import time_program
from support.alembic_project import AlembicProject
from support.postgres import Postgres
from support.revisions import line_of, write_history
from support.sidecar import environment, program

REVISIONS = 20


def migrated_project(url):
    """A project with that many revisions, all of them applied."""
    project = AlembicProject(url)
    write_history(project.versions, line_of(*(f"{n:012x}" for n in range(1, REVISIONS + 1))))
    project.upgrade()
    return project


def alembic_seconds(project):
    """With an environment that lets Python keep the compiled revisions, as a service's image does."""
    return time_program(sys.executable, "-m", "alembic", "upgrade", "head", cwd=project.folder,
                        env=environment())


def wait_seconds(project, url):
    env = environment({"SCHEMALATCH_DATABASE_URL": url,
                       "SCHEMALATCH_MIGRATIONS": f"alembic:{project.versions}"})
    return time_program(program(), "wait", env=env)


def measure(short):
    ours, theirs = [], []
    with Postgres() as server:
        url = server.create_database().url()
        project = migrated_project(url)
        for _ in range(20 if short else 60):
            ours.append(wait_seconds(project, url))
            theirs.append(alembic_seconds(project))
    yield Figure(
        "schemalatch wait on a ready database ÷ alembic upgrade head",
        median(ours), median(theirs), SECONDS, at_most(1 / 20),
        {"wait": spread(ours), "alembic": spread(theirs), "revisions": REVISIONS},
    )
