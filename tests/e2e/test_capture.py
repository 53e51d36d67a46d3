"""`schemalatch capture`: what it writes, what it leaves out, and that random schemas, captured and
then changed at random, deviate by just that change."""

import json
import random

import pytest

from support.sidecar import ask, configuration, run, tables


def capture(database, *arguments, **keywords):
    result = run("capture", *arguments, config=configuration(database.url(**keywords)))
    assert result.code == 0, result.err
    return result.out


def captured(database, *arguments):
    return json.loads(capture(database, *arguments))


def check(database, contract, tmp_path, **entry):
    path = tmp_path / "captured.json"
    path.write_text(contract if isinstance(contract, str) else json.dumps(contract), encoding="utf-8")
    config = configuration(database.url(), {"kind": "contract", "file": str(path)}, **entry)
    return ask(config, "contract")


SCHEMA = """
CREATE SCHEMA billing CREATE TABLE invoices (id int);
CREATE TYPE status AS ENUM ('new', 'paid');
CREATE TABLE users (id bigint PRIMARY KEY, mail text UNIQUE, age int CHECK (age > 0));
CREATE TABLE orders (no int, id int, status status NOT NULL, user_id bigint REFERENCES users,
    PRIMARY KEY (id, no));
CREATE INDEX orders_status_idx ON orders (status);
CREATE TABLE parted (id int) PARTITION BY RANGE (id);
CREATE TABLE part_1 PARTITION OF parted FOR VALUES FROM (1) TO (2);
CREATE VIEW names AS SELECT mail FROM users;
CREATE MATERIALIZED VIEW ages AS SELECT age FROM users;
CREATE UNIQUE INDEX ages_age ON ages (age);
CREATE SEQUENCE numbers;
CREATE FUNCTION add(int, VARIADIC status[]) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE PROCEDURE tidy() LANGUAGE sql AS 'SELECT 1';
"""

EXPECTED = """\
{
  "schemalatch": 1,
  "schemas": {
    "billing": {
      "tables": {
        "invoices": {
          "columns": {
            "id": {"type": "integer"}
          }
        }
      }
    },
    "public": {
      "tables": {
        "orders": {
          "columns": {
            "id": {"type": "integer", "nullable": false},
            "no": {"type": "integer", "nullable": false},
            "status": {"type": "public.status", "nullable": false},
            "user_id": {"type": "bigint"}
          },
          "primaryKey": ["id", "no"],
          "indexes": {
            "orders_status_idx": {}
          },
          "constraints": {
            "orders_user_id_fkey": {}
          }
        },
        "parted": {
          "columns": {
            "id": {"type": "integer"}
          }
        },
        "users": {
          "columns": {
            "age": {"type": "integer"},
            "id": {"type": "bigint", "nullable": false},
            "mail": {"type": "text"}
          },
          "primaryKey": ["id"],
          "constraints": {
            "users_age_check": {},
            "users_mail_key": {}
          }
        }
      },
      "views": {
        "names": {
          "columns": {
            "mail": {"type": "text"}
          }
        }
      },
      "materializedViews": {
        "ages": {
          "columns": {
            "age": {"type": "integer"}
          },
          "indexes": {
            "ages_age": {"unique": true}
          }
        }
      },
      "sequences": {
        "numbers": {}
      },
      "enums": {
        "status": ["new", "paid"]
      },
      "functions": {
        "add(integer, public.status[])": {},
        "tidy()": {}
      }
    }
  }
}
"""


def test_what_is_written_diffs_well(database, tmp_path):
    """A line for each thing that changes by itself, in an order that no history decides."""
    database.execute(SCHEMA)
    assert capture(database) == EXPECTED
    assert check(database, EXPECTED, tmp_path)["reason"] == "ok"
    database.execute("ALTER TABLE users DROP mail CASCADE; ALTER TABLE users ADD mail text UNIQUE;"
                     "CREATE VIEW names AS SELECT mail FROM users")
    assert capture(database) == EXPECTED


def test_schemas_and_tables_are_chosen(database):
    database.execute(SCHEMA)
    assert captured(database, "--schema", "billing")["schemas"].keys() == {"billing"}
    assert captured(database, "--schema", "billing", "--schema", "public")["schemas"].keys() == {
        "billing", "public"}
    some = captured(database, "--table", "users", "--table", "billing.invoices,part_1,names")["schemas"]
    assert some["public"].keys() == {"tables", "views"}
    assert some["public"]["tables"].keys() == {"users", "part_1"}
    assert some["billing"]["tables"].keys() == {"invoices"}
    assert "extensions" not in captured(database, "--table", "users")


def test_parts_are_left_out(database):
    database.execute(SCHEMA)
    text = capture(database, "--without", "indexes,constraints,primaryKey", "--without",
                   "functions,nullable,sequences,enums")
    for key in ("indexes", "constraints", "primaryKey", "functions", "nullable", "sequences", "enums"):
        assert f'"{key}"' not in text
    assert "columns" not in capture(database, "--without", "columns")
    assert captured(database, "--without", "tables")["schemas"]["public"].keys() == {
        "views", "materializedViews", "sequences", "enums", "functions"}


def test_privileges_of_a_role(database, server, tmp_path):
    """What it has by itself, through membership and through PUBLIC."""
    database.execute(SCHEMA)
    group, role = server.create_role(), server.create_role()
    database.execute(f"GRANT {group} TO {role}; GRANT SELECT ON users TO {group}; GRANT UPDATE, DELETE"
                     f" ON users TO {role}; GRANT USAGE ON SCHEMA billing TO {group};"
                     f"GRANT SELECT ON names TO PUBLIC; GRANT USAGE ON SEQUENCE numbers TO {group};"
                     f"REVOKE EXECUTE ON FUNCTION add FROM PUBLIC; REVOKE USAGE ON TYPE status FROM PUBLIC")
    schemas = captured(database, "--privileges-of", role)["schemas"]
    public = schemas["public"]
    assert schemas["billing"]["privileges"] == ["USAGE"]
    assert "privileges" not in schemas["billing"]["tables"]["invoices"]
    assert public["tables"]["users"]["privileges"] == ["DELETE", "SELECT", "UPDATE"]
    assert public["views"]["names"]["privileges"] == ["SELECT"]
    assert public["sequences"]["numbers"]["privileges"] == ["USAGE"]
    assert public["enums"]["status"] == ["new", "paid"]
    assert "privileges" not in public["functions"]["add(integer, public.status[])"]
    assert public["functions"]["tidy()"]["privileges"] == ["EXECUTE"]
    assert check(database, {"schemalatch": 1, "schemas": schemas}, tmp_path, role=role)["reason"] == "ok"
    database.execute(f"REVOKE {group} FROM {role}")
    assert check(database, {"schemalatch": 1, "schemas": schemas}, tmp_path, role=role)["reason"] == "forbidden"


def test_what_could_not_pass_is_left_out(database, tmp_path):
    database.execute(SCHEMA)
    database.execute("ALTER TABLE users ADD CONSTRAINT later CHECK (age < 200) NOT VALID;"
                     "REFRESH MATERIALIZED VIEW ages WITH NO DATA;"
                     "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'orders_status_idx'::regclass")
    text = capture(database)
    public = json.loads(text)["schemas"]["public"]
    assert "later" not in text and "orders_status_idx" not in text and "materializedViews" not in public
    assert check(database, text, tmp_path)["reason"] == "ok"


def test_mistakes_are_told(server, database):
    database.execute(SCHEMA)
    for arguments, words in (
            (["--schema", "nope"], "--schema: the database has no nope"),
            (["--table", "nope"], "--table: the database has no public.nope"),
            (["--table", "a.b.c"], "--table: \"a.b.c\" is not a table name"),
            (["--privileges-of", "nobody"], "--privileges-of: the database has no role nobody"),
            (["--without", "index"], 'did you mean indexes?'),
            (["--schemas", "x"], "did you mean --schema?"),
            (["--database", "other"], "expected one of main"),
            (["--json"], "unknown flag")):
        result = run("capture", *arguments, config=configuration(database.url()))
        assert (result.code, result.out) == (2, ""), (arguments, result)
        assert words in result.err, (arguments, result.err)


def test_one_of_several_databases_is_named(server, database):
    database.execute("CREATE TABLE users (id int)")
    other = server.create_database()
    config = configuration(database.url())
    config["databases"] += configuration(other.url())["databases"]
    config["databases"][1]["name"] = "archive"
    result = run("capture", config=config)
    assert result.code == 2 and "expected one of main, archive" in result.err
    assert "users" in run("capture", "--database", "main", config=config).out
    assert "users" not in run("capture", "--database", "archive", config=config).out


def test_no_check_is_needed_nor_looked_at(database):
    """The file that the configuration names may be the one that is to be written."""
    database.execute("CREATE TABLE users (id int)")
    config = configuration(database.url(), {"kind": "contract", "file": "/not/yet"})
    assert "users" in run("capture", config=config).out
    assert "users" in run("capture", env={"DATABASE_URL": database.url()}).out


def test_a_database_that_does_not_answer_is_3(own_server):
    own_server.stop()
    result = run("capture", config=configuration(own_server.url()))
    assert (result.code, result.out) == (3, "")
    assert "unreachable: " in result.err


# --- random schemas -----------------------------------------------------------------------------

KINDS = ["bigint", "int", "text", "varchar(9)", "numeric(8,3)", "timestamptz(2)", "mood", "text[]", "jsonb"]


class Schema:
    """A random schema, and one random change of it with what must be told of it."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.statements = ["CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy')"]
        self.columns = {}
        for number in range(self.random.randint(2, 6)):
            self._table(f"t{number}")

    def _table(self, name):
        columns = {f"c{i}": (self.random.choice(KINDS), self.random.random() < 0.4)
                   for i in range(self.random.randint(1, 7))}
        self.columns[name] = columns
        body = [f"{c} {kind}{' NOT NULL' if filled else ''}" for c, (kind, filled) in columns.items()]
        body.append(f"CONSTRAINT {name}_c CHECK (c0 IS NOT NULL)")
        self.statements.append(f"CREATE TABLE {name} (id int PRIMARY KEY, {', '.join(body)})")
        self.statements.append(f"CREATE INDEX {name}_i ON {name} (c0)")
        self.statements.append(f"CREATE FUNCTION f_{name}(int) RETURNS int LANGUAGE sql AS 'SELECT 1'")

    def mutation(self):
        table = self.random.choice(list(self.columns))
        column = self.random.choice(list(self.columns[table]))
        kind, filled = self.columns[table][column]
        other = self.random.choice([k for k in KINDS if k != kind])
        other = "interval" if other in ("text[]", "mood", "jsonb") else other
        return self.random.choice([
            (f"ALTER TABLE {table} RENAME TO gone", [f"table public.{table} is missing"]),
            (f"ALTER TABLE {table} RENAME {column} TO gone", [f"column public.{table}.{column} is missing"]),
            (f"ALTER TABLE {table} ALTER {column} TYPE {other} USING NULL",
             [f"column public.{table}.{column}: wanted "]),
            (f"ALTER TABLE {table} ALTER {column} {'DROP' if filled else 'SET'} NOT NULL",
             [f"column public.{table}.{column}: wanted "] if filled else []),
            (f"ALTER TABLE {table} DROP CONSTRAINT {table}_pkey",
             [f"primary key of public.{table}: wanted (id), found none"]),
            (f"ALTER TABLE {table} DROP CONSTRAINT {table}_c",
             [f"constraint {table}_c of public.{table} is missing"]),
            (f"DROP INDEX {table}_i", [f"index {table}_i of public.{table} is missing"]),
            (f"DROP FUNCTION f_{table}", [f"function public.f_{table}(integer) is missing"]),
            ("ALTER TYPE mood RENAME VALUE 'sad' TO 'blue'", ["enum public.mood lacks the value 'sad'"]),
            ("ALTER TYPE mood ADD VALUE 'angry'", []),
            (f"ALTER TABLE {table} ADD extra int DEFAULT 3", []),
            (f"CREATE INDEX ON {table} (id)", []),
            ("CREATE TABLE extra (id int)", []),
        ])


@pytest.mark.parametrize("seed", range(40))
def test_what_is_told_equals_the_change(server, tmp_path, seed):
    """The findings are the mutation, no more and no less."""
    schema = Schema(seed)
    database = server.create_database()
    try:
        database.execute(";".join(schema.statements))
        contract = capture(database)
        assert check(database, contract, tmp_path)["reason"] == "ok"
        change, told = schema.mutation()
        database.execute(change)
        seen = check(database, contract, tmp_path)
        if told:
            findings = seen["message"].removesuffix("; run this release's migrations").split("; ")
            assert len(findings) == len(told), (change, seen)
            assert all(f.startswith(t) for f, t in zip(findings, told)), (change, seen)
        else:
            assert seen["reason"] == "ok", (change, seen)
    finally:
        database.drop()


# --- tables that a pattern names, and the rest of it ---------------------------------------------

def test_many_tenants_are_one_statement(database, tmp_path):
    """1,000 schemas: each must have it; the message tells how many have not, and which first."""
    database.execute("CREATE TABLE users (id int)")
    for start in range(0, 1000, 100):
        database.execute("".join(
            f"CREATE SCHEMA tenant_{n:04} CREATE TABLE orders (id int, total numeric(8,2))"
            " CREATE TABLE notes (id int);" for n in range(start, start + 100)))
    contract = {"schemalatch": 1, "schemas": {
        "public": {"tables": {"users": {}}},
        "tenant_*": {"tables": {"orders": {"columns": {"total": {"type": "numeric(8,2)"}}}, "notes": {}}}}}
    path = tmp_path / "tenants.json"
    path.write_text(json.dumps(contract))

    def asked(*checks, **keys):
        return ask(configuration(database.url(), *checks, timeout="20s"), **keys)

    def by_contract(**keys):
        return asked({"kind": "contract", "file": str(path), **keys}, check="contract")

    wanted = ("users", "tenant_*.orders", "tenant_*.notes")
    assert by_contract()["reason"] == "ok"
    assert asked(tables(*wanted))["reason"] == "ok"
    database.execute("ALTER TABLE tenant_0700.orders ALTER total TYPE numeric(9,2);"
                     "DROP TABLE tenant_0003.orders; DROP TABLE tenant_0003.notes")
    seen = by_contract()
    assert seen["reason"] == "missing"
    for words in ("table tenant_0003.orders is missing", "tenant_0700.orders.total: wanted numeric(8,2),"
                  " found numeric(9,2)", "2 of 1000 schemas that match tenant_* deviate: tenant_0003, tenant_0700"):
        assert words in seen["message"], seen
    seen = asked(tables(*wanted))
    assert "1 of 1000 schemas that match tenant_* deviate: tenant_0003" in seen["message"]
    for tolerance, reason in ((1, "missing"), (2, "ok"), ("0.1%", "missing"), ("0.2%", "ok")):
        seen = by_contract(tolerance=tolerance)
        assert seen["reason"] == reason, (tolerance, seen)
    assert "which is tolerated: tenant_0003, tenant_0700" in seen["message"]
    assert asked(tables(*wanted, tolerance=1))["reason"] == "ok"
    database.execute("DROP TABLE users")
    seen = by_contract(tolerance="100%")
    assert seen["reason"] == "missing" and "table public.users is missing" in seen["message"]


def test_a_pattern_is_no_pattern_of_LIKE(database):
    database.execute("CREATE SCHEMA tenant_1 CREATE TABLE a (id int); CREATE SCHEMA tenantx2;"
                     "CREATE SCHEMA t1 CREATE TABLE b (id int); CREATE SCHEMA t12")
    def reason(name):
        return ask(configuration(database.url(), tables(name)))["reason"]
    assert reason("tenant_*.a") == "ok"
    assert reason("tenant*.a") == "missing"
    assert reason("t?.b") == "ok"
    assert reason("t*.b") == "missing"
    seen = ask(configuration(database.url(), tables("nobody_*.a")))
    assert seen["reason"] == "missing" and "no schema matches nobody_*" in seen["message"]
    assert ask(configuration(database.url(), tables("pg_*.a")))["reason"] == "missing", "not the system's"


def test_new_tenants_count_at_once(database, start):
    database.execute("CREATE SCHEMA tenant_1 CREATE TABLE orders (id int)")
    sidecar = start(configuration(database.url(), tables("tenant_*.orders")))
    sidecar.wait_ready()
    database.execute("CREATE SCHEMA tenant_2")
    seen = sidecar.wait_check("tables", reason="missing")
    assert "table or view tenant_2.orders is missing; 1 of 2 schemas" in seen["message"]
    database.execute("CREATE TABLE tenant_2.orders (id int)")
    sidecar.wait_ready()
