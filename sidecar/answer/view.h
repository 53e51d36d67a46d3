/*
 * All that an answer is made from, at one moment. Borrowed, immutable while an answer is written;
 * the writers (report.c, status.c, metrics.c) see nothing else and are tested without a socket.
 */
#ifndef SCHEMALATCH_ANSWER_VIEW_H
#define SCHEMALATCH_ANSWER_VIEW_H

#include "../config/config.h"
#include "../watch/snapshot.h"
#include "ledger.h"
#include "requests.h"

struct view {
	const struct config *config;
	const struct snapshot *snapshot;
	const struct ledger *ledger;
	const struct requests *requests;
	struct moment now;
	int64_t heartbeat_ms; /* monotonic: the checking thread was last seen alive */
	const char *pod;      /* its name; NULL: it has none */
};

/* Whether the gate passes, the startup latch counted in, mode and disabled not. */
bool view_passes(const struct view *view, enum gate gate);

/* Whether both loops are alive. The answering one is, since it asks. */
bool view_is_alive(const struct view *view);

/* How the subject looks. */
struct judgement view_judge(const struct view *view, const struct subject *subject);

#endif
