/* The hand-over between the two threads, and what a snapshot counts. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../sidecar/watch/snapshot.h"
#include "../support/scene.h"
#include "../support/workplace.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define TWO_CHECKS                                                                                 \
	SCENE_MAIN("{\"kind\":\"tables\",\"tables\":\"a\"},"                                       \
		   "{\"kind\":\"tables\",\"name\":\"b\",\"tables\":\"b\"}")

static const struct moment begin = {1000, 1767323045000};

static void the_first_snapshot_is_all_pending_and_never_late(void **state)
{
	struct config *config = scene_config(TWO_CHECKS);
	struct snapshot *snapshot = snapshot_create(config, begin);

	(void)state;
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(snapshot->databases[0].standings[i].now.reason, REASON_PENDING);
	assert_true(snapshot->databases[0].due_ms == INT64_MAX);
	snapshot_free(snapshot);
	config_free(config);
}

static void a_copy_shares_nothing_with_its_original(void **state)
{
	struct config *config = scene_config(TWO_CHECKS);
	struct snapshot *snapshot = snapshot_create(config, begin);
	struct verdict found = verdict_of(REASON_OK, "found");
	struct snapshot *copy;

	(void)state;
	standing_note(&snapshot->databases[0].standings[1], &found, begin);
	snapshot->databases[0].rounds = 7;
	copy = snapshot_copy(snapshot);
	snapshot_free(snapshot);
	assert_int_equal(copy->databases[0].standings[1].now.reason, REASON_OK);
	assert_int_equal(copy->databases[0].rounds, 7);
	snapshot_free(copy);
	config_free(config);
}

static void rounds_are_counted_in_the_bucket_of_their_duration(void **state)
{
	static const struct {
		int64_t duration_ms;
		size_t bucket;
	} rows[] = {{0, 0}, {1, 0}, {2, 1}, {3, 2}, {5, 2}, {6, 3}, {10, 3}, {11, 4}, {25, 4},
	    {100, 6}, {250, 7}, {500, 8}, {1000, 9}, {2500, 10}, {2501, 11}, {600000, 11}};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct database_state counters = {0};

		database_state_note_round(&counters, rows[i].duration_ms);
		if (counters.round_buckets[rows[i].bucket] != 1)
			fail_msg("%lld ms are not in bucket %zu", (long long)rows[i].duration_ms,
			    rows[i].bucket);
		assert_int_equal(counters.rounds, 1);
		assert_true(counters.round_seconds * 1000 - (double)rows[i].duration_ms < 0.001);
	}
}

static void a_reader_keeps_what_it_took_and_the_next_gets_the_newest(void **state)
{
	struct config *config = scene_config(TWO_CHECKS);
	struct board *board = board_create(snapshot_create(config, begin));
	const struct snapshot *first = board_acquire(board);
	const struct snapshot *second;
	struct snapshot *next = snapshot_copy(first);

	(void)state;
	next->databases[0].rounds = 1;
	board_publish(board, next);
	assert_int_equal(first->databases[0].rounds, 0);
	second = board_acquire(board);
	assert_int_equal(second->databases[0].rounds, 1);
	board_release(board, first);
	board_release(board, second);
	board_free(board);
	config_free(config);
}

static void snapshots_may_be_given_back_in_any_order(void **state)
{
	static const int orders[][3] = {
	    {0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
	struct config *config = scene_config(TWO_CHECKS);

	(void)state;
	for (size_t i = 0; i < COUNT(orders); i++) {
		struct board *board = board_create(snapshot_create(config, begin));
		const struct snapshot *held[3];

		for (int k = 0; k < 3; k++) {
			held[k] = board_acquire(board);
			board_publish(board, snapshot_copy(held[k]));
		}
		for (int k = 0; k < 3; k++)
			board_release(board, held[orders[i][k]]);
		board_free(board);
	}
	config_free(config);
}

/* ---- several threads at once; the sanitizers look on ---- */

#define READERS 4
#define PUBLISHED 2000

struct exchange {
	struct board *board;
	int wrong; /* of one reader: snapshots that were torn, or older than one before */
};

/* A writer sets both numbers of a snapshot to the same; a reader that sees them differ, or go
 * back, or memory that is gone, has found a hand-over that is none. */
static void *read_until_the_last(void *arg)
{
	struct exchange *exchange = arg;
	uint64_t newest = 0;

	while (newest < PUBLISHED) {
		const struct snapshot *snapshot = board_acquire(exchange->board);
		const struct database_state *database = &snapshot->databases[0];

		exchange->wrong += database->rounds != database->connects;
		exchange->wrong += database->rounds < newest;
		newest = database->rounds;
		board_release(exchange->board, snapshot);
	}
	return NULL;
}

static void many_readers_see_whole_snapshots_in_order(void **state)
{
	struct config *config = scene_config(TWO_CHECKS);
	struct snapshot *work = snapshot_create(config, begin);
	struct board *board = board_create(snapshot_copy(work));
	struct exchange exchanges[READERS];
	pthread_t threads[READERS];

	(void)state;
	for (int i = 0; i < READERS; i++) {
		exchanges[i] = (struct exchange){.board = board};
		assert_int_equal(
		    pthread_create(&threads[i], NULL, read_until_the_last, &exchanges[i]), 0);
	}
	for (uint64_t i = 1; i <= PUBLISHED; i++) {
		work->databases[0].rounds = i;
		work->databases[0].connects = i;
		board_publish(board, snapshot_copy(work));
	}
	for (int i = 0; i < READERS; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_int_equal(exchanges[i].wrong, 0);
	}
	snapshot_free(work);
	board_free(board);
	config_free(config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_first_snapshot_is_all_pending_and_never_late),
	    cmocka_unit_test(a_copy_shares_nothing_with_its_original),
	    cmocka_unit_test(rounds_are_counted_in_the_bucket_of_their_duration),
	    cmocka_unit_test(a_reader_keeps_what_it_took_and_the_next_gets_the_newest),
	    cmocka_unit_test(snapshots_may_be_given_back_in_any_order),
	    cmocka_unit_test(many_readers_see_whole_snapshots_in_order),
	};

	return cmocka_run_group_tests(tests, workplace_enter, workplace_leave);
}
