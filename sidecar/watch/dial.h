/*
 * Connects to an upstream: looks its name up, then tries its addresses one after the other, none of
 * them for longer than leaves time for the rest. Checking thread; never blocks.
 */
#ifndef SCHEMALATCH_WATCH_DIAL_H
#define SCHEMALATCH_WATCH_DIAL_H

#include <event2/event.h>

#include "../../probes/verdict.h"
#include "../config/upstream_url.h"

struct dial;

/* fd is connected, non-blocking and the callee's from then on; or it is -1, and failure says why:
 * unhealthy where the other side said no, else unreachable or timeout. */
typedef void dial_cb(int fd, const struct verdict *failure, void *arg);

struct dial *dial_create(struct event_base *base, dial_cb *cb, void *arg);

/* Begins anew; calls cb once, which may be from inside this call. Addresses share the time until
 * until_ms (monotonic), but whoever starts sees to that end. Borrows url until then. */
void dial_start(struct dial *dial, const struct upstream_url *url, int64_t until_ms);

/* What it is waiting for, for people. Static text. */
const char *dial_waits_for(const struct dial *dial);

/* Gives up; cb is not called. A look-up under way goes on, for the next start. */
void dial_stop(struct dial *dial);

void dial_free(struct dial *dial);

#endif
