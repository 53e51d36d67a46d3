/*
 * What the rounds have found so far: filled by the checking thread, never changed once it hangs on
 * the board, read by the HTTP thread. The one kind of object that passes between the two.
 */
#ifndef SCHEMALATCH_WATCH_SNAPSHOT_H
#define SCHEMALATCH_WATCH_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../probes/check.h"
#include "../config/config.h"
#include "standing.h"

/* Upper bounds of the round histogram's buckets, in seconds, ascending; +Inf is implied. */
#define ROUND_BUCKETS 11
extern const double round_bucket_bounds[ROUND_BUCKETS];

/* Which database answered last, by its own word (sentinel.h); empty: not known. */
struct identity {
	char system[24];
	char database[16];
};

struct database_state {
	bool connected;
	int64_t due_ms; /* monotonic: by then the next snapshot should be there */
	uint64_t rounds;
	uint64_t round_buckets[ROUND_BUCKETS + 1]; /* not cumulative; the last is +Inf */
	double round_seconds;
	int64_t answered_wall_ms; /* last answer of the database; 0: none yet */
	uint64_t connects;
	uint64_t connect_failures[REASON_COUNT];
	struct standing *standings;    /* one a check, in the order of the configuration */
	struct check_memory *memories; /* the same; a round's to change */
	struct identity identity;
};

struct upstream_state {
	int64_t due_ms; /* as above */
	struct standing standing;
};

struct snapshot {
	struct config *config;            /* shared */
	struct database_state *databases; /* one a database of the configuration */
	struct upstream_state *upstreams; /* one an upstream */
	int references;                   /* these two are the board's, under its mutex */
	struct snapshot *older;
};

/* All pending; a copy. Give it, for snapshot_free or for a board that takes it; it holds a
 * reference to config. */
struct snapshot *snapshot_create(struct config *config, struct moment now);
struct snapshot *snapshot_copy(const struct snapshot *snapshot);
void snapshot_free(struct snapshot *snapshot);

/* Counts the round in the state's counters. */
void database_state_note_round(struct database_state *state, int64_t duration_ms);

/* The board on which the newest snapshot hangs. */
struct board;

/* Takes snapshot, the first. */
struct board *board_create(struct snapshot *snapshot);

/* Any thread: takes snapshot; nobody changes it from here on. One of an older configuration than
 * the newest has come too late, and is let go. */
void board_publish(struct board *board, struct snapshot *snapshot);

/* Any thread: the newest snapshot, with a reference that board_release ends. */
const struct snapshot *board_acquire(struct board *board);
void board_release(struct board *board, const struct snapshot *snapshot);

/* After the threads have ended. */
void board_free(struct board *board);

#endif
