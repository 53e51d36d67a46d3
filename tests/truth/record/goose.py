"""goose (pressly)."""

import re

from record.capture import clocks
from record.golang import install
from record.tool import Expect, Tool, state

WITHOUT = "no_clickhouse no_libsql no_mssql no_mysql no_spanner no_sqlite3 no_vertica no_ydb"
# How the table looked, and was filled, before identity columns and before rollbacks deleted rows.
LEGACY = """\
CREATE TABLE goose_db_version (id serial NOT NULL, version_id bigint NOT NULL,
    is_applied boolean NOT NULL, tstamp timestamp NULL DEFAULT now(), PRIMARY KEY (id));
INSERT INTO goose_db_version (version_id, is_applied, tstamp) VALUES
    (0, true, '2020-01-01'), (20260101090000, true, '2020-01-02'), (20260201090000, true, '2020-01-03'),
    (20260301090000, true, '2020-01-04'), (20260301090000, false, '2020-01-05')
"""


class Goose(Tool):
    name = "goose"
    version = "3.30.0"
    tables = ("public.goose_db_version",)
    rules = {"public.goose_db_version": {"tstamp": clocks}}
    orders = {"public.goose_db_version": "id"}
    baselined = None

    def install(self):
        install(self.folder, "github.com/pressly/goose/v3", "cmd/goose", self.version, WITHOUT)

    def goose(self, folder, *words):
        return self.run(self.folder / "goose", "-dir", folder, "postgres", self.url(sslmode="disable"),
                        *words)

    def migrate(self, folder):
        return self.goose(folder, "up")

    def undo(self, folder):
        return self.goose(folder, "down")

    def pending(self, folder):
        status = self.done(self.goose(folder, "status"))
        status += self.goose(folder, "status").stderr
        return list(dict.fromkeys(re.findall(r"Pending\s+-- (\d+)_", status)))

    @state
    def legacy(self):
        """A table of an old version, made by hand: a rollback has left a row instead of deleting."""
        self.database.execute(LEGACY)
        return Expect("behind", ("3",))

    @state
    def out_of_order(self):
        """A migration of a side branch applied late, after the third one."""
        self.apply("release")
        self.done(self.goose(self.compose("release", "side"), "-allow-missing", "up"))
        return Expect("ahead")
