/* Kind of check: the history that a migration tool keeps has what this release expects. Two
 * statements: the catalogs say where the table is, what it looks like and whether we may read it
 * (no lock, whatever our rights); then its rows are read. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
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
	.is_path = true,
	.help = "the migrations of this release: a path, or several"},
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
	.fallback = "evidence",
	.help = "what an id that this release does not know means, where the table cannot tell"},
    {.name = NULL},
};

static const char locate_sql[] =
    "SELECT n.nspname AS schema,"
    " pg_catalog.has_schema_privilege(n.oid, 'USAGE')"
    "  AND pg_catalog.has_any_column_privilege(c.oid, 'SELECT') AS readable,"
    " ARRAY(SELECT a.attname FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid"
    "  AND a.attnum > 0 AND NOT a.attisdropped) @> $3::name[] AS has_columns"
    " FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
    " WHERE c.relname = $1 AND ($2 = '' OR n.nspname = $2) AND c.relkind IN ('r','p','f','v','m')"
    " AND n.nspname NOT LIKE 'pg\\_temp\\_%' ORDER BY n.nspname LIMIT 8";

static const char *const locate_columns[] = {"schema", "readable", "has_columns", NULL};
static const char *const history_columns[] = {"id", NULL};

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
		plan->expected = engine->read_directories(&plan->directories, where, problems);
	else if (plan->revisions.count > 0)
		plan->expected = engine->read_list(&plan->revisions, where, problems);
	else
		read_list_file(plan->list, &source, &ids, problems);
	if (ids.count > 0)
		plan->expected = engine->read_list(&ids, where, problems);
	strings_done(&ids);
	free(where);
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
	if (sources != 1)
		json_problem(problems, place,
		    "%s, expected exactly one of \"directory\","
		    " \"revisions\" and \"list\"",
		    sources == 0 ? "nothing says what this release expects"
				 : "more than one key says what this release expects");
	else
		read_expected(plan, place, problems);
}

static enum check_step ask_where(struct check_run *run, struct statement *statement)
{
	const struct migrations_plan *plan = run->check->plan;
	struct strings columns = {0};

	for (const char *const *column = plan_tool(plan)->columns; *column != NULL; column++)
		strings_add(&columns, *column);
	run->sql = names_array(&columns);
	strings_done(&columns);
	*statement = (struct statement){
	    .sql = locate_sql,
	    .parameters = {plan_table(plan), plan_schema(run->check), run->sql},
	    .parameter_count = 3,
	};
	run->steps++;
	return CHECK_ASK;
}

/* The tool's SQL with its table in place of "{table}". */
static char *history_sql(const struct history_tool *tool, const char *quoted_table)
{
	const char *slot = strstr(tool->sql, "{table}");
	struct text sql;

	text_init(&sql, 0);
	text_add_bytes(&sql, tool->sql, (size_t)(slot - tool->sql));
	text_add(&sql, quoted_table);
	text_add(&sql, slot + strlen("{table}"));
	return text_take(&sql);
}

static enum check_step ask_rows(
    struct check_run *run, const char *schema, struct statement *statement)
{
	const struct migrations_plan *plan = run->check->plan;
	struct text name;
	struct text shown;

	text_init(&name, 0);
	text_add_identifier(&name, schema);
	text_add(&name, ".");
	text_add_identifier(&name, plan_table(plan));
	text_init(&shown, 0);
	text_add_name(&shown, schema, plan_table(plan));
	free(run->sql);
	run->place = text_take(&shown);
	run->sql = history_sql(plan_tool(plan), text_string(&name));
	text_done(&name);
	*statement = (struct statement){.sql = run->sql};
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

static struct verdict foreign_verdict(const struct migrations_plan *plan, const char *schema)
{
	return verdict_of(REASON_MISMATCH,
	    "table %s.%s has other columns than %s keeps: is it another tool's?", schema,
	    plan_table(plan), plan_tool(plan)->name);
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

static bool have_schemas(const PGresult *rows)
{
	for (int row = 0; row < rows_count(rows); row++)
		if (rows_text(rows, row, "schema") == NULL)
			return false;
	return rows_have_columns(rows, locate_columns);
}

static enum check_step judge_place(struct check_run *run, const PGresult *rows,
    struct statement *statement, struct verdict *verdict)
{
	const struct migrations_plan *plan = run->check->plan;
	const char *schema;
	int row;

	if (!have_schemas(rows)) {
		*verdict = verdict_of(REASON_ERROR, "the catalog's answer has an unexpected shape");
		return CHECK_DONE;
	}
	row = chosen_row(run, rows);
	if (row < 0) {
		run->memory->was_complete = false;
		*verdict = rows_count(rows) == 0 ? unmanaged_verdict(run->check)
						 : ambiguous_verdict(plan, rows);
		return CHECK_DONE;
	}
	schema = rows_text(rows, row, "schema");
	snprintf(run->memory->schema, sizeof(run->memory->schema), "%s", schema);
	if (rows_bool(rows, row, "has_columns") && rows_bool(rows, row, "readable"))
		return ask_rows(run, schema, statement);
	*verdict = rows_bool(rows, row, "has_columns") ? denied_verdict(plan, schema)
						       : foreign_verdict(plan, schema);
	return CHECK_DONE;
}

static struct verdict judge_rows(const struct check_run *run, const PGresult *rows)
{
	const struct migrations_plan *plan = run->check->plan;

	if (!rows_have_columns(rows, history_columns))
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

static enum check_step migrations_step(struct check_run *run, const struct answer *answer,
    struct statement *statement, struct verdict *verdict)
{
	if (answer == NULL)
		return ask_where(run, statement);
	if (answer->rows == NULL)
		*verdict = refusal_of_statement(
		    answer->sqlstate, run->place != NULL ? run->place : "the catalog");
	else if (run->steps == 1)
		return judge_place(run, answer->rows, statement, verdict);
	else
		*verdict = judge_rows(run, answer->rows);
	return CHECK_DONE;
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
    .free_plan = migrations_free,
};
