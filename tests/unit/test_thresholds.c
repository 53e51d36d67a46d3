/* When a run of results counts: the kubelet's rule, written out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../sidecar/watch/thresholds.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void results_count_from_the_threshold_on(void **state)
{
	static const struct {
		int64_t failure;
		int64_t success;
		const char *results; /* P passed, f failed */
		const char *counted; /* x where the result counts */
	} rows[] = {
	    {3, 1, "fffff", "..xxx"},
	    {3, 1, "PPffPffPfff", "xx..x..x..x"},
	    {1, 1, "PfPfP", "xxxxx"},
	    {1, 3, "PPPPfPP", "..xxx.."},
	    {2, 2, "PfPfPPff", ".....x.x"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct thresholds thresholds = {
		    .failure = rows[i].failure, .success = rows[i].success};

		for (size_t k = 0; k < strlen(rows[i].results); k++) {
			bool counted = thresholds_note(&thresholds, rows[i].results[k] == 'P');

			if (counted != (rows[i].counted[k] == 'x'))
				fail_msg("%s, result %zu: %s", rows[i].results, k + 1,
				    counted ? "counts" : "does not count");
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(results_count_from_the_threshold_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
