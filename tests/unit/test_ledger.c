/* What is told once, in the log and in the history, and what is not told again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../probes/xalloc.h"
#include "../support/golden.h"
#include "../support/scenes.h"
#include "../support/workplace.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define HOLD_FOR_MS 300000

static const char one_check[] = SCENE_MAIN("{\"kind\":\"tables\",\"tables\":\"t\"}");

static size_t lines_of(const struct scene *scene)
{
	struct strings lines = {0};
	size_t count;

	scene_log_lines(scene, &lines);
	count = lines.count;
	strings_done(&lines);
	return count;
}

/* How often text stands in the log. */
static size_t lines_with(const struct scene *scene, const char *text)
{
	struct strings lines = {0};
	size_t count = 0;

	scene_log_lines(scene, &lines);
	for (size_t i = 0; i < lines.count; i++)
		count += strstr(lines.items[i], text) != NULL;
	strings_done(&lines);
	return count;
}

/* The log without the time of each line, which is that of the real clock. */
static void assert_log_as_kept(const char *name, const struct scene *scene)
{
	static const char time_form[] = "{\"time\":\"0000-00-00T00:00:00.000Z\"";
	struct strings lines = {0};
	struct text text;

	text_init(&text, 0);
	scene_log_lines(scene, &lines);
	for (size_t i = 0; i < lines.count; i++) {
		assert_true(strlen(lines.items[i]) > strlen(time_form));
		text_addf(
		    &text, "{\"time\":\"of writing\"%s\n", lines.items[i] + strlen(time_form));
	}
	golden_assert(name, text_string(&text));
	text_done(&text);
	strings_done(&lines);
}

/* ---- one line a change ---- */

static void a_day_is_logged_as_kept(void **state)
{
	struct verdict refused =
	    verdict_of(REASON_LOGIN, "the password was refused (SQLSTATE 28P01)");
	struct scene scene;

	(void)state;
	strcpy(refused.sqlstate, "28P01");
	scene_begin(&scene, one_check);
	scene_find(&scene, "main/tables", REASON_UNREACHABLE, "the server refuses connections");
	scene_find(&scene, "main/tables", REASON_MISSING, "public.t; found 0 of 1 tables");
	scene_find(&scene, "main/tables", REASON_OK, "1 of 1 tables found");
	scene_wait(&scene, 60000);
	scene_note(&scene, 0, 0, &refused);
	scene_wait(&scene, HOLD_FOR_MS);
	scene_find(&scene, "main/tables", REASON_OK, "1 of 1 tables found");
	scene_find(&scene, "main/tables", REASON_MISSING, "public.t; found 0 of 1 tables");
	assert_log_as_kept("ledger/day.jsonl", &scene);
	scene_end(&scene);
}

static void a_latched_check_is_logged_as_kept(void **state)
{
	struct scene scene;

	(void)state;
	scene_play(&scene, "latched");
	assert_log_as_kept("ledger/latched.jsonl", &scene);
	scene_end(&scene);
}

static void observing_is_logged_as_kept(void **state)
{
	struct scene scene;

	(void)state;
	scene_play(&scene, "observe");
	assert_log_as_kept("ledger/observe.jsonl", &scene);
	scene_end(&scene);
}

static void repetition_is_silent(void **state)
{
	static const struct {
		enum reason reason;
		const char *message;
	} rounds[] = {{REASON_UNREACHABLE, "refused"}, {REASON_MISSING, "public.t"},
	    {REASON_OK, "found"}, {REASON_UNREACHABLE, "refused"}};
	struct scene scene;

	(void)state;
	scene_begin(&scene, one_check);
	for (size_t i = 0; i < COUNT(rounds); i++) {
		size_t lines;

		scene_find(&scene, "main/tables", rounds[i].reason, rounds[i].message);
		lines = lines_of(&scene);
		assert_int_equal(ledger_total(scene.ledger), i + 1);
		for (int round = 0; round < 20; round++) {
			scene_wait(&scene, 10000);
			scene_find(&scene, "main/tables", rounds[i].reason, rounds[i].message);
		}
		assert_int_equal(lines_of(&scene), lines);
		assert_int_equal(ledger_total(scene.ledger), i + 1);
	}
	scene_end(&scene);
}

static void nothing_is_told_before_the_first_answer(void **state)
{
	struct scene scene;

	(void)state;
	scene_begin(&scene, one_check);
	scene_wait(&scene, 3600000);
	assert_int_equal(lines_of(&scene), 0);
	assert_int_equal(ledger_change_count(scene.ledger), 0);
	scene_end(&scene);
}

/* A migration that goes on step by step is worth a line a step; the same silence in other words is
 * not. */
static void the_message_of_an_answer_is_news_that_of_silence_is_not(void **state)
{
	struct scene scene;

	(void)state;
	scene_begin(&scene, one_check);
	scene_find(&scene, "main/tables", REASON_BEHIND, "3 pending");
	scene_find(&scene, "main/tables", REASON_BEHIND, "2 pending");
	assert_int_equal(ledger_total(scene.ledger), 2);
	assert_string_equal(ledger_change(scene.ledger, 0)->message, "2 pending");
	scene_find(&scene, "main/tables", REASON_UNREACHABLE, "refused");
	scene_find(&scene, "main/tables", REASON_UNREACHABLE, "no route");
	assert_int_equal(ledger_total(scene.ledger), 3);
	scene_find(&scene, "main/tables", REASON_TIMEOUT, "no answer");
	assert_int_equal(ledger_total(scene.ledger), 4);
	scene_end(&scene);
}

static void a_hold_that_runs_out_is_a_change_by_itself(void **state)
{
	const struct change *change;
	struct scene scene;

	(void)state;
	scene_begin(&scene, one_check);
	scene_find(&scene, "main/tables", REASON_OK, "found");
	scene_find(&scene, "main/tables", REASON_UNREACHABLE, "refused");
	change = ledger_change(scene.ledger, 0);
	assert_true(change->pass && change->held);
	scene_wait(&scene, HOLD_FOR_MS - 1);
	assert_int_equal(ledger_total(scene.ledger), 2);
	scene_wait(&scene, 1);
	assert_int_equal(ledger_total(scene.ledger), 3);
	change = ledger_change(scene.ledger, 0);
	assert_int_equal(change->reason, REASON_UNREACHABLE);
	assert_false(change->pass);
	assert_false(change->held);
	assert_int_equal(change->wall_ms, SCENE_BEGIN_WALL_MS + HOLD_FOR_MS);
	scene_wait(&scene, HOLD_FOR_MS);
	assert_int_equal(ledger_total(scene.ledger), 3);
	scene_end(&scene);
}

static void a_round_that_is_late_is_told_once(void **state)
{
	struct scene scene;

	(void)state;
	scene_begin(&scene, one_check);
	scene_find(&scene, "main/tables", REASON_OK, "found");
	scene.snapshot->databases[0].due_ms = scene.now.monotonic_ms + 1000;
	scene_wait(&scene, 1000);
	assert_int_equal(ledger_total(scene.ledger), 1);
	scene_wait(&scene, 1);
	scene_wait(&scene, 1000);
	assert_int_equal(ledger_total(scene.ledger), 2);
	assert_int_equal(ledger_change(scene.ledger, 0)->reason, REASON_TIMEOUT);
	assert_true(ledger_change(scene.ledger, 0)->held);
	scene_end(&scene);
}

static void checks_are_told_apart(void **state)
{
	struct scene scene;

	(void)state;
	scene_play(&scene, "two_databases");
	assert_int_equal(ledger_total(scene.ledger), 2);
	assert_string_equal(ledger_change(scene.ledger, 1)->database, "orders");
	assert_string_equal(ledger_change(scene.ledger, 0)->database, "billing");
	assert_string_equal(ledger_change(scene.ledger, 0)->check, "tables");
	assert_int_equal(lines_with(&scene, "\"database\":\"billing\",\"check\":\"tables\""), 1);
	scene_end(&scene);
}

/* ---- the ring ---- */

static void the_ring_keeps_the_last_changes(void **state)
{
	struct scene scene;
	char message[16];

	(void)state;
	scene_begin(&scene, one_check);
	for (int i = 1; i <= 200; i++) {
		snprintf(message, sizeof(message), "number %d", i);
		scene_find(&scene, "main/tables", i % 2 == 0 ? REASON_OK : REASON_MISSING, message);
		assert_int_equal(ledger_total(scene.ledger), i);
		assert_int_equal(ledger_change_count(scene.ledger), i < 64 ? i : 64);
		assert_string_equal(ledger_change(scene.ledger, 0)->message, message);
	}
	for (int i = 0; i < 64; i++) {
		snprintf(message, sizeof(message), "number %d", 200 - i);
		assert_string_equal(ledger_change(scene.ledger, (size_t)i)->message, message);
	}
	scene_end(&scene);
}

static void what_is_not_logged_is_in_the_ring_all_the_same(void **state)
{
	struct scene scene;

	(void)state;
	scene_begin(&scene, one_check);
	scene.log.level = LOG_LEVEL_ERROR;
	scene_find(&scene, "main/tables", REASON_OK, "found");
	assert_int_equal(lines_of(&scene), 0);
	assert_int_equal(ledger_change_count(scene.ledger), 1);
	scene_end(&scene);
}

/* ---- gates ---- */

/* The lines of gates so far, as "startup+ readiness-". free() releases it. */
static char *gate_lines(const struct scene *scene)
{
	static const char *const gates[] = {"startup", "readiness"};
	struct strings lines = {0};
	struct text text;

	text_init(&text, 0);
	scene_log_lines(scene, &lines);
	for (size_t i = 0; i < lines.count; i++) {
		for (size_t k = 0; k < COUNT(gates); k++) {
			char *open = xasprintf(
			    "\"event\":\"gate\",\"message\":\"%s gate is open\"", gates[k]);
			char *closed = xasprintf(
			    "\"event\":\"gate\",\"message\":\"%s gate is closed\"", gates[k]);

			if (strstr(lines.items[i], open) != NULL)
				text_addf(&text, " %s+", gates[k]);
			if (strstr(lines.items[i], closed) != NULL)
				text_addf(&text, " %s-", gates[k]);
			free(open);
			free(closed);
		}
	}
	strings_done(&lines);
	return text_take(&text);
}

static void assert_gate_lines(const struct scene *scene, const char *expected)
{
	char *found = gate_lines(scene);

	assert_string_equal(found, expected);
	free(found);
}

static void gates_are_told_when_they_open_and_close(void **state)
{
	struct scene scene;

	(void)state;
	scene_begin(&scene, one_check);
	scene_find(&scene, "main/tables", REASON_MISSING, "t");
	assert_gate_lines(&scene, "");
	scene_find(&scene, "main/tables", REASON_OK, "found");
	assert_gate_lines(&scene, " startup+ readiness+");
	scene_find(&scene, "main/tables", REASON_UNREACHABLE, "refused");
	assert_gate_lines(&scene, " startup+ readiness+");
	scene_wait(&scene, HOLD_FOR_MS);
	assert_gate_lines(&scene, " startup+ readiness+ readiness-");
	scene_find(&scene, "main/tables", REASON_OK, "found");
	assert_gate_lines(&scene, " startup+ readiness+ readiness- readiness+");
	scene_end(&scene);
}

static void startup_is_remembered(void **state)
{
	struct scene scene;

	(void)state;
	scene_begin(&scene, one_check);
	assert_false(ledger_has_started(scene.ledger));
	scene_find(&scene, "main/tables", REASON_MISSING, "t");
	assert_false(ledger_has_started(scene.ledger));
	scene_find(&scene, "main/tables", REASON_OK, "found");
	assert_true(ledger_has_started(scene.ledger));
	scene_find(&scene, "main/tables", REASON_MISSING, "t");
	assert_true(ledger_has_started(scene.ledger));
	scene_end(&scene);
}

static void a_check_that_gates_nothing_moves_no_gate(void **state)
{
	struct scene scene;

	(void)state;
	scene_begin(&scene, SCENE_MAIN("{\"kind\":\"tables\",\"name\":\"a\",\"tables\":\"t\"},"
				       "{\"kind\":\"tables\",\"name\":\"b\",\"tables\":\"t\","
				       "\"gates\":[]}"));
	scene_find(&scene, "main/a", REASON_OK, "found");
	scene_find(&scene, "main/b", REASON_OK, "found");
	scene_find(&scene, "main/b", REASON_MISSING, "t");
	assert_gate_lines(&scene, " startup+ readiness+");
	assert_int_equal(ledger_total(scene.ledger), 3);
	scene_end(&scene);
}

static void nothing_changes_while_disabled(void **state)
{
	struct scene scene;

	(void)state;
	scene_play(&scene, "disabled");
	scene_wait(&scene, 3600000);
	assert_int_equal(lines_of(&scene), 0);
	assert_false(ledger_has_started(scene.ledger));
	scene_end(&scene);
	ledger_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_day_is_logged_as_kept),
	    cmocka_unit_test(a_latched_check_is_logged_as_kept),
	    cmocka_unit_test(observing_is_logged_as_kept),
	    cmocka_unit_test(repetition_is_silent),
	    cmocka_unit_test(nothing_is_told_before_the_first_answer),
	    cmocka_unit_test(the_message_of_an_answer_is_news_that_of_silence_is_not),
	    cmocka_unit_test(a_hold_that_runs_out_is_a_change_by_itself),
	    cmocka_unit_test(a_round_that_is_late_is_told_once),
	    cmocka_unit_test(checks_are_told_apart),
	    cmocka_unit_test(the_ring_keeps_the_last_changes),
	    cmocka_unit_test(what_is_not_logged_is_in_the_ring_all_the_same),
	    cmocka_unit_test(gates_are_told_when_they_open_and_close),
	    cmocka_unit_test(startup_is_remembered),
	    cmocka_unit_test(a_check_that_gates_nothing_moves_no_gate),
	    cmocka_unit_test(nothing_changes_while_disabled),
	};

	return cmocka_run_group_tests(tests, workplace_enter, workplace_leave);
}
