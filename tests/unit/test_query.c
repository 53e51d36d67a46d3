/* What a user's query answers, as a verdict. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../probes/check.h"
#include "../../probes/kinds.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define BOOLEAN 16
#define TEXT 25

/* A result of one row or none, its columns of these types. */
static PGresult *result_of(
    unsigned first, int column_count, int row_count, const char *value, const char *why)
{
	char name[] = "c";
	PGresAttDesc columns[] = {{.name = name, .typid = first, .typlen = -1, .atttypmod = -1},
	    {.name = name, .typid = TEXT, .typlen = -1, .atttypmod = -1},
	    {.name = name, .typid = TEXT, .typlen = -1, .atttypmod = -1}};
	PGresult *result = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
	const char *values[] = {value, why, why};

	PQsetResultAttrs(result, column_count, columns);
	for (int row = 0; row < row_count; row++) {
		for (int column = 0; column < column_count; column++) {
			char *copy = values[column] != NULL ? strdup(values[column]) : NULL;

			PQsetvalue(
			    result, row, column, copy, copy != NULL ? (int)strlen(copy) : -1);
			free(copy);
		}
	}
	return result;
}

static struct verdict judge(const struct answer *answer)
{
	const struct check_kind *kind = check_kind_find("query");
	void *plan = calloc(1, kind->plan_size);
	struct check check = {.kind = kind, .plan = plan};
	struct check_run run = {.check = &check};
	struct statement statement;
	struct verdict verdict = {.reason = REASON_PENDING};

	assert_int_equal(kind->step(&run, answer, &statement, &verdict), CHECK_DONE);
	free(plan);
	return verdict;
}

static void an_answer_is_a_verdict(void **state)
{
	static const struct {
		unsigned type;
		int columns;
		int rows;
		const char *value;
		const char *why;
		enum reason reason;
		const char *message;
	} examples[] = {
	    {BOOLEAN, 1, 1, "t", NULL, REASON_OK, "the query answered true"},
	    {BOOLEAN, 2, 1, "t", "fine", REASON_OK, "fine"},
	    {BOOLEAN, 2, 1, "t", "", REASON_OK, "the query answered true"},
	    {BOOLEAN, 1, 1, "f", NULL, REASON_FALSE, "the query answered false"},
	    {BOOLEAN, 2, 1, "f", "a\nb", REASON_FALSE, "a?b"},
	    {BOOLEAN, 1, 1, NULL, NULL, REASON_FALSE, "the query answered NULL"},
	    {BOOLEAN, 1, 0, NULL, NULL, REASON_ERROR,
		"the query answered with no row, expected one row"},
	    {BOOLEAN, 1, 2, "t", NULL, REASON_ERROR,
		"the query answered with several rows, expected one row"},
	    {TEXT, 1, 1, "t", NULL, REASON_ERROR,
		"the query answered something else than a boolean, and optionally a text"},
	    {BOOLEAN, 3, 1, "t", "a", REASON_ERROR,
		"the query answered something else than a boolean, and optionally a text"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(examples); i++) {
		PGresult *result = result_of(examples[i].type, examples[i].columns,
		    examples[i].rows, examples[i].value, examples[i].why);
		struct answer answer = {.rows = result};
		struct verdict verdict = judge(&answer);

		if (verdict.reason != examples[i].reason ||
		    strcmp(verdict.message, examples[i].message) != 0)
			fail_msg("row %zu: found %s: %s", i, reason_name(verdict.reason),
			    verdict.message);
		PQclear(result);
	}
}

static void an_error_is_no_answer(void **state)
{
	struct answer answer = {.sqlstate = "25006"};
	struct verdict verdict = judge(&answer);

	(void)state;
	assert_int_equal(verdict.reason, REASON_ERROR);
	assert_int_equal(verdict.value, VERDICT_UNKNOWN);
	assert_string_equal(verdict.sqlstate, "25006");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_answer_is_a_verdict),
	    cmocka_unit_test(an_error_is_no_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
