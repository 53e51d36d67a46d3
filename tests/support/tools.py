"""Histories and files of every migration tool, made by hand from the tools' published definitions:
what the table looks like, and what stands in it and on disk for an id."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable

TIMES = "now(), now()"


@dataclass(frozen=True)
class Shape:
    ddl: str
    row: Callable          # id -> SQL that records it
    ids: tuple             # three of this release, in order, and one of a newer one
    file: Callable         # id -> name of the file that it stands in
    text: Callable = lambda id: "select 1;\n"
    table: str = ""        # as people write it
    label: str = ""        # of the directory, for Django
    single: bool = False   # the table holds the last id alone
    extra: dict = field(default_factory=dict)  # files besides


def insert(table, *values):
    return f"INSERT INTO {table} VALUES ({', '.join(values)})"


def simple(table, *, more=""):
    return lambda id: f"INSERT INTO {table} VALUES ('{id}'{more})"


STAMPS = ("20240101000000", "20240102000000", "20240103000000", "20240104000000")
NUMBERS = ("1", "2", "10", "11")
NAMES = tuple(f"{stamp}_step" for stamp in STAMPS)
SCRIPTS = tuple(f"{name}.js" for name in NAMES)
CLASSES = tuple(f"Step170000000000{n}" for n in range(4))
CHANGES = ("shop:users", "shop:orders", "shop:users#2", "shop:invoices")
PLAN = """%syntax-version=1.0.0
%project=shop
%uri=https://example.com/shop/

users 2024-01-01T00:00:00Z Amy <amy@example.com> # first
orders [users] 2024-01-02T00:00:00Z Amy <amy@example.com> # second
@v1.0 2024-01-02T00:00:01Z Amy <amy@example.com> # a tag

users [users@v1.0] 2024-01-03T00:00:00Z Amy <amy@example.com> # reworked
"""
CHANGESETS = ("changelog.sql::1::amy", "changelog.sql::2::bob", "changelog.sql::3::amy",
              "changelog.sql::4::amy")
CHANGELOG = """--liquibase formatted sql
--changeset amy:1
select 1;
--changeset bob:2 runOnChange:true
select 2;
-- changeset amy:3
select 3;
"""


def changeset_row(id):
    path, number, author = id.split("::")
    return (f"INSERT INTO databasechangelog VALUES ('{number}', '{author}', '{path}', now(),"
            " (SELECT count(*) + 1 FROM databasechangelog), 'EXECUTED', '9:x')")


def django_row(id):
    app, name = id.split(".")
    return f"INSERT INTO django_migrations (app, name, applied) VALUES ('{app}', '{name}', now())"


def sqitch_row(id):
    project, change = id.split("#")[0].split(":")
    return (f"INSERT INTO sqitch.changes SELECT md5(random()::text), md5(random()::text),"
            f" '{change}', '{project}', clock_timestamp()")


SHAPES = {
    "alembic": Shape(
        "CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY)",
        simple("alembic_version"), ("a1", "b2", "c3", "d4"), lambda id: f"{id}.py",
        text=lambda id: f"revision = '{id}'\ndown_revision = "
                        f"{ {'a1': None, 'b2': 'a1', 'c3': 'b2'}.get(id)!r}\n",
        single=True),
    "atlas": Shape(
        "CREATE TABLE atlas_schema_revisions (version varchar PRIMARY KEY, description varchar,"
        " type bigint, applied bigint, total bigint, executed_at timestamptz, execution_time bigint,"
        " error text, error_stmt text, hash varchar, partial_hashes jsonb, operator_version varchar)",
        lambda id: f"INSERT INTO atlas_schema_revisions VALUES ('{id}', 'step', 2, 1, 1, now(), 1,"
                   " '', '', 'h', '[]', 'v')",
        STAMPS, lambda id: f"{id}_step.sql", extra={"atlas.sum": "h1:x\n"}),
    "dbmate": Shape(
        "CREATE TABLE schema_migrations (version varchar(128) PRIMARY KEY)",
        simple("schema_migrations"), STAMPS, lambda id: f"{id}_step.sql"),
    "diesel": Shape(
        "CREATE TABLE __diesel_schema_migrations (version varchar(50) PRIMARY KEY,"
        " run_on timestamp NOT NULL DEFAULT now())",
        simple("__diesel_schema_migrations"), STAMPS,
        lambda id: f"{id[:4]}-{id[4:6]}-{id[6:8]}-{id[8:]}_step/up.sql"),
    "django": Shape(
        "CREATE TABLE django_migrations (id serial PRIMARY KEY, app varchar(255),"
        " name varchar(255), applied timestamptz)",
        django_row, ("shop.0001_initial", "shop.0002_a", "shop.0003_b", "shop.0004_c"),
        lambda id: f"{id.split('.')[1]}.py",
        text=lambda id: "from django.db import migrations\n\n\n"
                        "class Migration(migrations.Migration):\n    operations = []\n",
        label="shop", extra={"__init__.py": ""}),
    "drizzle": Shape(
        "CREATE SCHEMA drizzle; CREATE TABLE drizzle.__drizzle_migrations (id serial PRIMARY KEY,"
        " hash text NOT NULL, created_at bigint)",
        lambda id: "INSERT INTO drizzle.__drizzle_migrations (hash, created_at) VALUES ('x',"
                   f" {id})",
        ("1700000000001", "1700000000002", "1700000000003", "1700000000004"),
        lambda id: f"{id}.sql",
        extra={"meta/_journal.json": '{"version": "7", "entries": [' + ", ".join(
            f'{{"idx": {n - 1}, "when": 170000000000{n}, "tag": "170000000000{n}"}}'
            for n in (1, 2, 3)) + "]}"}),
    "ecto": Shape(
        "CREATE TABLE schema_migrations (version bigint PRIMARY KEY, inserted_at timestamp)",
        lambda id: f"INSERT INTO schema_migrations VALUES ({id}, now())",
        NUMBERS, lambda id: f"sub/{id}_step.exs"),
    "efcore": Shape(
        'CREATE TABLE "__EFMigrationsHistory" ("MigrationId" varchar(150) PRIMARY KEY,'
        ' "ProductVersion" varchar(32) NOT NULL)',
        simple('"__EFMigrationsHistory"', more=", '8.0'"), NAMES,
        lambda id: f"{id}.Designer.cs",
        text=lambda id: f'[DbContext(typeof(Shop))]\n[Migration("{id}")]\npartial class Step {{}}\n'),
    "flyway": Shape(
        "CREATE TABLE flyway_schema_history (installed_rank int PRIMARY KEY, version varchar(50),"
        " description varchar(200), type varchar(20), script varchar(1000), checksum int,"
        " installed_by varchar(100), installed_on timestamp DEFAULT now(), execution_time int,"
        " success boolean)",
        lambda id: "INSERT INTO flyway_schema_history (installed_rank, version, description, type,"
                   " success) SELECT count(*) + 1, "
                   + (f"NULL, '{id[2:]}'" if id.startswith("R:") else f"'{id}', 'step'")
                   + ", 'SQL', true FROM flyway_schema_history",
        ("1", "1.2", "R:the views", "2"),
        lambda id: {"1": "V1__step.sql", "1.2": "sub/V1_2__step.SQL"}.get(id, "R__the_views.sql"),
        extra={"beforeMigrate.sql": "", "U1__step.sql": ""}),
    "golang-migrate": Shape(
        "CREATE TABLE schema_migrations (version bigint PRIMARY KEY, dirty boolean NOT NULL)",
        lambda id: f"INSERT INTO schema_migrations VALUES ({id}, false)",
        NUMBERS, lambda id: f"{id:0>6}_step.up.sql", single=True,
        extra={"000001_step.down.sql": "", "README.md": ""}),
    "goose": Shape(
        "CREATE TABLE goose_db_version (id serial PRIMARY KEY, version_id bigint NOT NULL,"
        " is_applied boolean NOT NULL, tstamp timestamp DEFAULT now());"
        " INSERT INTO goose_db_version (version_id, is_applied) VALUES (0, true)",
        lambda id: f"INSERT INTO goose_db_version (version_id, is_applied) VALUES ({id}, true)",
        NUMBERS, lambda id: f"{id:0>5}_step.sql", extra={"00099_step_test.go": ""}),
    "knex": Shape(
        "CREATE TABLE knex_migrations (id serial PRIMARY KEY, name varchar(255), batch int,"
        " migration_time timestamptz); CREATE TABLE knex_migrations_lock (index serial PRIMARY KEY,"
        " is_locked int); INSERT INTO knex_migrations_lock (is_locked) VALUES (0)",
        lambda id: f"INSERT INTO knex_migrations (name, batch) VALUES ('{id}', 1)",
        SCRIPTS, str, extra={"20240101000000_step.d.ts": ""}),
    "liquibase": Shape(
        "CREATE TABLE databasechangelog (id varchar(255) NOT NULL, author varchar(255) NOT NULL,"
        " filename varchar(255) NOT NULL, dateexecuted timestamp NOT NULL, orderexecuted int NOT NULL,"
        " exectype varchar(10) NOT NULL, md5sum varchar(35)); CREATE TABLE databasechangeloglock"
        " (id int PRIMARY KEY, locked boolean NOT NULL, lockgranted timestamp, lockedby varchar(255));"
        " INSERT INTO databasechangeloglock VALUES (1, false)",
        changeset_row, CHANGESETS, lambda id: "changelog.sql", text=lambda id: CHANGELOG),
    "mikro-orm": Shape(
        "CREATE TABLE mikro_orm_migrations (id serial PRIMARY KEY, name varchar(255),"
        " executed_at timestamptz DEFAULT now())",
        lambda id: f"INSERT INTO mikro_orm_migrations (name) VALUES ('{id}')",
        tuple(f"Migration{stamp}" for stamp in STAMPS), lambda id: f"{id}.ts",
        extra={"Migration20240101000000.d.ts": "", ".snapshot-shop.json": "{}"}),
    "node-pg-migrate": Shape(
        "CREATE TABLE pgmigrations (id serial PRIMARY KEY, name varchar(255) NOT NULL,"
        " run_on timestamp NOT NULL)",
        lambda id: f"INSERT INTO pgmigrations (name, run_on) VALUES ('{id}', now())",
        NAMES, lambda id: f"{id}.js", extra={".eslintrc": ""}),
    "prisma": Shape(
        "CREATE TABLE _prisma_migrations (id varchar(36) PRIMARY KEY, checksum varchar(64) NOT NULL,"
        " finished_at timestamptz, migration_name varchar(255) NOT NULL, logs text,"
        " rolled_back_at timestamptz, started_at timestamptz NOT NULL DEFAULT now(),"
        " applied_steps_count int NOT NULL DEFAULT 0)",
        lambda id: "INSERT INTO _prisma_migrations (id, checksum, finished_at, migration_name)"
                   f" VALUES (left(md5(random()::text), 36), 'x', now(), '{id}')",
        NAMES, lambda id: f"{id}/migration.sql", extra={"migration_lock.toml": ""}),
    "rails": Shape(
        "CREATE TABLE schema_migrations (version varchar PRIMARY KEY); CREATE TABLE"
        " ar_internal_metadata (key varchar PRIMARY KEY, value varchar)",
        simple("schema_migrations"), NUMBERS,
        lambda id: f"sub/{id:0>3}_step.rb", extra={"README": "", "lib.rb": ""}),
    "refinery": Shape(
        "CREATE TABLE refinery_schema_history (version int4 PRIMARY KEY, name varchar(255),"
        " applied_on varchar(255), checksum varchar(255))",
        lambda id: f"INSERT INTO refinery_schema_history VALUES ({id}, 'step', 'x', '1')",
        NUMBERS, lambda id: f"sub/V{id}__step.sql"),
    "sequelize": Shape(
        'CREATE TABLE "SequelizeMeta" (name varchar(255) PRIMARY KEY)',
        simple('"SequelizeMeta"'), SCRIPTS, str),
    "sqitch": Shape(
        "CREATE SCHEMA sqitch; CREATE TABLE sqitch.changes (change_id text PRIMARY KEY,"
        " script_hash text, change text, project text, committed_at timestamptz);"
        " CREATE TABLE sqitch.events (event text, change_id text, change text, project text,"
        " committed_at timestamptz)",
        sqitch_row, CHANGES, lambda id: "sqitch.plan", text=lambda id: PLAN),
    "sqlx": Shape(
        "CREATE TABLE _sqlx_migrations (version bigint PRIMARY KEY, description text NOT NULL,"
        " installed_on timestamptz NOT NULL DEFAULT now(), success boolean NOT NULL,"
        " checksum bytea NOT NULL, execution_time bigint NOT NULL)",
        lambda id: f"INSERT INTO _sqlx_migrations VALUES ({id}, 'step', now(), true, '\\x00', 1)",
        NUMBERS, lambda id: f"{id}_step.up.sql", extra={"1_step.down.sql": ""}),
    "typeorm": Shape(
        "CREATE TABLE migrations (id serial PRIMARY KEY, timestamp bigint NOT NULL,"
        " name varchar NOT NULL)",
        lambda id: f"INSERT INTO migrations (timestamp, name) VALUES ({id[-13:]}, '{id}')",
        CLASSES, lambda id: f"{id[-13:]}-Step.ts",
        text=lambda id: "import { MigrationInterface } from 'typeorm';\n"
                        f"// class Gone1600000000000\nexport class {id} implements"
                        " MigrationInterface {\n  async up() { const name = 'x'; }\n}\n"),
    "yoyo": Shape(
        "CREATE TABLE _yoyo_migration (migration_hash varchar(64) PRIMARY KEY,"
        " migration_id varchar(255), applied_at_utc timestamp); CREATE TABLE yoyo_lock"
        " (locked int PRIMARY KEY, ctime timestamp, pid int NOT NULL)",
        lambda id: f"INSERT INTO _yoyo_migration VALUES (md5('{id}'), '{id}', now())",
        NAMES, lambda id: f"{id}.py", extra={"20240101000000_step.rollback.sql": ""}),
}


def write_files(tool, folder):
    """The release's files: the first three ids. Gives what "directory" is then."""
    shape = SHAPES[tool]
    files = {shape.file(id): shape.text(id) for id in shape.ids[:3]}
    for name, text in {**files, **shape.extra}.items():
        path = Path(folder) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    if tool == "liquibase":
        return f"{folder}/changelog.sql"
    return {shape.label: str(folder)} if shape.label else str(folder)


def operand(directory):
    """A "directory" as the command line has it."""
    if isinstance(directory, dict):
        return [f"{label}={path}" for label, path in directory.items()]
    return [directory]


def create(database, tool):
    database.execute(SHAPES[tool].ddl)


def record(database, tool, *ids):
    """Rows for these ids; of a table with the last one alone, for the last."""
    shape = SHAPES[tool]
    for id in ids[-1:] if shape.single else ids:
        database.execute(shape.row(id))
