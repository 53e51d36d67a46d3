/* When a glance is enough, and when a look is due. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../sidecar/watch/vigil.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define HALF (UINT32_MAX / 2 + 1)

static struct sentinel reading(const char *snapshot, const char *changes)
{
	struct sentinel reading = {
	    .system = "7", .database = "5", .started = "noon", .counted = "noon", .counts = true};

	snprintf(reading.snapshot, sizeof(reading.snapshot), "%s", snapshot);
	snprintf(reading.changes, sizeof(reading.changes), "%s", changes);
	return reading;
}

/* A look from 1000 to 1010, of which all was found ready, with a period of 10 s. */
static struct look usual_look(const struct sentinel *before)
{
	return (struct look){.reading = before,
	    .ready = true,
	    .began_ms = 1000,
	    .ended_ms = 1010,
	    .period_ms = 10000,
	    .random = HALF};
}

static void nothing_is_glanced_at_before_a_look(void **state)
{
	struct vigil vigil = {0};

	(void)state;
	assert_false(vigil_may_glance(&vigil, 0));
}

static void only_a_look_that_found_all_ready_is_a_baseline(void **state)
{
	struct sentinel before = reading("1", "10");
	struct look looks[] = {usual_look(&before), usual_look(&before), usual_look(NULL)};
	static const bool is_baseline[] = {true, false, false};

	(void)state;
	looks[1].ready = false;
	for (size_t i = 0; i < COUNT(looks); i++) {
		struct vigil vigil = {0};

		vigil_note(&vigil, &looks[i]);
		assert_int_equal(vigil_may_glance(&vigil, 1020), is_baseline[i]);
	}
}

static void the_bound_follows_the_cost_of_a_look(void **state)
{
	static const struct {
		int64_t period_ms;
		int64_t took_ms;
		int64_t bound_ms;
	} rows[] = {
	    {10000, 0, 60000}, /* six periods */
	    {10000, 12, 60000},
	    {10000, 20, 100000},         /* 5,000 looks */
	    {10000, 100000, 900000},     /* 15 minutes */
	    {3600000, 100000, 21600000}, /* and never less than six periods */
	    {100, 1, 5000},
	    {100, 0, 600},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_int_equal(
		    vigil_bound_ms(rows[i].period_ms, rows[i].took_ms), rows[i].bound_ms);
}

static void a_look_is_due_when_the_bound_has_passed(void **state)
{
	static const struct {
		uint32_t random;
		int64_t due_ms;
	} rows[] = {{0, 1000 + 48000}, {HALF, 1000 + 60000}, {UINT32_MAX, 1000 + 71999}};
	struct sentinel before = reading("1", "10");

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct vigil vigil = {0};
		struct look look = usual_look(&before);

		look.random = rows[i].random;
		vigil_note(&vigil, &look);
		assert_true(vigil_may_glance(&vigil, rows[i].due_ms - 1));
		assert_false(vigil_may_glance(&vigil, rows[i].due_ms));
	}
}

static void what_was_found_stands_while_the_sentinel_is_quiet(void **state)
{
	struct sentinel before = reading("1", "10");
	struct sentinel written = reading("2", "10");
	struct sentinel changed = reading("2", "11");
	struct sentinel restarted = before;
	struct look look = usual_look(&before);
	struct vigil vigil = {0};

	(void)state;
	snprintf(restarted.started, sizeof(restarted.started), "%s", "later");
	vigil_note(&vigil, &look);
	assert_true(vigil_lets_stand(&vigil, SENTINEL_SHORT, &before, 2000));
	assert_true(vigil_lets_stand(&vigil, SENTINEL_SHORT, &written, 2000));
	assert_false(vigil_lets_stand(&vigil, SENTINEL_SHORT, &changed, 2000));
	assert_false(vigil_lets_stand(&vigil, SENTINEL_SHORT, &restarted, 2000));
}

/* Until something in the cluster has moved, and from then on never again: what moved may not be
 * counted yet, and would hide behind a newer snapshot. */
static void the_snapshot_is_asked_until_it_has_moved(void **state)
{
	struct sentinel before = reading("1", "10");
	struct sentinel written = reading("2", "10");
	struct look look = usual_look(&before);
	struct vigil vigil = {.one_backend = true};

	(void)state;
	vigil_note(&vigil, &look);
	assert_int_equal(vigil_form(&vigil), SENTINEL_SNAPSHOT);
	assert_true(vigil_lets_stand(&vigil, SENTINEL_SNAPSHOT, &before, 2000));
	assert_int_equal(vigil_form(&vigil), SENTINEL_SNAPSHOT);
	assert_false(vigil_lets_stand(&vigil, SENTINEL_SNAPSHOT, &written, 3000));
	assert_int_equal(vigil_form(&vigil), SENTINEL_SHORT);
	assert_true(vigil_lets_stand(&vigil, SENTINEL_SHORT, &written, 3000));
	assert_true(vigil_lets_stand(&vigil, SENTINEL_SHORT, &written, 4000));
	assert_int_equal(vigil_form(&vigil), SENTINEL_SHORT);
	vigil_note(&vigil, &look);
	assert_int_equal(vigil_form(&vigil), SENTINEL_SNAPSHOT);
}

/* Behind a pooler the server may be another one, whose snapshots look the same. */
static void the_snapshot_alone_says_nothing_where_backends_change(void **state)
{
	struct sentinel before = reading("1", "10");
	struct look look = usual_look(&before);
	struct vigil vigil = {.one_backend = false};

	(void)state;
	vigil_note(&vigil, &look);
	assert_int_equal(vigil_form(&vigil), SENTINEL_SHORT);
}

/* Temporary tables and the like: alarms that find nothing take a thousandth of the time at most. */
static void alarms_in_vain_are_answered_less_often(void **state)
{
	struct sentinel before = reading("1", "10");
	struct sentinel changed = reading("2", "11");
	struct sentinel restarted = changed;
	struct look look = usual_look(&before);
	struct vigil vigil = {0};

	(void)state;
	snprintf(restarted.started, sizeof(restarted.started), "%s", "later");
	look.was_alarm = true;
	for (int i = 0; i < 5; i++) {
		assert_false(i > 0 && vigil_lets_stand(&vigil, SENTINEL_SHORT, &changed, 1011));
		vigil_note(&vigil, &look);
	}
	assert_true(vigil_lets_stand(&vigil, SENTINEL_SHORT, &changed, 1010 + 9999));
	assert_false(vigil_lets_stand(&vigil, SENTINEL_SHORT, &changed, 1010 + 10000));
	assert_false(
	    vigil_lets_stand(&vigil, SENTINEL_SHORT, &restarted, 1011)); /* that is no noise */
}

static void one_alarm_that_found_something_is_believed_again(void **state)
{
	struct sentinel before = reading("1", "10");
	struct sentinel changed = reading("2", "11");
	struct look look = usual_look(&before);
	struct vigil vigil = {0};

	(void)state;
	look.was_alarm = true;
	for (int i = 0; i < 9; i++)
		vigil_note(&vigil, &look);
	look.found_change = true;
	vigil_note(&vigil, &look);
	assert_false(vigil_lets_stand(&vigil, SENTINEL_SHORT, &changed, 1011));
}

static void a_notification_makes_a_look_due(void **state)
{
	struct sentinel before = reading("1", "10");
	struct look look = usual_look(&before);
	struct vigil vigil = {0};

	(void)state;
	vigil_note(&vigil, &look);
	vigil_forget(&vigil);
	assert_false(vigil_may_glance(&vigil, 1011));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(nothing_is_glanced_at_before_a_look),
	    cmocka_unit_test(only_a_look_that_found_all_ready_is_a_baseline),
	    cmocka_unit_test(the_bound_follows_the_cost_of_a_look),
	    cmocka_unit_test(a_look_is_due_when_the_bound_has_passed),
	    cmocka_unit_test(what_was_found_stands_while_the_sentinel_is_quiet),
	    cmocka_unit_test(the_snapshot_is_asked_until_it_has_moved),
	    cmocka_unit_test(the_snapshot_alone_says_nothing_where_backends_change),
	    cmocka_unit_test(alarms_in_vain_are_answered_less_often),
	    cmocka_unit_test(one_alarm_that_found_something_is_believed_again),
	    cmocka_unit_test(a_notification_makes_a_look_due),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
