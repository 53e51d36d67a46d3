/* What a reading of the catalog counters says of the time since another. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../probes/sentinel.h"
#include "../support/fake_rows.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define COLUMNS "system database started counted reset standby snapshot counts changes"

static struct sentinel reading_of(const char *const *values)
{
	struct sentinel reading;
	PGresult *rows = fake_rows(COLUMNS, 1, values);

	assert_true(sentinel_read(SENTINEL_WHOLE, rows, &reading));
	PQclear(rows);
	return reading;
}

static const char *const usual[] = {"7", "5", "noon", "noon", NULL, "f", "1:1:", "t", "10"};

static void time_went_by(void **state)
{
	static const struct {
		const char *what;
		const char *now[9];
		enum sentinel_word word;
	} rows[] = {
	    {"nothing", {"7", "5", "noon", "noon", NULL, "f", "1:1:", "t", "10"}, SENTINEL_QUIET},
	    {"somebody wrote", {"7", "5", "noon", "noon", NULL, "f", "2:2:", "t", "10"},
		SENTINEL_QUIET},
	    {"a catalog changed", {"7", "5", "noon", "noon", NULL, "f", "2:2:", "t", "11"},
		SENTINEL_CHANGED},
	    {"counters are late, and no transaction has ended",
		{"7", "5", "noon", "noon", NULL, "f", "1:1:", "t", "11"}, SENTINEL_QUIET},
	    {"counters cannot be relied on",
		{"7", "5", "noon", "noon", NULL, "f", "2:2:", "f", "10"}, SENTINEL_CHANGED},
	    {"no counters", {"7", "5", "noon", "noon", NULL, "f", "2:2:", "t", NULL},
		SENTINEL_CHANGED},
	    {"a restart", {"7", "5", "later", "noon", NULL, "f", "1:1:", "t", "10"}, SENTINEL_ANEW},
	    {"a crash", {"7", "5", "noon", "later", NULL, "f", "1:1:", "t", "10"}, SENTINEL_ANEW},
	    {"a reset", {"7", "5", "noon", "noon", "later", "f", "1:1:", "t", "10"}, SENTINEL_ANEW},
	    {"now a standby", {"7", "5", "noon", "noon", NULL, "t", "1:1:", "t", "10"},
		SENTINEL_ANEW},
	    {"another system", {"8", "5", "noon", "noon", NULL, "f", "1:1:", "t", "10"},
		SENTINEL_ANEW},
	    {"another database", {"7", "6", "noon", "noon", NULL, "f", "1:1:", "t", "10"},
		SENTINEL_ANEW},
	    {"no database", {"7", NULL, "noon", "noon", NULL, "f", "1:1:", "t", "10"},
		SENTINEL_ANEW},
	    {"system not asked", {NULL, "5", "noon", "noon", NULL, "f", "1:1:", "t", "10"},
		SENTINEL_QUIET},
	};
	struct sentinel then = reading_of(usual);

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct sentinel now = reading_of(rows[i].now);

		if (sentinel_compare(&then, &now) != rows[i].word)
			fail_msg("%s: %d", rows[i].what, (int)sentinel_compare(&then, &now));
	}
}

/* A standby replays changes without counting them. */
static void a_standby_is_quiet_by_its_snapshot_alone(void **state)
{
	struct sentinel then = reading_of(
	    (const char *const[]){"7", "5", "noon", "noon", NULL, "t", "1:1:", "t", "10"});
	struct sentinel now = then;

	(void)state;
	assert_int_equal(sentinel_compare(&then, &now), SENTINEL_QUIET);
	snprintf(now.snapshot, sizeof(now.snapshot), "%s", "2:2:");
	assert_int_equal(sentinel_compare(&then, &now), SENTINEL_CHANGED);
}

/* Many transactions under way make a snapshot longer than is kept. */
static void a_snapshot_that_is_too_long_is_none(void **state)
{
	char snapshot[1000];
	const char *values[] = {"7", "5", "noon", "noon", NULL, "t", snapshot, "t", "10"};
	struct sentinel reading;

	(void)state;
	memset(snapshot, '1', sizeof(snapshot) - 1);
	snapshot[sizeof(snapshot) - 1] = '\0';
	reading = reading_of(values);
	assert_string_equal(reading.snapshot, "");
	assert_int_equal(sentinel_compare(&reading, &reading), SENTINEL_CHANGED);
}

static void elsewhere_needs_both_to_be_known(void **state)
{
	static const struct {
		const char *system;
		const char *database;
		bool elsewhere;
	} rows[] = {
	    {"7", "5", false},
	    {"", "5", false},
	    {"7", "", false},
	    {"", "", false},
	    {"8", "5", true},
	    {"7", "6", true},
	    {"", "6", true},
	    {"8", "", true},
	};
	struct sentinel then = reading_of(usual);

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct sentinel now = then;

		snprintf(now.system, sizeof(now.system), "%s", rows[i].system);
		snprintf(now.database, sizeof(now.database), "%s", rows[i].database);
		assert_int_equal(sentinel_is_elsewhere(&then, &now), rows[i].elsewhere);
		assert_int_equal(sentinel_is_elsewhere(&now, &then), rows[i].elsewhere);
	}
}

/* The cheapest form has nothing else; with the others, it has to be the same life of the server. */
static void no_transaction_has_ended_where_the_snapshot_is_still_the_same(void **state)
{
	static const struct {
		const char *now[9];
		bool still_in_session; /* of one backend */
		bool still;
	} rows[] = {
	    {{"7", "5", "noon", "noon", NULL, "f", "1:1:", "t", "11"}, true, true},
	    {{"7", "5", "noon", "noon", NULL, "f", "2:2:", "t", "10"}, false, false},
	    {{"7", "5", "noon", "noon", NULL, "f", NULL, "t", "10"}, false, false},
	    {{"7", "5", "noon", "noon", NULL, "t", "1:1:", "t", "10"}, true, false},
	    {{"7", "5", "later", "noon", NULL, "f", "1:1:", "t", "10"}, true, false},
	};
	struct sentinel then = reading_of(usual);

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct sentinel now = reading_of(rows[i].now);
		PGresult *result = fake_rows("snapshot", 1, &rows[i].now[6]);
		struct sentinel snapshot;

		assert_true(sentinel_read(SENTINEL_SNAPSHOT, result, &snapshot));
		assert_int_equal(sentinel_is_still(SENTINEL_SNAPSHOT, &then, &snapshot),
		    rows[i].still_in_session);
		assert_int_equal(sentinel_is_still(SENTINEL_SHORT, &then, &now), rows[i].still);
		PQclear(result);
	}
}

static void rows_of_another_shape_are_no_reading(void **state)
{
	struct sentinel reading;
	PGresult *rows = fake_rows("system database", 1, (const char *const[]){"7", "5"});

	(void)state;
	for (int i = 0; i < SENTINEL_FORM_COUNT; i++)
		assert_false(sentinel_read((enum sentinel_form)i, rows, &reading));
	PQclear(rows);
	rows = fake_rows(COLUMNS, 0, NULL);
	for (int i = 0; i < SENTINEL_FORM_COUNT; i++)
		assert_false(sentinel_read((enum sentinel_form)i, rows, &reading));
	PQclear(rows);
}

static void every_form_is_prepared_under_a_name_of_its_own(void **state)
{
	struct statement asked[SENTINEL_FORM_COUNT];

	(void)state;
	for (int i = 0; i < SENTINEL_FORM_COUNT; i++) {
		sentinel_ask((enum sentinel_form)i, "5", &asked[i]);
		assert_int_equal(asked[i].parameter_count, i == SENTINEL_SHORT ? 1 : 0);
		for (int k = 0; k < i; k++)
			assert_string_not_equal(asked[i].name, asked[k].name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(time_went_by),
	    cmocka_unit_test(a_standby_is_quiet_by_its_snapshot_alone),
	    cmocka_unit_test(a_snapshot_that_is_too_long_is_none),
	    cmocka_unit_test(elsewhere_needs_both_to_be_known),
	    cmocka_unit_test(no_transaction_has_ended_where_the_snapshot_is_still_the_same),
	    cmocka_unit_test(rows_of_another_shape_are_no_reading),
	    cmocka_unit_test(every_form_is_prepared_under_a_name_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
