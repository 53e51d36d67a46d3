#include "locks.h"

#include <stdlib.h>
#include <string.h>

#include "../rows.h"
#include "../xalloc.h"
#include "sums.h"

static uint32_t crc32_of_text(const char *text)
{
	return crc32_of(text, strlen(text));
}

/* Java's String.hashCode over UTF-16; the bytes of ASCII are the same. */
static int32_t java_hash(const char *text)
{
	uint32_t hash = 0;

	for (; *text != '\0'; text++)
		hash = 31 * hash + (unsigned char)*text;
	return (int32_t)hash;
}

int64_t lock_key_flyway(const char *schema, const char *table, const char *database)
{
	char *name = xasprintf("\"%s\".\"%s\"", schema, table);
	int64_t key = 0x466C79776179 + java_hash(name); /* "Flyway" */

	(void)database;
	free(name);
	return key;
}

int64_t lock_key_golang_migrate(const char *schema, const char *table, const char *database)
{
	char *names = xasprintf("%s%c%s%c%s", schema, '\0', table, '\0', database);
	size_t length = strlen(schema) + strlen(table) + strlen(database) + 2;
	uint32_t key = crc32_of(names, length) * UINT32_C(1486364155);

	free(names);
	return key;
}

int64_t lock_key_rails(const char *schema, const char *table, const char *database)
{
	(void)schema;
	(void)table;
	return INT64_C(2053462845) * crc32_of_text(database);
}

int64_t lock_key_sqlx(const char *schema, const char *table, const char *database)
{
	(void)schema;
	(void)table;
	return INT64_C(0x3d32ad9e) * crc32_of_text(database);
}

const char lock_probe_sql[] =
    "SELECT pg_catalog.date_trunc('second', a.backend_start)::text AS since"
    " FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid"
    " WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1"
    " AND ((l.classid::bigint << 32) | l.objid::bigint) = $1::bigint"
    " AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d"
    "  WHERE d.datname = pg_catalog.current_database()) LIMIT 1";

void lock_note_advisory(struct verdict *verdict, const char *tool, const PGresult *rows)
{
	const char *since;

	if (rows_count(rows) == 0)
		return;
	since = rows_text(rows, 0, "since");
	if (since != NULL)
		verdict_note(verdict,
		    "a migration is probably running now: %s's advisory lock is held by a session "
		    "that began at %s",
		    tool, since);
	else
		verdict_note(verdict,
		    "a migration is probably running now: %s's advisory lock is held", tool);
}

static void note_lock(
    struct verdict *verdict, const struct lock_rule *rule, const PGresult *rows, int row)
{
	const char *owner = rows_text(rows, row, "id");
	const char *since = rows_text(rows, row, "ord");
	const char *gone = rows_text(rows, row, "sum");

	verdict_note(verdict, "the lock table is taken%s%s%s%s", owner != NULL ? " by " : "",
	    owner != NULL ? owner : "", since != NULL ? " since " : "", since != NULL ? since : "");
	if (gone != NULL && strcmp(gone, "true") == 0)
		verdict_note(verdict, "%s, so its owner seems gone: if it is, run `%s`",
		    rule->absence, rule->release);
}

void lock_note_table(struct verdict *verdict, const struct lock_rule *rule, const PGresult *rows)
{
	int column = rows_column(rows, "st");

	for (int row = 0; row < rows_count(rows); row++) {
		const char *state = rows_value(rows, row, column);

		if (state != NULL && *state == HISTORY_LOCK_STATE)
			note_lock(verdict, rule, rows, row);
	}
}
