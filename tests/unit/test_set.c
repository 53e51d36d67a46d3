/* The set engine: what rows say of what is expected, for each tool that judges differently. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../support/expected.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct row {
	const char *tool;
	const char *expected; /* ids of the release */
	const char *rows;     /* of the table */
	const char *begins;   /* the verdict */
	const char *says;     /* something in its message; NULL: anything */
};

static void check(const struct row *row, enum history_rule rule)
{
	char *found = verdict_on(history_tool_find(row->tool), row->expected, row->rows, rule);

	if (strncmp(found, row->begins, strlen(row->begins)) != 0)
		fail_msg("%s: %s of %s: found\n%s\nexpected\n%s", row->tool, row->rows,
		    row->expected, found, row->begins);
	if (row->says != NULL && strstr(found, row->says) == NULL)
		fail_msg("%s: %s of %s: found\n%s\nexpected in it\n%s", row->tool, row->rows,
		    row->expected, found, row->says);
	free(found);
}

static void the_difference_of_two_sets_is_the_verdict(void **state)
{
	static const struct row rows[] = {
	    {"dbmate", "1;2;3", "1;2;3", "ok 0 3 3:", "at 3, all of this release is applied"},
	    {"dbmate", "1;2;3", "1", "behind 2 3 1:",
		"2 pending: 2, 3; database at 1, this release needs 3; run `dbmate up`"},
	    {"dbmate", "1;2;3", "", "empty 3 3 -:",
		"public.history has no applied migration: 3 pending, up to 3; run `dbmate up`"},
	    {"dbmate", "1;2;3", "1;2;3;4", "ahead 0 3 4:", "(3), and besides 4"},
	    {"dbmate", "1;2;4", "1;2;3;4", "ahead 0 4 4:", "besides 3"},
	    {"dbmate", "2;3", "1;2;3", "ahead 0 3 3:", "besides 1 older: 1"},
	    {"dbmate", "2;3", "1;2;3;4", "ahead 0 3 4:", "besides 4; 1 older: 1"},
	    {"dbmate", "1;2;3", "1;2;4",
		"diverged 1 3 4:", "1 pending: 3; and unknown to this release: 4"},
	    {"dbmate", "2;3", "1;2", "behind 1 3 2:", NULL}, /* pruned files are no divergence */
	    {"dbmate", "2;3", "1;3",
		"diverged 1 3 3:", "1 pending: 2; and unknown to this release: 1"},
	    {"dbmate", "1;2;3;4;5;6;7;8;9", "1", "behind 8 9 1:", "2, 3, 4, 5, 6, 7 and 2 more"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		check(&rows[i], RULE_AT_LEAST);
}

static void exact_wants_nothing_besides(void **state)
{
	static const struct row rows[] = {
	    {"dbmate", "1;2", "1;2", "ok", NULL},
	    {"dbmate", "1;2", "1;2;3", "mismatch 0", "and rule is \"exact\": 3"},
	    {"dbmate", "2;3", "1;2;3", "mismatch 0", "1 older: 1"},
	    {"dbmate", "1;2", "1", "behind 1", NULL},
	    {"prisma", "1", "1;2 F", "mismatch 0", "2"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		check(&rows[i], RULE_EXACT);
}

static void a_failure_counts_only_where_it_is_ours(void **state)
{
	static const struct row rows[] = {
	    {"prisma", "1;2", "1;2 F", "dirty 1 2 1:",
		"2 failed or is still running; see the migration's own log, then run `prisma "
		"migrate resolve`"},
	    {"prisma", "1;2", "1;2;3 F",
		"dirty_newer 0 2 2:", "3, which it does not have, failed or is still running"},
	    {"prisma", "1;2", "1;3 F", "behind 1 2 1:", NULL},
	    {"prisma", "1;2", "3 F", "empty 2", NULL},
	    {"prisma", "1;2", "1;2 X", "behind 1", NULL},
	    {"sqlx", "1;2", "1;2;2 F", "dirty 1", NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		check(&rows[i], RULE_AT_LEAST);
}

static void ids_are_compared_as_the_tool_does(void **state)
{
	static const struct row rows[] = {
	    {"rails", "001;010;2", "1;2;10", "ok 0 010 10:", NULL},
	    {"rails", "9;10", "9", "behind 1 10 9:", NULL},
	    {"dbmate", "001", "1", "diverged 1", NULL},
	    {"goose", "99999999999999999998;99999999999999999999", "99999999999999999998",
		"behind 1 99999999999999999999", NULL},
	    {"flyway", "1;1.2;1.10", "1.0;01.2;1.10.0", "ok 0 1.10 1.10.0:", NULL},
	    {"knex", "a.js;b.js", "a.ts;b.ts", "ok 0", NULL},
	    {"sequelize", "a.cjs", "a.ts", "ok 0", NULL},
	    {"liquibase", "db/A.sql::1::amy", "DB/a.sql::1::Amy", "ok 0", NULL},
	    {"node-pg-migrate", "2_b;10_a", "10_a;2_b", "ok 0 10_a 10_a:", NULL},
	    {"typeorm", "B1700000000001;A1700000000002", "B1700000000001",
		"behind 1 A1700000000002 B1700000000001", NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		check(&rows[i], RULE_AT_LEAST);
}

static void a_journal_is_folded_and_a_baseline_is_a_floor(void **state)
{
	static const struct row rows[] = {
	    {"flyway", "1;2", "1;2;2 X", "behind 1", NULL},
	    {"flyway", "1;2", "1;2;2.0 X;2", "ok 0", NULL},
	    {"flyway", "1;2;3", "2 B;3", "ok 0", NULL},
	    {"flyway", "1;2;3", "2 B", "behind 1 3 2:", "1 pending: 3"},
	    {"flyway", "1;2;3;R:the views", "2 B;3", "behind 1 3 3:", "R:the views"},
	    {"flyway", "1;3", "1;3;2", "ahead 0 3 3:", "besides 2"},
	    {"flyway", "1;2;3", "1;3", "behind 1", "1 pending: 2"}, /* merged late */
	    {"flyway", "1;R:v", "1;R:v R", "ok 0", NULL},
	    {"flyway", "1;R:v", "1;R:v R;R:v F", "dirty 1", NULL},
	    {"atlas", "1;2;3\toptional;4", "3 B;3;4", "ok 0 4 4:", NULL},
	    {"atlas", "1;2;3\toptional;4", "1 B;1;2;4", "ok 0 4 4:", NULL},
	    {"atlas", "1;2\toptional", "", "empty", NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		check(&rows[i], RULE_AT_LEAST);
}

static void checksums_are_told_and_never_judge(void **state)
{
	static const struct row rows[] = {
	    {"flyway", "1\tsum=5;2\tsum=-7", "1 A 5;2 A -7", "ok", NULL},
	    {"flyway", "1\tsum=5;2\tsum=-7", "1 A 5;2 A 77", "ok",
		"at 2, all of this release is applied; the files differ from what was applied "
		"(checksum): 2"},
	    {"flyway", "1\tsum=5;2\tsum=7", "1 A 6", "behind 1", "(checksum): 1"},
	    {"prisma", "a\tsum=aa\tsum=bb", "a A bb", "ok", "all of this release is applied"},
	    {"prisma", "a\tsum=aa", "a A a", "ok", "all of this release is applied"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		check(&rows[i], RULE_AT_LEAST);
}

static void a_squashed_migration_stands_for_what_it_replaces(void **state)
{
	static const char squashed[] = "s.1;s.2;s.1_2\treplaces=s.1 s.2;s.3";
	static const char pruned[] = "s.1_2\treplaces=s.1 s.2;s.3";
	static const char twice[] = "s.1_2\treplaces=s.1 s.2;s.3;s.1_3\treplaces=s.1_2 s.3;s.4";
	const struct row rows[] = {
	    {"django", squashed, "s.1;s.2;s.3", "ok 0", NULL},
	    {"django", squashed, "s.1;s.2;s.1_2;s.3", "ok 0", NULL},
	    {"django", squashed, "s.1;s.3", "behind 1", "1 pending: s.2"},
	    {"django", squashed, "s.3", "behind 1", "1 pending: s.1_2"},
	    {"django", pruned, "s.1;s.2;s.3", "ok 0", NULL},
	    {"django", pruned, "s.1_2;s.3", "ok 0", NULL},
	    {"django", pruned, "s.1;s.3", "diverged 1",
		"1 pending: s.1_2; a squashed one is applied in part, and the files of the rest "
		"are "
		"gone (s.2)"},
	    {"django", pruned, "s.1;s.2", "behind 1", "s.3"},
	    {"django", twice, "s.1;s.2;s.3;s.4", "ok 0", NULL},
	    {"django", twice, "s.1_2;s.3;s.4", "ok 0", NULL},
	    {"django", twice, "s.1;s.2;s.4", "behind 1", "1 pending: s.3"},
	    {"django", twice, "s.4", "behind 1", "1 pending: s.1_3"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		check(&rows[i], RULE_AT_LEAST);
}

static void rows_of_others_are_no_concern(void **state)
{
	static const struct row rows[] = {
	    {"django", "shop.1", "shop.1;auth.1;auth.2", "ok 0", NULL},
	    {"django", "shop.1", "auth.1", "empty 1", "no applied migration of ours"},
	    {"django", "shop.1", "shop.1;shop.2;shopping.1", "ahead 0", "besides shop.2"},
	    {"sqitch", "a:x;a:y", "a:x;b:x;a:y", "ok 0", NULL},
	    {"sqitch", "a:x;a:y", "a:x;b:x", "behind 1", NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		check(&rows[i], RULE_AT_LEAST);
}

static void drizzle_goes_by_what_the_release_goes_by(void **state)
{
	static const struct row rows[] = {
	    {"drizzle", "1700000000001;1700000000002", "1700000000001;1700000000002", "ok", NULL},
	    {"drizzle", "2024_a;2025_b", "2024_a;2025_b", "ok 0 2025_b 2025_b:", NULL},
	    {"drizzle", "2024_a;2025_b", "2024_a", "behind 1", NULL},
	    /* Rows from before 1.0 have a time and no name. */
	    {"drizzle", "20260101090000_a;20260201090000_b", "1767258000000;1769936400999", "ok",
		NULL},
	    {"drizzle", "20260101090000_a;20260201090000_b", "1767258000000", "behind 1", NULL},
	    {"drizzle", "20260101090000_a;20260101090000_b", "1767258000000", "behind 2", NULL},
	    {"drizzle", "20260101090000_a", "99999999999999999999999", "behind 1", NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		check(&rows[i], RULE_AT_LEAST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_difference_of_two_sets_is_the_verdict),
	    cmocka_unit_test(exact_wants_nothing_besides),
	    cmocka_unit_test(a_failure_counts_only_where_it_is_ours),
	    cmocka_unit_test(ids_are_compared_as_the_tool_does),
	    cmocka_unit_test(a_journal_is_folded_and_a_baseline_is_a_floor),
	    cmocka_unit_test(checksums_are_told_and_never_judge),
	    cmocka_unit_test(a_squashed_migration_stands_for_what_it_replaces),
	    cmocka_unit_test(rows_of_others_are_no_concern),
	    cmocka_unit_test(drizzle_goes_by_what_the_release_goes_by),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
