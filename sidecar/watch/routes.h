/*
 * The ways to a server: host and port pairs in the order in which they are tried. libpq would walk
 * them by itself, but without deadlines of its own a first host that is a black hole keeps it from
 * ever trying the second (seen with libpq 15 and 18), so each is tried by itself. Pure, but for
 * libpq's environment.
 */
#ifndef SCHEMALATCH_WATCH_ROUTES_H
#define SCHEMALATCH_WATCH_ROUTES_H

#include <stddef.h>

#include "../config/dsn.h"

struct route {
	char *host;    /* name, address or socket directory; NULL: as libpq itself finds it */
	char *address; /* numeric address that needs no look-up, or NULL */
	char *port;    /* NULL: libpq's default */
};

struct routes {
	struct route *items;
	size_t count;
};

/* Always at least one. */
struct routes routes_of(const struct dsn *dsn);
void routes_done(struct routes *routes);

#endif
