#include "tool.h"

#include <string.h>

#include "hooks.h"

extern const struct history_engine history_engine_alembic;
extern const struct history_engine history_engine_set;
extern const struct history_engine history_engine_single;

#define COLUMNS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* Sessions of this database that may be the holder of a lock: not ours, and no worker. */
#define OTHER_SESSIONS                                                                             \
	"SELECT FROM pg_catalog.pg_stat_activity a"                                                \
	" WHERE a.datname = pg_catalog.current_database()"                                         \
	" AND a.application_name NOT LIKE 'schemalatch/%'"                                         \
	" AND COALESCE(a.backend_type, 'client backend') = 'client backend'"

/* Of a lock table that does not say who holds it. */
#define NOBODY_ELSE "(NOT EXISTS (" OTHER_SESSIONS "))::text AS sum"
#define NOBODY_ELSE_SHOWN "nobody else is connected to this database"

/* In the same order as history_tool_names; a test holds the two together. */
const struct history_tool history_tools[] = {
    {
	.name = "alembic",
	.default_table = "alembic_version",
	.columns = COLUMNS("version_num"),
	.sql = "SELECT version_num::text AS id, 'A' AS st, NULL::text AS ord, NULL::text AS sum"
	       " FROM {table}",
	.advice = "alembic upgrade head",
	.repair = "alembic upgrade head",
	.engine = &history_engine_alembic,
	.compare = id_compare_bytes,
	.is_id = id_is_any,
	.id_shown = "a revision",
	.files = {.shown = "*.py"},
    },
    {
	.name = "atlas",
	.default_table = "atlas_schema_revisions",
	.columns = COLUMNS("version", "applied", "total", "partial_hashes"),
	/* Files before the first record are never run: it is a baseline, or a checkpoint. */
	.sql = "SELECT min(version)::text AS id, 'B' AS st, NULL::text AS ord, NULL::text AS sum"
	       " FROM {table} WHERE version NOT LIKE '.%' HAVING count(*) > 0 UNION ALL"
	       " SELECT version::text, CASE WHEN type = 1 THEN 'B'"
	       "  WHEN applied <> total OR COALESCE(error, '') <> '' THEN 'F' ELSE 'A' END,"
	       " executed_at::text, NULL FROM {table} WHERE version NOT LIKE '.%'",
	.advice = "atlas migrate apply",
	.repair = "atlas migrate apply",
	.engine = &history_engine_set,
	.compare = id_compare_bytes,
	.is_id = id_is_any,
	.id_shown = "a version",
	.files = {.accept = "^([^_]+)(_.*)?\\.sql$",
	    .shown = "VERSION_NAME.sql",
	    .content = atlas_content},
	.lock = {.key = 2686470616}, /* FNV-1 of "atlas_migrate_execute" */
    },
    {
	.name = "dbmate",
	.default_table = "schema_migrations",
	.columns = COLUMNS("version:S"),
	.sql = "SELECT version::text AS id, 'A' AS st, NULL::text AS ord, NULL::text AS sum"
	       " FROM {table}",
	.advice = "dbmate up",
	.repair = "dbmate up",
	.engine = &history_engine_set,
	.compare = id_compare_bytes,
	.is_id = id_is_number,
	.id_shown = "digits",
	.files = {.accept = "^([0-9]+).*\\.sql$", .shown = "VERSION_name.sql"},
    },
    {
	.name = "diesel",
	.default_table = "__diesel_schema_migrations",
	.columns = COLUMNS("version:S", "run_on"),
	.sql = "SELECT version::text AS id, 'A' AS st, run_on::text AS ord, NULL::text AS sum"
	       " FROM {table}",
	.advice = "diesel migration run",
	.repair = "diesel migration run",
	.engine = &history_engine_set,
	.compare = id_compare_bytes,
	.is_id = id_is_any,
	.id_shown = "a version",
	.files = {.shape = FILES_FOLDERS,
	    .accept = "^([^_]+)",
	    .holds = "up.sql",
	    .shown = "VERSION_name/up.sql",
	    .adjust = diesel_adjust},
    },
    {
	.name = "django",
	.default_table = "django_migrations",
	.columns = COLUMNS("app", "name", "applied"),
	.sql = "SELECT app || '.' || name AS id, 'A' AS st, id::text AS ord, NULL::text AS sum"
	       " FROM {table}",
	.advice = "python manage.py migrate",
	.repair = "python manage.py migrate",
	.engine = &history_engine_set,
	.compare = id_compare_bytes,
	.is_id = id_is_dotted,
	.id_shown = "APP.NAME",
	.keeps_order = true,
	.scope = '.',
	.files = {.accept = "^[^_~.][^.]*\\.py$",
	    .shown = "NAME.py",
	    .has_labels = true,
	    .content = django_content},
    },
    {
	.name = "drizzle",
	.default_schema = "drizzle",
	.default_table = "__drizzle_migrations",
	.columns = COLUMNS("hash", "created_at:N"),
	/* The column "name" came with 1.0. */
	.sql = "SELECT created_at::text AS id, 'A' AS st, t.id::text AS ord, hash::text AS sum,"
	       " COALESCE(to_jsonb(t) ->> 'name', created_at::text) AS other"
	       " FROM {table} t ORDER BY t.id",
	.advice = "drizzle-kit migrate",
	.repair = "drizzle-kit migrate",
	.engine = &history_engine_set,
	.compare = id_compare_numbers,
	.is_id = id_is_any,
	.id_shown = "\"when\" of the journal, or a folder's name",
	.list_hook = drizzle_list,
	.resolve = drizzle_resolve,
	.files = {.shown = "meta/_journal.json or NAME/migration.sql",
	    .sum = SUM_SHA256,
	    .directory = drizzle_directory},
    },
    {
	.name = "ecto",
	.default_table = "schema_migrations",
	.columns = COLUMNS("version:N", "inserted_at"),
	.sql = "SELECT version::text AS id, 'A' AS st, inserted_at::text AS ord,"
	       " NULL::text AS sum FROM {table}",
	.advice = "mix ecto.migrate",
	.repair = "mix ecto.migrate",
	.engine = &history_engine_set,
	.compare = id_compare_numbers,
	.is_id = id_is_number,
	.id_shown = "digits",
	.files = {.shape = FILES_RECURSIVE,
	    .accept = "^([0-9]+)_.*\\.exs$",
	    .shown = "VERSION_name.exs"},
    },
    {
	.name = "efcore",
	.default_table = "__EFMigrationsHistory",
	.columns = COLUMNS("MigrationId", "ProductVersion"),
	.sql = "SELECT \"MigrationId\"::text AS id, 'A' AS st, NULL::text AS ord,"
	       " NULL::text AS sum FROM {table}",
	.advice = "dotnet ef database update",
	.repair = "dotnet ef database update",
	.engine = &history_engine_set,
	.compare = id_compare_bytes,
	.is_id = id_is_any,
	.id_shown = "a MigrationId",
	.files = {.accept = "^(.*)\\.cs$",
	    .shown = "*.cs with [Migration(\"…\")]",
	    .content = efcore_content},
    },
    {
	.name = "flyway",
	.default_table = "flyway_schema_history",
	.columns = COLUMNS("installed_rank", "version", "success"),
	.sql = "SELECT COALESCE(version, 'R:' || description)::text AS id,"
	       " CASE WHEN NOT success THEN 'F'"
	       "  WHEN type LIKE 'UNDO%' OR type = 'DELETE' THEN 'X'"
	       "  WHEN type LIKE '%BASELINE' OR type LIKE '%STATE_SCRIPT' THEN 'B'"
	       "  WHEN version IS NULL THEN 'R' ELSE 'A' END AS st,"
	       " installed_rank::text AS ord, checksum::text AS sum FROM {table}"
	       " WHERE installed_rank >= 0 AND type <> 'SCHEMA' ORDER BY installed_rank",
	.advice = "flyway migrate",
	.repair = "flyway repair",
	.engine = &history_engine_set,
	.compare = id_compare_versions,
	.is_id = id_is_version,
	.id_shown = "a version, or \"R:DESCRIPTION\"",
	.repeatable = "R:",
	.files = {.shape = FILES_RECURSIVE,
	    .accept = "^[VB]([0-9]+([._][0-9]+)*)(__.*)?\\.[sS][qQ][lL]$"
		      "|^R__(.*)\\.[sS][qQ][lL]$",
	    .shown = "V1__name.sql or R__name.sql",
	    .sum = SUM_FLYWAY,
	    .adjust = flyway_adjust,
	    .finish = flyway_finish},
	.lock = {.key_of = lock_key_flyway},
    },
    {
	.name = "golang-migrate",
	.default_table = "schema_migrations",
	.columns = COLUMNS("version:N", "dirty:B"),
	.sql = "SELECT version::text AS id, CASE WHEN dirty THEN 'F' ELSE 'A' END AS st,"
	       " NULL::text AS ord, NULL::text AS sum FROM {table}",
	.advice = "migrate up",
	.repair = "migrate force VERSION",
	.engine = &history_engine_single,
	.compare = id_compare_numbers,
	.is_id = id_is_number,
	.id_shown = "digits",
	.files = {.accept = "^([0-9]+)_.*\\.up\\..*$", .shown = "VERSION_name.up.sql"},
	.lock = {.key_of = lock_key_golang_migrate},
    },
    {
	.name = "goose",
	.default_table = "goose_db_version",
	.columns = COLUMNS("version_id:N", "is_applied:B", "tstamp"),
	.sql = "SELECT version_id::text AS id, CASE WHEN is_applied THEN 'A' ELSE 'X' END AS st,"
	       " id::text AS ord, NULL::text AS sum FROM (SELECT DISTINCT ON (version_id) *"
	       "  FROM {table} ORDER BY version_id, id DESC) t WHERE version_id > 0",
	.advice = "goose up",
	.repair = "goose up",
	.engine = &history_engine_set,
	.compare = id_compare_numbers,
	.is_id = id_is_number,
	.id_shown = "digits",
	.files = {.accept = "^([0-9]+)_.*\\.(sql|go)$",
	    .exclude = "_test\\.go$",
	    .shown = "VERSION_name.sql"},
	.lock = {.key = 4097083626}, /* CRC-32 of "goose"; of programs that configure a locker */
    },
    {
	.name = "knex",
	.default_table = "knex_migrations",
	.columns = COLUMNS("name", "batch:N", "migration_time"),
	.sql = "SELECT name::text AS id, 'A' AS st, id::text AS ord, NULL::text AS sum"
	       " FROM {table}",
	.advice = "knex migrate:latest",
	.repair = "knex migrate:latest",
	.engine = &history_engine_set,
	.compare = id_compare_script_names,
	.is_id = id_is_any,
	.id_shown = "a file name",
	.files = {.accept = "^(.+\\.(co|coffee|eg|iced|js|cjs|litcoffee|ls|ts))$",
	    .exclude = "\\.d\\.ts$",
	    .shown = "NAME.js"},
	.lock = {.table = "{table}_lock",
	    .sql = "SELECT NULL::text AS id, 'L' AS st, NULL::text AS ord, " NOBODY_ELSE
		   " FROM {lock} WHERE is_locked <> 0",
	    .absence = NOBODY_ELSE_SHOWN,
	    .release = "knex migrate:unlock"},
    },
    {
	.name = "liquibase",
	.default_table = "databasechangelog",
	.columns = COLUMNS("orderexecuted", "md5sum", "exectype"),
	.sql = "SELECT regexp_replace(filename, '^(classpath:)?/*', '') || '::' || id || '::'"
	       " || author AS id, 'A' AS st, orderexecuted::text AS ord, NULL::text AS sum"
	       " FROM {table} WHERE exectype IN ('EXECUTED', 'RERAN', 'MARK_RAN')",
	.advice = "liquibase update",
	.repair = "liquibase update",
	.engine = &history_engine_set,
	.compare = id_compare_nocase,
	.is_id = id_is_changeset,
	.id_shown = "PATH::ID::AUTHOR",
	.keeps_order = true,
	.files = {.shown = "a root changelog's file",
	    .includes = true,
	    .directory = liquibase_directory},
	.lock = {.table = "databasechangeloglock",
	    .sql = "SELECT lockedby::text AS id, 'L' AS st, lockgranted::text AS ord,"
		   " (NOT EXISTS (" OTHER_SESSIONS " AND (a.client_addr IS NULL"
		   " OR strpos(lockedby, host(a.client_addr)) > 0)))::text AS sum"
		   " FROM {lock} WHERE locked",
	    .absence = "no session comes from there",
	    .release = "liquibase release-locks"},
    },
    {
	.name = "mikro-orm",
	.default_table = "mikro_orm_migrations",
	.columns = COLUMNS("id", "name", "executed_at"),
	.sql = "SELECT regexp_replace(name, '\\.[jt]s$', '') AS id, 'A' AS st, id::text AS ord,"
	       " NULL::text AS sum FROM {table}",
	.advice = "mikro-orm migration:up",
	.repair = "mikro-orm migration:up",
	.engine = &history_engine_set,
	.compare = id_compare_bytes,
	.is_id = id_is_any,
	.id_shown = "a name",
	.files = {.accept = "^(.+)\\.(js|ts)$|^(.+\\.cjs)$",
	    .exclude = "\\.d\\.[cm]?[jt]s$",
	    .shown = "NAME.js"},
    },
    {
	.name = "node-pg-migrate",
	.default_table = "pgmigrations",
	.columns = COLUMNS("id", "name", "run_on"),
	.sql = "SELECT name::text AS id, 'A' AS st, id::text AS ord, NULL::text AS sum"
	       " FROM {table}",
	.advice = "node-pg-migrate up",
	.repair = "node-pg-migrate up",
	.engine = &history_engine_set,
	.compare = id_compare_leading_number,
	.is_id = id_is_any,
	.id_shown = "a name",
	.files = {.accept = "^(.+)\\.[^.]*$|^([^.]+)$", .shown = "NAME.js"},
	.lock = {.key = 7241865325823964},
    },
    {
	.name = "prisma",
	.default_table = "_prisma_migrations",
	.columns = COLUMNS("migration_name", "finished_at", "rolled_back_at"),
	.sql = "SELECT migration_name::text AS id,"
	       " CASE WHEN bool_or(finished_at IS NOT NULL AND rolled_back_at IS NULL) THEN 'A'"
	       "  WHEN bool_or(finished_at IS NULL AND rolled_back_at IS NULL) THEN 'F'"
	       "  ELSE 'X' END AS st, max(started_at)::text AS ord,"
	       " max(checksum) FILTER (WHERE finished_at IS NOT NULL"
	       "  AND rolled_back_at IS NULL)::text AS sum"
	       " FROM {table} GROUP BY migration_name",
	.advice = "prisma migrate deploy",
	.repair = "prisma migrate resolve",
	.engine = &history_engine_set,
	.compare = id_compare_bytes,
	.is_id = id_is_any,
	.id_shown = "a folder's name",
	.files = {.shape = FILES_FOLDERS,
	    .accept = "^(.+)$",
	    .holds = "migration.sql",
	    .must_hold = true,
	    .shown = "NAME/migration.sql",
	    .sum = SUM_SHA256_ENDS},
	.lock = {.key = 72707369},
    },
    {
	.name = "rails",
	.default_table = "schema_migrations",
	.columns = COLUMNS("version:S"),
	.sql = "SELECT version::text AS id, 'A' AS st, NULL::text AS ord, NULL::text AS sum"
	       " FROM {table}",
	.advice = "bin/rails db:migrate",
	.repair = "bin/rails db:migrate",
	.engine = &history_engine_set,
	.compare = id_compare_numbers,
	.is_id = id_is_number,
	.id_shown = "digits",
	.files = {.shape = FILES_RECURSIVE,
	    .accept = "^([0-9]+)_[_a-z0-9]*(\\.[_a-z0-9]*)?\\.rb$",
	    .demand = "^[0-9][^_]*_.*\\.rb$",
	    .shown = "VERSION_name.rb in lower case"},
	.lock = {.key_of = lock_key_rails},
    },
    {
	.name = "refinery",
	.default_table = "refinery_schema_history",
	.columns = COLUMNS("version:N", "name", "applied_on", "checksum"),
	.sql = "SELECT version::text AS id, 'A' AS st, applied_on::text AS ord,"
	       " NULL::text AS sum FROM {table}",
	.advice = "refinery migrate",
	.repair = "refinery migrate",
	.engine = &history_engine_set,
	.compare = id_compare_numbers,
	.is_id = id_is_number,
	.id_shown = "digits",
	.files = {.shape = FILES_RECURSIVE,
	    .accept = "^[UV]([0-9]+)__[[:alnum:]_]+\\.(sql|rs)$",
	    .demand = "^[UV][0-9]+[.][0-9]+__[[:alnum:]_]+\\.(sql|rs)$",
	    .shown = "V1__name.sql"},
    },
    {
	.name = "sequelize",
	.default_table = "SequelizeMeta",
	.columns = COLUMNS("name:S"),
	.sql = "SELECT name::text AS id, 'A' AS st, NULL::text AS ord, NULL::text AS sum"
	       " FROM {table}",
	.advice = "sequelize db:migrate",
	.repair = "sequelize db:migrate",
	.engine = &history_engine_set,
	.compare = id_compare_script_names,
	.is_id = id_is_any,
	.id_shown = "a file name",
	.files = {.accept = "^(.+\\.(js|cjs|ts|cts))$",
	    .exclude = "\\.d\\.ts$",
	    .shown = "NAME.js"},
    },
    {
	.name = "sqitch",
	.default_schema = "sqitch",
	.default_table = "changes",
	.columns = COLUMNS("change_id", "change", "project"),
	/* A change may be deployed again, reworked; a failed one stands in the log of events. */
	.sql = "SELECT project || ':' || change || CASE WHEN n > 1 THEN '#' || n ELSE '' END"
	       "  AS id, 'A' AS st, committed_at::text AS ord, NULL::text AS sum"
	       " FROM (SELECT *, row_number() OVER (PARTITION BY project, change"
	       "  ORDER BY committed_at) AS n FROM {table}) c UNION ALL"
	       " SELECT project || ':' || change, 'F', committed_at::text, NULL"
	       " FROM (SELECT DISTINCT ON (project, change) * FROM {schema}.events"
	       "  ORDER BY project, change, committed_at DESC) e WHERE event = 'fail' AND NOT"
	       " EXISTS (SELECT FROM {table} c WHERE c.project = e.project"
	       "  AND c.change = e.change)",
	.advice = "sqitch deploy",
	.repair = "sqitch deploy",
	.engine = &history_engine_set,
	.compare = id_compare_bytes,
	.is_id = id_is_sqitch,
	.id_shown = "PROJECT:CHANGE",
	.keeps_order = true,
	.scope = ':',
	.files = {.shown = "sqitch.plan", .directory = sqitch_directory},
	.lock = {.key = 75474063},
    },
    {
	.name = "sqlx",
	.default_table = "_sqlx_migrations",
	.columns = COLUMNS("version:N", "success:B", "checksum", "execution_time"),
	.sql = "SELECT version::text AS id, CASE WHEN success THEN 'A' ELSE 'F' END AS st,"
	       " installed_on::text AS ord, encode(checksum, 'hex') AS sum FROM {table}",
	.advice = "sqlx migrate run",
	.repair = "sqlx migrate run",
	.engine = &history_engine_set,
	.compare = id_compare_numbers,
	.is_id = id_is_number,
	.id_shown = "digits",
	.files = {.accept = "^([0-9]+)_.*\\.sql$",
	    .exclude = "\\.down\\.sql$",
	    .demand = "^[^_]+_.*\\.sql$",
	    .shown = "VERSION_name.sql",
	    .sum = SUM_SHA384},
	.lock = {.key_of = lock_key_sqlx},
    },
    {
	.name = "typeorm",
	.default_table = "migrations",
	.columns = COLUMNS("id", "timestamp:N", "name"),
	.sql = "SELECT name::text AS id, 'A' AS st, id::text AS ord, NULL::text AS sum"
	       " FROM {table}",
	.advice = "typeorm migration:run",
	.repair = "typeorm migration:run",
	.engine = &history_engine_set,
	.compare = id_compare_trailing_time,
	.is_id = id_is_any,
	.id_shown = "a class name",
	.files = {.accept = "^(.+)\\.[cm]?[jt]s$",
	    .exclude = "\\.d\\.[cm]?ts$",
	    .shown = "TIMESTAMP-Name.js",
	    .content = typeorm_content},
    },
    {
	.name = "yoyo",
	.default_table = "_yoyo_migration",
	.columns = COLUMNS("migration_hash", "migration_id"),
	.sql = "SELECT migration_id::text AS id, 'A' AS st, applied_at_utc::text AS ord,"
	       " NULL::text AS sum FROM {table}",
	.advice = "yoyo apply",
	.repair = "yoyo apply",
	.engine = &history_engine_set,
	.compare = id_compare_bytes,
	.is_id = id_is_any,
	.id_shown = "a name",
	.files = {.accept = "^(.+)\\.(py|sql)$",
	    .exclude = "\\.rollback\\.sql$|^post-apply|^__init__\\.py$",
	    .shown = "NAME.py or NAME.sql"},
	.lock = {.table = "yoyo_lock",
	    .sql = "SELECT NULL::text AS id, 'L' AS st, ctime::text AS ord, " NOBODY_ELSE
		   " FROM {lock}",
	    .absence = NOBODY_ELSE_SHOWN,
	    .release = "yoyo break-lock"},
    },
    {.name = NULL},
};

const char *const history_tool_names[] = {"alembic", "atlas", "dbmate", "diesel", "django",
    "drizzle", "ecto", "efcore", "flyway", "golang-migrate", "goose", "knex", "liquibase",
    "mikro-orm", "node-pg-migrate", "prisma", "rails", "refinery", "sequelize", "sqitch", "sqlx",
    "typeorm", "yoyo", NULL};

const struct history_tool *history_tool_find(const char *name)
{
	for (const struct history_tool *tool = history_tools; tool->name != NULL; tool++)
		if (strcmp(tool->name, name) == 0)
			return tool;
	return NULL;
}
