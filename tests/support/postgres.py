"""A real PostgreSQL server: own data folder, own socket folder, own port on loopback.

    with Postgres() as server:                      # or the fixture `server`, one per module
        database = server.create_database()         # a fresh name unless given
        database.execute("CREATE TABLE users (id int)")
        role = server.create_role(password="s3cret")
        database.url(user=role)                     # postgresql://role@127.0.0.1:PORT/name
        server.stop("fast"); server.start()
        server.kill(); server.freeze(); server.thaw(); server.restart()

Which PostgreSQL: the folder in SCHEMALATCH_PG_BIN. SQL goes through psycopg2 over the Unix socket
as the superuser, so that it works whatever a test does to authentication. Over TCP a role with a
password logs in by SCRAM, one without is trusted.
"""

import functools
import itertools
import os
import shutil
import signal
import subprocess
from pathlib import Path
from urllib.parse import quote, urlencode

import psycopg2

from support.processes import (
    free_port,
    freeze,
    guarded,
    is_alive,
    own_by_service,
    scratch_folder,
    service_account,
    signal_all,
)
from support.waiting import PATIENCE, wait_until

SUPERUSER = "postgres"
PASSWORD_GROUP = "with_password"

SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "max_wal_size": "64MB",
    "dynamic_shared_memory_type": "mmap",  # in the data folder: gone with it, also after a SIGKILL
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "shared_buffers": "16MB",
    "max_connections": "60",
    "autovacuum": "off",
    "lc_messages": "C",
    "log_connections": "on",
    "log_disconnections": "on",
    "log_line_prefix": "%m [%p] %q%u@%d/%a ",
}

REPLICATED = {"wal_level": "replica", "max_wal_senders": "4", "hot_standby": "on"}

HBA = f"""
local replication {SUPERUSER} trust
local all {SUPERUSER} trust
local all +{PASSWORD_GROUP} scram-sha-256
local all all trust
host all +{PASSWORD_GROUP} all scram-sha-256
host all all all trust
"""

STOP_SIGNALS = {"smart": signal.SIGTERM, "fast": signal.SIGINT, "immediate": signal.SIGQUIT}


def program(name):
    folder = Path(os.environ.get("SCHEMALATCH_PG_BIN") or "/usr/lib/postgresql/15/bin")
    path = folder / name
    assert path.exists(), f"{path} does not exist: set SCHEMALATCH_PG_BIN to PostgreSQL's programs"
    return path


def client():
    """psql is Debian's, whichever version the server is: not every package of one brings its own."""
    path = Path("/usr/lib/postgresql/15/bin/psql")
    assert path.exists(), f"{path} does not exist: install postgresql-client-15"
    return path


@functools.cache
def version():
    """For people: "postgres (PostgreSQL) 15.18"."""
    return subprocess.check_output([program("postgres"), "--version"], text=True).strip()


@functools.cache
def template_folder():
    """A data folder as initdb leaves it, made once; servers start from copies of it."""
    folder = scratch_folder("template", for_service=True, in_memory=True) / "data"
    command = [program("initdb"), "-D", folder, "-U", SUPERUSER, "--auth=trust", "--no-sync"]
    command += ["--encoding=UTF8", "--locale=C", "--wal-segsize=1"]
    done = subprocess.run(
        guarded(command, drop_root=True), cwd="/", capture_output=True, text=True
    )
    assert done.returncode == 0, f"initdb failed:\n{done.stdout}{done.stderr}"
    return folder


def quoted(name):
    """name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


class Postgres:
    """One server. settings overrides lines of postgresql.conf, hba replaces pg_hba.conf,
    certificate (see certificates.py) turns TLS on."""

    def __init__(self, settings=None, *, hba=HBA, address="127.0.0.1", port=None, certificate=None):
        self.address = address
        self.port = port or free_port(address)
        self.folder = scratch_folder("pg", for_service=True, in_memory=True)
        self.data = self.folder / "data"
        self.log_file = self.folder / "log"
        self.process = None
        self._numbers = itertools.count(1)
        self._frozen = []
        self._databases = []
        shutil.copytree(template_folder(), self.data)
        self._configure({**SETTINGS, **(settings or {})}, certificate)
        self.write_hba(hba)
        own_by_service(self.data)

    def make_standby(self):
        """A hot standby of this server, which must have been started with REPLICATED; not started
        yet. Its data folder is a copy made while this server was stopped."""
        self.stop()
        standby = Postgres()
        shutil.rmtree(standby.data)
        shutil.copytree(self.data, standby.data)
        standby.configure({
            **SETTINGS, **REPLICATED, "port": standby.port,
            "listen_addresses": standby.address, "unix_socket_directories": standby.folder,
            "primary_conninfo": f"host={self.folder} port={self.port} user={SUPERUSER}",
        })
        (standby.data / "standby.signal").touch()
        own_by_service(standby.data)
        self.start()
        return standby

    def promote(self):
        self.execute("SELECT pg_promote()")

    def configure(self, settings):
        with open(self.data / "postgresql.conf", "a", encoding="utf-8") as file:
            file.writelines(f"{key} = '{value}'\n" for key, value in settings.items())

    def _configure(self, settings, certificate):
        settings["port"] = self.port
        settings["listen_addresses"] = self.address
        settings["unix_socket_directories"] = self.folder
        if certificate:
            settings["ssl"] = "on"
            shutil.copy(certificate.certificate_file, self.data / "server.crt")
            shutil.copy(certificate.key_file, self.data / "server.key")
            (self.data / "server.key").chmod(0o600)
        self.configure(settings)

    def write_hba(self, hba):
        """Replaces pg_hba.conf; a running server takes it up at reload()."""
        (self.data / "pg_hba.conf").write_text(hba, encoding="utf-8")

    # --- life -----------------------------------------------------------------------------------

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.close()

    def start(self):
        """Starts the server and returns it once it answers."""
        self.launch()
        self.wait_answers()
        self.execute(
            f"DO $$ BEGIN CREATE ROLE {PASSWORD_GROUP} NOLOGIN;"
            " EXCEPTION WHEN duplicate_object OR read_only_sql_transaction THEN NULL; END $$"
        )
        return self

    def wait_answers(self):
        """For a server that starts, or recovers from a crash."""
        wait_until(self._answers, 60, lambda: f"PostgreSQL to answer\n{self.log_text()[-2000:]}")

    def launch(self):
        """Starts the server without waiting for it."""
        assert not self.is_running(), "this server runs already"
        with open(self.log_file, "ab") as log:
            self.process = subprocess.Popen(
                guarded([program("postgres"), "-D", self.data], "QUIT", drop_root=True),
                cwd="/", stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={"PATH": os.environ["PATH"], "TZ": "UTC"}, start_new_session=True,
            )

    def _answers(self):
        assert self.process.poll() is None, f"PostgreSQL ended:\n{self.log_text()[-2000:]}"
        try:
            self.connect().close()
        except psycopg2.OperationalError:
            return False
        return True

    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def stop(self, mode="fast"):
        """smart, fast or immediate, as pg_ctl names them; returns when the server is gone."""
        self.thaw()
        self.process.send_signal(STOP_SIGNALS[mode])
        self.process.wait(30 * PATIENCE)
        return self

    def restart(self, mode="fast"):
        return self.stop(mode).start()

    def kill(self):
        """SIGKILL for the server and all its backends at once: no farewell to any client. When it
        returns, none is left that would keep the next server from starting; frozen first, it can't
        have had another one meanwhile."""
        everyone = freeze(self.process.pid)
        signal_all(everyone, signal.SIGKILL)
        self.process.wait(30 * PATIENCE)
        wait_until(lambda: not any(map(is_alive, everyone)), 30, "the killed backends to be gone")
        self._frozen = []
        return self

    def freeze(self):
        """The kernel still takes connections and bytes, but nobody reads them: a hung server."""
        self._frozen = freeze(self.process.pid)
        return self

    def thaw(self):
        signal_all(reversed(self._frozen), signal.SIGCONT)
        self._frozen = []
        return self

    def mend(self):
        """Undoes what a test may have done: the server runs, with nothing of ours in it."""
        self.thaw()
        if not self.is_running():
            self.start()
        self.wait_answers()
        self.write_hba(HBA)
        self.reload()
        while self._databases:
            self._databases.pop().drop()
        os.truncate(self.log_file, 0)
        return self

    def close(self):
        """Ends the server from any state and removes all it had."""
        if self.is_running():
            self.kill()
        self._remove_shared_memory()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _remove_shared_memory(self):
        """A killed server leaves its System V segment, named in line 7 of its lock file."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return
        if len(lines) > 6:
            segment = lines[6].split()[1]
            subprocess.run(["ipcrm", "-m", segment], check=False, capture_output=True)

    # --- talking to it --------------------------------------------------------------------------

    def connect(self, database="postgres", user=SUPERUSER, **keywords):
        """An autocommit connection over the Unix socket; keywords are libpq's."""
        connection = psycopg2.connect(
            host=str(self.folder), port=self.port, dbname=database, user=user,
            **{"application_name": "test", "connect_timeout": 10, **keywords},
        )
        connection.autocommit = True
        return connection

    def execute(self, sql, parameters=None, database="postgres"):
        """Runs SQL as the superuser; gives the rows, or [] where there are none."""
        connection = self.connect(database)
        try:
            cursor = connection.cursor()
            cursor.execute(sql, parameters)
            return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()

    def reload(self):
        self.execute("SELECT pg_reload_conf()")

    def log_text(self):
        """What the server has logged so far."""
        return self.log_file.read_text(encoding="utf-8", errors="replace")

    def log_lines(self, *words):
        """The log's lines that hold all words."""
        return [line for line in self.log_text().splitlines() if all(w in line for w in words)]

    def sessions(self, application="schemalatch"):
        """Sessions whose application_name begins so, as (pid, database, application_name, state)."""
        return self.execute(
            "SELECT pid, datname, application_name, state FROM pg_stat_activity"
            " WHERE starts_with(application_name, %s) ORDER BY pid", (application,)
        )

    # --- what is in it --------------------------------------------------------------------------

    def create_database(self, name=None, template="template0"):
        name = name or f"database_{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {quoted(name)} TEMPLATE {quoted(template)}")
        self._databases.append(Database(self, name))
        return self._databases[-1]

    def database(self, name):
        """A database that is there already, or is not yet."""
        return Database(self, name)

    def create_role(self, name=None, password=None, options=""):
        """A role that may log in and has no right but PUBLIC's; gives its name."""
        name = name or f"role_{next(self._numbers)}"
        self.execute(f"CREATE ROLE {quoted(name)} LOGIN {options}")
        if password is not None:
            self.set_password(name, password)
            self.execute(f"GRANT {PASSWORD_GROUP} TO {quoted(name)}")
        return name

    def set_password(self, role, password):
        self.execute(f"ALTER ROLE {quoted(role)} PASSWORD %s", (password,))

    def url(self, database="postgres", user=SUPERUSER, password=None, *, host=None, port=None,
            scheme="postgresql", **parameters):
        """A URL as an application would write it, over TCP."""
        login = quote(user, safe="") + (f":{quote(password, safe='')}" if password else "")
        place = f"{host or self.address}:{port or self.port}/{quote(database, safe='')}"
        return f"{scheme}://{login}@{place}" + (f"?{urlencode(parameters)}" if parameters else "")


class Database:
    """One database of a server."""

    def __init__(self, server, name):
        self.server = server
        self.name = name

    def execute(self, sql, parameters=None):
        return self.server.execute(sql, parameters, self.name)

    def connect(self, user=SUPERUSER, **keywords):
        return self.server.connect(self.name, user, **keywords)

    def url(self, user=SUPERUSER, password=None, **keywords):
        return self.server.url(self.name, user, password, **keywords)

    def drop(self):
        """Ends all its sessions and drops it, where it is still there."""
        self.server.execute(f"DROP DATABASE IF EXISTS {quoted(self.name)} WITH (FORCE)")

    def locked(self, table):
        """An open transaction that holds ACCESS EXCLUSIVE on a table; close() ends it."""
        connection = self.connect()
        connection.autocommit = False
        connection.cursor().execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        return connection


__all__ = ["Database", "Postgres", "SUPERUSER", "client", "program", "quoted", "service_account", "version"]
