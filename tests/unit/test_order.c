/* Sorting what mostly is in order already. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../probes/order.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* By the first byte; counts how often it was asked. */
static int compare_first(const void *a, const void *b, void *arg)
{
	const char *const *x = a;
	const char *const *y = b;
	size_t *asked = arg;

	++*asked;
	return (**x > **y) - (**x < **y);
}

static void what_is_in_order_stays_and_what_is_not_moves(void **state)
{
	static const struct {
		const char *before[4];
		const char *after[4];
	} rows[] = {
	    {{"a", "b", "c", "d"}, {"a", "b", "c", "d"}},
	    {{"b", "a", "c", "d"}, {"a", "b", "c", "d"}},
	    {{"a", "b", "d", "c"}, {"a", "b", "c", "d"}},
	    {{"d", "c", "b", "a"}, {"a", "b", "c", "d"}},
	    {{"a2", "a1", "b2", "b1"}, {"a2", "a1", "b2", "b1"}},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *items[4];
		size_t asked = 0;

		memcpy(items, rows[i].before, sizeof(items));
		put_in_order(items, COUNT(items), sizeof(*items), compare_first, &asked);
		for (size_t k = 0; k < COUNT(items); k++)
			assert_string_equal(items[k], rows[i].after[k]);
	}
}

static void order_is_found_in_linear_time(void **state)
{
	static const char *items[5000];
	size_t asked = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(items); i++)
		items[i] = "same";
	put_in_order(items, COUNT(items), sizeof(*items), compare_first, &asked);
	assert_int_equal(asked, COUNT(items) - 1);
}

static void nothing_and_one_are_in_order(void **state)
{
	const char *one = "a";
	size_t asked = 0;

	(void)state;
	put_in_order(NULL, 0, sizeof(char *), compare_first, &asked);
	put_in_order(&one, 1, sizeof(char *), compare_first, &asked);
	assert_int_equal(asked, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_in_order_stays_and_what_is_not_moves),
	    cmocka_unit_test(order_is_found_in_linear_time),
	    cmocka_unit_test(nothing_and_one_are_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
