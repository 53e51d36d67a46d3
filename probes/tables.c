/* Kind of check: the named tables exist. Views, partitioned and foreign tables count as well: who
 * selects from them does not mind. Our role's rights do not matter, the catalogs are open to all.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "names.h"
#include "refusal.h"
#include "rows.h"
#include "text.h"
#include "xalloc.h"

#define SHOWN_MAX 10 /* missing tables that a message names */

struct tables_plan {
	struct strings tables;  /* as the user wrote them */
	struct strings schemas; /* parsed: one schema and one name a table, same order */
	struct strings names;
	/* As array literals: each schema once, and for each table the place of its schema in there
	 * and its name. */
	char *schema_array;
	char *place_array;
	char *name_array;
};

static const struct key tables_keys[] = {
    {.name = "tables",
	.type = KEY_STRINGS,
	.offset = offsetof(struct tables_plan, tables),
	.help = "names, case-exact, with or without schema"},
    {.name = NULL},
};

/*
 * One row whatever the number of tables. unnest stands without schema, since only then may it have
 * two arguments; the session's search_path is pg_catalog. A scalar sub-select per table is an index
 * lookup in every plan, where a join becomes a scan of pg_class once parameters are known (ten
 * times dearer in a database of 45,000 relations). Each schema is looked up once, since a lookup
 * per table is a third of the cost. Neither form takes a lock on a user table.
 */
static const char tables_sql[] =
    "WITH s AS MATERIALIZED (SELECT ARRAY(SELECT (SELECT n.oid FROM pg_catalog.pg_namespace n"
    "   WHERE n.nspname = u.name) FROM unnest($1::name[]) WITH ORDINALITY AS u(name, i)"
    "   ORDER BY u.i) AS oids)"
    " SELECT pg_catalog.count(*) AS wanted,"
    " pg_catalog.count(*) FILTER (WHERE x.present) AS found,"
    " pg_catalog.array_to_string((pg_catalog.array_agg(x.i) FILTER (WHERE NOT x.present))[1:10], "
    "',')"
    " AS missing"
    " FROM (SELECT w.i, COALESCE((SELECT c.relkind FROM pg_catalog.pg_class c"
    "   WHERE c.relname = w.t AND c.relnamespace = ((SELECT s.oids FROM s))[w.k])"
    "   IN ('r','p','f','v','m'), false) AS present"
    "  FROM unnest($2::int[], $3::name[]) WITH ORDINALITY AS w(k, t, i) OFFSET 0) AS x";

/* Asked only about the first missing ones, for what a person wants to know next. One that has come
 * meanwhile is no "elsewhere". */
static const char details_sql[] =
    "SELECT u.i AS position,"
    " EXISTS (SELECT FROM pg_catalog.pg_namespace n WHERE n.nspname = u.s) AS schema_exists,"
    " (SELECT c.relkind FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n"
    "   ON n.oid = c.relnamespace WHERE n.nspname = u.s AND c.relname = u.t) AS other_kind,"
    " (SELECT pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname)"
    "   FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
    "   WHERE c.relname IN (u.t, pg_catalog.lower(u.t)) AND c.relkind IN ('r','p','f','v','m')"
    "   AND n.nspname NOT LIKE 'pg\\_%'"
    "   AND NOT (n.nspname = u.s AND c.relname = u.t) ORDER BY n.nspname <> u.s, n.nspname LIMIT "
    "1) AS elsewhere"
    " FROM (SELECT w.i, w.t, ($1::text[])[w.k] AS s"
    "  FROM unnest($2::int[], $3::text[]) WITH ORDINALITY AS w(k, t, i)"
    "  WHERE w.i = ANY ($4::bigint[])) AS u ORDER BY u.i";

static const char *const tables_columns[] = {"wanted", "found", "missing", NULL};
static const char *const details_columns[] = {
    "position", "schema_exists", "other_kind", "elsewhere", NULL};

static void prepare_name(const struct check *check, struct tables_plan *plan, const char *name,
    const struct json_place *place, struct problems *problems)
{
	struct error err;
	char *schema;
	char *table;

	if (name_parse(name, check->schema != NULL ? check->schema : "public", &schema, &table,
		&err) != 0) {
		json_problem(problems, place, "\"%s\" is not a table name: %s", name, err.text);
		return;
	}
	strings_take(&plan->schemas, schema);
	strings_take(&plan->names, table);
}

/* The place of name among the strings, from 1; adds it where it is new. */
static size_t place_of(struct strings *strings, const char *name)
{
	for (size_t i = 0; i < strings->count; i++)
		if (strcmp(strings->items[i], name) == 0)
			return i + 1;
	strings_add(strings, name);
	return strings->count;
}

static void make_schema_arrays(struct tables_plan *plan)
{
	struct strings distinct = {0};
	struct text places;

	text_init(&places, 0);
	for (size_t i = 0; i < plan->schemas.count; i++)
		text_addf(&places, "%s%zu", i > 0 ? "," : "{",
		    place_of(&distinct, plan->schemas.items[i]));
	text_add(&places, plan->schemas.count > 0 ? "}" : "{}");
	plan->place_array = text_take(&places);
	plan->schema_array = names_array(&distinct);
	strings_done(&distinct);
}

static void tables_prepare(
    struct check *check, const struct json_place *place, struct problems *problems)
{
	struct tables_plan *plan = check->plan;
	struct json_place list = json_place_key(place, "tables");

	if (plan->tables.count == 0)
		json_problem(problems, &list, "no table is named, expected at least one");
	for (size_t i = 0; i < plan->tables.count; i++) {
		struct json_place element = json_place_index(&list, (int)i);

		if (plan->tables.items[i][0] != '\0')
			prepare_name(check, plan, plan->tables.items[i], &element, problems);
	}
	plan->name_array = names_array(&plan->names);
	make_schema_arrays(plan);
}

static enum check_step ask(
    const struct tables_plan *plan, struct check_run *run, struct statement *statement)
{
	bool details = run->steps++ > 0;

	*statement = (struct statement){
	    .sql = details ? details_sql : tables_sql,
	    .parameters = {plan->schema_array, plan->place_array, plan->name_array, run->place},
	    .parameter_count = details ? 4 : 3,
	};
	return CHECK_ASK;
}

static const char *relation_kind(const char *relkind)
{
	static const struct {
		char relkind;
		const char *name;
	} kinds[] = {{'i', "an index"}, {'I', "an index"}, {'S', "a sequence"},
	    {'c', "a composite type"}, {'t', "a TOAST table"}};

	for (size_t i = 0; relkind != NULL && i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i].relkind == relkind[0])
			return kinds[i].name;
	return NULL;
}

/* What is known of one missing table besides that it is missing. */
static void add_detail(
    struct text *text, const struct tables_plan *plan, const PGresult *rows, int row)
{
	size_t position = (size_t)rows_long(rows, row, "position") - 1;
	const char *kind = relation_kind(rows_text(rows, row, "other_kind"));
	const char *elsewhere = rows_text(rows, row, "elsewhere");

	if (position >= plan->names.count)
		return;
	if (row > 0)
		text_add(text, ", ");
	text_add_name(text, plan->schemas.items[position], plan->names.items[position]);
	if (!rows_bool(rows, row, "schema_exists"))
		text_add(text, " (its schema does not exist)");
	else if (kind != NULL)
		text_addf(text, " (is %s)", kind);
	else if (elsewhere != NULL)
		text_addf(text, " (found %s)", elsewhere);
}

/* The same without details, from the list of positions alone. */
static void add_names(struct text *text, const struct tables_plan *plan, const char *positions)
{
	for (const char *c = positions; *c != '\0';) {
		char *end;
		size_t position = strtoul(c, &end, 10) - 1;

		if (end == c)
			return;
		if (position < plan->names.count) {
			if (c != positions)
				text_add(text, ", ");
			text_add_name(
			    text, plan->schemas.items[position], plan->names.items[position]);
		}
		c = *end == ',' ? end + 1 : end;
	}
}

/* run->place holds "{1,2,3}", the positions of the first missing tables; run->sql "wanted found".
 */
static struct verdict missing_verdict(
    const struct tables_plan *plan, const struct check_run *run, const struct answer *details)
{
	struct text names;
	struct verdict verdict;
	size_t missing = strtoul(run->sql, NULL, 10);
	size_t shown = missing < SHOWN_MAX ? missing : SHOWN_MAX;

	text_init(&names, 480);
	if (details->rows != NULL && rows_have_columns(details->rows, details_columns) &&
	    (size_t)rows_count(details->rows) == shown)
		for (int row = 0; row < rows_count(details->rows); row++)
			add_detail(&names, plan, details->rows, row);
	else
		add_names(&names, plan, run->place + 1);
	if (missing > shown)
		text_addf(&names, " and %zu more", missing - shown);
	verdict = verdict_of(REASON_MISSING,
	    "%s; found %zu of %zu tables; run this release's migrations, or correct the names",
	    text_string(&names), plan->names.count - missing, plan->names.count);
	text_done(&names);
	return verdict;
}

static enum check_step judge_counts(const struct tables_plan *plan, struct check_run *run,
    const PGresult *rows, struct statement *statement, struct verdict *verdict)
{
	size_t wanted;
	size_t found;

	if (!rows_have_columns(rows, tables_columns) || rows_count(rows) != 1) {
		*verdict = verdict_of(REASON_ERROR, "the catalog's answer has an unexpected shape");
		return CHECK_DONE;
	}
	wanted = (size_t)rows_long(rows, 0, "wanted");
	found = (size_t)rows_long(rows, 0, "found");
	if (wanted != plan->names.count || found > wanted) {
		*verdict = verdict_of(REASON_ERROR, "the catalog answered for %zu of %zu tables",
		    wanted, plan->names.count);
		return CHECK_DONE;
	}
	if (found == wanted) {
		*verdict = verdict_of(REASON_OK, "%zu of %zu tables found", found, wanted);
		return CHECK_DONE;
	}
	run->sql = xasprintf("%zu", wanted - found);
	run->place = xasprintf(
	    "{%s}", rows_text(rows, 0, "missing") != NULL ? rows_text(rows, 0, "missing") : "");
	return ask(plan, run, statement);
}

static enum check_step tables_step(struct check_run *run, const struct answer *answer,
    struct statement *statement, struct verdict *verdict)
{
	const struct tables_plan *plan = run->check->plan;

	if (answer == NULL)
		return ask(plan, run, statement);
	if (run->steps == 1 && answer->rows != NULL)
		return judge_counts(plan, run, answer->rows, statement, verdict);
	*verdict = run->steps > 1 ? missing_verdict(plan, run, answer)
				  : refusal_of_statement(answer->sqlstate, "the catalog");
	return CHECK_DONE;
}

static void tables_free(void *memory)
{
	struct tables_plan *plan = memory;

	strings_done(&plan->schemas);
	strings_done(&plan->names);
	free(plan->schema_array);
	free(plan->place_array);
	free(plan->name_array);
}

const struct check_kind check_kind_tables = {
    .name = "tables",
    .help = "the named tables, views or foreign tables exist",
    .keys = tables_keys,
    .plan_size = sizeof(struct tables_plan),
    .prepare = tables_prepare,
    .step = tables_step,
    .free_plan = tables_free,
    .proves_objects = true,
    .of_catalogs_alone = true,
};
