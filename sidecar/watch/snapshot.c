#include "snapshot.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "../../probes/xalloc.h"

const double round_bucket_bounds[ROUND_BUCKETS] = {
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5};

struct board {
	pthread_mutex_t mutex;
	struct snapshot *newest; /* behind it, by older: those that somebody still reads */
};

struct snapshot *snapshot_create(struct config *config, struct moment now)
{
	struct snapshot *snapshot = xcalloc(1, sizeof(*snapshot));

	snapshot->config = config_share(config);
	snapshot->databases = xcalloc(config->database_count, sizeof(*snapshot->databases));
	for (size_t i = 0; i < config->database_count; i++) {
		size_t count = config->databases[i].check_count;

		snapshot->databases[i].due_ms = INT64_MAX;
		snapshot->databases[i].standings = xcalloc(count, sizeof(struct standing));
		snapshot->databases[i].memories = xcalloc(count, sizeof(struct check_memory));
		for (size_t k = 0; k < count; k++)
			standing_init(&snapshot->databases[i].standings[k], now);
	}
	snapshot->upstreams = xcalloc(config->upstream_count, sizeof(*snapshot->upstreams));
	for (size_t i = 0; i < config->upstream_count; i++) {
		snapshot->upstreams[i].due_ms = INT64_MAX;
		standing_init(&snapshot->upstreams[i].standing, now);
		snapshot->upstreams[i].standing.now =
		    verdict_of(REASON_PENDING, "no answer from the service yet since start");
	}
	return snapshot;
}

/* free() releases it. */
static void *copy_of(const void *elements, size_t count, size_t size)
{
	void *copy = xcalloc(count, size);

	memcpy(copy, elements, count * size);
	return copy;
}

struct snapshot *snapshot_copy(const struct snapshot *snapshot)
{
	struct config *config = snapshot->config;
	struct snapshot *copy = xcalloc(1, sizeof(*copy));

	copy->config = config_share(config);
	copy->databases = xcalloc(config->database_count, sizeof(*copy->databases));
	for (size_t i = 0; i < config->database_count; i++) {
		const struct database_state *state = &snapshot->databases[i];
		size_t count = config->databases[i].check_count;

		copy->databases[i] = *state;
		copy->databases[i].standings =
		    copy_of(state->standings, count, sizeof(struct standing));
		copy->databases[i].memories =
		    copy_of(state->memories, count, sizeof(struct check_memory));
	}
	copy->upstreams = xcalloc(config->upstream_count, sizeof(*copy->upstreams));
	for (size_t i = 0; i < config->upstream_count; i++)
		copy->upstreams[i] = snapshot->upstreams[i];
	return copy;
}

void snapshot_free(struct snapshot *snapshot)
{
	if (snapshot == NULL)
		return;
	for (size_t i = 0; i < snapshot->config->database_count; i++) {
		free(snapshot->databases[i].standings);
		free(snapshot->databases[i].memories);
	}
	free(snapshot->databases);
	free(snapshot->upstreams);
	config_free(snapshot->config);
	free(snapshot);
}

void database_state_note_round(struct database_state *state, int64_t duration_ms)
{
	double seconds = (double)duration_ms / 1000.0;
	size_t bucket = 0;

	while (bucket < ROUND_BUCKETS && seconds > round_bucket_bounds[bucket])
		bucket++;
	state->round_buckets[bucket]++;
	state->round_seconds += seconds;
	state->rounds++;
}

struct board *board_create(struct snapshot *snapshot)
{
	struct board *board = xcalloc(1, sizeof(*board));

	pthread_mutex_init(&board->mutex, NULL);
	snapshot->references = 1; /* of the board itself, while it is the newest */
	board->newest = snapshot;
	return board;
}

/* Takes one reference away; gives the snapshot when that was the last one, off the board's list. */
static struct snapshot *let_go(struct board *board, const struct snapshot *snapshot)
{
	struct snapshot **link = &board->newest;
	struct snapshot *found;

	while (*link != snapshot)
		link = &(*link)->older;
	found = *link;
	if (--found->references > 0)
		return NULL;
	*link = found->older;
	return found;
}

/* Pointer and count change together under the mutex: with an atomic pointer alone the snapshot
 * could go between reading the pointer and counting the reference. */
void board_publish(struct board *board, struct snapshot *snapshot)
{
	struct snapshot *ended = snapshot;

	pthread_mutex_lock(&board->mutex);
	if (snapshot->config->generation >= board->newest->config->generation) {
		snapshot->references = 1;
		snapshot->older = board->newest;
		board->newest = snapshot;
		ended = let_go(board, snapshot->older);
	}
	pthread_mutex_unlock(&board->mutex);
	snapshot_free(ended);
}

const struct snapshot *board_acquire(struct board *board)
{
	struct snapshot *snapshot;

	pthread_mutex_lock(&board->mutex);
	snapshot = board->newest;
	snapshot->references++;
	pthread_mutex_unlock(&board->mutex);
	return snapshot;
}

void board_release(struct board *board, const struct snapshot *snapshot)
{
	struct snapshot *ended;

	pthread_mutex_lock(&board->mutex);
	ended = let_go(board, snapshot);
	pthread_mutex_unlock(&board->mutex);
	snapshot_free(ended);
}

void board_free(struct board *board)
{
	if (board == NULL)
		return;
	snapshot_free(board->newest);
	pthread_mutex_destroy(&board->mutex);
	free(board);
}
