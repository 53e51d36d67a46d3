"""What a tool has left, as plain SQL that is the same at every recording."""

import re
import subprocess
from uuid import UUID

from support.postgres import SUPERUSER, program, quoted

# --- what differs from one recording to the next ------------------------------------------------
# A rule gets the values of one column, as text and in the order of the rows; None is a NULL.


def _ranked(values, rank):
    """Times as one a minute, by a rank among the times that are there."""
    order = rank([value for value in values if value is not None])
    return [None if v is None else f"2026-01-01 {r // 60:02}:{r % 60:02}:00"
            for v, r in zip(values, order(values))]


def _distinct(present):
    places = {value: place for place, value in enumerate(sorted(set(present)))}
    return lambda values: [places.get(value, 0) for value in values]


def _one_after_another(present):
    places = iter(range(len(present)))
    return lambda values: [0 if value is None else next(places) for value in values]


def moments(values):
    """Times of transactions: those that are alike stay alike."""
    return _ranked(values, _distinct)


def clocks(values):
    """Times of a clock, which may by chance be alike: in the order of the rows."""
    return _ranked(values, _one_after_another)


def always(text):
    """Durations, people and machines."""
    return lambda values: [None if value is None else text for value in values]


def uuids(values):
    """Identifiers drawn by chance, numbered in the order of the rows."""
    return [None if v is None else str(UUID(int=n + 1)) for n, v in enumerate(values)]


# --- reading ------------------------------------------------------------------------------------


def _definitions(database, tables):
    """The tables, sequences and indexes, by pg_dump, without its comments and settings."""
    server = database.server
    command = [program("pg_dump"), "-h", server.folder, "-p", server.port, "-U", SUPERUSER,
               "--schema-only", "--no-owner", "--no-privileges", "--no-comments"]
    command += [word for table in tables for word in ("-t", table)]
    done = subprocess.run([*map(str, command), database.name], capture_output=True, text=True)
    if done.returncode:
        return ""  # none of the tables is there
    kept = [line for line in done.stdout.splitlines()
            if not re.match(r"--|SET |SELECT pg_catalog\.set_config|\\(un)?restrict", line)]
    return re.sub(r"\n{2,}", "\n\n", "\n".join(kept)).strip() + "\n"


def _literal(text):
    return "NULL" if text is None else "'" + text.replace("'", "''") + "'"


def _rows(database, table, rules, order):
    """INSERT statements in an order that does not depend on where the rows lie."""
    found = database.execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0"
        " AND NOT attisdropped ORDER BY attnum", (table,))
    names = [name for name, in found]
    texts = ", ".join(f"{quoted(name)}::text" for name in names)
    rows = database.execute(f"SELECT {texts} FROM {table} ORDER BY {order or '1, 2'}"
                            if len(names) > 1 or order else f"SELECT {texts} FROM {table} ORDER BY 1")
    columns = [rules.get(name, list)(list(values)) for name, values in zip(names, zip(*rows))]
    shown = ", ".join(map(quoted, names))
    for row in zip(*columns):
        yield f"INSERT INTO {table} ({shown}) VALUES ({', '.join(map(_literal, row))});\n"


def history(database, tables, rules, orders):
    """SQL that makes the tables again, as far as they are there; "" where none is.

    tables are names as SQL writes them, schemas included; rules and orders go by them."""
    there = [table for table in tables
             if database.execute("SELECT to_regclass(%s) IS NOT NULL", (table,))[0][0]]
    if not there:
        return ""
    schemas = sorted({table.partition(".")[0] for table in there} - {"public"})
    text = "".join(f"CREATE SCHEMA {schema};\n\n" for schema in schemas)
    text += _definitions(database, there)
    for table in there:
        lines = list(_rows(database, table, rules.get(table, {}), orders.get(table)))
        text += "\n" * bool(lines) + "".join(lines)
    return text
