/* What is kept over a restart: read back as it was, or not at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "../../probes/xalloc.h"
#include "../../sidecar/config/meaning.h"
#include "../../sidecar/watch/state.h"
#include "../../sidecar/watch/state_file.h"
#include "../support/scene.h"
#include "../support/workplace.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define HOLD_FOR_MS 300000
#define TWO_CHECKS                                                                                 \
	SCENE_MAIN("{\"kind\":\"tables\",\"tables\":\"a\"},"                                       \
		   "{\"kind\":\"tables\",\"name\":\"b\",\"tables\":\"b\"}")
#define ONE_OTHER SCENE_MAIN("{\"kind\":\"tables\",\"tables\":\"other\"}")

static const struct moment then = {1000000, 1767323045000};

static struct moment later(int64_t milliseconds)
{
	return (struct moment){then.monotonic_ms + milliseconds, then.wall_ms + milliseconds};
}

static struct snapshot *snapshot_of(const char *json)
{
	struct config *config = scene_config(json);
	struct timespec began = {0};
	struct snapshot *snapshot;

	meaning_fill(config, "scene.json", &began);
	snapshot = snapshot_create(config, then);
	config_free(config);
	return snapshot;
}

static void answer(struct snapshot *snapshot, size_t check, enum reason reason)
{
	struct verdict verdict = verdict_of(reason, "%s", reason_name(reason));

	standing_note(&snapshot->databases[0].standings[check], &verdict, then);
}

/* Both have answered: the first ready, the other not. */
static char *kept_text(void)
{
	struct snapshot *snapshot = snapshot_of(TWO_CHECKS);
	char *text;

	answer(snapshot, 0, REASON_OK);
	answer(snapshot, 1, REASON_MISSING);
	snapshot->databases[0].memories[0].was_complete = true;
	memcpy(snapshot->databases[0].memories[0].schema, "billing", sizeof("billing"));
	memcpy(snapshot->databases[0].identity.system, "7123", sizeof("7123"));
	text = state_format(snapshot);
	snapshot_free(snapshot);
	return text;
}

static struct state_count restore(const char *text, struct snapshot *snapshot, struct moment now)
{
	struct state_count count;
	struct error err;

	if (state_restore(text, strlen(text), snapshot, now, &count, &err) != 0)
		fail_msg("%s", err.text);
	return count;
}

static void what_is_kept_is_read_back(void **state)
{
	struct snapshot *snapshot = snapshot_of(TWO_CHECKS);
	const struct standing *standings = snapshot->databases[0].standings;
	char *text = kept_text();
	struct state_count count =
	    restore(text, snapshot, (struct moment){500, then.wall_ms + 12000});

	(void)state;
	assert_int_equal(count.restored, 2);
	assert_int_equal(count.age_ms, 12000);
	assert_true(standings[0].answered && standings[0].answer == VERDICT_READY);
	assert_true(standings[0].ever_ready && !standings[0].inherited);
	assert_int_equal(standings[0].now.reason, REASON_PENDING);
	assert_int_equal(standings[0].answered_at.monotonic_ms, 500 - 12000);
	assert_int_equal(standings[0].answered_at.wall_ms, then.wall_ms);
	assert_true(standings[1].answer == VERDICT_NOT_READY && !standings[1].ever_ready);
	assert_string_equal(standings[1].answer_message, "missing");
	assert_true(snapshot->databases[0].memories[0].was_complete);
	assert_string_equal(snapshot->databases[0].memories[0].schema, "billing");
	assert_string_equal(snapshot->databases[0].identity.system, "7123");
	assert_int_equal(snapshot->databases[0].answered_wall_ms, then.wall_ms);
	free(text);
	snapshot_free(snapshot);
}

static void only_ages_between_zero_and_hold_for_count(void **state)
{
	static const struct {
		int64_t age_ms;
		size_t restored;
	} rows[] = {{-1, 0}, {-3600000, 0}, {0, 2}, {HOLD_FOR_MS - 1, 2}, {HOLD_FOR_MS, 0},
	    {INT64_C(1) << 45, 0}};
	char *text = kept_text();

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct snapshot *snapshot = snapshot_of(TWO_CHECKS);
		struct state_count count = restore(text, snapshot, later(rows[i].age_ms));

		if (count.restored != rows[i].restored || count.restored + count.old != 2)
			fail_msg("age %lld: %zu restored, %zu old", (long long)rows[i].age_ms,
			    count.restored, count.old);
		assert_true(snapshot->databases[0].standings[0].answered == (rows[i].restored > 0));
		snapshot_free(snapshot);
	}
	free(text);
}

static void a_state_of_something_else_counts_for_nothing(void **state)
{
	static const char *const others[] = {ONE_OTHER,
	    "{\"databases\":[{\"name\":\"else\",\"checks\":[{\"kind\":\"tables\",\"tables\":\"a\"}]"
	    "}]}",
	    "{\"databases\":[{\"url\":\"postgresql://elsewhere/\",\"checks\":[{\"kind\":\"tables\","
	    "\"tables\":\"a\"}]}]}"};
	char *text = kept_text();

	(void)state;
	for (size_t i = 0; i < COUNT(others); i++) {
		struct snapshot *snapshot = snapshot_of(others[i]);
		struct state_count count = restore(text, snapshot, then);

		assert_int_equal(count.restored, 0);
		assert_int_equal(count.foreign, 2);
		assert_false(snapshot->databases[0].standings[0].answered);
		snapshot_free(snapshot);
	}
	free(text);
}

static void cut_off_at_any_byte_it_is_refused(void **state)
{
	struct snapshot *snapshot = snapshot_of(TWO_CHECKS);
	char *text = kept_text();
	struct state_count count;
	struct error err;

	(void)state;
	for (size_t i = 0; i < strlen(text); i++) {
		char *cut = xstrndup(text, i);

		if (state_restore(cut, i, snapshot, then, &count, &err) == 0)
			fail_msg("%zu of %zu bytes are believed", i, strlen(text));
		free(cut);
	}
	assert_false(snapshot->databases[0].standings[0].answered);
	free(text);
	snapshot_free(snapshot);
}

static void any_other_byte_is_refused(void **state)
{
	struct snapshot *snapshot = snapshot_of(TWO_CHECKS);
	char *text = kept_text();
	size_t length = strlen(text);
	struct state_count count;
	struct error err;

	(void)state;
	for (size_t i = 0; i < length; i++) {
		text[i] ^= 1;
		if (state_restore(text, length, snapshot, then, &count, &err) == 0)
			fail_msg("another byte %zu is believed", i);
		text[i] ^= 1;
	}
	free(text);
	snapshot_free(snapshot);
}

static void what_was_only_inherited_is_not_kept(void **state)
{
	struct snapshot *snapshot = snapshot_of(TWO_CHECKS);
	char *text;

	(void)state;
	standing_inherit(&snapshot->databases[0].standings[0], then);
	assert_false(state_differs(NULL, snapshot));
	text = state_format(snapshot);
	assert_null(strstr(text, "answeredAt"));
	free(text);
	snapshot_free(snapshot);
}

static void it_is_written_for_what_it_says_not_for_each_round(void **state)
{
	struct snapshot *snapshot = snapshot_of(TWO_CHECKS);
	struct snapshot *kept;

	(void)state;
	assert_false(state_differs(NULL, snapshot));
	answer(snapshot, 0, REASON_OK);
	assert_true(state_differs(NULL, snapshot));
	kept = snapshot_copy(snapshot);
	snapshot->databases[0].standings[0].answered_at = later(10);
	assert_false(state_differs(kept, snapshot));
	assert_true(state_is_fresher(kept, snapshot));
	assert_false(state_revokes(kept, snapshot));
	answer(snapshot, 0, REASON_TIMEOUT);
	assert_false(state_differs(kept, snapshot));
	answer(snapshot, 0, REASON_MISSING);
	assert_true(state_differs(kept, snapshot) && state_revokes(kept, snapshot));
	assert_true(state_revokes(NULL, snapshot));
	snapshot_free(kept);
	snapshot_free(snapshot);
}

static void a_forgotten_answer_is_a_revoked_one(void **state)
{
	struct snapshot *snapshot = snapshot_of(TWO_CHECKS);
	struct snapshot *kept;

	(void)state;
	answer(snapshot, 0, REASON_OK);
	kept = snapshot_copy(snapshot);
	standing_forget(&snapshot->databases[0].standings[0]);
	assert_true(state_differs(kept, snapshot) && state_revokes(kept, snapshot));
	snapshot_free(kept);
	snapshot_free(snapshot);
}

static void times_are_refreshed_by_the_shortest_hold(void **state)
{
	struct snapshot *five_minutes = snapshot_of(TWO_CHECKS);
	struct snapshot *short_one = snapshot_of("{\"databases\":[{\"holdFor\":\"1s\",\"checks\":[{"
						 "\"kind\":\"tables\",\"tables\":\"a\"}]}]}");

	(void)state;
	assert_int_equal(state_refresh_ms(five_minutes->config), HOLD_FOR_MS / 10);
	assert_int_equal(state_refresh_ms(short_one->config), 5000);
	snapshot_free(five_minutes);
	snapshot_free(short_one);
}

static void a_file_is_read_as_it_was_written(void **state)
{
	struct error err;
	struct stat status;
	size_t length;
	char *text;

	(void)state;
	assert_null(state_file_read(".", &length, &err));
	assert_string_equal(err.text, "");
	assert_int_equal(state_file_write(".", "first", &err), 0);
	assert_int_equal(state_file_write(".", "second", &err), 0);
	text = state_file_read(".", &length, &err);
	assert_non_null(text);
	assert_string_equal(text, "second");
	assert_int_equal(length, 6);
	assert_int_equal(stat("schemalatch.state", &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	assert_int_not_equal(stat("schemalatch.state.new", &status), 0);
	free(text);
}

static void what_cannot_be_written_leaves_nothing_to_believe(void **state)
{
	struct error err;
	struct stat status;

	(void)state;
	assert_int_equal(state_file_write(".", "ready", &err), 0);
	assert_int_equal(mkdir("schemalatch.state.new", 0700), 0);
	assert_int_equal(state_file_write(".", "not ready", &err), -1);
	assert_string_not_equal(err.text, "");
	assert_int_not_equal(stat("schemalatch.state", &status), 0);
	assert_int_equal(remove("schemalatch.state.new"), 0);
	assert_int_equal(state_file_write("nowhere", "text", &err), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_kept_is_read_back),
	    cmocka_unit_test(only_ages_between_zero_and_hold_for_count),
	    cmocka_unit_test(a_state_of_something_else_counts_for_nothing),
	    cmocka_unit_test(cut_off_at_any_byte_it_is_refused),
	    cmocka_unit_test(any_other_byte_is_refused),
	    cmocka_unit_test(what_was_only_inherited_is_not_kept),
	    cmocka_unit_test(it_is_written_for_what_it_says_not_for_each_round),
	    cmocka_unit_test(a_forgotten_answer_is_a_revoked_one),
	    cmocka_unit_test(times_are_refreshed_by_the_shortest_hold),
	    cmocka_unit_test(a_file_is_read_as_it_was_written),
	    cmocka_unit_test(what_cannot_be_written_leaves_nothing_to_believe),
	};

	return cmocka_run_group_tests(tests, workplace_enter, workplace_leave);
}
