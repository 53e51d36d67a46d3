/* How often a pod that waits may look. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../../sidecar/watch/pace.h"

static void a_pause_goes_by_the_quickest_of_the_last_rounds(void **state)
{
	static const struct {
		int64_t took_ms;
		int64_t pause_ms;
	} rounds[] = {
	    {15, 300}, /* the first connects */
	    {4, 80},
	    {30, 80}, /* one that had to wait */
	    {5, 80},
	    {6, 80},
	    {30, 100}, /* the 4 is forgotten */
	    {40, 100},
	    {50, 120},
	    {60, 600}, /* slow all the time: asked less often */
	    {70, 800},
	    {0, 0},
	};
	struct pace pace = {.rounds = 0};

	(void)state;
	assert_int_equal(pace_pause_ms(&pace), 0);
	for (size_t i = 0; i < sizeof(rounds) / sizeof(rounds[0]); i++) {
		pace_note(&pace, rounds[i].took_ms);
		assert_int_equal(pace_pause_ms(&pace), rounds[i].pause_ms);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_pause_goes_by_the_quickest_of_the_last_rounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
