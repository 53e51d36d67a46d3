/* What a contract's rows mean: each deviation told, the most telling first, groups tolerated. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../probes/contract/findings.h"
#include "../../probes/xalloc.h"
#include "../support/fake_rows.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define COLUMNS "code schema_wanted schema object part wanted found total"
#define COLUMN_COUNT ((size_t)8)
#define ROWS_MAX 60

/* Rows as the statement gives them, its sum last. */
struct answer_rows {
	const char *values[ROWS_MAX * COLUMN_COUNT];
	size_t count;
};

static void add_row(struct answer_rows *rows, const char *const *row)
{
	memcpy(&rows->values[rows->count++ * COLUMN_COUNT], row, COLUMN_COUNT * sizeof(*row));
}

static struct verdict judge_as(
    const struct answer_rows *rows, size_t count, struct amount tolerance, const char *role)
{
	struct wanted wanted = {.count = count, .named = count};
	struct contract_question question = {.wanted = &wanted,
	    .what = "the contract's objects",
	    .tolerance = &tolerance,
	    .role = role};
	PGresult *result = fake_rows(COLUMNS, (int)rows->count, rows->values);
	struct verdict verdict = contract_judge(&question, result);

	PQclear(result);
	return verdict;
}

static struct verdict judge(const struct answer_rows *rows)
{
	return judge_as(rows, 5, (struct amount){0, false}, "app");
}

/* One deviation and the sum. */
static struct verdict judge_one(const char *const *row)
{
	static const char *const sum[] = {"Z", NULL, NULL, NULL, NULL, "5", NULL, "1"};
	static const char *const no_sum[] = {"Z", NULL, NULL, NULL, NULL, "5", NULL, "0"};
	struct answer_rows rows = {.count = 0};

	add_row(&rows, row);
	add_row(&rows, row[0][0] == 'C' ? no_sum : sum);
	return judge(&rows);
}

static const struct {
	const char *row[COLUMN_COUNT];
	enum reason reason;
	const char *message;
} deviations[] = {
    {{"A", NULL, NULL, "app"}, REASON_MISSING, "role app does not exist"},
    {{"B", NULL, "billing"}, REASON_MISSING, "schema billing is missing"},
    {{"C", NULL, NULL, "pg_trgm"}, REASON_MISSING, "extension pg_trgm is missing"},
    {{"C", NULL, NULL, "pg_trgm", NULL, "1.10", "1.9"}, REASON_MISMATCH,
	"extension pg_trgm: wanted version 1.10 or later, found 1.9"},
    {{"D", NULL, "public", "orders", NULL, "r"}, REASON_MISSING, "table public.orders is missing"},
    {{"D", NULL, "public", "orders", NULL, "r", "v"}, REASON_MISMATCH,
	"table public.orders: wanted a table, found a view"},
    {{"D", NULL, "public", "t", NULL, "m", "?"}, REASON_MISMATCH,
	"materialized view public.t: wanted a materialized view, found something else"},
    {{"E", NULL, "public", "status", NULL, "e", "d"}, REASON_MISMATCH,
	"enum public.status: wanted an enum, found a domain"},
    {{"F", NULL, "public", "status", "paid"}, REASON_MISSING,
	"enum public.status lacks the value 'paid'"},
    {{"G", NULL, "public", "f", "(integer)"}, REASON_MISSING,
	"function public.f(integer) is missing"},
    {{"G", NULL, "public", "f", "(integer)", NULL, "(bigint)"}, REASON_MISSING,
	"function public.f(integer) is missing, found it for (bigint)"},
    {{"H", NULL, "public", "orders", "total", "numeric(12,2)"}, REASON_MISSING,
	"column public.orders.total is missing"},
    {{"I", NULL, "public", "orders", "total", "numeric(12,2) NOT NULL", "integer NULL"},
	REASON_MISMATCH,
	"column public.orders.total: wanted numeric(12,2) NOT NULL, found integer NULL"},
    {{"J", NULL, "public", "orders", NULL, "id, no"}, REASON_MISSING,
	"primary key of public.orders: wanted (id, no), found none"},
    {{"J", NULL, "public", "orders", NULL, "id", "no"}, REASON_MISMATCH,
	"primary key of public.orders: wanted (id), found (no)"},
    {{"K", NULL, "public", "orders", "positive"}, REASON_MISSING,
	"constraint positive of public.orders is missing"},
    {{"K", NULL, "public", "orders", "positive", NULL, "not validated"}, REASON_MISMATCH,
	"constraint positive of public.orders is not validated"},
    {{"L", NULL, "public", "orders", "by_day", "valid"}, REASON_MISSING,
	"index by_day of public.orders is missing"},
    {{"L", NULL, "public", "orders", "by_day", "valid unique", "invalid unique"}, REASON_MISMATCH,
	"index by_day of public.orders: wanted valid unique, found invalid unique"},
    {{"M", NULL, "public", "totals"}, REASON_MISMATCH,
	"materialized view public.totals is not populated; REFRESH it"},
    {{"N", NULL, "public", "orders", NULL, "t"}, REASON_MISMATCH,
	"row security of public.orders: wanted on, found off"},
    {{"Q", NULL, "public", "orders", "SELECT"}, REASON_FORBIDDEN,
	"role app lacks SELECT on public.orders"},
    {{"Q", NULL, "billing", NULL, "USAGE"}, REASON_FORBIDDEN,
	"role app lacks USAGE on schema billing"},
};

static void each_deviation_is_told(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(deviations); i++) {
		struct verdict verdict = judge_one(deviations[i].row);
		size_t length = strlen(deviations[i].message);

		if (strncmp(verdict.message, deviations[i].message, length) != 0 ||
		    strncmp(verdict.message + length, "; ", 2) != 0)
			fail_msg("found %s, expected %s", verdict.message, deviations[i].message);
		if (verdict.reason != deviations[i].reason)
			fail_msg(
			    "%s: found %s", deviations[i].message, reason_name(verdict.reason));
		assert_string_equal(verdict.findings, "");
	}
}

static void no_deviation_is_ok(void **state)
{
	static const char *const sum[] = {"Z", NULL, NULL, NULL, NULL, "5", NULL, "0"};
	static const char *const newer[] = {"C", NULL, NULL, "pg_trgm", NULL, "1.9", "1.10", NULL};
	struct answer_rows rows = {.count = 0};
	struct verdict verdict;

	(void)state;
	add_row(&rows, newer);
	add_row(&rows, sum);
	verdict = judge(&rows);
	assert_int_equal(verdict.reason, REASON_OK);
	assert_string_equal(verdict.message, "the contract's objects: all 5 found as wanted");
}

/* Whatever answers nothing has not been asked: a peer that is no PostgreSQL makes nobody ready. */
static void an_answer_that_does_not_add_up_is_an_error(void **state)
{
	static const char *const sum[] = {"Z", NULL, NULL, NULL, NULL, "4", NULL, "0"};
	static const char *const null_sum[] = {"Z", NULL, NULL, NULL, NULL, NULL, NULL, NULL};
	static const char *const of_pattern[] = {"Z", "t*", NULL, NULL, NULL, "5", "0", "0"};
	const char *const *const sums[] = {sum, null_sum, of_pattern};
	struct answer_rows none = {.count = 0};

	(void)state;
	assert_int_equal(judge(&none).reason, REASON_ERROR);
	for (size_t i = 0; i < COUNT(sums); i++) {
		struct answer_rows rows = {.count = 0};

		add_row(&rows, sums[i]);
		assert_int_equal(judge(&rows).reason, REASON_ERROR);
	}
}

/* Each column of many is told, and counted where there is no room. */
static void all_that_deviates_is_listed_or_counted(void **state)
{
	static char names[ROWS_MAX][32];
	static const char *const sum[] = {"Z", NULL, NULL, NULL, NULL, "5", NULL, "777"};
	struct answer_rows rows = {.count = 0};
	struct verdict verdict;
	size_t lines = 1;

	(void)state;
	for (int i = 0; i < 50; i++) {
		const char *row[COLUMN_COUNT] = {"H", NULL, "public", "orders", names[i], "text"};

		snprintf(names[i], sizeof(names[i]), "column_%02d", i);
		add_row(&rows, row);
	}
	add_row(&rows, sum);
	verdict = judge(&rows);
	assert_non_null(strstr(verdict.message, "public.orders.column_00 is missing; "));
	assert_non_null(strstr(verdict.message, " more; run this release's migrations"));
	assert_true(strlen(verdict.message) < sizeof(verdict.message) - 10);
	for (const char *c = verdict.findings; *c != '\0'; c++)
		lines += *c == '\n';
	assert_int_equal(lines, 51);
	assert_non_null(strstr(verdict.findings, "\nand 727 more"));
}

static void names_cannot_forge_lines(void **state)
{
	static const char *const row[COLUMN_COUNT] = {
	    "D", NULL, "pub\nlic", "or\x1b[31mders", NULL, "r"};
	struct verdict verdict = judge_one(row);

	(void)state;
	assert_non_null(strstr(verdict.message, "table pub?lic.or?[31mders is missing"));
}

/* ---- patterns ---- */

static struct verdict judge_tenants(
    const char *matched, const char *deviating, struct amount tolerance)
{
	const char *const row[] = {"D", "t_*", "t_7", "orders", NULL, "r", NULL, NULL};
	const char *const none[] = {"B", "t_*", "t_*", NULL, NULL, NULL, NULL, NULL};
	const char *const sum[] = {"Z", NULL, NULL, NULL, NULL, "5", NULL, "0"};
	const char *const group[] = {"Z", "t_*", NULL, NULL, "t_7, t_8", matched, deviating, "2"};
	struct answer_rows rows = {.count = 0};

	if (strcmp(matched, "0") == 0)
		add_row(&rows, none);
	else if (strcmp(deviating, "0") != 0)
		add_row(&rows, row);
	add_row(&rows, sum);
	add_row(&rows, group);
	return judge_as(&rows, 5, tolerance, NULL);
}

static void tolerance_is_a_number_or_a_share_of_the_schemas(void **state)
{
	static const struct {
		const char *matched;
		const char *deviating;
		struct amount tolerance;
		enum reason reason;
	} rows[] = {
	    {"1000", "2", {0, false}, REASON_MISSING},
	    {"1000", "2", {1, false}, REASON_MISSING},
	    {"1000", "2", {2, false}, REASON_OK},
	    {"1000", "10", {1, true}, REASON_OK},
	    {"1000", "11", {1, true}, REASON_MISSING},
	    {"99", "1", {1, true}, REASON_MISSING}, /* a share of nothing tolerates nothing */
	    {"200", "1", {0.5, true}, REASON_OK},
	    {"0", "1", {100, true}, REASON_MISSING}, /* that none matches is no deviation of few */
	    {"0", "1", {5, false}, REASON_MISSING},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct verdict verdict =
		    judge_tenants(rows[i].matched, rows[i].deviating, rows[i].tolerance);

		if (verdict.reason != rows[i].reason)
			fail_msg("row %zu: found %s: %s", i, reason_name(verdict.reason),
			    verdict.message);
	}
}

static void patterns_tell_how_many_deviate_and_which_first(void **state)
{
	struct verdict strict = judge_tenants("1000", "2", (struct amount){0, false});
	struct verdict lenient = judge_tenants("1000", "2", (struct amount){1, true});
	struct verdict none = judge_tenants("0", "1", (struct amount){0, false});

	(void)state;
	assert_non_null(strstr(strict.message, "table t_7.orders is missing"));
	assert_non_null(
	    strstr(strict.message, "2 of 1000 schemas that match t_* deviate: t_7, t_8"));
	assert_int_equal(lenient.value, VERDICT_READY);
	assert_non_null(strstr(lenient.message,
	    "2 of 1000 schemas that match t_* deviate, which is tolerated: t_7, t_8"));
	assert_non_null(strstr(none.message, "no schema matches t_*"));
}

static void versions_are_compared_by_their_numbers(void **state)
{
	static const struct {
		const char *a;
		const char *b;
		int result;
	} rows[] = {{"1.6", "1.6", 0}, {"1.10", "1.9", 1}, {"1.9", "1.10", -1}, {"2", "1.9.9", 1},
	    {"1", "1.0", 0}, {"1.0.1", "1", 1}, {"3.4.0dev", "3.4.0", 0}, {"v2.1", "2.1", 0},
	    {"", "1", -1}, {"unpackaged", "", 0}};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		if (version_compare(rows[i].a, rows[i].b) != rows[i].result)
			fail_msg("%s and %s", rows[i].a, rows[i].b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_deviation_is_told),
	    cmocka_unit_test(no_deviation_is_ok),
	    cmocka_unit_test(an_answer_that_does_not_add_up_is_an_error),
	    cmocka_unit_test(all_that_deviates_is_listed_or_counted),
	    cmocka_unit_test(names_cannot_forge_lines),
	    cmocka_unit_test(tolerance_is_a_number_or_a_share_of_the_schemas),
	    cmocka_unit_test(patterns_tell_how_many_deviate_and_which_first),
	    cmocka_unit_test(versions_are_compared_by_their_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
