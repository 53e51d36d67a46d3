#include "sentinel.h"

#include <stdio.h>
#include <string.h>

#include "rows.h"

/*
 * The catalogs by their OIDs, which are the same in every version: pg_class, pg_attribute,
 * pg_index, pg_constraint, pg_type, pg_namespace, pg_enum, pg_proc, pg_extension, pg_attrdef,
 * pg_trigger, pg_policy, pg_inherits, pg_rewrite, pg_authid, pg_auth_members, pg_db_role_setting,
 * pg_database.
 */
#define CATALOGS                                                                                   \
	"{1259,1249,2610,2606,1247,2615,3501,1255,3079,2604,2620,3256,2611,2618,1260,1261,2964,"   \
	"1262}"

#define SNAPSHOT " pg_catalog.pg_current_snapshot() AS snapshot"

#define READING(database)                                                                          \
	SNAPSHOT                                                                                   \
	", pg_catalog.pg_postmaster_start_time() AS started,"                                      \
	" pg_catalog.pg_is_in_recovery() AS standby,"                                              \
	" pg_catalog.pg_stat_get_bgwriter_stat_reset_time() AS counted,"                           \
	" pg_catalog.pg_stat_get_db_stat_reset_time(" database ") AS reset,"                       \
	" pg_catalog.current_setting('track_counts') = 'on'"                                       \
	"  AND pg_catalog.current_setting('server_version_num')::int >= 150000 AS counts,"         \
	" pg_catalog.sum(pg_catalog.pg_stat_get_tuples_inserted(o)"                                \
	"  + pg_catalog.pg_stat_get_tuples_updated(o)"                                             \
	"  + pg_catalog.pg_stat_get_tuples_deleted(o)) AS changes"                                 \
	" FROM unnest('" CATALOGS "'::oid[]) AS o"

#define OF_THE_DATABASE                                                                            \
	", pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database() GROUP BY "     \
	"d.oid"

static const char *const snapshot_columns[] = {"snapshot", NULL};
static const char *const all_columns[] = {"system", "database", "started", "standby", "snapshot",
    "counted", "reset", "counts", "changes", NULL};

static const struct {
	const char *name;
	const char *sql;
	const char *const *columns;
} forms[SENTINEL_FORM_COUNT] = {
    [SENTINEL_SNAPSHOT] = {"schemalatch_snapshot", "SELECT" SNAPSHOT, snapshot_columns},
    [SENTINEL_SHORT] = {"schemalatch_sentinel",
	"SELECT NULL AS system, $1::oid AS database," READING("$1::oid"), all_columns},
    [SENTINEL_WHOLE] = {"schemalatch_sentinel_whole",
	"SELECT (SELECT c.system_identifier FROM pg_catalog.pg_control_system() c) AS system,"
	" d.oid AS database," READING("d.oid") OF_THE_DATABASE,
	all_columns},
    [SENTINEL_WITHOUT_SYSTEM] = {"schemalatch_sentinel_database",
	"SELECT NULL AS system, d.oid AS database," READING("d.oid") OF_THE_DATABASE, all_columns},
};

bool sentinel_tells_place(enum sentinel_form form)
{
	return form == SENTINEL_WHOLE || form == SENTINEL_WITHOUT_SYSTEM;
}

void sentinel_ask(enum sentinel_form form, const char *database, struct statement *ask)
{
	*ask = (struct statement){.sql = forms[form].sql, .name = forms[form].name};
	if (form == SENTINEL_SHORT)
		ask->parameters[ask->parameter_count++] = database;
}

static void copy(char *buffer, size_t size, const PGresult *rows, const char *column)
{
	const char *value = rows_text(rows, 0, column);

	if (value == NULL || strlen(value) >= size)
		value = "";
	snprintf(buffer, size, "%s", value);
}

bool sentinel_read(enum sentinel_form form, const PGresult *rows, struct sentinel *reading)
{
	if (!rows_have_columns(rows, forms[form].columns) || rows_count(rows) != 1)
		return false;
	copy(reading->system, sizeof(reading->system), rows, "system");
	copy(reading->database, sizeof(reading->database), rows, "database");
	copy(reading->started, sizeof(reading->started), rows, "started");
	copy(reading->counted, sizeof(reading->counted), rows, "counted");
	copy(reading->reset, sizeof(reading->reset), rows, "reset");
	copy(reading->snapshot, sizeof(reading->snapshot), rows, "snapshot");
	copy(reading->changes, sizeof(reading->changes), rows, "changes");
	reading->standby = rows_bool(rows, 0, "standby");
	reading->counts = rows_bool(rows, 0, "counts");
	return true;
}

static bool known_and_same(const char *a, const char *b)
{
	return *a != '\0' && strcmp(a, b) == 0;
}

static bool known_and_different(const char *a, const char *b)
{
	return *a != '\0' && *b != '\0' && strcmp(a, b) != 0;
}

bool sentinel_is_elsewhere(const struct sentinel *then, const struct sentinel *now)
{
	return known_and_different(then->system, now->system) ||
	       known_and_different(then->database, now->database);
}

/* Whether the counters are still those of then; a promotion goes on with counters of its own. */
static bool is_one_life(const struct sentinel *then, const struct sentinel *now)
{
	return known_and_same(then->database, now->database) &&
	       known_and_same(then->started, now->started) &&
	       known_and_same(then->counted, now->counted) &&
	       strcmp(then->reset, now->reset) == 0 && then->standby == now->standby &&
	       !sentinel_is_elsewhere(then, now);
}

bool sentinel_is_still(
    enum sentinel_form form, const struct sentinel *then, const struct sentinel *now)
{
	return known_and_same(then->snapshot, now->snapshot) &&
	       (form == SENTINEL_SNAPSHOT || is_one_life(then, now));
}

enum sentinel_word sentinel_compare(const struct sentinel *then, const struct sentinel *now)
{
	if (!is_one_life(then, now))
		return SENTINEL_ANEW;
	if (known_and_same(then->snapshot, now->snapshot))
		return SENTINEL_QUIET;
	if (then->counts && now->counts && !now->standby &&
	    known_and_same(then->changes, now->changes))
		return SENTINEL_QUIET;
	return SENTINEL_CHANGED;
}
