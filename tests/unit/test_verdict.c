/* The closed list of reasons, as the README tells it, and the verdicts made of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../probes/refusal.h"
#include "../../probes/verdict.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void every_reason_has_a_name_of_its_own_and_a_help_line(void **state)
{
	(void)state;
	for (int i = 0; i < REASON_COUNT; i++) {
		assert_non_null(reason_name((enum reason)i));
		assert_true(strlen(reason_help((enum reason)i)) > 10);
		for (int k = 0; k < i; k++)
			assert_string_not_equal(
			    reason_name((enum reason)i), reason_name((enum reason)k));
	}
}

/* Only an answer may revoke: whatever is no answer must be unknown. */
static void silence_is_never_a_no(void **state)
{
	static const enum reason silent[] = {REASON_PENDING, REASON_UNREACHABLE, REASON_STARTING,
	    REASON_LOGIN, REASON_TIMEOUT, REASON_LOCKED, REASON_DENIED, REASON_ERROR};
	static const enum reason ready[] = {REASON_OK, REASON_AHEAD, REASON_DIRTY_NEWER};
	enum verdict_value expected[REASON_COUNT];

	(void)state;
	for (int i = 0; i < REASON_COUNT; i++)
		expected[i] = VERDICT_NOT_READY;
	for (size_t i = 0; i < COUNT(silent); i++)
		expected[silent[i]] = VERDICT_UNKNOWN;
	for (size_t i = 0; i < COUNT(ready); i++)
		expected[ready[i]] = VERDICT_READY;
	for (int i = 0; i < REASON_COUNT; i++)
		if (reason_value((enum reason)i) != expected[i])
			fail_msg("%s is %s", reason_name((enum reason)i),
			    verdict_value_name(reason_value((enum reason)i)));
}

static void a_message_is_clean_and_cut_to_its_size(void **state)
{
	char long_name[4000];
	struct verdict verdict;

	(void)state;
	memset(long_name, 'x', sizeof(long_name) - 1);
	long_name[sizeof(long_name) - 1] = '\0';
	verdict = verdict_of(REASON_MISSING, "a\nb\x1b[31m %s", long_name);
	assert_int_equal(strncmp(verdict.message, "a?b?[31m xxx", 12), 0);
	assert_true(strlen(verdict.message) < sizeof(verdict.message));
	assert_string_equal(verdict.message + strlen(verdict.message) - strlen("\u2026"), "\u2026");
	assert_int_equal(verdict.pending, VERDICT_PENDING_UNKNOWN);
}

static void the_same_again_is_no_news(void **state)
{
	struct verdict a = verdict_of(REASON_BEHIND, "2 pending");
	struct verdict b = a;

	(void)state;
	b.pending = 9;
	assert_true(verdict_same(&a, &b));
	b = verdict_of(REASON_BEHIND, "1 pending");
	assert_false(verdict_same(&a, &b));
	b = verdict_of(REASON_DIRTY, "2 pending");
	assert_false(verdict_same(&a, &b));
	b = a;
	b.value = VERDICT_READY;
	assert_false(verdict_same(&a, &b));
}

/* ---- refusals ---- */

static void refusals_are_told_apart_by_sqlstate(void **state)
{
	static const struct {
		const char *sqlstate;
		enum reason of_statement;
		enum reason of_session;
	} rows[] = {
	    {"55P03", REASON_LOCKED, REASON_ERROR},
	    {"42501", REASON_DENIED, REASON_LOGIN},
	    {"57014", REASON_TIMEOUT, REASON_STARTING},
	    {"40001", REASON_STARTING, REASON_ERROR},
	    {"57P01", REASON_STARTING, REASON_STARTING},
	    {"57P03", REASON_STARTING, REASON_STARTING},
	    {"57P04", REASON_STARTING, REASON_LOGIN},
	    {"53300", REASON_ERROR, REASON_STARTING},
	    {"28P01", REASON_ERROR, REASON_LOGIN},
	    {"28000", REASON_ERROR, REASON_LOGIN},
	    {"3D000", REASON_ERROR, REASON_LOGIN},
	    {"55000", REASON_ERROR, REASON_LOGIN},
	    {"08P01", REASON_UNREACHABLE, REASON_UNREACHABLE},
	    {"42P01", REASON_ERROR, REASON_ERROR},
	    {"XX000", REASON_ERROR, REASON_ERROR},
	    {"?????", REASON_ERROR, REASON_ERROR},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct verdict statement = refusal_of_statement(rows[i].sqlstate, "the table");
		struct verdict session = refusal_of_session(rows[i].sqlstate);

		if (statement.reason != rows[i].of_statement ||
		    session.reason != rows[i].of_session)
			fail_msg("%s: a statement is %s, a session %s", rows[i].sqlstate,
			    reason_name(statement.reason), reason_name(session.reason));
		assert_string_equal(statement.sqlstate, rows[i].sqlstate);
		assert_string_equal(session.sqlstate, rows[i].sqlstate);
		assert_int_equal(statement.value, VERDICT_UNKNOWN);
		assert_int_equal(session.value, VERDICT_UNKNOWN);
		assert_non_null(strstr(statement.message, "the table "));
		assert_non_null(strstr(session.message, rows[i].sqlstate));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_reason_has_a_name_of_its_own_and_a_help_line),
	    cmocka_unit_test(silence_is_never_a_no),
	    cmocka_unit_test(a_message_is_clean_and_cut_to_its_size),
	    cmocka_unit_test(the_same_again_is_no_news),
	    cmocka_unit_test(refusals_are_told_apart_by_sqlstate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
