/*
 * The rhythm of one database: when to look, over which session, how long to wait after what was
 * found, and how its checks stand. Checking thread.
 */
#ifndef SCHEMALATCH_WATCH_PATROL_H
#define SCHEMALATCH_WATCH_PATROL_H

#include <event2/event.h>

#include "../config/database.h"
#include "../log.h"
#include "snapshot.h"

struct patrol;

/* state is the patrol's own to change, in the checker's working copy; on_change says that it did.
 */
struct patrol *patrol_create(struct event_base *base, const struct database *database,
    struct log *log, struct database_state *state, void (*on_change)(void *arg), void *arg);

/* Looks at once, and from then on by itself. */
void patrol_start(struct patrol *patrol);

void patrol_free(struct patrol *patrol);

#endif
