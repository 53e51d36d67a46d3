/*
 * The rhythm of one database: when to look, over which session, how long to wait after what was
 * found, and how its checks stand. Checking thread.
 */
#ifndef SCHEMALATCH_WATCH_PATROL_H
#define SCHEMALATCH_WATCH_PATROL_H

#include <event2/event.h>
#include <stdbool.h>

#include "../config/database.h"
#include "../log.h"
#include "snapshot.h"

struct patrol;

/* state is the patrol's own to change, in the checker's working copy; on_change says that it did.
 */
struct patrol *patrol_create(struct event_base *base, const struct database *database,
    struct log *log, struct database_state *state, void (*on_change)(void *arg), void *arg);

/* Looks at once, and from then on by itself. What state says of the database's identity is where it
 * was before. */
void patrol_start(struct patrol *patrol);

/* Before patrol_start: opens its session, but asks no check before patrol_release. */
void patrol_hold(struct patrol *patrol);
void patrol_release(struct patrol *patrol); /* does nothing where it is not held */

/* Whether a round has ended since patrol_start, or since patrol_move. */
bool patrol_has_looked(const struct patrol *patrol);

/* Begins no further round; one that is under way ends as usual, and on_change tells. */
void patrol_rest(struct patrol *patrol);
bool patrol_is_in_round(const struct patrol *patrol);

/*
 * A patrol at rest goes on for the same database in another configuration, with a state of its own,
 * which has been filled with what the former one leaves. A round that is still under way is broken
 * off. Where the entry is the same nothing else changes, and look_now false keeps the rhythm; a
 * session is kept where all that it depends on is the same. Not from inside on_change.
 */
void patrol_move(struct patrol *patrol, const struct database *database,
    struct database_state *state, bool look_now);

void patrol_free(struct patrol *patrol);

#endif
