/* How a check stands: the one place where a verdict changes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../sidecar/watch/standing.h"

static struct moment at(int64_t ms)
{
	return (struct moment){.monotonic_ms = ms, .wall_ms = 1767323045000 + ms};
}

static void find(struct standing *standing, enum reason reason, int64_t ms)
{
	struct verdict verdict = verdict_of(reason, "found at %lld", (long long)ms);

	standing_note(standing, &verdict, at(ms));
}

static void before_the_first_round_nothing_is_known(void **state)
{
	struct standing standing;

	(void)state;
	standing_init(&standing, at(10));
	assert_int_equal(standing.now.value, VERDICT_UNKNOWN);
	assert_int_equal(standing.now.reason, REASON_PENDING);
	assert_int_equal(standing.since.monotonic_ms, 10);
	assert_int_equal(standing.checked.monotonic_ms, 0);
	assert_false(standing.answered);
	assert_false(standing.ever_ready);
	assert_int_equal(standing.transitions, 0);
}

static void silence_leaves_the_last_answer(void **state)
{
	static const enum reason silent[] = {REASON_UNREACHABLE, REASON_STARTING, REASON_LOGIN,
	    REASON_TIMEOUT, REASON_LOCKED, REASON_DENIED, REASON_ERROR};
	struct standing standing;

	(void)state;
	standing_init(&standing, at(0));
	find(&standing, REASON_OK, 100);
	for (size_t i = 0; i < sizeof(silent) / sizeof(silent[0]); i++) {
		find(&standing, silent[i], 200 + (int64_t)i);
		assert_int_equal(standing.now.reason, silent[i]);
		assert_true(standing.answered);
		assert_int_equal(standing.answer, VERDICT_READY);
		assert_int_equal(standing.answered_at.monotonic_ms, 100);
		assert_string_equal(standing.answer_message, "found at 100");
	}
}

static void an_answer_replaces_the_answer(void **state)
{
	struct standing standing;

	(void)state;
	standing_init(&standing, at(0));
	find(&standing, REASON_OK, 100);
	find(&standing, REASON_MISSING, 200);
	assert_int_equal(standing.answer, VERDICT_NOT_READY);
	assert_int_equal(standing.answered_at.monotonic_ms, 200);
	assert_string_equal(standing.answer_message, "found at 200");
	assert_true(standing.ever_ready);
}

static void since_follows_the_reason_and_not_the_round(void **state)
{
	struct standing standing;

	(void)state;
	standing_init(&standing, at(0));
	find(&standing, REASON_BEHIND, 100);
	find(&standing, REASON_BEHIND, 200);
	assert_int_equal(standing.since.monotonic_ms, 100);
	assert_int_equal(standing.checked.monotonic_ms, 200);
	find(&standing, REASON_DIRTY, 300);
	assert_int_equal(standing.since.monotonic_ms, 300);
}

static void transitions_count_values_and_not_reasons(void **state)
{
	static const enum reason found[] = {REASON_BEHIND, REASON_MISSING, REASON_OK, REASON_AHEAD,
	    REASON_TIMEOUT, REASON_UNREACHABLE, REASON_OK};
	static const uint64_t counted[] = {1, 1, 2, 2, 3, 3, 4};
	struct standing standing;

	(void)state;
	standing_init(&standing, at(0));
	for (size_t i = 0; i < sizeof(found) / sizeof(found[0]); i++) {
		find(&standing, found[i], (int64_t)i + 1);
		assert_int_equal(standing.transitions, counted[i]);
	}
}

static void a_policy_may_differ_from_the_reason(void **state)
{
	struct standing standing;
	struct verdict verdict = verdict_of(REASON_UNKNOWN_REVISION, "by policy");

	(void)state;
	standing_init(&standing, at(0));
	verdict.value = VERDICT_READY;
	standing_note(&standing, &verdict, at(1));
	assert_int_equal(standing.answer, VERDICT_READY);
	assert_true(standing.ever_ready);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(before_the_first_round_nothing_is_known),
	    cmocka_unit_test(silence_leaves_the_last_answer),
	    cmocka_unit_test(an_answer_replaces_the_answer),
	    cmocka_unit_test(since_follows_the_reason_and_not_the_round),
	    cmocka_unit_test(transitions_count_values_and_not_reasons),
	    cmocka_unit_test(a_policy_may_differ_from_the_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
