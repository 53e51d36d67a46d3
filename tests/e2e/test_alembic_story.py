"""The real Alembic migrates while the sidecar looks on."""

from support.alembic_project import AlembicProject
from support.sidecar import alembic, configuration, tables


def shows(sidecar, reason, ready):
    check = sidecar.wait_check("migrations", reason=reason)
    sidecar.wait_until(lambda s: s.ready() == ready, what=f"readiness {ready}")
    return check


def create(table):
    return f'op.create_table("{table}", sa.Column("id", sa.Integer, primary_key=True))'


def drop(table):
    return f'op.drop_table("{table}")'


def test_from_nothing_to_head_and_back(database, start):
    project = AlembicProject(database.url())
    project.revision("aa01", create("users"), drop("users"))
    project.revision("bb02", create("orders"), drop("orders"))
    sidecar = start(configuration(database.url(), alembic(project.release()), tables("users", "orders")))

    check = shows(sidecar, "unmanaged", False)
    assert "alembic upgrade head" in check["message"]
    project.upgrade("+1")
    assert "bb02" in shows(sidecar, "behind", False)["message"]
    sidecar.wait_check("tables", reason="missing")
    project.upgrade()
    shows(sidecar, "ok", True)
    project.downgrade("-1")
    shows(sidecar, "behind", False)
    project.downgrade("base")
    shows(sidecar, "empty", False)
    project.upgrade()
    shows(sidecar, "ok", True)
    assert sidecar.get("/startupz").status == 200


def test_a_newer_release_migrates_and_the_old_one_stays_ready(database, start):
    project = AlembicProject(database.url())
    project.revision("aa01", create("users"), drop("users"))
    project.upgrade()
    old = start(configuration(database.url(), alembic(revisions=["aa01"])))
    shows(old, "ok", True)

    project.revision("bb02", create("orders"), drop("orders"))
    new = start(configuration(database.url(), alembic(project.release())))
    shows(new, "behind", False)
    project.upgrade()
    shows(new, "ok", True)
    shows(old, "ahead", True)
    assert not old.told(check="migrations", verdict="not_ready")

    late = start(configuration(database.url(), alembic(revisions=["aa01"]), tables("users")))
    shows(late, "ahead", True)
    project.downgrade("aa01")
    shows(old, "ok", True)
    shows(new, "behind", False)


def test_branches_and_their_merge(database, start):
    project = AlembicProject(database.url())
    project.revision("aa01", create("users"), drop("users"))
    project.revision("bb02", create("orders"), drop("orders"))
    project.revision("cc03", create("invoices"), drop("invoices"), "--head", "aa01", "--splice")
    two_heads = start(configuration(database.url(), alembic(project.release())))
    shows(two_heads, "unmanaged", False)
    project.upgrade("bb02")
    assert "cc03" in shows(two_heads, "behind", False)["message"]
    project.upgrade("heads")
    shows(two_heads, "ok", True)

    project.run("merge", "-m", "join", "--rev-id", "dd04", "heads")
    merged = start(configuration(database.url(), alembic(project.release())))
    assert "dd04" in shows(merged, "behind", False)["message"]
    project.upgrade()
    shows(merged, "ok", True)
    shows(two_heads, "ahead", True)
    project.downgrade("bb02")
    shows(merged, "behind", False)


def test_stamps_are_believed_and_the_tables_check_tells_the_truth(database, start):
    """A stamp writes the row and runs nothing: only what is there can show it."""
    project = AlembicProject(database.url())
    project.revision("aa01", create("users"), drop("users"))
    sidecar = start(configuration(database.url(), alembic(project.release()), tables("users")))
    project.stamp("head")
    sidecar.wait_check("migrations", reason="ok")
    sidecar.wait_check("tables", reason="missing")
    assert not sidecar.ready()
    project.stamp("base")
    shows(sidecar, "empty", False)
    project.upgrade()
    shows(sidecar, "ok", True)


def test_dependencies_across_branches(database, start):
    """After `upgrade heads` the table lacks the head that another branch depends on."""
    project = AlembicProject(database.url())
    project.revision("aa01", "pass", "pass", "--branch-label", "core")
    project.revision("bb01", "pass", "pass", "--head", "base", "--branch-label", "shop",
                     "--depends-on", "core")
    sidecar = start(configuration(database.url(), alembic(project.release())))
    project.upgrade("heads")
    shows(sidecar, "ok", True)
    assert database.execute("SELECT version_num FROM alembic_version") == [("bb01",)]


def test_a_migration_that_holds_its_locks_holds_the_verdict(database, start):
    """A long migration of a newer release locks the version table: nobody loses readiness."""
    project = AlembicProject(database.url())
    project.revision("aa01", create("users"), drop("users"))
    project.upgrade()
    sidecar = start(configuration(database.url(), alembic(project.release())))
    shows(sidecar, "ok", True)
    holder = database.locked("alembic_version")
    assert shows(sidecar, "locked", True)["held"]
    holder.close()
    shows(sidecar, "ok", True)
