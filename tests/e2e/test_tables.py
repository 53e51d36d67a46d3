"""Checks of the kind `tables`: what counts as a table, by which name, for whom, and when."""

import pytest

from support.postgres import quoted
from support.sidecar import alembic, ask, configuration, run, tables

LONGEST = "t" * 63
LONGEST_IN_BYTES = "ü" * 31 + "x"

PRESENT = {
    "ordinary": ("users", "CREATE TABLE users (id int)"),
    "without columns": ("users", "CREATE TABLE users ()"),
    "unlogged": ("users", "CREATE UNLOGGED TABLE users (id int)"),
    "partitioned": ("users", "CREATE TABLE users (id int) PARTITION BY RANGE (id)"),
    "partition": ("users_1", "CREATE TABLE users (id int) PARTITION BY RANGE (id);"
                  "CREATE TABLE users_1 PARTITION OF users FOR VALUES FROM (1) TO (2)"),
    "foreign": ("users", "CREATE FOREIGN DATA WRAPPER dummy; CREATE SERVER far FOREIGN DATA WRAPPER"
                " dummy; CREATE FOREIGN TABLE users (id int) SERVER far"),
    "view": ("users", "CREATE VIEW users AS SELECT 1 AS id"),
    "materialized view": ("users", "CREATE MATERIALIZED VIEW users AS SELECT 1 AS id WITH NO DATA"),
    "qualified": ("public.users", "CREATE TABLE users (id int)"),
    "in another schema": ("billing.users", "CREATE SCHEMA billing CREATE TABLE users (id int)"),
    "in capitals": ("Users", 'CREATE TABLE "Users" (id int)'),
    "quoted": ('"users"', "CREATE TABLE users (id int)"),
    "quoted with dot and quote": ('"We.ird""Name"', 'CREATE TABLE "We.ird""Name" (id int)'),
    "quoted schema": ('"My.Schema"."My Table"',
                      'CREATE SCHEMA "My.Schema" CREATE TABLE "My Table" (id int)'),
    "quoted table in a plain schema": ('public."a.b"', 'CREATE TABLE "a.b" (id int)'),
    "not ASCII": ("größen", 'CREATE TABLE "größen" (id int)'),
    "as long as a name can be": (LONGEST, f"CREATE TABLE {LONGEST} (id int)"),
    "as long in bytes": (LONGEST_IN_BYTES, f'CREATE TABLE "{LONGEST_IN_BYTES}" (id int)'),
    "an SQL word": ("select", 'CREATE TABLE "select" (id int)'),
    "a name that would end a literal": ("it's", 'CREATE TABLE "it\'s" (id int)'),
}

MISSING = {
    "nothing there": ("users", "SELECT 1"),
    "other case": ("Users", "CREATE TABLE users (id int)"),
    "other case of a quoted name": ('"users"', 'CREATE TABLE "Users" (id int)'),
    "only in another schema": ("users", "CREATE SCHEMA billing CREATE TABLE users (id int)"),
    "schema is missing": ("billing.users", "CREATE TABLE users (id int)"),
    "an index": ("users_key", "CREATE TABLE users (id int); CREATE INDEX users_key ON users (id)"),
    "a sequence": ("users", "CREATE SEQUENCE users"),
    "a composite type": ("users", "CREATE TYPE users AS (id int)"),
    "a partitioned index": ("users_key", "CREATE TABLE users (id int) PARTITION BY RANGE (id);"
                            "CREATE INDEX users_key ON users (id)"),
    "the quotes of a name are no part of it": ('"""users"""', "CREATE TABLE users (id int)"),
}


@pytest.mark.parametrize("wanted, sql", PRESENT.values(), ids=PRESENT)
def test_is_found(database, wanted, sql):
    database.execute(sql)
    check = ask(configuration(database.url(), tables(wanted)))
    assert (check["verdict"], check["reason"]) == ("ready", "ok"), check


@pytest.mark.parametrize("wanted, sql", MISSING.values(), ids=MISSING)
def test_is_missing(database, wanted, sql):
    database.execute(sql)
    check = ask(configuration(database.url(), tables(wanted)))
    assert (check["verdict"], check["reason"]) == ("not_ready", "missing"), check
    assert wanted.strip('"') in check["message"]


def test_a_type_of_that_name_is_no_table(database):
    database.execute("CREATE DOMAIN users AS int; CREATE TYPE orders AS ENUM ('new')")
    check = ask(configuration(database.url(), tables("users", "orders")))
    assert check["reason"] == "missing"
    assert "public.users" in check["message"] and "public.orders" in check["message"]


def test_the_message_names_what_is_missing_and_nothing_else(database):
    database.execute("CREATE TABLE users (id int)")
    check = ask(configuration(database.url(), tables("users", "orders", "billing.invoices")))
    assert "public.orders" in check["message"] and "billing.invoices" in check["message"]
    assert "users" not in check["message"]


def test_unqualified_names_are_in_the_schema_of_the_entry(database):
    database.execute("CREATE SCHEMA app; CREATE TABLE app.users (id int); CREATE TABLE only_public ()")
    asked = configuration(database.url(), tables("users"), schema="app")
    assert ask(asked)["reason"] == "ok"
    asked = configuration(database.url(), tables("only_public"), schema="app")
    assert "app.only_public" in ask(asked)["message"]
    asked = configuration(database.url(), tables("public.only_public"), schema="app")
    assert ask(asked)["reason"] == "ok"


@pytest.mark.parametrize("wanted", ["t" * 64, "ü" * 32, "public." + "t" * 64, "s" * 64 + ".users"])
def test_a_name_longer_than_PostgreSQL_keeps_is_a_problem(wanted):
    """The server would cut it and find another table."""
    result = run("check", config=configuration("postgresql://nowhere", tables(wanted)))
    assert result.code == 2
    assert "63" in result.out + result.err and "/databases/0/checks/0/tables" in result.out + result.err


def test_a_role_with_nothing_but_connect_sees_them_all(server, database):
    database.execute("CREATE SCHEMA secret; CREATE TABLE secret.plans (id int);"
                     "CREATE TABLE users (id int); REVOKE ALL ON SCHEMA public FROM PUBLIC")
    role = server.create_role()
    server.execute(f"REVOKE ALL ON DATABASE {quoted(database.name)} FROM PUBLIC")
    server.execute(f"GRANT CONNECT ON DATABASE {quoted(database.name)} TO {role}")
    check = ask(configuration(database.url(role), tables("users", "secret.plans")))
    assert check["reason"] == "ok", check


def test_locks_on_the_tables_neither_delay_nor_change_the_verdict(database, start):
    database.execute("CREATE TABLE users (id int); CREATE TABLE orders (id int)")
    sidecar = start(configuration(database.url(), tables("users", "orders"), timeout="1s"))
    sidecar.wait_ready()
    for table in ("users", "orders"):
        database.execute(f"CREATE INDEX ON {table} (id)")
    holder = database.locked("users, orders")
    try:
        sidecar.wait_round(rounds=3)
        check = sidecar.check()
        assert (check["reason"], check["held"]) == ("ok", False), check
        assert ask(configuration(database.url(), tables("users", "orders")))["reason"] == "ok"
    finally:
        holder.close()


def test_only_what_is_committed_counts(database, start):
    database.execute("CREATE TABLE users (id int)")
    sidecar = start(configuration(database.url(), tables("users"), tables("orders", name="new")))
    sidecar.wait_check("tables", reason="ok")
    migration = database.connect()
    migration.autocommit = False
    migration.cursor().execute("DROP TABLE users; CREATE TABLE orders (id int)")
    sidecar.wait_round(rounds=2)
    assert sidecar.check("tables")["reason"] == "ok"
    assert sidecar.check("new")["reason"] == "missing"
    migration.commit()
    migration.close()
    sidecar.wait_check("tables", reason="missing")
    sidecar.wait_check("new", reason="ok")


def test_a_dropped_table_revokes_readiness_and_a_new_one_heals_it(database, start):
    database.execute("CREATE TABLE users (id int); CREATE TABLE orders (id int)")
    sidecar = start(configuration(database.url(), tables("users", "orders")))
    sidecar.wait_ready()
    database.execute("DROP TABLE orders")
    sidecar.wait_not_ready()
    assert "[-]main/tables failed: missing: " in sidecar.get("/readyz").text
    assert "public.orders" in sidecar.get("/readyz").text
    database.execute("CREATE TABLE orders (other text)")
    sidecar.wait_ready()


def test_a_renamed_table_and_a_renamed_schema_are_missing(database, start):
    database.execute("CREATE SCHEMA app CREATE TABLE users (id int)")
    sidecar = start(configuration(database.url(), tables("app.users")))
    sidecar.wait_ready()
    database.execute("ALTER TABLE app.users RENAME TO people")
    sidecar.wait_not_ready()
    database.execute("ALTER TABLE app.people RENAME TO users")
    sidecar.wait_ready()
    database.execute("ALTER SCHEMA app RENAME TO old")
    sidecar.wait_not_ready()


def test_verdicts_do_not_flap_while_tables_are_used(database, start):
    database.execute("CREATE TABLE users (id int)")
    sidecar = start(configuration(database.url(), tables("users")))
    sidecar.wait_ready()
    database.execute("INSERT INTO users SELECT generate_series(1, 1000); ANALYZE; TRUNCATE users")
    database.execute("VACUUM FULL users")
    sidecar.wait_round(rounds=3)
    assert len(sidecar.told(check="tables")) == len(sidecar.told(check="tables", reason="ok"))
    assert sidecar.metrics().value("schemalatch_transitions_total", database="main",
                                   check="tables") <= 1


def test_many_tables_are_one_statement_and_one_bounded_message(database):
    names = [f"table_{number:04}" for number in range(600)]
    database.execute("".join(f"CREATE TABLE {name} ();" for name in names[:300]))
    assert ask(configuration(database.url(), tables(*names[:300])))["reason"] == "ok"
    check = ask(configuration(database.url(), tables(*names)))
    assert check["reason"] == "missing"
    assert "table_0300" in check["message"] and "300" in check["message"]
    assert len(check["message"].encode()) < 1024


def test_several_databases_are_judged_by_themselves(server, start):
    first, second = server.create_database(), server.create_database()
    first.execute("CREATE TABLE users (id int)")
    config = configuration(first.url(), tables("users"))
    config["databases"] += configuration(second.url(), tables("users"))["databases"]
    config["databases"][1]["name"] = "archive"
    sidecar = start(config)
    sidecar.wait_check("tables", "main", reason="ok")
    sidecar.wait_check("tables", "archive", reason="missing")
    assert sidecar.get("/readyz").status == 503
    assert sidecar.get("/readyz/main/tables").status == 200
    assert sidecar.get("/readyz/archive/tables").status == 503
    second.execute("CREATE TABLE users (id int)")
    sidecar.wait_ready()


def test_a_database_that_is_down_does_not_hold_up_another(server, own_server, start):
    there, hung = server.create_database(), own_server.create_database()
    config = configuration(there.url(), tables("users"))
    config["databases"] += configuration(hung.url(), tables("users"))["databases"]
    config["databases"][1]["name"] = "hung"
    own_server.freeze()
    sidecar = start(config)
    sidecar.wait_check("tables", "main", reason="missing", limit_s=5)
    there.execute("CREATE TABLE users (id int)")
    sidecar.wait_check("tables", "main", reason="ok", limit_s=5)


def test_several_checks_of_one_kind_have_names_of_their_own(database, start):
    database.execute("CREATE TABLE users (id int)")
    sidecar = start(configuration(
        database.url(), tables("users", name="core"), tables("orders", name="shop", gates=[]),
        alembic(revisions=["a1"], gates=[])))
    sidecar.wait_ready()
    assert [c["name"] for c in sidecar.status()["databases"][0]["checks"]] == [
        "core", "shop", "migrations"]
