"""What migration tools leave that misleads: each trap once, against a real server."""

import threading
from pathlib import Path

import psycopg2
import pytest

from support.processes import scratch_folder
from support.sidecar import ask, configuration, run
from support.tools import SHAPES, create, record, write_files


def check_of(tool, folder, **keys):
    return {"kind": "migrations", "tool": tool, "directory": write_files(tool, folder), **keys}


def look(database, check):
    return ask(configuration(database.url(), check), "migrations")


def expect(database, check, reason, *words):
    found = look(database, check)
    assert found["reason"] == reason, found
    for word in words:
        assert word in found["message"], found


# --- golang-migrate

@pytest.mark.parametrize("version, reason", [(11, "dirty_newer"), (10, "dirty"), (2, "dirty"),
                                             (-1, "dirty"), (5, "dirty")])
def test_a_dirty_version_counts_only_up_to_ours(database, tmp_path, version, reason):
    create(database, "golang-migrate")
    database.execute(f"INSERT INTO schema_migrations VALUES ({version}, true)")
    found = look(database, check_of("golang-migrate", tmp_path))
    assert found["reason"] == reason
    assert (found["verdict"] == "ready") == (reason == "dirty_newer")


@pytest.mark.parametrize("isolation", ["read committed", "repeatable read"])
def test_a_row_that_is_replaced_is_never_seen_missing(database, start, tmp_path, isolation):
    """The tool truncates and inserts in one transaction; a snapshot from before would see nothing."""
    create(database, "golang-migrate")
    record(database, "golang-migrate", "10")
    database.execute(f"ALTER DATABASE {database.name} SET default_transaction_isolation = '{isolation}'")
    sidecar = start(configuration(database.url(), check_of("golang-migrate", tmp_path), period="10ms",
                                  retryPeriod="10ms"))
    sidecar.wait_ready()
    stop = threading.Event()

    def replace():
        connection = database.connect()
        connection.autocommit = False
        cursor = connection.cursor()
        while not stop.is_set():
            cursor.execute("TRUNCATE schema_migrations")
            cursor.execute("INSERT INTO schema_migrations VALUES (10, false)")
            connection.commit()
        connection.close()

    thread = threading.Thread(target=replace)
    thread.start()
    try:
        sidecar.wait_round(rounds=100)
    finally:
        stop.set()
        thread.join()
    assert not [line for line in sidecar.told() if line.get("reason") == "empty"], sidecar.log_text()


# --- Prisma

def prisma_row(database, name, finished, rolled_back):
    database.execute(
        "INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at, rolled_back_at)"
        f" VALUES (md5(random()::text), 'x', '{name}', {finished}, {rolled_back})")


def test_prismas_rows_without_end(database, tmp_path):
    create(database, "prisma")
    first, second, third, newer = SHAPES["prisma"].ids
    check = check_of("prisma", tmp_path)
    record(database, "prisma", first, second)
    prisma_row(database, third, "NULL", "NULL")
    expect(database, check, "dirty", third, "prisma migrate resolve")
    database.execute("UPDATE _prisma_migrations SET rolled_back_at = now() WHERE finished_at IS NULL")
    expect(database, check, "behind", third)
    record(database, "prisma", third)
    expect(database, check, "ok")
    prisma_row(database, newer, "NULL", "NULL")
    expect(database, check, "dirty_newer", newer)


def test_a_checksum_that_differs_is_told_and_judges_nothing(database, tmp_path):
    create(database, "prisma")
    record(database, "prisma", *SHAPES["prisma"].ids[:3])
    database.execute("UPDATE _prisma_migrations SET checksum = repeat('a', 64)"
                     f" WHERE migration_name = '{SHAPES['prisma'].ids[1]}'")
    expect(database, check_of("prisma", tmp_path), "ok", "checksum", SHAPES["prisma"].ids[1])


# --- Flyway's journal, in SQL

def flyway_row(database, version, kind="SQL", success=True, description="step", checksum="NULL"):
    version = "NULL" if version is None else f"'{version}'"
    database.execute(
        "INSERT INTO flyway_schema_history (installed_rank, version, description, type, success,"
        f" checksum) SELECT coalesce(max(installed_rank), 0) + 1, {version}, '{description}',"
        f" '{kind}', {success}, {checksum} FROM flyway_schema_history")


@pytest.mark.parametrize("rows, reason", [
    ([("1",), ("1.2",), (None, "SQL", True, "the views")], "ok"),
    ([("1.0",), ("01.2",), (None, "SQL", True, "the views")], "ok"),
    ([("1.2", "BASELINE"), (None, "SQL", True, "the views")], "ok"),
    ([("1.2", "SQL_BASELINE"), (None, "SQL", True, "the views")], "ok"),
    ([("1.2", "SQL_STATE_SCRIPT"), (None, "SQL", True, "the views")], "ok"),
    ([("1",), ("1.2",), ("1.2", "UNDO_SQL"), (None, "SQL", True, "the views")], "behind"),
    ([("1",), ("1.2",), ("1.2", "UNDO_SQL"), ("1.2",), (None, "SQL", True, "the views")], "ok"),
    ([("1",), ("1.2",), ("1.2", "DELETE"), (None, "SQL", True, "the views")], "behind"),
    ([("1",), ("1.2", "SQL", False)], "dirty"),
    ([("1",), ("1.2",), (None, "SQL", True, "the views"), ("9", "SQL", False)], "dirty_newer"),
    ([("1",), ("1.2",), (None, "SQL", False, "the views")], "dirty"),
    ([("1",), ("1.1", "JDBC"), ("1.2",), (None, "SQL", True, "the views")], "ahead"),
    ([(None, "SCHEMA", True, "schemas created")], "empty"),
])
def test_flyways_journal(database, tmp_path, rows, reason):
    create(database, "flyway")
    for row in rows:
        flyway_row(database, *row)
    expect(database, check_of("flyway", tmp_path), reason)


def test_flyways_checksum_is_computed_as_flyway_does(database, tmp_path):
    create(database, "flyway")
    check = check_of("flyway", tmp_path)
    sums = dict(line.split("\tsum=") for line in run(
        "manifest", "flyway", str(tmp_path)).out.splitlines()[1:])
    flyway_row(database, "1", checksum=sums["1"])
    flyway_row(database, "1.2", checksum=int(sums["1.2"]) ^ 1)
    flyway_row(database, None, description="the views", checksum=sums["R:the views"])
    found = look(database, check)
    assert found["reason"] == "ok" and found["message"].endswith("(checksum): 1.2"), found


# --- goose

def test_of_gooses_rows_the_last_one_counts(database, tmp_path):
    create(database, "goose")
    record(database, "goose", *SHAPES["goose"].ids[:3])
    database.execute("INSERT INTO goose_db_version (version_id, is_applied) VALUES (10, false)")
    check = check_of("goose", tmp_path)
    expect(database, check, "behind", "10")
    record(database, "goose", "10")
    expect(database, check, "ok")


# --- Atlas

def test_atlas_half_way_through_a_file(database, tmp_path):
    create(database, "atlas")
    check = check_of("atlas", tmp_path)
    record(database, "atlas", *SHAPES["atlas"].ids[:3])
    last = SHAPES["atlas"].ids[2]
    database.execute(f"UPDATE atlas_schema_revisions SET total = 2 WHERE version = '{last}'")
    expect(database, check, "dirty", last)
    database.execute("INSERT INTO atlas_schema_revisions (version, type, applied, total)"
                     " VALUES ('.atlas_cloud_identifier', 0, 0, 0)")
    database.execute("UPDATE atlas_schema_revisions SET total = 1")
    expect(database, check, "ok")


def test_what_is_before_atlas_first_record_is_never_run(database, tmp_path):
    create(database, "atlas")
    check = check_of("atlas", tmp_path)
    record(database, "atlas", SHAPES["atlas"].ids[1])
    expect(database, check, "behind", SHAPES["atlas"].ids[2])
    record(database, "atlas", SHAPES["atlas"].ids[2])
    expect(database, check, "ok")


# --- Sqitch

def test_a_failed_deploy_of_sqitch(database, tmp_path):
    create(database, "sqitch")
    record(database, "sqitch", "shop:users")
    check = check_of("sqitch", tmp_path)
    database.execute("INSERT INTO sqitch.events VALUES ('fail', 'x', 'orders', 'shop', now())")
    expect(database, check, "dirty", "shop:orders")
    record(database, "sqitch", "shop:orders")
    database.execute("INSERT INTO sqitch.events VALUES ('fail', 'x', 'later', 'shop', now())")
    record(database, "sqitch", "shop:users")
    expect(database, check, "dirty_newer", "shop:later")


# --- Drizzle

def test_drizzles_table_of_another_version(database, tmp_path):
    """1.0 adds a name to each row; a release of 0.x goes on by the time."""
    create(database, "drizzle")
    ids = SHAPES["drizzle"].ids
    check = check_of("drizzle", tmp_path / "old")
    record(database, "drizzle", *ids[:3])
    database.execute("ALTER TABLE drizzle.__drizzle_migrations ADD name text, ADD applied_at timestamptz;"
                     "UPDATE drizzle.__drizzle_migrations SET name = 'folder_' || id")
    expect(database, check, "ok")
    for number in (1, 2, 3):
        folder = tmp_path / "new" / f"folder_{number}"
        folder.mkdir(parents=True)
        (folder / "migration.sql").write_text("")
    expect(database, {**check, "directory": str(tmp_path / "new")}, "ok")


# --- whose table it is

@pytest.mark.parametrize("configured, there, named", [
    ("rails", "golang-migrate", "golang-migrate"),
    ("rails", "ecto", "ecto"),
    ("golang-migrate", "rails", "rails"),
    ("golang-migrate", "dbmate", "dbmate or rails"),
    ("ecto", "golang-migrate", "golang-migrate"),
    ("dbmate", "ecto", "ecto"),
])
def test_another_tools_table_is_told_by_its_columns(database, tmp_path, configured, there, named):
    create(database, there)
    record(database, there, SHAPES[there].ids[0])
    expect(database, check_of(configured, tmp_path), "mismatch",
           f"table public.schema_migrations is of {named} by its columns", f'tool is "{configured}"')


def test_a_generic_table_of_nobody(database, tmp_path):
    database.execute("CREATE TABLE migrations (id int, migration varchar(255), batch int)")
    expect(database, check_of("typeorm", tmp_path), "mismatch", "is it another tool's?")


def test_two_schemas_with_the_table(database, tmp_path):
    create(database, "rails")
    database.execute("CREATE SCHEMA other; CREATE TABLE other.schema_migrations (version varchar)")
    check = check_of("rails", tmp_path)
    expect(database, check, "error", "other, public", "tableSchema")
    expect(database, {**check, "tableSchema": "public"}, "empty")


def test_a_role_without_rights(database, server, tmp_path):
    role = server.create_role()
    database.execute("CREATE SCHEMA app; SET search_path = app;" + SHAPES["dbmate"].ddl)
    check = check_of("dbmate", tmp_path)

    def reason():
        return ask(configuration(database.url(user=role), check), "migrations")["reason"]

    assert reason() == "denied"
    database.execute(f"GRANT USAGE ON SCHEMA app TO {role}")
    assert reason() == "denied"
    database.execute(f"GRANT SELECT ON app.schema_migrations TO {role}")
    assert reason() == "empty"


# --- locks

def test_ef_core_locks_its_readers_out(own_database, start, tmp_path):
    create(own_database, "efcore")
    record(own_database, "efcore", *SHAPES["efcore"].ids[:3])
    sidecar = start(configuration(own_database.url(), check_of("efcore", tmp_path)))
    sidecar.wait_ready()
    lock = own_database.locked('"__EFMigrationsHistory"')
    found = sidecar.wait_check("migrations", held=True, reason="locked")
    assert found["pass"] and sidecar.ready()
    lock.close()
    sidecar.wait_check("migrations", held=False, reason="ok")


def test_a_lock_of_liquibase_that_nobody_holds_any_more(database, tmp_path):
    create(database, "liquibase")
    check = check_of("liquibase", tmp_path)
    record(database, "liquibase", *SHAPES["liquibase"].ids[:3])
    database.execute("UPDATE databasechangeloglock SET locked = true, lockgranted = '2026-01-01',"
                     " lockedby = 'pod-1 (10.9.8.7)'")
    expect(database, check, "ok", "the lock table is taken by pod-1 (10.9.8.7) since 2026-01-01 00:00:00",
           "its owner seems gone", "liquibase release-locks")
    database.execute("UPDATE databasechangeloglock SET lockedby = 'pod-1 (127.0.0.1)'")
    holder = psycopg2.connect(database.url())
    found = look(database, check)
    assert "the lock table is taken" in found["message"] and "gone" not in found["message"], found
    holder.close()


def test_a_lock_of_knex(database, tmp_path):
    create(database, "knex")
    database.execute("UPDATE knex_migrations_lock SET is_locked = 1")
    check = check_of("knex", tmp_path)
    expect(database, check, "empty", "the lock table is taken", "knex migrate:unlock")
    other = database.connect()
    found = look(database, check)
    assert "the lock table is taken" in found["message"] and "gone" not in found["message"]
    other.close()
    database.execute("DROP TABLE knex_migrations_lock")
    expect(database, check, "empty")


def test_a_lock_table_that_we_may_not_read_is_no_trouble(database, server, tmp_path):
    role = server.create_role()
    create(database, "yoyo")
    database.execute(f"GRANT SELECT ON _yoyo_migration TO {role}")
    found = ask(configuration(database.url(user=role), check_of("yoyo", tmp_path)), "migrations")
    assert found["reason"] == "empty" and "lock" not in found["message"]


@pytest.mark.parametrize("tool, key", [
    ("prisma", "72707369"),
    ("node-pg-migrate", "7241865325823964"),
    ("rails", None), ("golang-migrate", None), ("sqlx", None), ("flyway", None),
])
def test_an_advisory_lock_is_told_while_something_is_wanting(database, server, tmp_path, tool, key):
    """Keys that are made of names are known from the tools' sources; zlib has the same CRC."""
    import zlib
    crc = zlib.crc32(database.name.encode())
    names = f"public\0schema_migrations\0{database.name}".encode()
    flyway = 0
    for byte in b'"public"."flyway_schema_history"':
        flyway = (31 * flyway + byte) & 0xFFFFFFFF
    keys = {"rails": 2053462845 * crc, "sqlx": 0x3D32AD9E * crc,
            "golang-migrate": zlib.crc32(names) * 1486364155 % 2**32,
            "flyway": 0x466C79776179 + (flyway - 2**32 if flyway >= 2**31 else flyway)}
    create(database, tool)
    check = check_of(tool, tmp_path)
    found = look(database, check)
    assert found["reason"] == "empty" and "lock" not in found["message"]
    holder = database.connect()
    holder.cursor().execute(f"SELECT pg_advisory_lock({key or keys[tool]})")
    expect(database, check, "empty", f"{tool}'s advisory lock is held by a session that began at 20")
    role = server.create_role()
    database.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}")
    found = ask(configuration(database.url(user=role), check), "migrations")
    assert found["message"].endswith("advisory lock is held"), "who holds it is hidden from this role"
    holder.close()


# --- much

def test_a_long_history_is_read_in_time(database, tmp_path):
    """A receive window made for small answers let a sender of many rows wait for seconds."""
    for tool in ("django", "prisma"):
        create(database, tool)
        record(database, tool, *SHAPES[tool].ids[:3])
    database.execute(
        "INSERT INTO django_migrations (app, name) SELECT 'shop', '0000_' || n"
        " FROM generate_series(1, 30000) n; INSERT INTO _prisma_migrations (id, checksum,"
        " migration_name, finished_at) SELECT n, repeat('x', 64), '2020_' || n, now()"
        " FROM generate_series(1, 30000) n")
    for tool in ("django", "prisma"):
        expect(database, check_of(tool, tmp_path / tool), "ahead")


# --- directories

def bytes_read(sidecar):
    """All that it has read so far, files and sockets alike."""
    lines = Path(f"/proc/{sidecar.pid}/io").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("rchar"))


def test_no_round_reads_a_release_that_has_not_changed(database, start, tmp_path):
    """Its files are big, and their checksums are compared: reading them again would show."""
    create(database, "sqlx")
    record(database, "sqlx", *SHAPES["sqlx"].ids[:3])
    check = check_of("sqlx", tmp_path / "files")
    for file in (tmp_path / "files").glob("*.up.sql"):
        file.write_text("-- " + "x" * 1_000_000)
    config = configuration(database.url(), check, period="50ms", retryPeriod="50ms")
    sidecar = start(config).wait_ready()
    sidecar.wait_round(rounds=2)
    before = bytes_read(sidecar)
    sidecar.wait_round(rounds=10)
    assert bytes_read(sidecar) - before < 1_000_000


def test_a_release_that_changes_is_followed_and_one_that_goes_is_kept(database, start, tmp_path):
    """A newer file is wanted from then on; a directory that is gone is no configuration."""
    create(database, "dbmate")
    record(database, "dbmate", *SHAPES["dbmate"].ids[:3])
    folder = tmp_path / "files"
    sidecar = start(configuration(database.url(), check_of("dbmate", folder))).wait_ready()
    (folder / "20990101000000_later.sql").write_text("")
    sidecar.wait_check("migrations", reason="behind")
    (folder / "20990101000000_later.sql").unlink()
    sidecar.wait_check("migrations", reason="ok")
    folder.rename(tmp_path / "gone")
    sidecar.wait_until(lambda s: s.metrics().value("schemalatch_config_last_reload_successful") == 0,
                       what="the reload to be refused")
    sidecar.wait_round(rounds=3)
    assert sidecar.check("migrations")["reason"] == "ok"


@pytest.mark.parametrize("tool", [tool for tool in SHAPES if tool not in ("liquibase", "django")])
def test_a_missing_or_empty_directory_never_means_ready(tmp_path, tool):
    (tmp_path / "empty").mkdir()
    for folder in ("missing", "empty"):
        check = {"kind": "migrations", "tool": tool, "directory": str(tmp_path / folder)}
        result = run("check", config=configuration("postgresql://127.0.0.1:1/app", check))
        assert result.code == 2 and folder in result.err, result.err


def test_a_directory_that_may_not_be_read():
    folder = scratch_folder("unreadable")
    write_files("sqlx", folder)
    (folder / "1_step.up.sql").chmod(0)
    (folder / "closed").mkdir(mode=0)
    for directory, place in ((folder, "1_step.up.sql"), (folder / "closed", "closed")):
        result = run("manifest", "sqlx", str(directory), drop_root=True)
        assert result.code == 2 and place in result.err and "Permission denied" in result.err, result


def test_what_a_list_would_lose_is_no_manifest(tmp_path):
    for name in ("#1.js", " 1.js", "1.js "):
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        folder.mkdir()
        (folder / name).write_text("")
        (folder / "2.js").write_text("")
        result = run("manifest", "node-pg-migrate" if name.endswith(" ") else "knex", str(folder))
        assert result.code == (0 if name.endswith(" ") else 2), result


def test_manifest_says_how_it_is_used():
    for words in ((), ("rails",), ("rials", "x")):
        result = run("manifest", *words)
        assert result.code == 2 and result.out == "" and "expected" in result.err


def test_the_variable_takes_every_tool(database, tmp_path):
    create(database, "django")
    record(database, "django", *SHAPES["django"].ids[:3])
    write_files("django", tmp_path)
    for value in (f"django:shop={tmp_path}", "django@" + ",".join(SHAPES["django"].ids[:3])):
        result = run("check", env={"DATABASE_URL": database.url(), "SCHEMALATCH_MIGRATIONS": value})
        assert result.code == 0, result
