#include "expected.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../probes/xalloc.h"
#include "fake_rows.h"

#define ROWS_MAX 64
#define COLUMNS 5

void *expected_of(const struct history_tool *tool, const char *items)
{
	struct problems problems = {0};
	struct strings list = {0};
	char *copy = xstrdup(items);
	char *rest = copy;
	const char *item;
	void *expected;

	while ((item = strsep(&rest, ";")) != NULL)
		strings_add(&list, item);
	expected = tool->engine->read_list(tool, &list, "list", &problems);
	if (expected == NULL)
		fail_msg("%s: %s", items, problems.lines.items[0]);
	strings_done(&list);
	problems_done(&problems);
	free(copy);
	return expected;
}

static void restore_blanks(char *id)
{
	for (; *id != '\0'; id++)
		if (*id == '+')
			*id = ' ';
}

/* Cuts rows up. */
static PGresult *rows_of(char *rows)
{
	const char *values[ROWS_MAX * COLUMNS] = {0};
	size_t count = 0;
	char *row;

	while ((row = strsep(&rows, ";")) != NULL && *row != '\0') {
		char *rest = row + strspn(row, " ");
		char *id = strsep(&rest, " ");
		const char *state = strsep(&rest, " ");

		restore_blanks(id);
		values[count * COLUMNS] = id;
		values[count * COLUMNS + 1] = state != NULL ? state : "A";
		values[count * COLUMNS + 3] = rest;
		values[count * COLUMNS + 4] = id;
		assert_true(++count < ROWS_MAX);
	}
	return fake_rows("id st ord sum other", (int)count, values);
}

char *verdict_on(
    const struct history_tool *tool, const char *items, const char *rows, enum history_rule rule)
{
	struct check_memory memory = {0};
	struct round_facts facts = {0};
	char *copy = xstrdup(rows);
	PGresult *result = rows_of(copy);
	void *expected = expected_of(tool, items);
	struct verdict verdict = tool->engine->judge(&(struct history_question){
	    .tool = tool,
	    .expected = expected,
	    .rows = result,
	    .table = "public.history",
	    .rule = rule,
	    .memory = &memory,
	    .facts = &facts,
	});

	assert_int_equal(memory.was_complete, verdict.pending == 0);
	tool->engine->free(expected);
	PQclear(result);
	free(copy);
	return xasprintf("%s %ld %s %s: %s", reason_name(verdict.reason), verdict.pending,
	    verdict.expected, *verdict.actual != '\0' ? verdict.actual : "-", verdict.message);
}
