/*
 * The HTTP server: one table of routes, limits on everything that a client can make large, and
 * answers from memory in one write. Runs on the main thread's event base; nothing in it waits for
 * the database.
 */
#ifndef SCHEMALATCH_ANSWER_HTTP_H
#define SCHEMALATCH_ANSWER_HTTP_H

#include <event2/event.h>

#include "../../probes/error.h"
#include "../config/config.h"
#include "../later.h"
#include "../watch/checker.h"
#include "ledger.h"

struct http;

/* Listens and answers from then on, always by the configuration of the newest snapshot. Borrows
 * base, later, checker and ledger for its life. NULL with err when it cannot listen. */
struct http *http_create(struct event_base *base, struct later *later,
    const struct listen_address *address, struct checker *checker, const struct ledger *ledger,
    struct error *err);

/* The port that it listens on. */
int http_port(const struct http *http);

void http_free(struct http *http);

#endif
