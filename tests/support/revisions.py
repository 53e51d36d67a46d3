"""Alembic revision files and version tables, written by hand."""

from pathlib import Path

TEMPLATE = '''"""{message}

Revision ID: {id}
Revises: {down_text}

"""
from alembic import op

# revision identifiers, used by Alembic.
revision = {id!r}
down_revision = {down!r}
branch_labels = {labels!r}
depends_on = {depends!r}


def upgrade():
    pass


def downgrade():
    pass
'''


def write_revision(folder, id, down=None, labels=None, depends=None, message="a step"):
    """One revision file as Alembic's own template makes it; gives its path."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{id}_{message.replace(' ', '_')}.py"
    path.write_text(TEMPLATE.format(message=message, id=id, down=down, down_text=down or "",
                                    labels=labels, depends=depends), encoding="utf-8")
    return path


def write_history(folder, history):
    """history: id -> what it follows (None, an id, a tuple of ids). Gives the folder."""
    for id, down in history.items():
        write_revision(folder, id, down)
    return folder


def line_of(*ids):
    """A history in which each id follows the one before."""
    return dict(zip(ids, (None, *ids)))


def set_versions(database, *ids, schema="public", table="alembic_version"):
    """Makes the version table, where it is not there, and gives it exactly these rows, in one
    transaction as Alembic would."""
    name = f'"{schema}"."{table}"'
    connection = database.connect()
    connection.autocommit = False
    with connection, connection.cursor() as cursor:
        cursor.execute(f'CREATE SCHEMA IF NOT EXISTS "{schema}"')
        cursor.execute(
            f"CREATE TABLE IF NOT EXISTS {name} (version_num varchar(32) NOT NULL PRIMARY KEY)")
        cursor.execute(f"DELETE FROM {name}")
        for id in ids:
            cursor.execute(f"INSERT INTO {name} VALUES (%s)", (id,))
    connection.close()
