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

static void begin(struct stage *stage)
{
	memset(stage, 0, sizeof(*stage));
	stage->config = scene_config(CHECKS);
	round_init(&stage->round, &stage->config->databases[0], stage->memories);
	round_start(&stage->round);
}

static void end(struct stage *stage)
{
	round_done(&stage->round);
	config_free(stage->config);
}

static void answer(
    struct stage *stage, const char *columns, int row_count, const char *const *values)
{
	PGresult *rows = fake_rows(columns, row_count, values);

	round_answer(&stage->round, &(struct answer){.rows = rows});
	PQclear(rows);
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
	answer(stage, "schema database readable columns has_rails_metadata has_lock_table", 1,
	    (const char *const[]){"public", "app", "t", "version_num:S", "f", "f"});
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
	round_start(&stage.round);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(checks_that_prove_objects_are_asked_first_and_are_evidence),
	    cmocka_unit_test(evidence_is_of_this_round_only),
	    cmocka_unit_test(a_session_that_fails_spares_what_was_answered),
	    cmocka_unit_test(a_refusal_ends_one_check_and_not_the_round),
	    cmocka_unit_test(a_round_may_be_left_in_the_middle),
	};

	return cmocka_run_group_tests(tests, workplace_enter, workplace_leave);
}
