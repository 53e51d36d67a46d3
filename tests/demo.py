"""Shows the main job: a sidecar beside a throw-away PostgreSQL, from 503 to 200 as Alembic migrates,
held while the server is stopped, revoked when a table goes."""

import sys

from support.alembic_project import AlembicProject
from support.postgres import Postgres
from support.sidecar import Sidecar, alembic, configuration, tables

BOLD, DIM, PLAIN = ("\033[1m", "\033[2m", "\033[0m") if sys.stdout.isatty() else ("", "", "")

REVISIONS = (
    ("1a2b3c", "op.execute('CREATE TABLE users (id bigint PRIMARY KEY)')"),
    ("4d5e6f", "op.execute('CREATE TABLE orders (id bigint PRIMARY KEY)')"),
)


def say(text):
    print(f"\n{BOLD}{text}{PLAIN}", flush=True)


def show(sidecar):
    """What the kubelet would get, with the reasons that it hides."""
    answer = sidecar.get("/readyz?verbose")
    print(f"{DIM}  GET /readyz?verbose{PLAIN}  {answer.status}")
    for line in answer.text.splitlines():
        print(f"    {line}")


def story(server, project, database, sidecar):
    say("1. An empty database. The service would not get a request.")
    sidecar.wait_check("migrations", reason="unmanaged")
    show(sidecar)

    say("2. The migration Job has run half of the release's migrations.")
    project.upgrade(REVISIONS[0][0])
    sidecar.wait_check("migrations", reason="behind")
    show(sidecar)

    say("3. alembic upgrade head: all is there, the pod turns ready.")
    project.upgrade("head")
    sidecar.wait_ready()
    show(sidecar)

    say("4. The server is stopped. Silence is no evidence: the last answer is held.")
    server.stop("fast")
    sidecar.wait_until(lambda s: "held" in s.get("/readyz?verbose").text, what="a held verdict")
    show(sidecar)

    say("5. The server is back, and somebody drops a table. That is an answer: revoked.")
    server.start()
    database.execute("DROP TABLE orders")
    sidecar.wait_check("tables", reason="missing")
    show(sidecar)

    say("What the log says of all that:")
    for line in (l for l in sidecar.log if l["event"] in ("verdict", "gate")):
        print(f"    {line['time'][11:19]} {line['level']:5} {line['message']}")


def main():
    say("Starting a throw-away PostgreSQL, and schemalatch beside it ...")
    with Postgres() as server:
        database = server.create_database()
        project = AlembicProject(database.url())
        for revision, upgrade in REVISIONS:
            project.revision(revision, upgrade)
        config = configuration(database.url(), tables("users", "orders"), alembic(project.versions))
        with Sidecar(config) as sidecar:
            story(server, project, database, sidecar)
    say("Done: server and sidecar are stopped, nothing is left behind.")


main()
