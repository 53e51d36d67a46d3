/* The engine of the one row: golang-migrate. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../support/expected.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct row {
	const char *rows;
	enum history_rule rule;
	const char *begins;
	const char *says;
};

static void the_last_version_says_all(void **state)
{
	static const struct row rows[] = {
	    {"", RULE_AT_LEAST, "empty 3 10 -:", "public.history has no row: 3 pending, up to 10"},
	    {"10", RULE_AT_LEAST, "ok 0 10 10:", NULL},
	    {"2", RULE_AT_LEAST, "behind 1 10 2:", "1 pending: 10; database at 2"},
	    {"3", RULE_AT_LEAST, "diverged 1 10 3:", "database at 3, which this release does not"},
	    {"11", RULE_AT_LEAST, "ahead 0 10 11:", "beyond this release's 10"},
	    {"11", RULE_EXACT, "mismatch 0", "\"exact\""},
	    {"10 F", RULE_AT_LEAST, "dirty 1", "then run `migrate force VERSION`"},
	    {"2 F", RULE_AT_LEAST, "dirty 2", "version 2 failed or is still running"},
	    {"5 F", RULE_AT_LEAST, "dirty 1", NULL},
	    {"-1 F", RULE_AT_LEAST, "dirty 3", NULL},
	    {"11 F", RULE_AT_LEAST, "dirty_newer 0", "all of this release (10) is applied"},
	    {"11 F", RULE_EXACT, "mismatch 0", "\"exact\""},
	};
	const struct history_tool *tool = history_tool_find("golang-migrate");

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char *found = verdict_on(tool, "000001;000002;10", rows[i].rows, rows[i].rule);

		if (strncmp(found, rows[i].begins, strlen(rows[i].begins)) != 0 ||
		    (rows[i].says != NULL && strstr(found, rows[i].says) == NULL))
			fail_msg("%s: found\n%s\nexpected\n%s …%s", rows[i].rows, found,
			    rows[i].begins, rows[i].says != NULL ? rows[i].says : "");
		free(found);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_last_version_says_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
