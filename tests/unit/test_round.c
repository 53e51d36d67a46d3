/* One round: in which order checks are asked, and what each gets for a verdict. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../probes/xalloc.h"
#include "../../sidecar/watch/round.h"
#include "../support/fake_rows.h"
#include "../support/scene.h"
#include "../support/workplace.h"

/* The history first in the file; a check that proves objects is asked before it all the same. */
#define CHECKS                                                                                     \
	SCENE_MAIN("{\"kind\":\"migrations\",\"tool\":\"alembic\",\"revisions\":\"a\"},"           \
		   "{\"kind\":\"tables\",\"tables\":\"users\"}")

enum { MIGRATIONS, TABLES, CHECK_COUNT };

struct stage {
	struct config *config;
	struct check_memory memories[CHECK_COUNT];
	struct round round;
};

/* One reading of the sentinel; the counters stand at changes. */
#define SENTINEL_COLUMNS "system database started counted reset standby snapshot counts changes"
#define READING(changes)                                                                           \
	{                                                                                          \
		"7", "5", "noon", "noon", NULL, "f", NULL, "t", changes                            \
	}

static void answer(
    struct stage *stage, const char *columns, int row_count, const char *const *values)
{
	PGresult *rows = fake_rows(columns, row_count, values);

	round_answer(&stage->round, &(struct answer){.rows = rows});
	PQclear(rows);
}

/* The round has begun, and the sentinel has answered. */
static void start(struct stage *stage, struct vigil *vigil)
{
	round_start(&stage->round, vigil, false, 1000);
	assert_non_null(strstr(round_next(&stage->round)->sql, "pg_stat_get_tuples_inserted"));
	answer(stage, SENTINEL_COLUMNS, 1, (const char *const[])READING("10"));
}

static void begin(struct stage *stage)
{
	memset(stage, 0, sizeof(*stage));
	stage->config = scene_config(CHECKS);
	round_init(&stage->round, &stage->config->databases[0], stage->memories);
	start(stage, NULL);
}

static void end(struct stage *stage)
{
	round_done(&stage->round);
	config_free(stage->config);
}

/* Where Alembic's table is. */
static void answer_place(struct stage *stage)
{
	answer(stage, "schema database readable columns has_rails_metadata has_lock_table", 1,
	    (const char *const[]){"public", "app", "t", "version_num:S", "f", "f"});
}

/* Answers the whole round; the history names a revision that nobody knows. */
static void answer_all(struct stage *stage, const char *tables_found)
{
	assert_non_null(strstr(round_next(&stage->round)->sql, "unnest"));
	answer(stage, "wanted found missing", 1, (const char *const[]){"1", tables_found, "1"});
	if (strcmp(tables_found, "0") == 0) {
		assert_non_null(round_next(&stage->round));
		answer(stage, "position schema_exists other_kind elsewhere", 1,
		    (const char *const[]){"1", "t", NULL, NULL});
	}
	assert_non_null(strstr(round_next(&stage->round)->sql, "relname"));
	answer_place(stage);
	assert_non_null(strstr(round_next(&stage->round)->sql, "version_num"));
	answer(stage, "id", 1, (const char *const[]){"x"});
	assert_null(round_next(&stage->round));
}

static void checks_that_prove_objects_are_asked_first_and_are_evidence(void **state)
{
	struct stage stage;

	(void)state;
	begin(&stage);
	answer_all(&stage, "1");
	assert_int_equal(stage.round.verdicts[TABLES].reason, REASON_OK);
	assert_int_equal(stage.round.verdicts[MIGRATIONS].reason, REASON_AHEAD);
	end(&stage);
}

static void evidence_is_of_this_round_only(void **state)
{
	struct stage stage;

	(void)state;
	begin(&stage);
	answer_all(&stage, "1");
	start(&stage, NULL);
	answer_all(&stage, "0");
	assert_int_equal(stage.round.verdicts[TABLES].reason, REASON_MISSING);
	assert_int_equal(stage.round.verdicts[MIGRATIONS].reason, REASON_UNKNOWN_REVISION);
	end(&stage);
}

static void a_session_that_fails_spares_what_was_answered(void **state)
{
	struct verdict failure = verdict_of(REASON_TIMEOUT, "the server did not answer");
	struct stage stage;

	(void)state;
	begin(&stage);
	assert_non_null(round_next(&stage.round));
	answer(&stage, "wanted found missing", 1, (const char *const[]){"1", "1", NULL});
	assert_non_null(round_next(&stage.round));
	round_fail(&stage.round, &failure);
	assert_null(round_next(&stage.round));
	assert_int_equal(stage.round.verdicts[TABLES].reason, REASON_OK);
	assert_int_equal(stage.round.verdicts[MIGRATIONS].reason, REASON_TIMEOUT);
	end(&stage);
}

static void a_refusal_ends_one_check_and_not_the_round(void **state)
{
	struct stage stage;

	(void)state;
	begin(&stage);
	assert_non_null(round_next(&stage.round));
	round_answer(&stage.round, &(struct answer){.sqlstate = "57014"});
	assert_non_null(round_next(&stage.round));
	round_answer(&stage.round, &(struct answer){.sqlstate = "XX000"});
	assert_null(round_next(&stage.round));
	assert_int_equal(stage.round.verdicts[TABLES].reason, REASON_TIMEOUT);
	assert_int_equal(stage.round.verdicts[MIGRATIONS].reason, REASON_ERROR);
	end(&stage);
}

static void a_round_may_be_left_in_the_middle(void **state)
{
	struct stage stage;

	(void)state;
	begin(&stage);
	assert_non_null(round_next(&stage.round));
	answer(&stage, "wanted found missing", 1, (const char *const[]){"1", "0", "1"});
	assert_non_null(round_next(&stage.round)); /* and the texts of the check are freed */
	end(&stage);
}

static void a_round_may_begin_anew_in_the_middle(void **state)
{
	struct stage stage;

	(void)state;
	begin(&stage);
	assert_non_null(round_next(&stage.round));
	start(&stage, NULL);
	answer_all(&stage, "1");
	assert_int_equal(stage.round.verdicts[TABLES].reason, REASON_OK);
	end(&stage);
}

/* ---- glances ---- */

/* A vigil over what the round before found, whose sentinel stood at 10; transactions have ended
 * since, so that its snapshot says no more. */
static void keep_vigil(const struct stage *stage, struct vigil *vigil)
{
	*vigil =
	    (struct vigil){.has_baseline = true, .moved = true, .baseline = stage->round.reading};
}

/* The round that was looking at the snapshot alone has its answer. */
static void answer_snapshot(struct stage *stage, const char *snapshot)
{
	assert_null(strstr(round_next(&stage->round)->sql, "pg_stat_get_tuples_inserted"));
	answer(stage, "snapshot", 1, (const char *const[]){snapshot});
}

static void a_glance_at_a_snapshot_that_stands_still_asks_no_more(void **state)
{
	struct stage stage;
	struct vigil vigil;

	(void)state;
	begin(&stage);
	answer_all(&stage, "1");
	keep_vigil(&stage, &vigil);
	snprintf(vigil.baseline.snapshot, sizeof(vigil.baseline.snapshot), "%s", "1:1:");
	vigil.moved = false;
	vigil.one_backend = true;
	round_start(&stage.round, &vigil, false, 2000);
	answer_snapshot(&stage, "1:1:");
	assert_false(round_is_look(&stage.round));
	assert_non_null(strstr(round_next(&stage.round)->sql, "relname = $1"));
	assert_true(stage.round.done[TABLES]);
	end(&stage);
}

static void a_snapshot_that_has_moved_is_told_by_the_counters(void **state)
{
	struct stage stage;
	struct vigil vigil;

	(void)state;
	begin(&stage);
	answer_all(&stage, "1");
	keep_vigil(&stage, &vigil);
	snprintf(vigil.baseline.snapshot, sizeof(vigil.baseline.snapshot), "%s", "1:1:");
	vigil.moved = false;
	vigil.one_backend = true;
	round_start(&stage.round, &vigil, false, 2000);
	answer_snapshot(&stage, "2:2:");
	assert_non_null(strstr(round_next(&stage.round)->sql, "pg_stat_get_tuples_inserted"));
	answer(&stage, SENTINEL_COLUMNS, 1, (const char *const[])READING("10"));
	assert_false(round_is_look(&stage.round));
	assert_true(stage.round.done[TABLES]);
	end(&stage);
}

static void a_glance_asks_only_what_does_not_hang_on_catalogs(void **state)
{
	struct stage stage;
	struct vigil vigil;

	(void)state;
	begin(&stage);
	answer_all(&stage, "1");
	assert_true(round_is_look(&stage.round));
	keep_vigil(&stage, &vigil);
	start(&stage, &vigil);
	assert_false(round_is_look(&stage.round));
	assert_non_null(strstr(round_next(&stage.round)->sql, "relname = $1"));
	answer_place(&stage);
	assert_non_null(round_next(&stage.round));
	answer(&stage, "id", 1, (const char *const[]){"x"});
	assert_null(round_next(&stage.round));
	assert_int_equal(stage.round.verdicts[TABLES].reason, REASON_OK);
	assert_int_equal(
	    stage.round.verdicts[MIGRATIONS].reason, REASON_AHEAD); /* evidence stands */
	end(&stage);
}

static void a_glance_that_sees_a_change_looks(void **state)
{
	struct stage stage;
	struct vigil vigil;

	(void)state;
	begin(&stage);
	answer_all(&stage, "1");
	keep_vigil(&stage, &vigil);
	round_start(&stage.round, &vigil, false, 2000);
	assert_int_equal(round_next(&stage.round)->parameter_count, 1);
	answer(&stage, SENTINEL_COLUMNS, 1, (const char *const[])READING("11"));
	/* A reading without the system is no baseline for what follows. */
	assert_int_equal(round_next(&stage.round)->parameter_count, 0);
	answer(&stage, SENTINEL_COLUMNS, 1, (const char *const[])READING("11"));
	answer_all(&stage, "0");
	assert_true(round_is_look(&stage.round) && stage.round.was_alarm);
	assert_int_equal(stage.round.verdicts[TABLES].reason, REASON_MISSING);
	end(&stage);
}

static void a_new_session_is_asked_where_it_leads(void **state)
{
	struct stage stage;
	struct vigil vigil;

	(void)state;
	begin(&stage);
	answer_all(&stage, "1");
	keep_vigil(&stage, &vigil);
	round_start(&stage.round, &vigil, true, 2000);
	assert_int_equal(round_next(&stage.round)->parameter_count, 0);
	answer(&stage, SENTINEL_COLUMNS, 1, (const char *const[])READING("10"));
	assert_false(round_is_look(&stage.round));
	end(&stage);
}

static void who_may_not_know_the_system_is_asked_for_the_rest(void **state)
{
	struct stage stage;

	(void)state;
	begin(&stage);
	round_start(&stage.round, NULL, true, 2000);
	assert_non_null(strstr(round_next(&stage.round)->sql, "pg_control_system"));
	round_answer(&stage.round, &(struct answer){.sqlstate = "42501"});
	assert_null(strstr(round_next(&stage.round)->sql, "pg_control_system"));
	answer(&stage, SENTINEL_COLUMNS, 1, (const char *const[])READING("10"));
	assert_true(stage.round.has_reading);
	end(&stage);
}

static void a_sentinel_that_is_refused_leaves_the_checks_to_tell(void **state)
{
	struct stage stage;

	(void)state;
	begin(&stage);
	round_start(&stage.round, NULL, true, 2000);
	assert_non_null(round_next(&stage.round));
	round_answer(&stage.round, &(struct answer){.sqlstate = "42883"});
	assert_false(stage.round.has_reading);
	answer_all(&stage, "1");
	assert_int_equal(stage.round.verdicts[TABLES].reason, REASON_OK);
	end(&stage);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(checks_that_prove_objects_are_asked_first_and_are_evidence),
	    cmocka_unit_test(evidence_is_of_this_round_only),
	    cmocka_unit_test(a_session_that_fails_spares_what_was_answered),
	    cmocka_unit_test(a_refusal_ends_one_check_and_not_the_round),
	    cmocka_unit_test(a_round_may_be_left_in_the_middle),
	    cmocka_unit_test(a_round_may_begin_anew_in_the_middle),
	    cmocka_unit_test(a_glance_at_a_snapshot_that_stands_still_asks_no_more),
	    cmocka_unit_test(a_snapshot_that_has_moved_is_told_by_the_counters),
	    cmocka_unit_test(a_glance_asks_only_what_does_not_hang_on_catalogs),
	    cmocka_unit_test(a_glance_that_sees_a_change_looks),
	    cmocka_unit_test(a_new_session_is_asked_where_it_leads),
	    cmocka_unit_test(who_may_not_know_the_system_is_asked_for_the_rest),
	    cmocka_unit_test(a_sentinel_that_is_refused_leaves_the_checks_to_tell),
	};

	return cmocka_run_group_tests(tests, workplace_enter, workplace_leave);
}
