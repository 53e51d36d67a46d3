/*
 * How often a pod that waits may look: many tables, or a server that is slow already, are asked
 * less often. Goes by the quickest of the last looks, since slow ones (the first, which connects,
 * or some that had to wait for a processor: on a busy node most do) say nothing of the next. Pure.
 */
#ifndef SCHEMALATCH_WATCH_PACE_H
#define SCHEMALATCH_WATCH_PACE_H

#include <stdint.h>

#define PACE_LOOKS 16 /* that are remembered: two seconds' worth of the default retryPeriod */
#define PACE_PART 20  /* a pause is at least this many times as long as a look */

struct pace {
	int64_t took_ms[PACE_LOOKS];
	unsigned looks; /* noted so far */
};

/* A look that was answered took that long. A glance, which asks next to nothing, does not count. */
void pace_note(struct pace *pace, int64_t took_ms);

/* The shortest pause before the next look; 0 as long as none was noted. */
int64_t pace_pause_ms(const struct pace *pace);

#endif
