"""How Alembic reaches the database. Run by the migration Job; in development by start.sh."""

import logging
from logging.config import fileConfig

from alembic import context
from alembic.script import ScriptDirectory
from sqlalchemy import text

from service.database import engine

LOCK = 4_112_760_001  # any number, the same in every release
LOCK_TIMEOUT = "5s"  # no migration queues for longer before the service's own statements

fileConfig(context.config.config_file_name, disable_existing_loggers=False)


def is_ahead():
    """Whether a newer release has migrated. Alembic fails on a revision that it does not know; after
    a rollback there is nothing to do, and the Job of the older release says so: `-x ahead=ok`."""
    known = {script.revision for script in ScriptDirectory.from_config(context.config).walk_revisions()}
    unknown = set(context.get_context().get_current_heads()) - known
    if unknown:
        logging.getLogger("alembic").info("the database is ahead of this release: %s", ", ".join(unknown))
    return bool(unknown)


def migrate():
    with engine.connect() as connection:
        context.configure(connection=connection)
        with context.begin_transaction():
            # One at a time: a second Job, or replicas that migrate themselves, wait here for the first.
            connection.execute(text(f"SELECT pg_advisory_xact_lock({LOCK})"))
            connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'"))
            may_be_ahead = context.get_x_argument(as_dictionary=True).get("ahead") == "ok"
            if not (may_be_ahead and is_ahead()):
                context.run_migrations()


migrate()
