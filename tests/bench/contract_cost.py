"""What a contract costs: the server, a look at all of 1,000 tables with their columns, keys, indexes,
constraints and privileges, against one SELECT EXISTS from information_schema for each table alone; and
us, the memory that a contract of 10,000 tables takes.
"""

import json

from bench.figure import BYTES, SECONDS, Figure, at_most, median, spread
from bench.instruments import memory
from bench.round_cost import ROLE, backend_of, big_database, naive_session, rounds_cost
from support.postgres import Postgres
from support.processes import scratch_folder
from support.sidecar import Sidecar, configuration, tables

TABLES = 1000
OTHERS = 10000
BIG = 10000

TYPES = {
    "id": "bigint", "name": "text", "customer_id": "bigint", "state": "varchar(20)",
    "total": "numeric(12,2)", "paid": "boolean", "tags": "text[]", "document": "jsonb",
    "created_at": "timestamptz", "updated_at": "timestamptz",
}
FILLED = {"id", "name", "customer_id", "created_at"}
COLUMNS = {c: {"type": kind, **({"nullable": False} if c in FILLED else {})} for c, kind in TYPES.items()}


def table(name):
    return {
        "columns": COLUMNS,
        "primaryKey": ["id"],
        "indexes": {f"{name}_customer_id_idx": {}},
        "constraints": {f"{name}_customer_id_fkey": {}, f"{name}_total_check": {}},
        "privileges": ["SELECT", "INSERT", "UPDATE", "DELETE"],
    }


def contract(count, *others):
    """A file with that many tables of ten columns; others are wanted as well."""
    wanted = {name: table(name) for name in (f"expected_{n}" for n in range(1, count + 1))}
    wanted.update((name, {}) for name in others)
    path = scratch_folder("contract") / "contract.json"
    path.write_text(json.dumps({"schemalatch": 1, "schemas": {"public": {"tables": wanted}}}))
    return path


def check(path):
    return {"kind": "contract", "file": str(path)}


def looks(short):
    """One table is missing, so that no round is a glance."""
    path = contract(TABLES, "missing")
    ours, theirs = [], []
    with (big_database(TABLES, OTHERS) as database, naive_session(database, TABLES) as naive,
          Sidecar(configuration(database.url(ROLE), check(path), timeout="20s")) as sidecar):
        message = sidecar.wait_check("contract", reason="missing", limit_s=60)["message"]
        assert message.startswith("table public.missing is missing; run"), message
        pid = backend_of(sidecar, database.server)
        rounds_cost(sidecar, pid, 3)  # fills the backend's caches
        for _ in range(4 if short else 10):
            theirs.append(naive())
            ours.append(rounds_cost(sidecar, pid, 5))
        assert pid == backend_of(sidecar, database.server), "the connection was not kept"
    return ours, theirs


def resident(url, wanted, reason):
    """After a few rounds; whether the tables are there makes no difference to us."""
    with Sidecar(configuration(url, wanted, timeout="20s")) as sidecar:
        sidecar.wait_check(wanted["kind"], reason=reason, limit_s=60)
        sidecar.wait_round(rounds=5)
        return memory(sidecar.pid)["rss"]


def growth():
    """Bytes that contracts of half the tables and of all of them take, and those of the file."""
    whole = contract(BIG)
    with Postgres() as server:
        server.execute("CREATE TABLE users (id int)")
        without = resident(server.url(), tables("users"), "ok")
        half = resident(server.url(), check(contract(BIG // 2)), "missing")
        return half - without, resident(server.url(), check(whole), "missing") - without, \
            whole.stat().st_size


def measure(short):
    ours, theirs = looks(short)
    yield Figure(
        f"server CPU of a look at a contract of {TABLES:,} tables ÷ SELECT EXISTS for each",
        median(ours), median(theirs), SECONDS, at_most(1 / 8),
        {"look": spread(ours), "naive": spread(theirs), "otherTables": OTHERS},
    )
    half, whole, file = growth()
    yield Figure(
        f"resident memory of a contract of {BIG:,} tables × 10 columns ÷ its file",
        whole, file, BYTES, at_most(4), {"bytesPerTable": whole / BIG},
    )
    yield Figure("the same ÷ twice that of half the tables", whole, 2 * half, BYTES, at_most(1.25))
