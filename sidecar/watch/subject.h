/*
 * All that is watched, checks and upstreams alike, as the roads out see it: gates, ledger, report,
 * metrics and page walk over subjects, and need not know what each one is. Pure.
 */
#ifndef SCHEMALATCH_WATCH_SUBJECT_H
#define SCHEMALATCH_WATCH_SUBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "snapshot.h"

/* A plain value; all pointers are borrowed from the snapshot and its configuration. */
struct subject {
	const char *database; /* the label of that name; empty where it is of no database */
	const char *name;
	const char *kind;
	unsigned gates; /* bit per enum gate */
	bool latch;
	int64_t hold_for_ms; /* how long a ready answer outlives silence */
	int64_t due_ms;      /* monotonic: by then the next snapshot should be there */
	const struct standing *standing;
};

/* How many there are, and number index of them: checks in the order of the configuration, then
 * upstreams. */
size_t subject_count(const struct config *config);
struct subject subject_at(const struct snapshot *snapshot, size_t index);

/* A check, or an upstream, by its indices. */
struct subject subject_of_check(const struct snapshot *snapshot, size_t database, size_t check);
struct subject subject_of_upstream(const struct snapshot *snapshot, size_t upstream);

/* The one whose title that is; gives whether there is one. */
bool subject_find(const struct snapshot *snapshot, const char *title, struct subject *found);

/* What people call it: "DATABASE/NAME", or the name alone where it is of no database. Borrows and
 * returns buffer. */
#define SUBJECT_TITLE_BYTES 128
const char *subject_title(const char *database, const char *name, char buffer[SUBJECT_TITLE_BYTES]);

#endif
