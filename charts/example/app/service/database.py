"""Where the database is: a file, read anew at each connect, so that a rotated password needs no restart."""

import os
import re
from pathlib import Path

import psycopg2
from sqlalchemy import create_engine


def connect():
    url = Path(os.environ["DATABASE_URL_FILE"]).read_text(encoding="utf-8").strip()
    return psycopg2.connect(re.sub(r"^postgres(ql)?(\+\w+)?:", "postgresql:", url))


engine = create_engine("postgresql://", creator=connect, pool_size=2, pool_pre_ping=True)
