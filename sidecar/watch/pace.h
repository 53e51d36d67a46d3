/*
 * How often a pod that waits may look: many tables, or a server that is slow already, are asked
 * less often. Goes by the quickest of the last rounds, since a single slow one (the first, which
 * connects, or one that had to wait for a processor) says nothing of the next. Pure.
 */
#ifndef SCHEMALATCH_WATCH_PACE_H
#define SCHEMALATCH_WATCH_PACE_H

#include <stdint.h>

#define PACE_ROUNDS 4 /* that are remembered */
#define PACE_PART 20  /* a pause is at least this many times as long as a round */

struct pace {
	int64_t took_ms[PACE_ROUNDS];
	unsigned rounds; /* noted so far */
};

/* A round that was answered took that long. */
void pace_note(struct pace *pace, int64_t took_ms);

/* The shortest pause before the next round; 0 as long as none was noted. */
int64_t pace_pause_ms(const struct pace *pace);

#endif
