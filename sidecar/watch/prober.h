/*
 * The rhythm of one upstream: when to ask it, and what counts, by the kubelet's rules for a probe.
 * Checking thread.
 */
#ifndef SCHEMALATCH_WATCH_PROBER_H
#define SCHEMALATCH_WATCH_PROBER_H

#include <event2/event.h>

#include "../config/upstream.h"
#include "../log.h"
#include "snapshot.h"

struct prober;

/* state is the prober's own to change, in the checker's working copy; on_change says that it did.
 */
struct prober *prober_create(struct event_base *base, const struct upstream *upstream,
    struct log *log, struct upstream_state *state, void (*on_change)(void *arg), void *arg);

/* Asks after the initial delay, and from then on by itself. */
void prober_start(struct prober *prober);

/* Asks at once, and from then on by itself. */
void prober_ask(struct prober *prober);

/* The upstream and its state are these from now on: the same, of another configuration. What is
 * under way, and what has been counted, goes on. */
void prober_move(
    struct prober *prober, const struct upstream *upstream, struct upstream_state *state);

/* Whether any probe has come to an end since its making. */
bool prober_has_looked(const struct prober *prober);

void prober_free(struct prober *prober);

#endif
