/*
 * When to try again after a failure: exponential with full jitter, so that a fleet that failed
 * together does not come back together. Pure: the caller brings the random number.
 */
#ifndef SCHEMALATCH_WATCH_BACKOFF_H
#define SCHEMALATCH_WATCH_BACKOFF_H

#include <stdint.h>

struct backoff {
	int64_t floor_ms; /* never sooner than this */
	int64_t base_ms;  /* width of the first window */
	int64_t cap_ms;   /* width of the widest */
	unsigned failures;
};

/* The delay before the next try, floor_ms to floor_ms + window, and widens the window. */
int64_t backoff_next(struct backoff *backoff, uint32_t random);

/* After an answer. */
void backoff_reset(struct backoff *backoff);

#endif
