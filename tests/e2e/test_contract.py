"""Checks of the kind `contract`: each drift is found, named and healed, each harmless change is none."""

import json

import pytest

from support.pgbouncer import PgBouncer
from support.postgres import version
from support.sidecar import ask, configuration, run

SERVER = int(version().split()[-1].split(".")[0])

SCHEMA = """
CREATE SCHEMA billing;
CREATE TYPE order_status AS ENUM ('new', 'paid');
CREATE DOMAIN email AS text CHECK (VALUE LIKE '%@%');
CREATE TABLE customers (id bigint PRIMARY KEY, mail email);
CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint REFERENCES customers, total numeric(12,2)
    CONSTRAINT orders_total_check CHECK (total >= 0), status order_status NOT NULL DEFAULT 'new',
    tags varchar(20)[], at timestamptz(3), note text);
CREATE INDEX orders_status_idx ON orders (status);
CREATE UNIQUE INDEX orders_note_key ON orders (note, at);
ALTER TABLE orders ENABLE ROW LEVEL SECURITY;
CREATE TABLE billing.invoices (id int, number text);
CREATE VIEW active_customers AS SELECT id, mail FROM customers;
CREATE MATERIALIZED VIEW totals AS SELECT customer_id, total FROM orders;
CREATE SEQUENCE order_numbers;
CREATE FUNCTION refresh_totals(integer, order_status) RETURNS int LANGUAGE sql AS 'SELECT 1';
GRANT SELECT, INSERT ON orders TO app;
GRANT USAGE ON SEQUENCE order_numbers TO app;
GRANT USAGE ON SCHEMA billing TO app_group;
GRANT SELECT ON billing.invoices TO app_group;
"""

CONTRACT = {
    "schemalatch": 1,
    "schemas": {
        "public": {
            "tables": {
                "customers": {"columns": {"mail": {"type": "email"}}},
                "orders": {
                    "columns": {
                        "id": {"type": "int8", "nullable": False},
                        "customer_id": {"type": "bigint", "nullable": True},
                        "total": {"type": "decimal(12, 2)"},
                        "status": {"type": "public.order_status", "nullable": False},
                        "tags": {"type": "varchar(20)[]"},
                        "at": {"type": "timestamptz(3)"},
                        "note": {},
                    },
                    "primaryKey": ["id"],
                    "indexes": {"orders_status_idx": {},
                                "orders_note_key": {"unique": True, "columns": ["note", "at"]}},
                    "constraints": {"orders_total_check": {}, "orders_customer_id_fkey": {}},
                    "privileges": ["SELECT", "INSERT"],
                    "rowSecurity": True,
                },
            },
            "views": {"active_customers": {"columns": {"id": {"type": "bigint"}}}},
            "materializedViews": {"totals": {"columns": {"total": {"type": "numeric(12,2)"}}}},
            "sequences": {"order_numbers": {"privileges": ["USAGE"]}},
            "enums": {"order_status": ["paid", "new"]},
            "functions": {"refresh_totals(int4, order_status)": {"privileges": ["EXECUTE"]}},
        },
        "billing": {"tables": {"invoices": {"privileges": ["SELECT"]}}},
    },
}

# label: (what breaks it, the reason, words of the message, what heals it)
DRIFTS = {
    "table dropped": ("ALTER TABLE billing.invoices RENAME TO bills", "missing",
                      "table billing.invoices is missing", "ALTER TABLE billing.bills RENAME TO invoices"),
    "table moved": ("ALTER TABLE billing.invoices SET SCHEMA public", "missing",
                    "table billing.invoices is missing", "ALTER TABLE invoices SET SCHEMA billing"),
    "schema renamed": ("ALTER SCHEMA billing RENAME TO money", "missing", "schema billing is missing",
                       "ALTER SCHEMA money RENAME TO billing"),
    "table became a view": (
        "ALTER TABLE billing.invoices RENAME TO bills; CREATE VIEW billing.invoices AS TABLE billing.bills",
        "mismatch", "table billing.invoices: wanted a table, found a view",
        "DROP VIEW billing.invoices; ALTER TABLE billing.bills RENAME TO invoices"),
    "column renamed": ("ALTER TABLE orders RENAME tags TO labels", "missing",
                       "column public.orders.tags is missing", "ALTER TABLE orders RENAME labels TO tags"),
    "column dropped": ("ALTER TABLE orders DROP COLUMN tags", "missing",
                       "column public.orders.tags is missing", "ALTER TABLE orders ADD tags varchar(20)[]"),
    "column type": ("ALTER TABLE orders ALTER tags TYPE varchar(30)[]", "mismatch",
                    "public.orders.tags: wanted character varying(20)[], found character varying(30)[]",
                    "ALTER TABLE orders ALTER tags TYPE varchar(20)[]"),
    "column precision": ("ALTER TABLE orders ALTER at TYPE timestamptz", "mismatch",
                         "wanted timestamp(3) with time zone, found timestamp with time zone",
                         "DROP INDEX orders_note_key; ALTER TABLE orders ALTER at TYPE timestamptz(3);"
                         "CREATE UNIQUE INDEX orders_note_key ON orders (note, at)"),
    "column domain": ("DROP VIEW active_customers; ALTER TABLE customers ALTER mail TYPE text;"
                      "CREATE VIEW active_customers AS SELECT id FROM customers", "mismatch",
                      "public.customers.mail: wanted email, found text",
                      "ALTER TABLE customers ALTER mail TYPE email"),
    "NOT NULL dropped": ("ALTER TABLE orders ALTER status DROP NOT NULL", "mismatch",
                         "wanted public.order_status NOT NULL, found public.order_status NULL",
                         "ALTER TABLE orders ALTER status SET NOT NULL"),
    "NOT NULL set": ("ALTER TABLE orders ALTER customer_id SET NOT NULL", "mismatch",
                     "public.orders.customer_id: wanted bigint NULL, found bigint NOT NULL",
                     "ALTER TABLE orders ALTER customer_id DROP NOT NULL"),
    "primary key dropped": ("ALTER TABLE orders DROP CONSTRAINT orders_pkey", "missing",
                            "primary key of public.orders: wanted (id), found none",
                            "ALTER TABLE orders ADD PRIMARY KEY (id)"),
    "primary key of another": (
        "ALTER TABLE orders DROP CONSTRAINT orders_pkey, ADD PRIMARY KEY (status)", "mismatch",
        "primary key of public.orders: wanted (id), found (status)",
        "ALTER TABLE orders DROP CONSTRAINT orders_pkey, ADD PRIMARY KEY (id)"),
    "primary key of others": (
        "ALTER TABLE orders DROP CONSTRAINT orders_pkey, ADD PRIMARY KEY (id, status)", "mismatch",
        "primary key of public.orders: wanted (id), found (id, status)",
        "ALTER TABLE orders DROP CONSTRAINT orders_pkey, ADD PRIMARY KEY (id)"),
    "index dropped": ("DROP INDEX orders_status_idx", "missing",
                      "index orders_status_idx of public.orders is missing",
                      "CREATE INDEX orders_status_idx ON orders (status)"),
    "index of another table": (
        "DROP INDEX orders_status_idx; CREATE INDEX orders_status_idx ON customers (id)", "missing",
        "index orders_status_idx of public.orders is missing",
        "DROP INDEX orders_status_idx; CREATE INDEX orders_status_idx ON orders (status)"),
    "index invalid": ("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'orders_status_idx'::regclass",
                      "mismatch", "orders_status_idx of public.orders: wanted valid, found invalid",
                      "UPDATE pg_index SET indisvalid = true WHERE indexrelid = 'orders_status_idx'::regclass"),
    "index not ready": ("UPDATE pg_index SET indisready = false WHERE indexrelid = 'orders_status_idx'::regclass",
                        "mismatch", "orders_status_idx of public.orders: wanted valid, found invalid",
                        "UPDATE pg_index SET indisready = true WHERE indexrelid = 'orders_status_idx'::regclass"),
    "index no longer unique": (
        "DROP INDEX orders_note_key; CREATE INDEX orders_note_key ON orders (note, at)", "mismatch",
        "wanted valid unique on (note, at), found valid not unique on (note, at)",
        "DROP INDEX orders_note_key; CREATE UNIQUE INDEX orders_note_key ON orders (note, at)"),
    "index of other columns": (
        "DROP INDEX orders_note_key; CREATE UNIQUE INDEX orders_note_key ON orders (at, note)", "mismatch",
        "found valid unique on (at, note)",
        "DROP INDEX orders_note_key; CREATE UNIQUE INDEX orders_note_key ON orders (note, at)"),
    "constraint dropped": ("ALTER TABLE orders DROP CONSTRAINT orders_total_check", "missing",
                           "constraint orders_total_check of public.orders is missing",
                           "ALTER TABLE orders ADD CONSTRAINT orders_total_check CHECK (total >= 0)"),
    "constraint not validated": (
        "ALTER TABLE orders DROP CONSTRAINT orders_total_check;"
        "ALTER TABLE orders ADD CONSTRAINT orders_total_check CHECK (total >= 0) NOT VALID", "mismatch",
        "constraint orders_total_check of public.orders is not validated",
        "ALTER TABLE orders VALIDATE CONSTRAINT orders_total_check"),
    "foreign key dropped": (
        "ALTER TABLE orders DROP CONSTRAINT orders_customer_id_fkey", "missing",
        "constraint orders_customer_id_fkey of public.orders is missing",
        "ALTER TABLE orders ADD FOREIGN KEY (customer_id) REFERENCES customers"),
    "view dropped": ("DROP VIEW active_customers", "missing", "view public.active_customers is missing",
                     "CREATE VIEW active_customers AS SELECT id FROM customers"),
    "view without a column": (
        "DROP VIEW active_customers; CREATE VIEW active_customers AS SELECT mail FROM customers",
        "missing", "column public.active_customers.id is missing",
        "DROP VIEW active_customers; CREATE VIEW active_customers AS SELECT id FROM customers"),
    "materialized view not populated": ("REFRESH MATERIALIZED VIEW totals WITH NO DATA", "mismatch",
                                        "materialized view public.totals is not populated",
                                        "REFRESH MATERIALIZED VIEW totals"),
    "materialized view became a table": (
        "DROP MATERIALIZED VIEW totals; CREATE TABLE totals (total numeric(12,2))", "mismatch",
        "materialized view public.totals: wanted a materialized view, found a table",
        "DROP TABLE totals; CREATE MATERIALIZED VIEW totals AS SELECT total FROM orders"),
    "sequence dropped": ("DROP SEQUENCE order_numbers", "missing",
                         "sequence public.order_numbers is missing",
                         "CREATE SEQUENCE order_numbers; GRANT USAGE ON SEQUENCE order_numbers TO app"),
    "enum renamed": ("ALTER TYPE order_status RENAME TO status", "missing",
                     "enum public.order_status is missing", "ALTER TYPE status RENAME TO order_status"),
    "enum value renamed": ("ALTER TYPE order_status RENAME VALUE 'paid' TO 'settled'", "missing",
                           "enum public.order_status lacks the value 'paid'",
                           "ALTER TYPE order_status RENAME VALUE 'settled' TO 'paid'"),
    "function of other arguments": (
        "DROP FUNCTION refresh_totals; CREATE FUNCTION refresh_totals(bigint) RETURNS int"
        " LANGUAGE sql AS 'SELECT 1'", "missing",
        "function public.refresh_totals(integer, order_status) is missing, found it for (bigint)",
        "CREATE FUNCTION refresh_totals(integer, order_status) RETURNS int LANGUAGE sql AS 'SELECT 1'"),
    "privilege revoked": ("REVOKE INSERT ON orders FROM app", "forbidden",
                          "role app lacks INSERT on public.orders", "GRANT INSERT ON orders TO app"),
    "sequence privilege revoked": ("REVOKE USAGE ON SEQUENCE order_numbers FROM app", "forbidden",
                                   "role app lacks USAGE on public.order_numbers",
                                   "GRANT USAGE ON SEQUENCE order_numbers TO app"),
    "function privilege revoked": ("REVOKE EXECUTE ON FUNCTION refresh_totals FROM PUBLIC", "forbidden",
                                   "role app lacks EXECUTE on public.refresh_totals",
                                   "GRANT EXECUTE ON FUNCTION refresh_totals TO app"),
    "membership revoked": ("REVOKE app_group FROM app", "forbidden",
                           "role app lacks SELECT on billing.invoices", "GRANT app_group TO app"),
    "schema privilege revoked": ("REVOKE USAGE ON SCHEMA billing FROM app_group", "forbidden",
                                 "role app lacks USAGE on schema billing",
                                 "GRANT USAGE ON SCHEMA billing TO app_group"),
    "row security off": ("ALTER TABLE orders DISABLE ROW LEVEL SECURITY", "mismatch",
                         "row security of public.orders: wanted on, found off",
                         "ALTER TABLE orders ENABLE ROW LEVEL SECURITY"),
}

if SERVER >= 18:
    DRIFTS["NOT NULL not validated"] = (
        "ALTER TABLE orders ALTER status DROP NOT NULL;"
        "ALTER TABLE orders ADD CONSTRAINT filled NOT NULL status NOT VALID", "mismatch",
        "found public.order_status NOT NULL (not validated)",
        "ALTER TABLE orders VALIDATE CONSTRAINT filled")

HARMLESS = {
    "column added": "ALTER TABLE orders ADD extra text",
    "column with a default added": "ALTER TABLE orders ADD filled int NOT NULL DEFAULT 7",
    "table added": "CREATE TABLE extra (id int)",
    "index added": "CREATE INDEX extra_idx ON orders (total)",
    "constraint added": "ALTER TABLE orders ADD CONSTRAINT extra_check CHECK (total < 10^9)",
    "enum value added": "ALTER TYPE order_status ADD VALUE 'shipped' BEFORE 'paid'",
    "schema added": "CREATE SCHEMA extra CREATE TABLE orders (id text)",
    "function added": "CREATE FUNCTION refresh_totals() RETURNS int LANGUAGE sql AS 'SELECT 2'",
    "function replaced": "CREATE OR REPLACE FUNCTION refresh_totals(integer, order_status) RETURNS int"
                         " LANGUAGE sql AS 'SELECT 2'",
    "comment": "COMMENT ON TABLE orders IS 'all of them'; COMMENT ON COLUMN orders.total IS 'net'",
    "statistics": "CREATE STATISTICS extra ON total, status FROM orders; ANALYZE",
    "statistics target": "ALTER TABLE orders ALTER total SET STATISTICS 500",
    "default changed": "ALTER TABLE orders ALTER status SET DEFAULT 'paid'",
    "privilege added": "GRANT UPDATE ON orders TO app",
    "owner changed": "ALTER TABLE orders OWNER TO app",
    "rewritten": "ALTER TABLE orders SET UNLOGGED; ALTER TABLE orders SET LOGGED",
    "vacuum full": "VACUUM FULL orders",
    "reindex": "REINDEX TABLE orders",
    "reindexed concurrently": "REINDEX TABLE CONCURRENTLY orders",
    "clustered": "CLUSTER orders USING orders_pkey",
    "truncated": "TRUNCATE orders, customers",
    "filled": "INSERT INTO customers SELECT generate_series(1, 100)",
    "refreshed": "REFRESH MATERIALIZED VIEW totals",
    "storage parameter": "ALTER TABLE orders SET (fillfactor = 70)",
    "trigger": "CREATE FUNCTION noop() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"
               "CREATE TRIGGER noop BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION noop()",
    "policy": "CREATE POLICY all_of_them ON orders USING (true)",
    "partition": "CREATE TABLE parted (id int) PARTITION BY RANGE (id)",
}


def make_roles(database, *names):
    """Roles belong to the server, and another test may have made them."""
    for name in names:
        if not database.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (name,)):
            database.server.create_role(name)


def grown(database):
    """The database with the schema that the contract describes."""
    make_roles(database, "app", "app_group")
    database.execute("GRANT app_group TO app")
    database.execute(SCHEMA)
    return database


def contract(tmp_path, wanted=CONTRACT, **keys):
    """A contract check of a file with what is wanted."""
    path = tmp_path / "contract.json"
    path.write_text(json.dumps(wanted), encoding="utf-8")
    return {"kind": "contract", "file": str(path), **keys}


def wants(**schemas):
    return {"schemalatch": 1, "schemas": schemas}


def execute(database, script):
    """Statements one by one: some run in no transaction."""
    for statement in script.split(";"):
        if statement.strip() and "AS 'BEGIN" not in script:
            database.execute(statement)
    if "AS 'BEGIN" in script:
        database.execute(script)


@pytest.fixture
def judged(own_database, tmp_path):
    """A database as the contract wants it, and its configuration. Roles belong to the server, so it
    is one that no other test uses meanwhile."""
    return grown(own_database), configuration(own_database.url(), contract(tmp_path), role="app")


@pytest.mark.parametrize("broken, reason, words, healed", DRIFTS.values(), ids=DRIFTS)
def test_each_drift_is_found_named_and_healed(judged, start, broken, reason, words, healed):
    database, config = judged
    sidecar = start(config)
    sidecar.wait_check("contract", reason="ok")
    database.execute(broken)
    sidecar.wait_until(lambda s: words in s.check("contract")["message"], what=f"{words} to be told")
    seen = sidecar.check("contract")
    assert (seen["verdict"], seen["reason"]) == ("not_ready", reason) and not sidecar.ready(), seen
    asked = ask(config, "contract")
    assert (asked["reason"], asked["message"]) == (reason, seen["message"])
    database.execute(healed)
    sidecar.wait_ready()


# A table of which everything can be compared at once, so that its parts are told only where that fails.
WHOLE = """
CREATE TABLE other (name text);
CREATE TABLE whole (a int NOT NULL, b int NOT NULL, code text NOT NULL, state varchar(20),
    amount numeric(12,2) CONSTRAINT whole_amount_check CHECK (amount > 0), PRIMARY KEY (a, b));
CREATE TABLE single (id int PRIMARY KEY, code text NOT NULL);
CREATE INDEX whole_code_idx ON whole (code);
CREATE UNIQUE INDEX single_code_idx ON single (code);
ALTER TABLE whole ENABLE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON whole TO app;
"""
WHOLE_WANTED = {
    "whole": {
        "columns": {"a": {"type": "int", "nullable": False}, "b": {"type": "int", "nullable": False},
                    "code": {"type": "text", "nullable": False}, "state": {"type": "varchar(20)"},
                    "amount": {"type": "numeric(12,2)"}},
        "primaryKey": ["a", "b"], "indexes": {"whole_code_idx": {}},
        "constraints": {"whole_amount_check": {}}, "privileges": ["SELECT", "INSERT"], "rowSecurity": True,
    },
    "single": {"columns": {"id": {"type": "int", "nullable": False}, "code": {"type": "text", "nullable": False}},
               "primaryKey": ["id"], "indexes": {"single_code_idx": {"unique": True}}},
}
# label: (what breaks it, words of the message); then all is made anew.
WHOLE_DRIFTS = {
    "column renamed": ("ALTER TABLE whole RENAME state TO status", "column public.whole.state is missing"),
    "column dropped": ("ALTER TABLE whole DROP COLUMN state", "column public.whole.state is missing"),
    "columns swapped": ("ALTER TABLE whole RENAME code TO c; ALTER TABLE whole RENAME state TO code;"
                        "ALTER TABLE whole RENAME c TO state", "public.whole.code: wanted text NOT NULL"),
    "modifier": ("ALTER TABLE whole ALTER state TYPE varchar(30)", "found character varying(30)"),
    "scale": ("ALTER TABLE whole ALTER amount TYPE numeric(12,3)", "found numeric(12,3)"),
    "array": ("ALTER TABLE whole ALTER state TYPE varchar(20)[] USING NULL", "found character varying(20)[]"),
    "domain": ("CREATE DOMAIN own AS text; ALTER TABLE whole ALTER code TYPE own", "found public.own NOT NULL"),
    "type of that name": ('CREATE DOMAIN public."text" AS text; ALTER TABLE whole ALTER code TYPE public."text"',
                          "public.whole.code: wanted text NOT NULL"),
    "NOT NULL": ("ALTER TABLE whole ALTER code DROP NOT NULL", "found text NULL"),
    "key of another": ("ALTER TABLE single DROP CONSTRAINT single_pkey, ADD PRIMARY KEY (code)",
                       "primary key of public.single: wanted (id), found (code)"),
    "key of more": ("ALTER TABLE single DROP CONSTRAINT single_pkey, ADD PRIMARY KEY (id, code)",
                    "primary key of public.single: wanted (id), found (id, code)"),
    "key of less": ("ALTER TABLE whole DROP CONSTRAINT whole_pkey, ADD PRIMARY KEY (a)",
                    "primary key of public.whole: wanted (a, b), found (a)"),
    "key in another order": ("ALTER TABLE whole DROP CONSTRAINT whole_pkey, ADD PRIMARY KEY (b, a)",
                             "primary key of public.whole: wanted (a, b), found (b, a)"),
    "no key": ("ALTER TABLE single DROP CONSTRAINT single_pkey",
               "primary key of public.single: wanted (id), found none"),
    "unique, but no key": ("ALTER TABLE single DROP CONSTRAINT single_pkey;"
                           "CREATE UNIQUE INDEX ON single (id)",
                           "primary key of public.single: wanted (id), found none"),
    "index of another table": ("DROP INDEX whole_code_idx; CREATE INDEX whole_code_idx ON other (name)",
                               "whole_code_idx"),
    "index not unique": ("DROP INDEX single_code_idx; CREATE INDEX single_code_idx ON single (code)",
                         "wanted valid unique, found valid not unique"),
    "unique index of that name elsewhere": ("DROP INDEX single_code_idx;"
                                            "CREATE UNIQUE INDEX single_code_idx ON other (name)",
                                            "single_code_idx"),
    "index invalid": ("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'whole_code_idx'::regclass",
                      "found invalid"),
    "index not ready": ("UPDATE pg_index SET indisready = false WHERE indexrelid = 'whole_code_idx'::regclass",
                        "found invalid"),
    "constraint not valid": ("ALTER TABLE whole DROP CONSTRAINT whole_amount_check,"
                             "ADD CONSTRAINT whole_amount_check CHECK (amount > 0) NOT VALID", "not validated"),
    "constraint of another table": ("ALTER TABLE whole DROP CONSTRAINT whole_amount_check;"
                                    "ALTER TABLE other ADD CONSTRAINT whole_amount_check CHECK (name <> '')",
                                    "whole_amount_check"),
    "privilege": ("REVOKE INSERT ON whole FROM app", "INSERT"),
    "row security": ("ALTER TABLE whole DISABLE ROW LEVEL SECURITY", "row"),
}


def test_what_is_compared_at_once_is_compared_in_all(own_database, tmp_path):
    """Each break by itself, in a table of which nothing else is amiss."""
    make_roles(own_database, "app")
    own_database.execute(WHOLE)
    wanted = wants(public={"tables": WHOLE_WANTED})
    config = configuration(own_database.url(), contract(tmp_path, wanted), role="app")
    for label, (broken, words) in WHOLE_DRIFTS.items():
        assert ask(config, "contract")["reason"] == "ok", label
        own_database.execute(broken)
        seen = ask(config, "contract")
        assert seen["verdict"] == "not_ready" and words in seen["message"], (label, seen)
        own_database.execute("DROP TABLE whole, single, other; DROP DOMAIN IF EXISTS own;"
                             'DROP DOMAIN IF EXISTS public."text"')
        own_database.execute(WHOLE)


PRIVILEGES = {
    "TABLE": ("held", ("DELETE", "INSERT", "REFERENCES", "SELECT", "TRIGGER", "TRUNCATE", "UPDATE")),
    "SEQUENCE": ("held_id_seq", ("SELECT", "UPDATE", "USAGE")),
}


def test_each_privilege_is_missed_by_itself(own_database, tmp_path):
    make_roles(own_database, "app")
    own_database.execute("CREATE TABLE held (id serial)")
    kinds = {"TABLE": "tables", "SEQUENCE": "sequences"}
    wanted = wants(public={kinds[kind]: {name: {"privileges": list(all_of_it)}}
                           for kind, (name, all_of_it) in PRIVILEGES.items()})
    config = configuration(own_database.url(), contract(tmp_path, wanted), role="app")
    for kind, (name, all_of_it) in PRIVILEGES.items():
        own_database.execute(f"GRANT ALL ON {kind} {name} TO app")
    assert ask(config, "contract")["reason"] == "ok"
    for kind, (name, all_of_it) in PRIVILEGES.items():
        for privilege in all_of_it:
            own_database.execute(f"REVOKE {privilege} ON {kind} {name} FROM app")
            message = ask(config, "contract")["message"]
            assert message.startswith(f"role app lacks {privilege} on public.{name}; grant it"), message
            own_database.execute(f"GRANT {privilege} ON {kind} {name} TO app")


# What is wanted of a table, a table that has it, and one that only looks as if, to whoever joins names.
ODD_BYTES = {
    "columns": ({"columns": {"a\x02b\x03integer\x01c": {"type": "int"}}},
                'CREATE TABLE t ("a\x02b\x03integer\x01c" integer)', 'CREATE TABLE t ("a\x02b" integer, c integer)'),
    "key": ({"primaryKey": ["a", "b"]}, "CREATE TABLE t (a int, b int, PRIMARY KEY (a, b))",
            'CREATE TABLE t ("a\x04b" int PRIMARY KEY)'),
    "one column": ({"primaryKey": ["a\x04b"]}, 'CREATE TABLE t ("a\x04b" int PRIMARY KEY)',
                   "CREATE TABLE t (a int, b int, PRIMARY KEY (a, b))"),
    "indexes": ({"indexes": {"i\x03\x01j": {}}}, 'CREATE TABLE t (a int); CREATE INDEX "i\x03\x01j" ON t (a)',
                "CREATE TABLE t (a int); CREATE INDEX i ON t (a); CREATE INDEX j ON t (a)"),
    "an index like a key": ({"primaryKey": ["a"]}, "CREATE TABLE t (a int PRIMARY KEY)",
                            'CREATE TABLE t (a int); CREATE UNIQUE INDEX "\x041\x04a" ON t (a)'),
}


def test_names_may_have_any_byte(own_database, tmp_path):
    for label, (table, good, bad) in ODD_BYTES.items():
        config = configuration(own_database.url(), contract(tmp_path, wants(public={"tables": {"t": table}})))
        own_database.execute(good)
        assert ask(config, "contract")["reason"] == "ok", label
        own_database.execute(f"DROP TABLE t; {bad}")
        assert ask(config, "contract")["verdict"] == "not_ready", label
        own_database.execute("DROP TABLE t")


def test_what_cannot_be_proven_at_once_is_looked_at(own_database, tmp_path):
    """No key of any table here can be: all of them are looked at part by part."""
    wanted = wants(public={"tables": {"t": {"indexes": {"t_a_idx": {"columns": ["a"]}}, "primaryKey": ["id"]},
                                      "u": {"indexes": {"u_pkey": {}}}}})
    config = configuration(own_database.url(), contract(tmp_path, wanted))
    own_database.execute("CREATE TABLE t (id int PRIMARY KEY, a int, b int); CREATE INDEX ON t (a);"
                         "CREATE TABLE u (id int PRIMARY KEY)")
    assert ask(config, "contract")["reason"] == "ok"
    own_database.execute("DROP INDEX t_a_idx; CREATE INDEX t_a_idx ON t (b)")
    assert "wanted valid on (a), found valid on (b)" in ask(config, "contract")["message"]
    own_database.execute("DROP INDEX t_a_idx; CREATE INDEX t_a_idx ON t (a);"
                         "ALTER TABLE t DROP CONSTRAINT t_pkey")
    assert "primary key of public.t: wanted (id), found none" in ask(config, "contract")["message"]


def test_no_harmless_change_is_a_drift(judged, start):
    """All in one life of the sidecar: after each the next rounds are ready, and no line is logged."""
    database, config = judged
    sidecar = start(config)
    sidecar.wait_ready()
    for label, change in HARMLESS.items():
        execute(database, change)
        sidecar.wait_round()
        assert sidecar.check("contract")["reason"] == "ok", label
        assert ask(config, "contract")["reason"] == "ok", label
    assert len(sidecar.told(check="contract")) == 1


def test_all_deviations_are_found_in_one_round(judged):
    database, config = judged
    database.execute("ALTER TABLE orders DROP COLUMN tags; ALTER TABLE orders DISABLE ROW LEVEL SECURITY;"
                      "DROP INDEX orders_status_idx; REVOKE INSERT ON orders FROM app;"
                      "ALTER TYPE order_status RENAME VALUE 'paid' TO 'settled'; DROP TABLE billing.invoices")
    message = ask(config, "contract")["message"]
    told = ["table billing.invoices is missing", "lacks the value 'paid'", "orders.tags is missing",
            "orders_status_idx", "row security", "lacks INSERT"]
    assert [message.index(words) for words in told] == sorted(message.index(w) for w in told), message
    assert "more" not in message


def test_locks_on_the_tables_hold_nothing_up(judged, start):
    """An open migration holds ACCESS EXCLUSIVE on each in turn: the verdict stays fresh."""
    database, config = judged
    config["databases"][0]["timeout"] = "1s"
    sidecar = start(config)
    sidecar.wait_ready()
    for table in ("orders", "customers", "billing.invoices", "active_customers"):
        holder = database.locked(table)
        try:
            sidecar.wait_round(rounds=2)
            seen = sidecar.check("contract")
            assert (seen["reason"], seen["held"]) == ("ok", False), (table, seen)
            assert ask(config, "contract")["reason"] == "ok", table
            captured = run("capture", config=config)
            assert captured.code == 0, (table, captured.err)
        finally:
            holder.close()
    migration = database.connect()
    migration.autocommit = False
    migration.cursor().execute(
        "ALTER TABLE orders ADD more int, ALTER note TYPE varchar(9); DROP VIEW active_customers;"
        "DROP MATERIALIZED VIEW totals; DROP FUNCTION refresh_totals; ALTER SCHEMA billing RENAME TO old")
    sidecar.wait_round(rounds=2)
    assert sidecar.check("contract")["reason"] == "ok"
    migration.rollback()
    migration.close()


def test_nothing_of_ours_holds_up_a_migration(judged, start):
    database, config = judged
    config["databases"][0].update(period="10ms", retryPeriod="10ms")
    start(config).wait_ready()
    connection = database.connect(options="-c lock_timeout=1s")
    for _ in range(20):
        connection.cursor().execute("ALTER TABLE orders ADD extra int; ALTER TABLE orders DROP extra")
    connection.close()


def test_a_role_with_nothing_but_connect_can_judge_all_of_it(judged, server):
    database, config = judged
    role = database.server.create_role()
    config["databases"][0]["url"] = database.url(role)
    database.execute("REVOKE ALL ON SCHEMA public, billing FROM PUBLIC; GRANT USAGE ON SCHEMA public TO app")
    assert ask(config, "contract")["reason"] == "ok"
    assert run("capture", config=config).code == 0


def test_a_role_that_is_not_there_is_told(judged):
    _, config = judged
    config["databases"][0]["role"] = "nobody_knows"
    seen = ask(config, "contract")
    assert seen["reason"] == "missing" and "role nobody_knows does not exist" in seen["message"]


def test_without_role_it_is_ours(judged):
    database, config = judged
    del config["databases"][0]["role"]
    assert ask(config, "contract")["reason"] == "ok", "the superuser may do all"
    config["databases"][0]["url"] = database.url(database.server.create_role())
    seen = ask(config, "contract")
    assert seen["reason"] == "forbidden" and "our role lacks" in seen["message"]


def test_extensions_are_compared_by_version(database, tmp_path):
    def asked(least):
        wanted = {"schemalatch": 1, "extensions": {"plpgsql": {"minVersion": least} if least else {}}}
        return ask(configuration(database.url(), contract(tmp_path, wanted)), "contract")
    assert asked(None)["reason"] == "ok"
    assert asked("0.9")["reason"] == "ok"
    assert asked("1.0")["reason"] == "ok"
    assert asked("1.0.1")["reason"] == "mismatch"
    assert "wanted version 10 or later, found 1.0" in asked("10")["message"]
    database.execute("DROP EXTENSION plpgsql")
    assert "extension plpgsql is missing" in asked(None)["message"]


TYPES = [
    "smallint", "integer", "bigint", "real", "double precision", "numeric", "numeric(5)", "numeric(12,2)",
    "boolean", "text", "varchar", "varchar(20)", "char", "char(3)", "bpchar", "name", '"char"', "bytea",
    "date", "time", "time(2)", "timetz", "timetz(1)", "timestamp", "timestamp(0)", "timestamptz",
    "timestamptz(3)", "interval", "interval(3)", "interval year to month", "interval day to second(2)",
    "bit", "bit(4)", "varbit", "varbit(8)", "uuid", "json", "jsonb", "xml", "inet", "cidr", "macaddr",
    "macaddr8", "money", "point", "polygon", "tsvector", "tsquery", "int4range", "tstzmultirange", "oid",
    "regclass", "pg_lsn", "integer[]", "text[][]", "numeric(3,1)[]", "timestamptz(3)[]", "int8", "float",
    "float(10)", "decimal", "dec(6,1)", "timestamp without time zone", "time (3) with time zone",
    "national character varying(7)", "bit varying(9)", "pg_catalog.int4", "order_status",
    "public.order_status[]", '"Odd.Type"', 'public."user"', "other.thing", "other.thing[]",
]


def test_every_type_is_understood_as_PostgreSQL_does(database, tmp_path):
    """What stands in CREATE TABLE may stand in a contract: the server is the judge of both."""
    database.execute(
        "CREATE SCHEMA other; CREATE TYPE order_status AS ENUM ('new'); CREATE TYPE \"Odd.Type\" AS (a int);"
        "CREATE DOMAIN \"user\" AS text; CREATE DOMAIN other.thing AS int")
    columns = {f"c{number}": kind for number, kind in enumerate(TYPES)}
    database.execute(f"CREATE TABLE t ({', '.join(f'{c} {kind}' for c, kind in columns.items())})")
    wanted = wants(public={"tables": {"t": {"columns": {c: {"type": k} for c, k in columns.items()}}}})
    assert ask(configuration(database.url(), contract(tmp_path, wanted)), "contract")["reason"] == "ok"
    names = list(columns)
    shifted = dict(zip(names, [*TYPES[1:], TYPES[0]]))
    wanted = wants(public={"tables": {"t": {"columns": {c: {"type": k} for c, k in shifted.items()}}}})
    seen = ask(configuration(database.url(), contract(tmp_path, wanted)), "contract")
    assert seen["reason"] == "mismatch"
    same = sum(database.execute("SELECT %s::regtype = %s::regtype", (a, b))[0][0] and
               "(" not in a + b for a, b in zip(TYPES, [*TYPES[1:], TYPES[0]]))
    assert same <= 3, "the list is in such an order that neighbours differ"


def test_a_type_without_schema_is_that_of_any(database, tmp_path):
    database.execute("CREATE SCHEMA other; CREATE DOMAIN other.email AS text;"
                     "CREATE TABLE users (mail other.email)")
    def reason(kind):
        wanted = wants(public={"tables": {"users": {"columns": {"mail": {"type": kind}}}}})
        return ask(configuration(database.url(), contract(tmp_path, wanted)), "contract")["reason"]
    assert reason("email") == "ok"
    assert reason("other.email") == "ok"
    assert reason("public.email") == "mismatch"
    assert reason("text") == "mismatch"


def test_odd_names_are_found(database, tmp_path):
    odd = ['We.ird"Name', "it's", "größe", "a\\b", "{x,y}", "NULL", "null", "", "t" * 63, "a b", "select", "a\tb"]
    odd.remove("")
    for name in odd:
        quoted = '"' + name.replace('"', '""') + '"'
        database.execute(f"CREATE TABLE {quoted} ({quoted} int PRIMARY KEY)")
    tables = {name: {"columns": {name: {"type": "int"}}, "primaryKey": [name]} for name in odd}
    config = configuration(database.url(), contract(tmp_path, wants(public={"tables": tables})))
    assert ask(config, "contract")["reason"] == "ok"
    assert json.loads(run("capture", config=config).out)["schemas"]["public"]["tables"].keys() == set(odd)


def test_partitioned_and_foreign_tables_are_tables(database, tmp_path):
    database.execute("CREATE TABLE parted (id int PRIMARY KEY) PARTITION BY RANGE (id);"
                     "CREATE TABLE part PARTITION OF parted FOR VALUES FROM (1) TO (9);"
                     "CREATE INDEX parted_idx ON ONLY parted (id); CREATE FOREIGN DATA WRAPPER dummy;"
                     "CREATE SERVER far FOREIGN DATA WRAPPER dummy; CREATE FOREIGN TABLE f (id int) SERVER far")
    wanted = wants(public={"tables": {"parted": {"primaryKey": ["id"]}, "part": {}, "f": {}}})
    config = configuration(database.url(), contract(tmp_path, wanted))
    assert ask(config, "contract")["reason"] == "ok"
    captured = json.loads(run("capture", config=config).out)["schemas"]["public"]["tables"]
    assert captured.keys() == {"parted", "f"}, "partitions come and go"
    wanted["schemas"]["public"]["tables"]["parted"]["indexes"] = {"parted_idx": {}}
    seen = ask(configuration(database.url(), contract(tmp_path, wanted)), "contract")
    assert "parted_idx of public.parted: wanted valid, found invalid" in seen["message"]
    database.execute("CREATE INDEX part_idx ON part (id); ALTER INDEX parted_idx ATTACH PARTITION part_idx")
    assert ask(configuration(database.url(), contract(tmp_path, wanted)), "contract")["reason"] == "ok"


def test_through_a_pooler(database, tmp_path):
    role = database.server.create_role(password="through")
    database.execute("CREATE TABLE users (id int)")
    wanted = wants(public={"tables": {"users": {"columns": {"id": {"type": "int"}}}}})
    with PgBouncer(database.server, {role: "through"}) as pooler:
        url = database.url(role, "through", port=pooler.port)
        config = configuration(url, contract(tmp_path, wanted))
        assert ask(config, "contract")["reason"] == "ok"
        assert run("capture", config=config).code == 0
        database.execute("ALTER TABLE users ALTER id TYPE text")
        assert ask(config, "contract")["reason"] == "mismatch"


def test_the_environment_alone_is_enough(database, tmp_path):
    database.execute("CREATE TABLE users (id int)")
    path = contract(tmp_path, wants(public={"tables": {"users": {}, "orders": {}}}))["file"]
    result = run("check", env={"DATABASE_URL": database.url(), "SCHEMALATCH_CONTRACT": path})
    assert result.code == 1 and "table public.orders is missing" in result.out
    result = run("check", "--contract", path, env={"DATABASE_URL": database.url()})
    assert result.code == 1 and "main/contract" in result.out


def test_the_full_list_is_told_where_there_is_room(database, tmp_path, start):
    tables = {f"table_{number:02}": {} for number in range(70)}
    config = configuration(database.url(), contract(tmp_path, wants(public={"tables": tables})))
    sidecar = start(config)
    seen = sidecar.wait_check("contract", reason="missing")
    assert seen["findings"][0] == "table public.table_00 is missing"
    assert len(seen["findings"]) == 51 and seen["findings"][-1] == "and 20 more"
    assert "table public.table_49 is missing" in sidecar.get("/").text
    assert len(sidecar.get("/readyz").body) < 8192
    assert len(sidecar.get("/readyz", {"Accept": "application/json"}).body) < 8192
    report = run("check", config=config).out
    assert "    - table public.table_49 is missing\n    - and 20 more" in report


def test_bad_contracts_are_refused_with_their_places(tmp_path):
    path = tmp_path / "contract.json"
    path.write_text('{"schemalatch": 1, "schemas": {"public": {"tables": {"a/b": {"colums": {}},'
                    ' "t": {"privileges": ["FLY"]}}}}}')
    result = run("config", config=configuration("postgresql://nowhere", {"kind": "contract", "file": str(path)}))
    assert result.code == 2
    assert f'{path}: /schemas/public/tables/a~1b/colums: unknown key, did you mean "columns"?' in result.err
    assert f'{path}: /schemas/public/tables/t/privileges/0: "FLY" is no privilege' in result.err
    missing = run("config", config=configuration("postgresql://nowhere", {"kind": "contract", "file": "/nope"}))
    assert missing.code == 2 and "/nope: cannot be read" in missing.err


def test_the_server_sees_one_statement_a_look(judged, start):
    """Whatever the size, and nothing but reads; while it is unready, each round is a look."""
    database, config = judged
    database.server.execute("ALTER SYSTEM SET log_min_duration_statement = 0")
    database.server.reload()
    try:
        sidecar = start(config)
        sidecar.wait_ready()
        database.execute("ALTER TABLE orders DROP COLUMN tags")
        sidecar.wait_not_ready()
        sidecar.wait_round(rounds=5)
        lines = database.server.log_lines(f"@{database.name}/schemalatch", " execute ")
        seen = [line.split(" execute ")[1].split(": ", 1)[1] for line in lines]
        assert sum(statement.startswith("WITH role AS MATERIALIZED") for statement in seen) > 5
        assert {statement.split()[0] for statement in seen} == {"SELECT", "WITH"}
        assert not database.execute("SELECT state FROM pg_stat_activity WHERE application_name LIKE"
                                    " 'schemalatch%' AND state LIKE 'idle in transaction%'")
    finally:
        database.server.execute("ALTER SYSTEM RESET log_min_duration_statement")
        database.server.reload()
