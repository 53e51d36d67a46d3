/* Reading a result safely. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../probes/rows.h"
#include "../support/fake_rows.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void columns_are_found_by_name(void **state)
{
	static const char *const both[] = {"id", "st", NULL};
	static const char *const more[] = {"id", "sum", NULL};
	static const char *const none[] = {NULL};
	PGresult *rows = fake_rows("st id", 1, (const char *const[]){"A", "7"});

	(void)state;
	assert_true(rows_have_columns(rows, both));
	assert_false(rows_have_columns(rows, more));
	assert_true(rows_have_columns(rows, none));
	assert_string_equal(rows_text(rows, 0, "id"), "7");
	assert_null(rows_text(rows, 0, "sum"));
	assert_int_equal(rows_count(rows), 1);
	PQclear(rows);
}

static void null_is_not_empty(void **state)
{
	PGresult *rows = fake_rows("a", 2, (const char *const[]){NULL, ""});

	(void)state;
	assert_null(rows_text(rows, 0, "a"));
	assert_string_equal(rows_text(rows, 1, "a"), "");
	PQclear(rows);
}

static void booleans_and_numbers_are_whole(void **state)
{
	static const struct {
		const char *text;
		bool boolean;
		long number;
	} values[] = {
	    {"t", true, 0},
	    {"f", false, 0},
	    {"true", false, 0},
	    {NULL, false, 0},
	    {"", false, 0},
	    {"42", false, 42},
	    {"-1", false, -1},
	    {"42 ", false, 0},
	    {"4x", false, 0},
	    {"9223372036854775807", false, 9223372036854775807},
	    {"9223372036854775808", false, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(values); i++) {
		PGresult *rows = fake_rows("v", 1, &values[i].text);

		if (rows_bool(rows, 0, "v") != values[i].boolean ||
		    rows_long(rows, 0, "v") != values[i].number)
			fail_msg("\"%s\": found %d and %ld", values[i].text,
			    rows_bool(rows, 0, "v"), rows_long(rows, 0, "v"));
		PQclear(rows);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(columns_are_found_by_name),
	    cmocka_unit_test(null_is_not_empty),
	    cmocka_unit_test(booleans_and_numbers_are_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
