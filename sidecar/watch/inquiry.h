/*
 * One question to an upstream, from its name to what the answer means, within one time limit:
 * connect, TLS, request, redirects, head and body. Checking thread; never blocks.
 */
#ifndef SCHEMALATCH_WATCH_INQUIRY_H
#define SCHEMALATCH_WATCH_INQUIRY_H

#include <event2/event.h>

#include "../config/upstream.h"
#include "../log.h"
#include "service_answer.h"

struct inquiry;

/* Borrows verdict for the call. May start the next inquiry. */
typedef void inquiry_cb(enum probe_result result, const struct verdict *verdict, void *arg);

/* Borrows upstream and log. */
struct inquiry *inquiry_create(struct event_base *base, const struct upstream *upstream,
    struct log *log, inquiry_cb *cb, void *arg);

/* Asks; none may be under way. Calls cb once, which may be from inside this call. */
void inquiry_start(struct inquiry *inquiry);

/* The upstream is that one from now on: the same, of another configuration. */
void inquiry_move(struct inquiry *inquiry, const struct upstream *upstream);

void inquiry_free(struct inquiry *inquiry);

#endif
