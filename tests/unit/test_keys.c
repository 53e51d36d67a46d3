/* Durations, and the tables that configuration is read by. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../probes/check.h"
#include "../../probes/keys.h"
#include "../../probes/kinds.h"
#include "../../sidecar/config/config.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void durations_have_a_unit(void **state)
{
	static const struct {
		const char *text;
		int64_t milliseconds;
	} rows[] = {
	    {"250ms", 250},
	    {"10s", 10000},
	    {"5m", 300000},
	    {"1h", 3600000},
	    {"1m30s", 90000},
	    {"1.5s", 1500},
	    {"0.25s", 250},
	    {"0", 0},
	    {"0s", 0},
	    {"1h0m1ms", 3600001},
	    {"", -1},
	    {"10", -1},
	    {"s", -1},
	    {"10 s", -1},
	    {"-1s", -1},
	    {"10sec", -1},
	    {"1d", -1},
	    {"10s ", -1},
	    {"+1s", -1},
	    {"1e400s", -1},
	    {"infs", -1},
	    {"nans", -1},
	    {" 1s", -1},
	    {"1s1", -1},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		if (duration_parse(rows[i].text) != rows[i].milliseconds)
			fail_msg(
			    "\"%s\": %lld", rows[i].text, (long long)duration_parse(rows[i].text));
}

static void a_duration_is_written_as_it_is_read(void **state)
{
	static const char *const durations[] = {
	    "0s", "1ms", "250ms", "10s", "1m30s", "5m", "1h", "720h", "1h1m1s1ms"};
	char buffer[64];

	(void)state;
	for (size_t i = 0; i < COUNT(durations); i++)
		assert_string_equal(
		    duration_format(duration_parse(durations[i]), buffer, sizeof(buffer)),
		    durations[i]);
}

/* ---- every table of keys ---- */

static void assert_table(const char *name, const struct key *keys)
{
	for (const struct key *key = keys; key->name != NULL; key++) {
		if (key->help == NULL || *key->help == '\0')
			fail_msg("%s: %s has no help", name, key->name);
		if (key->type == KEY_DURATION && key->least >= key->most)
			fail_msg("%s: %s has no bounds", name, key->name);
		if (key->type == KEY_DURATION && key->fallback != NULL &&
		    (duration_parse(key->fallback) < key->least ||
			duration_parse(key->fallback) > key->most))
			fail_msg("%s: the default of %s is out of its bounds", name, key->name);
		if ((key->type == KEY_CHOICE || key->type == KEY_SET) && key->choices == NULL)
			fail_msg("%s: %s has no choices", name, key->name);
		for (const struct key *other = keys; other < key; other++)
			assert_string_not_equal(other->name, key->name);
	}
}

static void the_tables_of_keys_are_whole(void **state)
{
	(void)state;
	assert_table("configuration", config_keys);
	assert_table("log", config_log_keys);
	assert_table("database", database_keys);
	assert_table("check", check_keys);
}

static void the_table_of_kinds_is_whole_and_sorted(void **state)
{
	(void)state;
	for (size_t i = 0; check_kinds[i] != NULL; i++) {
		const struct check_kind *kind = check_kinds[i];

		assert_true(i == 0 || strcmp(check_kinds[i - 1]->name, kind->name) < 0);
		assert_true(kind->plan_size > 0);
		assert_non_null(kind->help);
		assert_non_null(kind->prepare);
		assert_non_null(kind->step);
		assert_table(kind->name, kind->keys);
		assert_ptr_equal(check_kind_find(kind->name), kind);
		for (const struct key *key = kind->keys; key->name != NULL; key++)
			for (const struct key *common = check_keys; common->name != NULL; common++)
				assert_string_not_equal(key->name, common->name);
	}
	assert_null(check_kind_find("no such kind"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(durations_have_a_unit),
	    cmocka_unit_test(a_duration_is_written_as_it_is_read),
	    cmocka_unit_test(the_tables_of_keys_are_whole),
	    cmocka_unit_test(the_table_of_kinds_is_whole_and_sorted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
