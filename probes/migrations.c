/* Kind of check: the history that a migration tool keeps has what this release expects. Two
 * statements: the catalogs say where the table is, what it looks like and whether we may read it
 * (no lock, whatever our rights); then its rows are read. Where these say no, a third looks whether
 * the tool holds its lock now. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "history/identity.h"
#include "history/locks.h"
#include "history/tool.h"
#include "names.h"
#include "refusal.h"
#include "rows.h"
#include "text.h"
#include "xalloc.h"

struct migrations_plan {
	int tool; /* index into history_tools */
	struct strings directories;
	struct strings revisions;
	char *list;
	char *table;
	char *table_schema;
	int rule;
	int unknown_policy;
	void *expected; /* of the tool's engine */
};

static const char *const rule_names[] = {
    [RULE_AT_LEAST] = "at-least", [RULE_EXACT] = "exact", NULL};
static const char *const policy_names[] = {[UNKNOWN_EVIDENCE] = "evidence",
    [UNKNOWN_READY] = "ready",
    [UNKNOWN_NOT_READY] = "not_ready",
    NULL};

static const struct key migrations_keys[] = {
    {.name = "tool",
	.type = KEY_CHOICE,
	.offset = offsetof(struct migrations_plan, tool),
	.choices = history_tool_names,
	.required = true,
	.help = "the migration tool"},
    {.name = "directory",
	.type = KEY_STRINGS,
	.offset = offsetof(struct migrations_plan, directories),
	.labelled = true,
	.help = "the migrations of this release: a path, or several; Django: label and path"},
    {.name = "revisions",
	.type = KEY_STRINGS,
	.offset = offsetof(struct migrations_plan, revisions),
	.help = "instead of a directory: the expected ids"},
    {.name = "list",
	.type = KEY_STRING,
	.offset = offsetof(struct migrations_plan, list),
	.is_path = true,
	.help = "instead of a directory: a file with one expected id a line"},
    {.name = "table",
	.type = KEY_STRING,
	.offset = offsetof(struct migrations_plan, table),
	.identifier = true,
	.help = "the history table; default: the tool's"},
    {.name = "tableSchema",
	.type = KEY_STRING,
	.offset = offsetof(struct migrations_plan, table_schema),
	.identifier = true,
	.help = "its schema; default: the database entry's, else wherever the table is"},
    {.name = "rule",
	.type = KEY_CHOICE,
	.offset = offsetof(struct migrations_plan, rule),
	.choices = rule_names,
	.fallback = "at-least",
	.help = "whether a database that is ahead of this release is ready"},
    {.name = "unknownRevision",
	.type = KEY_CHOICE,
	.offset = offsetof(struct migrations_plan, unknown_policy),
	.choices = policy_names,
	.help = "what an id that this release does not know means, where the table cannot tell"
		" (alembic only; default evidence)"},
    {.name = NULL},
};

static const char locate_sql[] =
    "SELECT n.nspname AS schema, pg_catalog.current_database() AS database,"
    " pg_catalog.has_schema_privilege(n.oid, 'USAGE')"
    "  AND pg_catalog.has_any_column_privilege(c.oid, 'SELECT') AS readable,"
    " pg_catalog.array_to_string(ARRAY(SELECT a.attname::text || ':' || t.typcategory::text"
    "  FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid"
    "  WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped"
    "  ORDER BY a.attnum), E'\\n') AS columns,"
    " EXISTS (SELECT FROM pg_catalog.pg_class m WHERE m.relnamespace = n.oid"
    "  AND m.relname = 'ar_internal_metadata') AS has_rails_metadata,"
    " EXISTS (SELECT FROM pg_catalog.pg_class k WHERE k.relnamespace = n.oid AND k.relname = $3"
    "  AND pg_catalog.has_table_privilege(k.oid, 'SELECT')) AS has_lock_table"
    " FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
    " WHERE c.relname = $1 AND ($2 = '' OR n.nspname = $2) AND c.relkind IN ('r','p','f','v','m')"
    " AND n.nspname NOT LIKE 'pg\\_temp\\_%' ORDER BY n.nspname LIMIT 8";

static const struct statement locate = {
    .sql = locate_sql,
    .name = "schemalatch_locate",
    .parameters = {"", "", ""},
    .parameter_count = 3,
};

static const char *const locate_columns[] = {
    "schema", "database", "readable", "columns", "has_rails_metadata", "has_lock_table", NULL};

/* A history of a hundred thousand migrations, each with a checksum and a long name. */
#define HISTORY_LIMIT_BYTES ((size_t)32 << 20)

#define LIST_LIMIT_BYTES (16L << 20)

static const struct history_tool *plan_tool(const struct migrations_plan *plan)
{
	return &history_tools[plan->tool];
}

static const char *plan_table(const struct migrations_plan *plan)
{
	return plan->table != NULL ? plan->table : plan_tool(plan)->default_table;
}

/* The schema to look in, or "" for all. */
static const char *plan_schema(const struct check *check)
{
	const struct migrations_plan *plan = check->plan;

	if (plan->table_schema != NULL)
		return plan->table_schema;
	if (plan_tool(plan)->default_schema != NULL)
		return plan_tool(plan)->default_schema;
	return check->schema != NULL ? check->schema : "";
}

/* Adds the line's id unless the line is empty or a comment ('#' first). */
static void add_list_line(struct strings *ids, const char *line, size_t length)
{
	while (length > 0 && strchr(" \t\r\n", line[length - 1]) != NULL)
		length--;
	while (length > 0 && (*line == ' ' || *line == '\t')) {
		line++;
		length--;
	}
	if (length > 0 && *line != '#')
		strings_take(ids, xstrndup(line, length));
}

static void read_list_file(const char *path, const struct json_place *place, struct strings *ids,
    struct problems *problems)
{
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t capacity = 0;
	ssize_t length;
	long total = 0;

	if (file == NULL) {
		json_problem(problems, place, "cannot read \"%s\": %s", path, strerror(errno));
		return;
	}
	while (total <= LIST_LIMIT_BYTES && (length = getline(&line, &capacity, file)) > 0) {
		total += (long)length;
		add_list_line(ids, line, (size_t)length);
	}
	if (ferror(file))
		json_problem(problems, place, "cannot read \"%s\": %s", path, strerror(errno));
	else if (total > LIST_LIMIT_BYTES)
		json_problem(
		    problems, place, "\"%s\" is larger than %ld MiB", path, LIST_LIMIT_BYTES >> 20);
	else if (ids->count == 0)
		json_problem(problems, place, "\"%s\" names no id, expected at least one", path);
	free(line);
	fclose(file);
}

/* The expected history from whichever of the three sources is given. */
static void read_expected(
    struct migrations_plan *plan, const struct json_place *place, struct problems *problems)
{
	const struct history_engine *engine = plan_tool(plan)->engine;
	struct json_place source = json_place_key(place, plan->directories.count > 0 ? "directory"
							 : plan->revisions.count > 0 ? "revisions"
										     : "list");
	char *where = json_place_text(&source);
	struct strings ids = {0};

	if (plan->directories.count > 0)
		plan->expected =
		    engine->read_directories(plan_tool(plan), &plan->directories, where, problems);
	else if (plan->revisions.count > 0)
		plan->expected =
		    engine->read_list(plan_tool(plan), &plan->revisions, where, problems);
	else
		read_list_file(plan->list, &source, &ids, problems);
	if (ids.count > 0)
		plan->expected = engine->read_list(plan_tool(plan), &ids, where, problems);
	strings_done(&ids);
	free(where);
}

/* Only a table that holds heads alone can leave a question open. */
static void check_policy(
    struct migrations_plan *plan, const struct json_place *place, struct problems *problems)
{
	struct json_place here = json_place_key(place, "unknownRevision");

	if (plan_tool(plan)->engine->leaves_open && plan->unknown_policy < 0)
		plan->unknown_policy = UNKNOWN_EVIDENCE;
	else if (!plan_tool(plan)->engine->leaves_open && plan->unknown_policy >= 0)
		json_problem(problems, &here,
		    "is for alembic only; the history of %s tells what is applied",
		    plan_tool(plan)->name);
}

static void migrations_prepare(
    struct check *check, const struct json_place *place, struct problems *problems)
{
	struct migrations_plan *plan = check->plan;
	int sources =
	    (plan->directories.count > 0) + (plan->revisions.count > 0) + (plan->list != NULL);

	if (plan->tool < 0 || strings_has(&plan->directories, "") ||
	    strings_has(&plan->revisions, ""))
		return; /* told already, and nothing below makes sense */
	check_policy(plan, place, problems);
	if (sources != 1)
		json_problem(problems, place,
		    "%s, expected exactly one of \"directory\","
		    " \"revisions\" and \"list\"",
		    sources == 0 ? "nothing says what this release expects"
				 : "more than one key says what this release expects");
	else
		read_expected(plan, place, problems);
}

/* What stands for "{name}" in a text of the table of tools; a list ends in one without name. */
struct slot {
	const char *name;
	const char *value;
};

static const struct slot *slot_at(const char *text, const struct slot *slots)
{
	for (; slots->name != NULL; slots++)
		if (strncmp(text, slots->name, strlen(slots->name)) == 0)
			return slots;
	return NULL;
}

/* free() releases it. */
static char *fill_slots(const char *text, const struct slot *slots)
{
	struct text filled;

	text_init(&filled, 0);
	while (*text != '\0') {
		const struct slot *slot = slot_at(text, slots);

		text_add_bytes(&filled, text, slot == NULL ? 1 : 0);
		text_add(&filled, slot != NULL ? slot->value : "");
		text += slot != NULL ? strlen(slot->name) : 1;
	}
	return text_take(&filled);
}

/* The name of the tool's lock table, or NULL. free() releases it. */
static char *lock_table(const struct migrations_plan *plan)
{
	const struct slot slots[] = {{"{table}", plan_table(plan)}, {NULL, NULL}};
	const char *name = plan_tool(plan)->lock.table;

	return name != NULL ? fill_slots(name, slots) : NULL;
}

static enum check_step ask_where(struct check_run *run, struct statement *statement)
{
	const struct migrations_plan *plan = run->check->plan;

	run->sql = lock_table(plan);
	*statement = locate;
	statement->parameters[0] = plan_table(plan);
	statement->parameters[1] = plan_schema(run->check);
	if (run->sql != NULL)
		statement->parameters[2] = run->sql;
	run->steps++;
	return CHECK_ASK;
}

/* "schema"."table", as SQL wants it. free() releases it. */
static char *quoted(const char *schema, const char *table)
{
	struct text name;

	text_init(&name, 0);
	text_add_identifier(&name, schema);
	if (table != NULL) {
		text_add(&name, ".");
		text_add_identifier(&name, table);
	}
	return text_take(&name);
}

/* The tool's SQL, and with it the lock table's row where that table is there. free() releases it.
 */
static char *history_sql(const struct migrations_plan *plan, const char *schema, bool has_lock)
{
	const struct history_tool *tool = plan_tool(plan);
	char *lock_name = has_lock ? lock_table(plan) : NULL;
	char *table = quoted(schema, plan_table(plan));
	char *folder = quoted(schema, NULL);
	char *lock = lock_name != NULL ? quoted(schema, lock_name) : NULL;
	char *text = lock != NULL ? xasprintf("(%s) UNION ALL (%s)", tool->sql, tool->lock.sql)
				  : xstrdup(tool->sql);
	const struct slot slots[] = {
	    {"{table}", table}, {"{schema}", folder}, {"{lock}", lock}, {NULL, NULL}};
	char *sql = fill_slots(text, slots);

	free(lock_name);
	free(table);
	free(folder);
	free(lock);
	free(text);
	return sql;
}

/* The key of the advisory lock that the tool would hold, as text; NULL: it has none. free()
 * releases it. */
static char *lock_key_text(
    const struct migrations_plan *plan, const char *schema, const char *database)
{
	const struct lock_rule *lock = &plan_tool(plan)->lock;
	int64_t key = lock->key;

	if (lock->key_of != NULL)
		key = lock->key_of(schema, plan_table(plan), database);
	return key != 0 ? xasprintf("%" PRId64, key) : NULL;
}

/* row is of the catalog's answer. */
static enum check_step ask_rows(
    struct check_run *run, const PGresult *rows, int row, struct statement *statement)
{
	const struct migrations_plan *plan = run->check->plan;
	const char *schema = rows_text(rows, row, "schema");
	struct text shown;

	text_init(&shown, 0);
	text_add_name(&shown, schema, plan_table(plan));
	free(run->sql);
	run->place = text_take(&shown);
	run->sql = history_sql(plan, schema, rows_bool(rows, row, "has_lock_table"));
	run->carried = lock_key_text(plan, schema, rows_text(rows, row, "database"));
	snprintf(
	    run->name, sizeof(run->name), "schemalatch_history_%016" PRIx64, text_hash(run->sql));
	*statement = (struct statement){
	    .sql = run->sql, .name = run->name, .answer_limit_bytes = HISTORY_LIMIT_BYTES};
	run->steps++;
	return CHECK_ASK;
}

/* Whether the lock is held is worth a question only where something is wanting. */
static enum check_step ask_lock(
    struct check_run *run, const struct verdict *judged, struct statement *statement)
{
	run->judged = *judged;
	*statement = (struct statement){
	    .sql = lock_probe_sql, .parameters = {run->carried}, .parameter_count = 1};
	run->steps++;
	return CHECK_ASK;
}

static struct verdict unmanaged_verdict(const struct check *check)
{
	const struct migrations_plan *plan = check->plan;
	const char *schema = plan_schema(check);

	if (*schema == '\0')
		return verdict_of(REASON_UNMANAGED,
		    "no schema has a table %s: nothing was ever migrated here; run `%s`",
		    plan_table(plan), plan_tool(plan)->advice);
	return verdict_of(REASON_UNMANAGED,
	    "there is no table %s.%s: nothing was ever migrated here, or the history is in another"
	    " schema (tableSchema); run `%s`",
	    schema, plan_table(plan), plan_tool(plan)->advice);
}

static struct verdict ambiguous_verdict(const struct migrations_plan *plan, const PGresult *rows)
{
	struct text schemas;
	struct verdict verdict;

	text_init(&schemas, 200);
	for (int row = 0; row < rows_count(rows); row++)
		text_addf(&schemas, "%s%s", row > 0 ? ", " : "", rows_text(rows, row, "schema"));
	verdict = verdict_of(REASON_ERROR,
	    "table %s is in several schemas: %s; set tableSchema to the right one",
	    plan_table(plan), text_string(&schemas));
	text_done(&schemas);
	return verdict;
}

static struct verdict denied_verdict(const struct migrations_plan *plan, const char *schema)
{
	return verdict_of(REASON_DENIED,
	    "our role may not read %s.%s; grant it USAGE on the schema and SELECT on the table",
	    schema, plan_table(plan));
}

/* Splits what the catalog says of the columns, one a line. */
static void split_lines(const char *text, struct strings *lines)
{
	while (*text != '\0') {
		size_t length = strcspn(text, "\n");

		strings_take(lines, xstrndup(text, length));
		text += length + (text[length] == '\n');
	}
}

static struct verdict foreign_verdict(const struct migrations_plan *plan, const char *schema,
    const struct strings *columns, bool has_rails_metadata)
{
	struct verdict verdict;
	struct text guess;

	text_init(&guess, 0);
	identity_guess(columns, has_rails_metadata, &guess);
	if (guess.length > 0)
		verdict = verdict_of(REASON_MISMATCH,
		    "table %s.%s is of %s by its columns, and tool is \"%s\"; set the right one",
		    schema, plan_table(plan), text_string(&guess), plan_tool(plan)->name);
	else
		verdict = verdict_of(REASON_MISMATCH,
		    "table %s.%s has other columns than %s keeps: is it another tool's?", schema,
		    plan_table(plan), plan_tool(plan)->name);
	text_done(&guess);
	return verdict;
}

/* The row to go by: the only one; of several, that of the schema that was the only one before,
 * since what another application creates must not close our gate. -1 where there is none. */
static int chosen_row(const struct check_run *run, const PGresult *rows)
{
	for (int row = 0; rows_count(rows) > 1 && row < rows_count(rows); row++)
		if (strcmp(run->memory->schema, rows_text(rows, row, "schema")) == 0)
			return row;
	return rows_count(rows) == 1 ? 0 : -1;
}

static bool has_shape(const PGresult *rows)
{
	for (int row = 0; row < rows_count(rows); row++)
		if (rows_text(rows, row, "schema") == NULL ||
		    rows_text(rows, row, "database") == NULL ||
		    rows_text(rows, row, "columns") == NULL)
			return false;
	return rows_have_columns(rows, locate_columns);
}

/* There is one table to go by. */
static enum check_step judge_table(struct check_run *run, const PGresult *rows, int row,
    struct statement *statement, struct verdict *verdict)
{
	const struct migrations_plan *plan = run->check->plan;
	const char *schema = rows_text(rows, row, "schema");
	struct strings columns = {0};
	enum check_step next = CHECK_DONE;

	snprintf(run->memory->schema, sizeof(run->memory->schema), "%s", schema);
	split_lines(rows_text(rows, row, "columns"), &columns);
	if (!identity_fits(plan_tool(plan), &columns))
		*verdict = foreign_verdict(
		    plan, schema, &columns, rows_bool(rows, row, "has_rails_metadata"));
	else if (!rows_bool(rows, row, "readable"))
		*verdict = denied_verdict(plan, schema);
	else
		next = ask_rows(run, rows, row, statement);
	strings_done(&columns);
	return next;
}

static enum check_step judge_place(struct check_run *run, const PGresult *rows,
    struct statement *statement, struct verdict *verdict)
{
	int row;

	if (!has_shape(rows)) {
		*verdict = verdict_of(REASON_ERROR, "the catalog's answer has an unexpected shape");
		return CHECK_DONE;
	}
	row = chosen_row(run, rows);
	if (row >= 0)
		return judge_table(run, rows, row, statement, verdict);
	run->memory->was_complete = false;
	*verdict = rows_count(rows) == 0 ? unmanaged_verdict(run->check)
					 : ambiguous_verdict(run->check->plan, rows);
	return CHECK_DONE;
}

static struct verdict judge_rows(const struct check_run *run, const PGresult *rows)
{
	const struct migrations_plan *plan = run->check->plan;

	if (!rows_have_columns(rows, plan_tool(plan)->engine->columns))
		return verdict_of(REASON_ERROR, "the history's answer has an unexpected shape");
	return plan_tool(plan)->engine->judge(&(struct history_question){
	    .tool = plan_tool(plan),
	    .expected = plan->expected,
	    .rows = rows,
	    .table = run->place,
	    .rule = (enum history_rule)plan->rule,
	    .unknown_policy = (enum unknown_policy)plan->unknown_policy,
	    .memory = run->memory,
	    .facts = run->facts,
	});
}

static enum check_step judge_history(struct check_run *run, const PGresult *rows,
    struct statement *statement, struct verdict *verdict)
{
	const struct migrations_plan *plan = run->check->plan;

	*verdict = judge_rows(run, rows);
	lock_note_table(verdict, &plan_tool(plan)->lock, rows);
	if (verdict->value == VERDICT_NOT_READY && run->carried != NULL)
		return ask_lock(run, verdict, statement);
	return CHECK_DONE;
}

/* Whatever became of the question for the lock: what was judged stands. */
static void note_lock(const struct check_run *run, const PGresult *rows, struct verdict *verdict)
{
	const struct migrations_plan *plan = run->check->plan;

	*verdict = run->judged;
	if (rows != NULL)
		lock_note_advisory(verdict, plan_tool(plan)->name, rows);
}

enum { STEP_WHERE = 1, STEP_ROWS, STEP_LOCK };

static enum check_step migrations_step(struct check_run *run, const struct answer *answer,
    struct statement *statement, struct verdict *verdict)
{
	if (answer == NULL)
		return ask_where(run, statement);
	if (run->steps == STEP_LOCK)
		note_lock(run, answer->rows, verdict);
	else if (answer->rows == NULL)
		*verdict = refusal_of_statement(
		    answer->sqlstate, run->place != NULL ? run->place : "the catalog");
	else if (run->steps == STEP_WHERE)
		return judge_place(run, answer->rows, statement, verdict);
	else
		return judge_history(run, answer->rows, statement, verdict);
	return CHECK_DONE;
}

static void migrations_add_inputs(const void *memory, struct strings *paths)
{
	const struct migrations_plan *plan = memory;

	for (size_t i = 0; plan->tool >= 0 && i < plan->directories.count; i++)
		files_add_input(plan_tool(plan), plan->directories.items[i], paths);
}

static void migrations_free(void *memory)
{
	struct migrations_plan *plan = memory;

	if (plan->tool >= 0 && plan->expected != NULL)
		plan_tool(plan)->engine->free(plan->expected);
}

const struct check_kind check_kind_migrations = {
    .name = "migrations",
    .help = "the migration history has what this release expects",
    .keys = migrations_keys,
    .plan_size = sizeof(struct migrations_plan),
    .prepare = migrations_prepare,
    .step = migrations_step,
    .add_inputs = migrations_add_inputs,
    .free_plan = migrations_free,
};
