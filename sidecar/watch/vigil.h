/*
 * When a glance is enough. A round either looks, which asks every check, or glances: the sentinel
 * alone says whether catalogs have changed since the last look, and what depends on catalogs alone
 * stands. A look is due all the same once in a while, since a sentinel may be late or blind.
 * Checking thread; pure: the caller brings time and chance.
 */
#ifndef SCHEMALATCH_WATCH_VIGIL_H
#define SCHEMALATCH_WATCH_VIGIL_H

#include <stdbool.h>
#include <stdint.h>

#include "../../probes/sentinel.h"

struct vigil {
	bool has_baseline; /* the last look found all ready, and had a reading before it */
	struct sentinel baseline;
	bool one_backend;  /* answers all that the present session asks */
	int64_t looked_ms; /* monotonic: end of the last look */
	int64_t took_ms;   /* how long it took */
	int64_t due_ms;    /* monotonic: a look is due, whatever the sentinel says */
	bool moved;        /* transactions have ended since: that snapshot will not come again */
	unsigned alarms;   /* looks in a row that the sentinel called for, and that found nothing */
};

/* The longest that a change which no counter shows may stay unseen: six periods or 5,000 times what
 * the last look took, at most 15 minutes (or the six periods), give or take a fifth. */
int64_t vigil_bound_ms(int64_t period_ms, int64_t took_ms);

/* Whether the coming round may glance. */
bool vigil_may_glance(const struct vigil *vigil, int64_t now_ms);

/* What a glance in a known session asks: where one backend answers it, the snapshot for as long as
 * that has not moved. */
enum sentinel_form vigil_form(const struct vigil *vigil);

/* Whether the verdicts of catalogs may stand, by this reading in that form. Where it was the
 * snapshot alone and has moved, the counters are still to be asked. */
bool vigil_lets_stand(
    struct vigil *vigil, enum sentinel_form form, const struct sentinel *now, int64_t now_ms);

/* How a look has ended. */
struct look {
	const struct sentinel *reading; /* taken before it; NULL: none was to be had */
	bool ready;                     /* all that gates is */
	bool was_alarm;                 /* the sentinel had called for it */
	bool found_change;              /* a verdict is another than before */
	int64_t began_ms;               /* monotonic */
	int64_t ended_ms;
	int64_t period_ms;
	uint32_t random;
};

void vigil_note(struct vigil *vigil, const struct look *look);

/* The next round looks. */
void vigil_forget(struct vigil *vigil);

#endif
