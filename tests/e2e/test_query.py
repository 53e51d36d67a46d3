"""Checks of the kind `query`: the user's SQL, whose error is no answer and which can change nothing."""

import psycopg2
import pytest

from support.pgbouncer import PgBouncer
from support.sidecar import ask, configuration, run, tables


def query(sql, **keys):
    return {"kind": "query", "sql": sql, **keys}


def asked(database, sql, user="postgres", **entry):
    return ask(configuration(database.url(user), query(sql), **entry), "query")


ANSWERS = {
    "true": ("SELECT true", "ok", "the query answered true"),
    "true with a reason": ("SELECT true, 'all seeded'", "ok", "all seeded"),
    "false": ("SELECT 1 > 2", "false", "the query answered false"),
    "false with a reason": ("SELECT false, '3 roles of 4'", "false", "3 roles of 4"),
    "NULL is not true": ("SELECT NULL::boolean", "false", "the query answered NULL"),
    "a reason that is NULL": ("SELECT false, NULL", "false", "the query answered false"),
    "no row": ("SELECT true WHERE false", "error", "answered with no row"),
    "several rows": ("VALUES (true), (true)", "error", "answered with several rows"),
    "no boolean": ("SELECT 1", "error", "something else than a boolean"),
    "text that reads so": ("SELECT 't'::text", "error", "something else than a boolean"),
    "three columns": ("SELECT true, 'a', 'b'", "error", "something else than a boolean"),
    "no column": ("SELECT", "error", "something else than a boolean"),
    "behind a semicolon": ("SELECT true ; \n", "ok", "true"),
    "with a comment": ("SELECT true -- why not", "ok", "true"),
    "a common table expression": ("WITH a AS (SELECT true AS b) SELECT b FROM a", "ok", "true"),
    "values": ("VALUES (true)", "ok", "true"),
    "no SQL": ("nonsense", "error", "SQLSTATE 42601"),
    "no such table": ("SELECT EXISTS (SELECT FROM nowhere)", "error", "SQLSTATE 42P01"),
    "division by zero": ("SELECT 1/0 = 1", "error", "SQLSTATE 22012"),
    "too long": ("SELECT pg_sleep(30) IS NULL", "timeout", "SQLSTATE 57014"),
}


@pytest.mark.parametrize("sql, reason, words", ANSWERS.values(), ids=ANSWERS)
def test_what_is_answered_is_the_verdict(database, sql, reason, words):
    seen = asked(database, sql, timeout="5s")
    assert seen["reason"] == reason and words in seen["message"], seen


def test_names_are_looked_up_in_the_schema_of_the_entry(database):
    database.execute("CREATE SCHEMA app; CREATE TABLE app.roles (name text); CREATE TABLE only_public ();"
                     "INSERT INTO app.roles VALUES ('admin')")
    assert asked(database, "SELECT EXISTS (SELECT 1 FROM roles)", schema="app")["reason"] == "ok"
    assert asked(database, "SELECT count(*) = 0 FROM only_public", schema="app")["reason"] == "ok"
    assert asked(database, "SELECT count(*) = 0 FROM only_public")["reason"] == "ok"


def test_it_is_false_until_it_is_true(database, start):
    database.execute("CREATE TABLE roles (name text)")
    sidecar = start(configuration(
        database.url(), query("SELECT EXISTS (SELECT 1 FROM roles), 'roles are not seeded'", name="seeded")))
    seen = sidecar.wait_check("seeded", reason="false")
    assert seen["message"] == "roles are not seeded" and not sidecar.ready()
    database.execute("INSERT INTO roles VALUES ('admin')")
    sidecar.wait_ready()


def test_an_error_holds_the_last_verdict(database, start):
    database.execute("CREATE TABLE roles (name text)")
    sidecar = start(configuration(database.url(), query("SELECT count(*) = 0 FROM roles")))
    sidecar.wait_ready()
    database.execute("DROP TABLE roles")
    seen = sidecar.wait_check("query", reason="error")
    assert seen["held"] and seen["verdict"] == "unknown" and sidecar.ready()
    assert "SELECT" not in sidecar.log_text().replace("SELECT on", ""), "SQL text is told to nobody"


def test_what_may_not_be_read_and_what_is_locked(server, database):
    role = server.create_role()
    database.execute("CREATE TABLE roles (name text)")
    assert asked(database, "SELECT count(*) = 0 FROM roles", role)["reason"] == "denied"
    holder = database.locked("roles")
    try:
        assert asked(database, "SELECT count(*) = 0 FROM roles")["reason"] == "locked"
    finally:
        holder.close()


WRITES = {
    "insert": "INSERT INTO t VALUES (1) RETURNING true",
    "insert below": "WITH w AS (INSERT INTO t VALUES (1) RETURNING 1) SELECT true FROM w",
    "writing function": "SELECT write()",
    "a sequence": "SELECT nextval('numbers') > 0",
    "several statements": "SELECT true) AS a; INSERT INTO t VALUES (1); SELECT * FROM (SELECT true",
    "commit": "SELECT true) AS a; COMMIT; INSERT INTO t VALUES (1); SELECT (true",
    "set": "SET transaction_read_only = off",
    "out of read only": "SELECT set_config('transaction_read_only', 'off', false) = 'off'",
    "out of read only, then in": "SELECT set_config('transaction_read_only', 'off', true) = 'off' AND write()",
    "by a function": "SELECT escape()",
    "lock for update": "SELECT true FROM t FOR UPDATE",
    "truncate": "TRUNCATE t",
    "a temporary table": "CREATE TEMP TABLE x ()",
}

FUNCTIONS = """
CREATE TABLE t (id int); INSERT INTO t VALUES (0); CREATE SEQUENCE numbers;
CREATE FUNCTION write() RETURNS boolean LANGUAGE sql AS 'INSERT INTO public.t VALUES (1); SELECT true';
CREATE FUNCTION escape() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN
    SET LOCAL transaction_read_only = off; INSERT INTO public.t VALUES (1); RETURN true; END $$;
"""


@pytest.mark.parametrize("sql", WRITES.values(), ids=WRITES)
def test_nothing_can_be_written(database, sql):
    """As a superuser, over the direct session."""
    database.execute(FUNCTIONS)
    seen = asked(database, sql)
    assert (seen["verdict"], seen["reason"]) == ("unknown", "error"), seen
    assert database.execute("SELECT count(*), (SELECT is_called FROM numbers) FROM t") == [(1, False)]


LASTING = {
    "default_transaction_read_only": "off",
    "search_path": "evil, pg_catalog",
    "statement_timeout": "0",
    "row_security": "on",
}


def test_what_it_sets_for_its_session_does_not_last(database, start):
    """A user's query may call set_config(…, false): neither itself, the round after, nor any other check
    goes on with that."""
    database.execute(FUNCTIONS)
    database.execute("CREATE SCHEMA evil; CREATE FUNCTION evil.count(name) RETURNS int LANGUAGE sql AS 'SELECT 1';"
                     "CREATE FUNCTION evil.texteq(text, text) RETURNS boolean LANGUAGE sql AS 'SELECT false'")
    settings = ", ".join(f"set_config('{name}', '{value}', false)" for name, value in LASTING.items())
    look = " AND ".join(f"current_setting('{name}') = '{value}'" for name, value in
                        {"transaction_read_only": "on", "row_security": "off"}.items())
    sidecar = start(configuration(
        database.url(), tables("t"), query(f"SELECT num_nonnulls({settings}) = 4", name="setter"),
        query(f"SELECT {look} AND current_setting('search_path') = 'public'"
              " AND current_setting('statement_timeout') <> '0'", name="looker"),
        query("SELECT write()", name="writer"), keepConnection="always"))
    sidecar.wait_check("setter", reason="ok")
    sidecar.wait_round(rounds=5)
    assert sidecar.check("tables")["reason"] == "ok"
    assert sidecar.check("looker")["reason"] == "ok", sidecar.check("looker")
    assert sidecar.check("writer")["reason"] == "error"
    assert database.execute("SELECT count(*) FROM t") == [(1,)]
    assert sidecar.metrics().value("schemalatch_connects_total", database="main") == 1


def test_through_a_pooler_nothing_of_it_is_left_to_others(server, database):
    role = server.create_role(password="through")
    database.execute(FUNCTIONS + f"GRANT ALL ON t TO {role}")
    with PgBouncer(server, {role: "through"}) as pooler:
        url = database.url(role, "through", port=pooler.port)
        assert ask(configuration(url, query("SELECT count(*) = 1 FROM t")), "query")["reason"] == "ok"
        assert ask(configuration(url, query("SELECT write()")), "query")["reason"] == "error"
        other = psycopg2.connect(url)
        cursor = other.cursor()
        cursor.execute("SELECT current_setting('search_path'), current_setting('transaction_read_only')")
        assert cursor.fetchone() == ('"$user", public', "off")
        other.close()


def test_a_flood_costs_the_session_not_our_memory(database):
    seen = asked(database, "SELECT false, repeat('x', 50000000)", timeout="20s")
    assert seen["reason"] == "error"
    seen = asked(database, "SELECT false, repeat('long ', 1000)")
    assert seen["reason"] == "false" and len(seen["message"]) < 700


def test_mistakes_are_told():
    for check, words in ((query("  ;"), "/databases/0/checks/0/sql: is empty"),
                         ({"kind": "query"}, "/databases/0/checks/0/sql: is missing")):
        result = run("config", config=configuration("postgresql://nowhere", check))
        assert result.code == 2 and words in result.err, result.err
