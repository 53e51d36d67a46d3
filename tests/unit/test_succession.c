/* What a reload leaves as it was, and what begins anew. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../sidecar/answer/gate.h"
#include "../../sidecar/answer/ledger.h"
#include "../../sidecar/config/meaning.h"
#include "../../sidecar/watch/succession.h"
#include "../support/scene.h"
#include "../support/workplace.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define CHECKS(more, checks) "{" more "\"databases\":[{\"name\":\"main\",\"checks\":[" checks "]}]}"
#define A "{\"kind\":\"tables\",\"name\":\"a\",\"tables\":\"a\"}"
#define A_LATCHED "{\"kind\":\"tables\",\"name\":\"a\",\"tables\":\"a\",\"latch\":true}"
#define A_OTHER "{\"kind\":\"tables\",\"name\":\"a\",\"tables\":\"other\"}"
#define B "{\"kind\":\"tables\",\"name\":\"b\",\"tables\":\"b\"}"

static const struct moment begin = {1000000, 1767323045000};

static struct moment later(int64_t milliseconds)
{
	return (struct moment){begin.monotonic_ms + milliseconds, begin.wall_ms + milliseconds};
}

static struct snapshot *snapshot_of(const char *json)
{
	struct config *config = scene_config(json);
	struct timespec began = {0};
	struct snapshot *snapshot;

	meaning_fill(config, "scene.json", &began);
	snapshot = snapshot_create(config, begin);
	config_free(config);
	return snapshot;
}

static void find(struct snapshot *snapshot, size_t check, enum reason reason, struct moment now)
{
	struct verdict verdict = verdict_of(reason, "%s", reason_name(reason));

	standing_note(&snapshot->databases[0].standings[check], &verdict, now);
}

/* One configuration with check "a" ready, and what another one has from it. */
static struct snapshot *successor(const struct snapshot *former, const char *json)
{
	struct snapshot *next = snapshot_of(json);

	succession_carry(next, former, later(2000));
	return next;
}

static struct snapshot *ready_a(void)
{
	struct snapshot *former = snapshot_of(CHECKS("", A));

	find(former, 0, REASON_OK, later(1000));
	former->databases[0].memories[0].was_complete = true;
	former->databases[0].rounds = 7;
	former->databases[0].connects = 3;
	return former;
}

static void the_same_check_goes_on_wherever_it_stands(void **state)
{
	static const char *const configs[] = {CHECKS("", A), CHECKS("", B "," A),
	    CHECKS("", A_LATCHED), CHECKS("\"mode\":\"observe\",", A)};
	struct snapshot *former = ready_a();

	(void)state;
	for (size_t i = 0; i < COUNT(configs); i++) {
		struct snapshot *next = successor(former, configs[i]);
		size_t a = meaning_find_name(&next->config->databases[0], "a");
		const struct database_state *database = &next->databases[0];

		assert_int_equal(database->standings[a].now.reason, REASON_OK);
		assert_int_equal(
		    database->standings[a].answered_at.monotonic_ms, later(1000).monotonic_ms);
		assert_true(database->memories[a].was_complete);
		assert_int_equal(database->rounds, 7);
		assert_int_equal(database->connects, 3);
		snapshot_free(next);
	}
	snapshot_free(former);
}

static void what_asks_something_else_begins_anew_but_for_its_count(void **state)
{
	static const char *const configs[] = {CHECKS("", A_OTHER),
	    "{\"databases\":[{\"name\":\"main\",\"schema\":\"other\",\"checks\":[" A "]}]}",
	    "{\"databases\":[{\"name\":\"main\",\"url\":\"postgresql://elsewhere/\",\"checks\":[" A
	    "]}]}"};
	struct snapshot *former = ready_a();

	(void)state;
	for (size_t i = 0; i < COUNT(configs); i++) {
		struct snapshot *next = successor(former, configs[i]);
		const struct standing *standing = &next->databases[0].standings[0];

		if (standing->answered || standing->now.reason != REASON_PENDING)
			fail_msg("%s goes on", configs[i]);
		assert_int_equal(standing->transitions, 1);
		assert_false(next->databases[0].memories[0].was_complete);
		assert_int_equal(next->databases[0].rounds, 7);
		snapshot_free(next);
	}
	snapshot_free(former);
}

static void a_new_check_is_held_for_a_ready_pod(void **state)
{
	struct snapshot *former = ready_a();
	struct snapshot *next = successor(former, CHECKS("", A "," B));
	int64_t hold_ms = next->config->databases[0].hold_for_ms;

	(void)state;
	assert_false(gate_passes(next, GATE_READINESS, later(2000).monotonic_ms));
	succession_hold(next, former, later(2000));
	assert_true(gate_passes(next, GATE_READINESS, later(2000).monotonic_ms));
	assert_true(gate_passes(next, GATE_READINESS, later(1000 + hold_ms - 1).monotonic_ms));
	assert_false(gate_passes(next, GATE_READINESS, later(1000 + hold_ms).monotonic_ms));
	assert_false(next->databases[0].standings[1].ever_ready);
	find(next, 1, REASON_MISSING, later(3000));
	assert_false(gate_passes(next, GATE_READINESS, later(3000).monotonic_ms));
	assert_false(next->databases[0].standings[1].inherited);
	snapshot_free(next);
	snapshot_free(former);
}

/* One reload after the other must not make a hold any longer. */
static void a_hold_is_not_renewed_by_reloads(void **state)
{
	struct snapshot *former = ready_a();

	(void)state;
	for (int64_t i = 0; i < 5; i++) {
		struct snapshot *next =
		    successor(former, i % 2 == 0 ? CHECKS("", B) : CHECKS("", A_OTHER));

		succession_hold(next, former, later(10000 * (i + 1)));
		assert_int_equal(next->databases[0].standings[0].answered_at.monotonic_ms,
		    later(1000).monotonic_ms);
		snapshot_free(former);
		former = next;
	}
	snapshot_free(former);
}

static void nothing_is_held_for_a_pod_that_was_not_ready(void **state)
{
	static const enum reason reasons[] = {REASON_MISSING, REASON_PENDING, REASON_TIMEOUT};

	(void)state;
	for (size_t i = 0; i < COUNT(reasons); i++) {
		struct snapshot *former = snapshot_of(CHECKS("", A));
		struct snapshot *next = snapshot_of(CHECKS("", B));

		find(former, 0, reasons[i], later(1000));
		succession_carry(next, former, later(2000));
		succession_hold(next, former, later(2000));
		assert_false(next->databases[0].standings[0].answered);
		snapshot_free(next);
		snapshot_free(former);
	}
}

static void disabled_knows_nothing_new_and_forgets_nothing(void **state)
{
	struct snapshot *former = ready_a();
	struct snapshot *next = successor(former, CHECKS("\"disabled\":\"why\",", A));
	struct snapshot *enabled;

	(void)state;
	assert_int_equal(next->databases[0].standings[0].now.value, VERDICT_UNKNOWN);
	assert_true(next->databases[0].standings[0].answered);
	enabled = successor(next, CHECKS("", A));
	assert_true(gate_passes(enabled, GATE_READINESS, later(3000).monotonic_ms));
	snapshot_free(enabled);
	snapshot_free(next);
	snapshot_free(former);
}

static void a_snapshot_of_an_older_configuration_comes_too_late(void **state)
{
	struct snapshot *old = snapshot_of(CHECKS("", A));
	struct snapshot *fresh = snapshot_of(CHECKS("", B));
	struct board *board = board_create(snapshot_copy(old));
	const struct snapshot *seen;

	(void)state;
	fresh->config->generation = 1;
	board_publish(board, fresh);
	board_publish(board, old);
	seen = board_acquire(board);
	assert_int_equal(seen->config->generation, 1);
	board_release(board, seen);
	board_free(board);
}

static void the_ledger_follows_and_keeps_its_history_and_latch(void **state)
{
	struct snapshot *former = ready_a();
	struct snapshot *next = successor(former, CHECKS("", B "," A));
	struct log log = {.level = LOG_LEVEL_ERROR, .descriptor = -1};
	struct ledger *ledger = ledger_create(former->config, &log);

	(void)state;
	ledger_note(ledger, former, later(1000));
	assert_int_equal(ledger_total(ledger), 1);
	snapshot_free(former);
	succession_hold(next, next, later(2000));
	ledger_note(ledger, next, later(2000));
	assert_true(ledger_has_started(ledger));
	assert_int_equal(ledger_total(ledger), 1); /* "a" is as it was, of "b" nothing is known */
	assert_string_equal(ledger_change(ledger, 0)->check, "a");
	assert_string_equal(ledger_change(ledger, 0)->database, "main");
	ledger_free(ledger);
	snapshot_free(next);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_same_check_goes_on_wherever_it_stands),
	    cmocka_unit_test(what_asks_something_else_begins_anew_but_for_its_count),
	    cmocka_unit_test(a_new_check_is_held_for_a_ready_pod),
	    cmocka_unit_test(a_hold_is_not_renewed_by_reloads),
	    cmocka_unit_test(nothing_is_held_for_a_pod_that_was_not_ready),
	    cmocka_unit_test(disabled_knows_nothing_new_and_forgets_nothing),
	    cmocka_unit_test(a_snapshot_of_an_older_configuration_comes_too_late),
	    cmocka_unit_test(the_ledger_follows_and_keeps_its_history_and_latch),
	};

	return cmocka_run_group_tests(tests, workplace_enter, workplace_leave);
}
