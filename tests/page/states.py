"""Each state that the page has to show, made by a real sidecar beside a real server."""

import contextlib
from pathlib import Path

from support.processes import free_port, scratch_folder
from support.revisions import line_of, set_versions, write_history
from support.sidecar import alembic, configuration, tables

MARKUP = '<img src=x onerror="alert(1)"> & <script>alert(2)</script>'


class Stage:
    """What a state is made with: start of conftest, a database and its server."""

    def __init__(self, start, server):
        self.start = start
        self.server = server
        self.database = server.create_database()
        self.open = contextlib.ExitStack()
        self.migrations = write_history(Path(scratch_folder("versions")), line_of("a1", "b2", "c3"))

    def migrate(self, *ids):
        set_versions(self.database, *ids)

    def serve(self, *checks, top=None, **keys):
        checks = checks or (tables("users", "billing.invoices"), alembic(self.migrations))
        return self.start(configuration(self.database.url(), *checks, top=top,
                                        **{"timeout": "2s", **keys}))

    def serve_ready(self, *checks, **keys):
        self.database.execute("CREATE SCHEMA billing; CREATE TABLE users (id int);"
                              "CREATE TABLE billing.invoices (id int)")
        self.migrate("c3")
        return self.serve(*checks, **keys).wait_ready()

    def app(self, url=None, **keys):
        """An upstream: by default the database server's own port, where somebody listens."""
        return {"upstreams": [{"name": "app", "period": "100ms",
                               "url": url or f"tcp://127.0.0.1:{self.server.port}", **keys}]}


def never_asked(stage):
    url = f"postgresql://app@127.0.0.1:{free_port()}/app"
    sidecar = stage.start(configuration(url, tables("users"), alembic(stage.migrations)))
    sidecar.wait_check(reason="unreachable")
    return sidecar


def waiting(stage):
    """Behind, a table missing, and the service not there yet."""
    stage.database.execute("CREATE TABLE users (id int)")
    stage.migrate("a1")
    sidecar = stage.serve(top=stage.app(f"http://127.0.0.1:{free_port()}/health"))
    sidecar.wait_check("migrations", reason="behind")
    return sidecar


def ready(stage):
    return stage.serve_ready(top=stage.app())


def held(stage):
    sidecar = stage.serve_ready(timeout="400ms")
    stage.server.freeze()
    sidecar.wait_check(held=True)
    return sidecar


def locked(stage):
    sidecar = stage.serve_ready()
    stage.open.callback(stage.database.locked("alembic_version").close)
    sidecar.wait_check("migrations", reason="locked", held=True)
    return sidecar


def revoked(stage):
    sidecar = stage.serve_ready(top=stage.app())
    for _ in range(3):
        stage.database.execute("DROP TABLE users")
        sidecar.wait_not_ready()
        stage.database.execute("CREATE TABLE users (id int)")
        sidecar.wait_ready()
    stage.database.execute("DROP TABLE users")
    return sidecar.wait_not_ready()


def latched(stage):
    checks = tables("users", latch=True), tables("later", name="later", gates=[])
    sidecar = stage.serve_ready(*checks)
    stage.database.execute("DROP TABLE users")
    sidecar.wait_check(reason="missing")
    return sidecar


def observed(stage):
    sidecar = stage.serve(top={"mode": "observe"})
    sidecar.wait_check(reason="missing")
    return sidecar


def disabled(stage):
    return stage.serve(top={"disabled": f"the database moves, see INC-42 {MARKUP}"})


def hostile(stage):
    """What stands in the database, and in the configuration, is text."""
    stage.migrate(MARKUP[:32])
    sidecar = stage.serve(tables(MARKUP), alembic(stage.migrations))
    sidecar.wait_check(reason="missing")
    return sidecar


STATES = {made.__name__: made for made in (
    never_asked, waiting, ready, held, locked, revoked, latched, observed, disabled, hostile)}
