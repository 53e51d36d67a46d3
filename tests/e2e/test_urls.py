"""Where the database is: URLs as applications write them, files, libpq's environment, TLS."""

import os
from urllib.parse import quote

import pytest

from support.certificates import make_certificate
from support.postgres import Postgres
from support.sidecar import ask, configuration, run, tables
from support.waiting import wait_until

PASSWORD = "p@ss:w/rd %41'\\?#"


@pytest.fixture(scope="module")
def role(server):
    return server.create_role(password=PASSWORD)


@pytest.fixture(scope="module")
def filled(server):
    """A database with a table in public and one in the schema app."""
    database = server.create_database()
    database.execute("CREATE TABLE users (id int); CREATE SCHEMA app CREATE TABLE people (id int)")
    return database


def parts(server, database, role):
    return {"port": server.port, "folder": quote(str(server.folder), safe=""), "db": database.name,
            "role": role, "password": quote(PASSWORD, safe=""),
            "conninfo_password": PASSWORD.replace("\\", "\\\\").replace("'", "\\'")}


URLS = {
    "postgresql": "postgresql://{role}:{password}@127.0.0.1:{port}/{db}",
    "postgres": "postgres://{role}:{password}@127.0.0.1:{port}/{db}",
    "SQLAlchemy asyncpg": "postgresql+asyncpg://{role}:{password}@127.0.0.1:{port}/{db}",
    "SQLAlchemy psycopg2": "postgresql+psycopg2://{role}:{password}@127.0.0.1:{port}/{db}",
    "SQLAlchemy psycopg": "postgresql+psycopg://{role}:{password}@127.0.0.1:{port}/{db}",
    "SQLAlchemy pool": "postgresql+psycopg2://{role}:{password}@127.0.0.1:{port}/{db}"
                       "?pool_timeout=10&pool_size=5&application_name=shop",
    "JDBC": "jdbc:postgresql://127.0.0.1:{port}/{db}?user={role}&password={password}",
    "JDBC with its own words": "jdbc:postgresql://127.0.0.1:{port}/{db}?user={role}"
                               "&password={password}&ssl=false&ApplicationName=shop"
                               "&reWriteBatchedInserts=true&loginTimeout=5",
    "Prisma": "postgresql://{role}:{password}@127.0.0.1:{port}/{db}"
              "?connection_limit=5&pool_timeout=10&pgbouncer=true&schema=public",
    "Rails": "postgres://{role}:{password}@127.0.0.1:{port}/{db}?pool=5&encoding=unicode",
    "Django": "postgis://{role}:{password}@127.0.0.1:{port}/{db}?conn_max_age=600",
    "Ecto": "ecto://{role}:{password}@127.0.0.1:{port}/{db}?pool_size=10",
    "Go pgx": "postgres://{role}:{password}@127.0.0.1:{port}/{db}"
              "?sslmode=disable&pool_max_conns=10&statement_cache_capacity=0",
    "node": "postgres://{role}:{password}@127.0.0.1:{port}/{db}?ssl=false&statement_timeout=1000",
    "libpq's own parameters": "postgresql:///{db}?host=127.0.0.1&port={port}&user={role}"
                              "&password={password}",
    "several hosts": "postgresql://{role}:{password}@127.0.0.1:1,127.0.0.1:{port}/{db}",
    "a Unix socket": "postgresql://{role}:{password}@/{db}?host={folder}&port={port}",
    "a Unix socket as host": "postgresql://{role}:{password}@{folder}:{port}/{db}",
    "keywords": "host=127.0.0.1 port={port} dbname={db} user={role} password='{conninfo_password}'",
    "spaces around": "  postgresql://{role}:{password}@127.0.0.1:{port}/{db}\n",
}


@pytest.mark.parametrize("url", URLS.values(), ids=URLS)
def test_a_URL_as_applications_write_it(server, filled, role, url, start):
    url = url.format(**parts(server, filled, role))
    sidecar = start(env={"DATABASE_URL": url, "SCHEMALATCH_TABLES": "users,app.people"},
                    secrets=(PASSWORD, quote(PASSWORD, safe="")))
    sidecar.wait_ready()


def test_parameters_of_drivers_are_dropped_with_one_log_line(server, filled, role, start):
    url = filled.url(role, PASSWORD, pool_timeout=10, connection_limit=5)
    sidecar = start(configuration(url, tables("users"), keepConnection="never"))
    sidecar.wait_ready().wait_round(rounds=2)
    lines = [e for e in sidecar.told() if "pool_timeout" in e["message"] or "pool_timeout" in str(e)]
    assert len(lines) == 1, sidecar.log_text()
    assert "connection_limit" in sidecar.log_text()


@pytest.mark.parametrize("name", ["schema", "currentSchema"])
def test_a_schema_in_the_URL_is_the_schema_of_unqualified_names(filled, name):
    asked = configuration(filled.url(**{name: "app"}), tables("people"))
    assert ask(asked)["reason"] == "ok"
    asked = configuration(filled.url(**{name: "app"}), tables("users"))
    assert ask(asked)["reason"] == "missing"


def test_a_configured_schema_goes_before_the_one_in_the_URL(filled):
    asked = configuration(filled.url(schema="app"), tables("users"), schema="public")
    assert ask(asked)["reason"] == "ok"


# --- precedence and files --------------------------------------------------------------------------

def test_precedence_of_flag_environment_and_plain_DATABASE_URL(server, filled):
    wrong, right = server.database("nowhere").url(), filled.url()
    wanted = {"SCHEMALATCH_TABLES": "users"}
    rows = (
        ((), {"DATABASE_URL": right}),
        ((), {"DATABASE_URL": wrong, "SCHEMALATCH_DATABASE_URL": right}),
        (("--database-url", right), {"DATABASE_URL": wrong, "SCHEMALATCH_DATABASE_URL": wrong}),
        (("--database-url=" + right, "--tables", "app.people"), {"SCHEMALATCH_TABLES": "nothing"}),
    )
    for flags, env in rows:
        result = run("check", *flags, env={**wanted, **env})
        assert result.code == 0, (flags, env, result)


def test_DATABASE_URL_does_not_disturb_a_file(server, filled, start):
    """Most pods have it; only our own variables together with a file are a contradiction."""
    env = {"DATABASE_URL": server.database("nowhere").url()}
    start(configuration(filled.url(), tables("users")), env=env).wait_ready()


def test_libpq_environment_alone(server, filled, role):
    env = {"PGHOST": "127.0.0.1", "PGPORT": server.port, "PGUSER": role, "PGDATABASE": filled.name,
           "PGPASSWORD": PASSWORD, "SCHEMALATCH_TABLES": "users"}
    assert run("check", env=env).code == 0
    env["PGPASSWORD"] = "another"
    assert run("check", env=env).code == 3


def test_libpq_environment_completes_a_URL(server, filled, role):
    config = configuration(f"postgresql:///{filled.name}", tables("users"))
    env = {"PGHOST": server.folder, "PGPORT": server.port, "PGUSER": role, "PGPASSWORD": PASSWORD}
    assert run("check", config=config, env=env).code == 0


def test_a_file_without_url_uses_libpq(server, filled, role):
    config = configuration(None, tables("users"))
    env = {"PGHOST": "127.0.0.1", "PGPORT": server.port, "PGUSER": role, "PGDATABASE": filled.name,
           "PGPASSWORD": PASSWORD}
    assert run("check", config=config, env=env).code == 0


def test_urlFile_by_key_and_by_environment(filled, tmp_path):
    file = tmp_path / "url"
    file.write_text(filled.url() + "\n", encoding="utf-8")
    config = configuration(None, tables("users"), urlFile=str(file))
    assert run("check", config=config).code == 0
    env = {"SCHEMALATCH_DATABASE_URL_FILE": file, "SCHEMALATCH_TABLES": "users"}
    assert run("check", env=env).code == 0


def test_urlFile_is_read_anew_at_every_connect(server, filled, tmp_path, start):
    other = server.create_database()
    file = tmp_path / "url"
    file.write_text(other.url(), encoding="utf-8")
    sidecar = start(configuration(None, tables("users"), urlFile=str(file), keepConnection="never"))
    sidecar.wait_check(reason="missing")
    rotated = tmp_path / "new"
    rotated.write_text(filled.url(), encoding="utf-8")
    os.replace(rotated, file)
    sidecar.wait_ready()


def test_a_secret_volume_that_is_swapped(server, filled, tmp_path, start):
    """Kubernetes rotates a Secret by turning the link `..data` to another folder."""
    role = server.create_role(password="first one")
    for name, text in (("..1", "first one"), ("..2", "second one")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "password").write_text(text, encoding="utf-8")
    (tmp_path / "..data").symlink_to("..1")
    (tmp_path / "password").symlink_to("..data/password")
    sidecar = start(configuration(filled.url(role), tables("users"), keepConnection="never",
                                  passwordFile=str(tmp_path / "password")),
                    secrets=("first one", "second one"))
    sidecar.wait_ready()
    server.set_password(role, "second one")
    sidecar.wait_check(reason="login")
    (tmp_path / "..tmp").symlink_to("..2")
    os.replace(tmp_path / "..tmp", tmp_path / "..data")
    sidecar.wait_check(reason="ok", limit_s=40)


def test_passwordFile_goes_before_the_password_of_the_URL(filled, role, tmp_path):
    file = tmp_path / "password"
    file.write_text(PASSWORD + "\n", encoding="utf-8")
    config = configuration(filled.url(role, "outdated"), tables("users"), passwordFile=str(file))
    assert run("check", config=config).code == 0


def test_a_password_file_of_libpq(server, filled, role, tmp_path):
    escaped = PASSWORD.replace("\\", "\\\\").replace(":", "\\:")
    file = tmp_path / "pgpass"
    file.write_text(f"127.0.0.1:{server.port}:*:{role}:{escaped}\n", encoding="utf-8")
    file.chmod(0o600)
    by_environment = run("check", config=configuration(filled.url(role), tables("users")),
                         env={"PGPASSFILE": file})
    assert by_environment.code == 0, by_environment
    by_url = run("check", config=configuration(filled.url(role, passfile=file), tables("users")))
    assert by_url.code == 0, by_url


def test_a_service_file_of_libpq(server, filled, role, tmp_path):
    escaped = PASSWORD  # a service file takes the rest of the line as it is
    file = tmp_path / "services"
    file.write_text(f"[shop]\nhost=127.0.0.1\nport={server.port}\ndbname={filled.name}\n"
                    f"user={role}\npassword={escaped}\n", encoding="utf-8")
    env = {"PGSERVICEFILE": file}
    by_environment = run("check", env={**env, "PGSERVICE": "shop", "SCHEMALATCH_TABLES": "users"})
    assert by_environment.code == 0, by_environment
    by_url = run("check", config=configuration("postgresql://?service=shop", tables("users")), env=env)
    assert by_url.code == 0, by_url


def test_a_missing_urlFile_is_told_by_its_key(tmp_path):
    """Never by its value: whoever takes one key for the other has written the URL itself there."""
    result = run("check", config=configuration(None, tables("users"), urlFile="postgresql://u:secret@h/d"))
    assert result.code == 2
    assert "/databases/0/urlFile: urlFile cannot be read: No such file" in result.err
    assert "secret" not in result.out + result.err


# --- TLS -----------------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def certificate():
    return make_certificate("localhost", "db.test")


@pytest.fixture(scope="module")
def tls_database(certificate):
    with Postgres(certificate=certificate) as running:
        database = running.create_database()
        database.execute("CREATE TABLE users (id int)")
        yield database


def encrypted(database):
    """Whether the sidecar's session is, as the server sees it."""
    rows = database.execute("SELECT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)"
                            " WHERE starts_with(application_name, 'schemalatch')")
    return [ssl for ssl, in rows]


ENCRYPTED = {
    "require": {"sslmode": "require"},
    "as asyncpg and others write it": {"ssl": "require"},
    "as JDBC and node write it": {"ssl": "true"},
    "prefer is the default": {},
    "verify-ca": {"sslmode": "verify-ca", "sslrootcert": True},
    "verify-full": {"sslmode": "verify-full", "sslrootcert": True},
}


@pytest.mark.parametrize("parameters", ENCRYPTED.values(), ids=ENCRYPTED)
def test_an_encrypted_session(tls_database, certificate, start, parameters):
    if "sslrootcert" in parameters:
        parameters = {**parameters, "sslrootcert": certificate.authority_file}
    url = tls_database.url(host="localhost", **parameters)
    sidecar = start(configuration(url, tables("users"))).wait_ready()
    wait_until(lambda: encrypted(tls_database) == [True], what="one session, encrypted")
    assert not [e for e in sidecar.told() if "encrypt" in e["message"].lower()]


REFUSED = {
    "a name that the certificate lacks": ("127.0.0.1", "verify-full", "own"),
    "another authority": ("localhost", "verify-full", "foreign"),
    "another authority, name not looked at": ("localhost", "verify-ca", "foreign"),
}


@pytest.mark.parametrize("host, mode, authority", REFUSED.values(), ids=REFUSED)
def test_a_certificate_that_does_not_verify_is_login(tls_database, certificate, host, mode, authority):
    trusted = certificate if authority == "own" else make_certificate("localhost")
    url = tls_database.url(host=host, sslmode=mode, sslrootcert=trusted.authority_file)
    check = ask(configuration(url, tables("users")))
    assert (check["verdict"], check["reason"]) == ("unknown", "login"), check


def test_require_on_a_server_without_TLS_is_login(filled):
    check = ask(configuration(filled.url(sslmode="require"), tables("users")))
    assert (check["verdict"], check["reason"]) == ("unknown", "login"), check


def test_an_unencrypted_session_is_logged_once(filled, start):
    sidecar = start(configuration(filled.url(), tables("users"), keepConnection="never"))
    sidecar.wait_ready()
    sidecar.wait_until(lambda s: s.metrics().value("schemalatch_connects_total") >= 3)
    found = [e for e in sidecar.told() if "encrypt" in e["message"].lower()]
    assert len(found) == 1 and found[0]["level"].startswith("warn"), sidecar.log_text()


def test_a_session_that_was_not_asked_to_be_encrypted_is_no_warning(filled, start):
    sidecar = start(configuration(filled.url(sslmode="disable"), tables("users"))).wait_ready()
    assert not [e for e in sidecar.told() if "encrypt" in e["message"].lower()]
