/* When to try again after a failure. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../sidecar/watch/backoff.h"

#define LEAST 0u
#define HALF (UINT32_MAX / 2 + 1)
#define MOST UINT32_MAX

static void the_window_doubles_up_to_the_cap(void **state)
{
	static const int64_t windows[] = {500, 1000, 2000, 4000, 8000, 10000, 10000};
	struct backoff backoff = {.base_ms = 500, .cap_ms = 10000};

	(void)state;
	for (size_t i = 0; i < sizeof(windows) / sizeof(windows[0]); i++) {
		assert_int_equal(backoff.failures, i);
		assert_int_equal(backoff_next(&backoff, HALF), windows[i] / 2);
	}
}

static void the_delay_goes_from_the_floor_to_the_whole_window(void **state)
{
	struct backoff low = {.floor_ms = 5000, .base_ms = 5000, .cap_ms = 60000};
	struct backoff high = low;

	(void)state;
	assert_int_equal(backoff_next(&low, LEAST), 5000);
	assert_int_equal(backoff_next(&high, MOST), 9999);
	assert_int_equal(backoff_next(&low, LEAST), 5000);
	assert_int_equal(backoff_next(&high, MOST), 14999);
}

static void an_answer_begins_anew(void **state)
{
	struct backoff backoff = {.base_ms = 100, .cap_ms = 10000};

	(void)state;
	for (int i = 0; i < 5; i++)
		backoff_next(&backoff, HALF);
	backoff_reset(&backoff);
	assert_int_equal(backoff_next(&backoff, HALF), 50);
}

static void a_base_above_the_cap_is_cut_to_it(void **state)
{
	struct backoff backoff = {.base_ms = 3000, .cap_ms = 1000};

	(void)state;
	assert_int_equal(backoff_next(&backoff, HALF), 500);
}

static void failures_for_years_do_not_overflow(void **state)
{
	struct backoff backoff = {.base_ms = 10, .cap_ms = 3600000, .failures = UINT32_MAX - 1};

	(void)state;
	assert_int_equal(backoff_next(&backoff, MOST), 3599999);
	assert_int_equal(backoff_next(&backoff, MOST), 3599999);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_window_doubles_up_to_the_cap),
	    cmocka_unit_test(the_delay_goes_from_the_floor_to_the_whole_window),
	    cmocka_unit_test(an_answer_begins_anew),
	    cmocka_unit_test(a_base_above_the_cap_is_cut_to_it),
	    cmocka_unit_test(failures_for_years_do_not_overflow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
