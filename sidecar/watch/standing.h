/*
 * How a check stands: what the last round found, and the last answer, which silence cannot revoke.
 * The one place where a verdict changes. Checking thread; pure: the caller brings the time.
 */
#ifndef SCHEMALATCH_WATCH_STANDING_H
#define SCHEMALATCH_WATCH_STANDING_H

#include <stdbool.h>
#include <stdint.h>

#include "../../probes/verdict.h"

/* The same moment on both clocks. */
struct moment {
	int64_t monotonic_ms;
	int64_t wall_ms;
};

struct standing {
	struct verdict now;        /* what the last round found; REASON_PENDING before the first */
	struct moment since;       /* when now's value and reason began */
	struct moment checked;     /* end of the last round; zero before the first */
	bool answered;             /* an answer was had; the next three are meaningful */
	enum verdict_value answer; /* READY or NOT_READY: what the last answer said */
	char answer_message[sizeof(((struct verdict *)0)->message)];
	struct moment answered_at;
	bool inherited; /* that answer was none of this check: see standing_inherit */
	bool ever_ready;
	uint64_t transitions; /* changes of the value */
};

/* Before the first round. */
void standing_init(struct standing *standing, struct moment now);

/* A round ended with that verdict. */
void standing_note(struct standing *standing, const struct verdict *verdict, struct moment now);

/* The pod was ready, last known so then, before this check came into the configuration: silence
 * does not revoke that, and the first answer takes its place. */
void standing_inherit(struct standing *standing, struct moment ready_at);

/* Another database answers from now on: what was known of the former is no answer of this one. */
void standing_forget(struct standing *standing);

/* A round ended that is not to change the verdict. */
void standing_note_nothing(struct standing *standing, struct moment now);

#endif
