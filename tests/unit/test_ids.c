/* How ids compare, and what can be one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../probes/history/ids.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int sign(int number)
{
	return (number > 0) - (number < 0);
}

struct row {
	const char *a;
	const char *b;
	int order;
};

static void check(id_compare *compare, const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (sign(compare(rows[i].a, rows[i].b)) != rows[i].order ||
		    sign(compare(rows[i].b, rows[i].a)) != -rows[i].order)
			fail_msg("\"%s\" and \"%s\": not %d", rows[i].a, rows[i].b, rows[i].order);
		assert_int_equal(compare(rows[i].a, rows[i].a), 0);
		assert_int_equal(compare(rows[i].b, rows[i].b), 0);
	}
}

static void numbers_have_any_length_and_no_leading_zeros(void **state)
{
	static const struct row rows[] = {
	    {"1", "001", 0},
	    {"0", "00", 0},
	    {"9", "10", -1},
	    {"123456789012345678901234567890", "123456789012345678901234567891", -1},
	    {"99999999999999999999", "100000000000000000000", -1},
	    {"10", "9a", -1}, /* no numbers come last */
	    {"a", "b", -1},
	    {"", "1", 1},
	};

	(void)state;
	check(id_compare_numbers, rows, COUNT(rows));
}

static void versions_compare_part_by_part(void **state)
{
	static const struct row rows[] = {
	    {"1", "1.0", 0},
	    {"1", "01", 0},
	    {"1.0", "1_0", 0},
	    {"1", "1.0.0.0", 0},
	    {"1.10", "1.9", 1},
	    {"1.1", "1", 1},
	    {"1.0.1", "1", 1},
	    {"2", "10", -1},
	    {"20240101120000", "2", 1},
	    {"123456789012345678901234567890", "123456789012345678901234567891", -1},
	    {"R:a", "99999", 1},
	    {"R:a", "R:b", -1},
	    {"x", "1", 1},
	};

	(void)state;
	check(id_compare_versions, rows, COUNT(rows));
}

static void other_notations(void **state)
{
	static const struct row nocase[] = {{"A/b::1::X", "a/B::1::x", 0}, {"a", "B", -1}};
	static const struct row leading[] = {
	    {"2_b", "10_a", -1}, {"002_a", "2_a", -1}, {"2_a", "2_b", -1}, {"a", "b", -1}};
	static const struct row trailing[] = {{"Zoo1700000000001", "Ant1700000000002", -1},
	    {"Ant1700000000001", "Zoo1700000000001", -1}, {"short", "Zoo1700000000001", -1}};
	static const struct row scripts[] = {{"a.js", "a.ts", 0}, {"a.cjs", "a.mjs", 0},
	    {"a.js", "a.sql", -1}, {"a.js", "ab.js", -1}, {"a", "a.js", 0},
	    {"a.b.js", "a.c.js", -1}};

	(void)state;
	check(id_compare_nocase, nocase, COUNT(nocase));
	check(id_compare_leading_number, leading, COUNT(leading));
	check(id_compare_trailing_time, trailing, COUNT(trailing));
	check(id_compare_script_names, scripts, COUNT(scripts));
	assert_true(id_compare_bytes("001", "1") < 0);
}

static void what_can_be_an_id(void **state)
{
	static const struct {
		id_check *is;
		const char *yes;
		const char *no;
	} rows[] = {
	    {id_is_any, "x", ""},
	    {id_is_number, "007", "7a"},
	    {id_is_number, "0", "-1"},
	    {id_is_number, "123456789012345678901234567890", ""},
	    {id_is_version, "1.2_3", "v1"},
	    {id_is_version, "R:the views", "R:"},
	    {id_is_version, "1", ".1"},
	    {id_is_version, "1", ""},
	    {id_is_dotted, "shop.0001", "shop"},
	    {id_is_dotted, "a.b.c", ".b"},
	    {id_is_dotted, "a.b", "a."},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		if (!rows[i].is(rows[i].yes) || rows[i].is(rows[i].no))
			fail_msg("%s or %s", rows[i].yes, rows[i].no);
	}
}

static int compare_to_rank(const void *key, size_t rank)
{
	const int *wanted = key;

	return sign(*wanted - 2 * (int)rank);
}

static void what_is_looked_for_is_found_by_its_rank(void **state)
{
	(void)state;
	for (size_t count = 0; count < 20; count++)
		for (int wanted = -1; wanted < 2 * (int)count + 2; wanted++) {
			size_t found = ids_search(&wanted, count, compare_to_rank);
			bool is_there = wanted >= 0 && wanted % 2 == 0 && wanted / 2 < (int)count;

			assert_int_equal(found, is_there ? (size_t)wanted / 2 : SIZE_MAX);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(numbers_have_any_length_and_no_leading_zeros),
	    cmocka_unit_test(versions_compare_part_by_part),
	    cmocka_unit_test(other_notations),
	    cmocka_unit_test(what_can_be_an_id),
	    cmocka_unit_test(what_is_looked_for_is_found_by_its_rank),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
