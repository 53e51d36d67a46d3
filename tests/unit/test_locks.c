/* Keys of advisory locks as the tools make them, and what is said of a lock that is held. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../probes/history/tool.h"
#include "../support/fake_rows.h"

/* From the tools' sources; Flyway's is computed from its rule. */
static void keys_are_the_tools_own(void **state)
{
	(void)state;
	assert_int_equal(lock_key_golang_migrate("public", "schema_migrations", "app"), 1787120056);
	assert_true(lock_key_rails("x", "y", "app") == INT64_C(6939591962871035475));
	assert_true(lock_key_sqlx("x", "y", "app") == INT64_C(3469795979745788610));
	assert_true(
	    lock_key_flyway("public", "flyway_schema_history", "app") == INT64_C(77433833903597));
}

static void an_advisory_lock_is_noted_and_judges_nothing(void **state)
{
	const char *known[] = {"2026-01-01 00:00:00+00"};
	const char *hidden[] = {NULL};
	struct verdict verdict = verdict_of(REASON_BEHIND, "1 pending");
	PGresult *rows = fake_rows("since", 0, NULL);

	(void)state;
	lock_note_advisory(&verdict, "rails", rows);
	assert_string_equal(verdict.message, "1 pending");
	PQclear(rows);

	rows = fake_rows("since", 1, known);
	lock_note_advisory(&verdict, "rails", rows);
	assert_string_equal(verdict.message,
	    "1 pending; a migration is probably running now: rails's advisory lock is held by a "
	    "session that began at 2026-01-01 00:00:00+00");
	PQclear(rows);

	verdict = verdict_of(REASON_BEHIND, "1 pending");
	rows = fake_rows("since", 1, hidden);
	lock_note_advisory(&verdict, "rails", rows);
	assert_string_equal(verdict.message,
	    "1 pending; a migration is probably running now: rails's advisory lock is held");
	assert_int_equal(verdict.reason, REASON_BEHIND);
	PQclear(rows);
}

static void a_lock_table_is_noted_with_its_owner_and_age(void **state)
{
	const char *values[] = {
	    "a", "A", "1", NULL, "pod-1 (10.0.0.7)", "L", "2026-01-01 00:00:00", "false"};
	const char *stale[] = {"pod-1 (10.0.0.7)", "L", "2026-01-01 00:00:00", "true"};
	const char *bare[] = {NULL, "L", NULL, "true"};
	struct verdict verdict = verdict_of(REASON_OK, "fine");
	PGresult *rows = fake_rows("id st ord sum", 2, values);

	(void)state;
	lock_note_table(&verdict, &history_tool_find("liquibase")->lock, rows);
	assert_string_equal(verdict.message,
	    "fine; the lock table is taken by pod-1 (10.0.0.7) since 2026-01-01 00:00:00");
	assert_int_equal(verdict.value, VERDICT_READY);
	PQclear(rows);

	verdict = verdict_of(REASON_OK, "fine");
	rows = fake_rows("id st ord sum", 1, stale);
	lock_note_table(&verdict, &history_tool_find("liquibase")->lock, rows);
	assert_non_null(strstr(verdict.message,
	    "; no session comes from there, so its owner seems gone: if it is, run `liquibase "
	    "release-locks`"));
	PQclear(rows);

	verdict = verdict_of(REASON_OK, "fine");
	rows = fake_rows("id st ord sum", 1, bare);
	lock_note_table(&verdict, &history_tool_find("knex")->lock, rows);
	assert_string_equal(verdict.message, "fine; the lock table is taken; nobody else is "
					     "connected to this database, so its owner "
					     "seems gone: if it is, run `knex migrate:unlock`");
	PQclear(rows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(keys_are_the_tools_own),
	    cmocka_unit_test(an_advisory_lock_is_noted_and_judges_nothing),
	    cmocka_unit_test(a_lock_table_is_noted_with_its_owner_and_age),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
