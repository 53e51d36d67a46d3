/* How often a pod that waits may look. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../../sidecar/watch/pace.h"

static void a_pause_goes_by_the_quickest_of_the_last_looks(void **state)
{
	static const struct {
		int times;
		int64_t took_ms;
		int64_t pause_ms;
	} looks[] = {
	    {1, 15, 300}, /* the first connects */
	    {1, 4, 80},
	    {10, 30, 80}, /* some that had to wait */
	    {1, 5, 80},
	    {4, 30, 80},
	    {1, 30, 100}, /* the 4 is forgotten */
	    {10, 40, 100},
	    {1, 40, 600}, /* slow all the time: asked less often */
	    {16, 60, 1200},
	    {1, 0, 0},
	};
	struct pace pace = {.looks = 0};

	(void)state;
	assert_int_equal(pace_pause_ms(&pace), 0);
	for (size_t i = 0; i < sizeof(looks) / sizeof(looks[0]); i++) {
		for (int j = 0; j < looks[i].times; j++)
			pace_note(&pace, looks[i].took_ms);
		assert_int_equal(pace_pause_ms(&pace), looks[i].pause_ms);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_pause_goes_by_the_quickest_of_the_last_looks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
