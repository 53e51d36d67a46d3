/*
 * Looks up a host name in a thread of its own, since getaddrinfo blocks for as long as resolv.conf
 * allows (minutes where the name servers are dead), and a session has deadlines. The caller's
 * thread never blocks.
 */
#ifndef SCHEMALATCH_WATCH_RESOLVE_H
#define SCHEMALATCH_WATCH_RESOLVE_H

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>

#define RESOLVE_MAX 8 /* addresses of one name that are tried */

struct resolved {
	char addresses[RESOLVE_MAX][64]; /* numeric */
	size_t count;
	const char *failure; /* where count is 0: why, static text without the name */
};

/* Later, never from inside resolve_start, on the thread of base; borrows resolved for the call. */
typedef void resolve_cb(const struct resolved *resolved, void *arg);

struct resolve;

/* Starts a look-up; copies host. Gives a handle for resolve_free. NULL where no thread can be had.
 */
struct resolve *resolve_start(struct event_base *base, const char *host, resolve_cb *cb, void *arg);

/* Whether it looks up that host. */
bool resolve_is_for(const struct resolve *resolve, const char *host);

/* After the callback or before: then it never comes, and the thread ends by itself when the
 * resolver gives up. NULL allowed. */
void resolve_free(struct resolve *resolve);

/* Whether host is an address already, or a socket's path: nothing to look up. */
bool resolve_is_needless(const char *host);

#endif
