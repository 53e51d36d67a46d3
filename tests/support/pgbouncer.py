"""A real PgBouncer in transaction mode in front of a server.

    with PgBouncer(server, {"role": "password"}) as pooler:
        server.url(database.name, "role", "password", port=pooler.port)
"""

import shutil
import signal
import subprocess

import psycopg2

from support.processes import free_port, guarded, own_by_service, scratch_folder
from support.waiting import PATIENCE, wait_until

CONFIGURATION = """
[databases]
* = host={host} port={server_port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
pool_mode = transaction
auth_type = scram-sha-256
auth_file = {folder}/userlist.txt
logfile = {folder}/log
pidfile =
default_pool_size = {pool_size}
server_login_retry = 1
log_connections = 1
"""


class PgBouncer:
    """logins: role -> password of those who may come in (and are let in below with the same).
    pool_size: server connections of one database and role, shared by all its clients."""

    def __init__(self, server, logins, pool_size=1):
        path = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin:/sbin")
        assert path, "pgbouncer is not installed"
        self._program = path
        self.port = free_port()
        self.folder = scratch_folder("pgbouncer", for_service=True)
        self.process = None
        lines = [f'"{role}" "{password}"\n' for role, password in logins.items()]
        (self.folder / "userlist.txt").write_text("".join(lines), encoding="utf-8")
        text = CONFIGURATION.format(host=server.address, server_port=server.port, port=self.port,
                                    folder=self.folder, pool_size=pool_size)
        (self.folder / "pgbouncer.ini").write_text(text, encoding="utf-8")
        own_by_service(self.folder)

    def __enter__(self):
        self.process = subprocess.Popen(
            guarded([self._program, "-q", self.folder / "pgbouncer.ini"], drop_root=True), cwd="/",
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        wait_until(self._listens, 20, lambda: f"PgBouncer to listen\n{self.log_text()}")
        return self

    def _listens(self):
        """It answers, with a refusal, anybody who is not in its list."""
        assert self.process.poll() is None, f"PgBouncer ended:\n{self.log_text()}"
        try:
            psycopg2.connect(host="127.0.0.1", port=self.port, user="nobody", dbname="none",
                             password="none", connect_timeout=5).close()
        except psycopg2.OperationalError as refusal:
            return "refused" not in str(refusal)
        return True

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(10 * PATIENCE)
        shutil.rmtree(self.folder, ignore_errors=True)

    def log_text(self):
        path = self.folder / "log"
        return path.read_text(encoding="utf-8") if path.exists() else ""
