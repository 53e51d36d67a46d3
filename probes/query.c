/* Kind of check: the user's own SQL answers true. It runs in a read-only transaction with bounded
 * waits, which the server enforces; as a sub-select, which keeps it one query with few rows. */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "names.h"
#include "refusal.h"
#include "rows.h"
#include "text.h"
#include "xalloc.h"

#define BOOLEAN_OID 16
#define ANSWER_LIMIT_BYTES (64 << 10)

struct query_plan {
	char *sql;
	char *wrapped;
	char *search_path;
};

static const struct key query_keys[] = {
    {.name = "sql",
	.type = KEY_STRING,
	.offset = offsetof(struct query_plan, sql),
	.required = true,
	.help = "one query of one row: a boolean, and optionally a text that says why"},
    {.name = NULL},
};

/* The user's query without what may stand behind it. */
static size_t query_length(const char *sql)
{
	size_t length = strlen(sql);

	while (length > 0 && strchr("; \t\r\n", sql[length - 1]) != NULL)
		length--;
	return length;
}

/* Names in it are looked up as the service does: in the schema of the entry, then in public. */
static char *search_path(const struct check *check)
{
	struct text path;

	text_init(&path, 0);
	if (check->schema != NULL) {
		text_add_identifier(&path, check->schema);
		text_add(&path, ", ");
	}
	text_add(&path, "public");
	return text_take(&path);
}

static void query_prepare(
    struct check *check, const struct json_place *place, struct problems *problems)
{
	struct query_plan *plan = check->plan;
	struct json_place here = json_place_key(place, "sql");
	size_t length = plan->sql != NULL ? query_length(plan->sql) : 0;

	if (plan->sql == NULL)
		return; /* told already */
	if (length == 0)
		json_problem(problems, &here, "is empty, expected a query");
	/* A line end, for a comment may be the last thing in it. Two rows are enough to see that
	 * it is not one. */
	plan->wrapped =
	    xasprintf("SELECT * FROM (%.*s\n) AS answer LIMIT 2", (int)length, plan->sql);
	plan->search_path = search_path(check);
}

static struct verdict judge(const PGresult *rows)
{
	const char *value;
	const char *why;

	if (PQnfields(rows) < 1 || PQnfields(rows) > 2 || PQftype(rows, 0) != BOOLEAN_OID)
		return verdict_of(REASON_ERROR, "the query answered something else than a boolean,"
						" and optionally a text");
	if (rows_count(rows) != 1)
		return verdict_of(REASON_ERROR, "the query answered with %s, expected one row",
		    rows_count(rows) == 0 ? "no row" : "several rows");
	value = PQgetisnull(rows, 0, 0) ? NULL : PQgetvalue(rows, 0, 0);
	why = PQnfields(rows) == 2 && !PQgetisnull(rows, 0, 1) ? PQgetvalue(rows, 0, 1) : "";
	if (value != NULL && strcmp(value, "t") == 0)
		return verdict_of(REASON_OK, "%s", *why != '\0' ? why : "the query answered true");
	if (*why != '\0')
		return verdict_of(REASON_FALSE, "%s", why);
	return verdict_of(REASON_FALSE, "the query answered %s", value == NULL ? "NULL" : "false");
}

static enum check_step query_step(struct check_run *run, const struct answer *answer,
    struct statement *statement, struct verdict *verdict)
{
	const struct query_plan *plan = run->check->plan;

	if (answer == NULL) {
		*statement = (struct statement){
		    .sql = plan->wrapped,
		    .answer_limit_bytes = ANSWER_LIMIT_BYTES,
		    .search_path = plan->search_path,
		};
		return CHECK_ASK;
	}
	*verdict = answer->rows != NULL ? judge(answer->rows)
					: refusal_of_statement(answer->sqlstate, "the query");
	return CHECK_DONE;
}

static void query_free(void *memory)
{
	struct query_plan *plan = memory;

	free(plan->wrapped);
	free(plan->search_path);
}

const struct check_kind check_kind_query = {
    .name = "query",
    .help = "the user's own SQL answers true",
    .keys = query_keys,
    .plan_size = sizeof(struct query_plan),
    .prepare = query_prepare,
    .step = query_step,
    .free_plan = query_free,
};
