/*
 * A limit on open connections. libevent 2.1.12 has none for its HTTP server, so silent clients
 * could take all descriptors and a probe would find nobody. Here the connection that has gone
 * longest without a request makes room for a new one: kubelet and Prometheus always get in. Main
 * thread.
 */
#ifndef SCHEMALATCH_ANSWER_CONNECTIONS_H
#define SCHEMALATCH_ANSWER_CONNECTIONS_H

#include <event2/bufferevent.h>
#include <event2/event.h>
#include <stddef.h>

#include "../later.h"

struct connections;

/* A connection over which no request has been completed for idle_limit_s is ended. Borrows base and
 * later for its life. */
struct connections *connections_create(
    struct event_base *base, struct later *later, size_t limit, int idle_limit_s);

/* For evhttp_set_bevcb, with the connections as argument: makes the connection's bufferevent. */
struct bufferevent *connections_on_accept(struct event_base *base, void *arg);

/* A request has come in over that connection. */
void connections_touch(struct connections *connections, const struct bufferevent *connection);

void connections_free(struct connections *connections);

#endif
