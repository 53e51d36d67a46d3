/*
 * Where an upstream is, as its URL or a redirect says it. Pure.
 *
 * http://HOST[:PORT][/PATH][?QUERY], the same with https, tcp://HOST:PORT, and for HTTP over a Unix
 * socket unix:/SOCKET[:/PATH][?QUERY], as nginx writes it.
 */
#ifndef SCHEMALATCH_CONFIG_UPSTREAM_URL_H
#define SCHEMALATCH_CONFIG_UPSTREAM_URL_H

#include "../../probes/error.h"

enum upstream_scheme { UPSTREAM_HTTP, UPSTREAM_HTTPS, UPSTREAM_UNIX, UPSTREAM_TCP };

struct upstream_url {
	enum upstream_scheme scheme;
	char *host;      /* name or address, without brackets; "localhost" of a Unix socket */
	int port;        /* 0 of a Unix socket */
	char *socket;    /* its path, or NULL */
	char *authority; /* as the Host header has it */
	char *target;    /* path and query, ready to be sent; "/" at least */
};

/* Parses into *url, which upstream_url_done frees in every case. Returns 0, or -1 with err, which
 * quotes nothing of the text: it may hold a secret. */
int upstream_url_parse(const char *text, struct upstream_url *url, struct error *err);

enum redirect {
	REDIRECT_HERE,      /* to the same host name: followed, whatever the port and scheme */
	REDIRECT_ELSEWHERE, /* to another: not followed, and no failure */
	REDIRECT_BROKEN,    /* to nowhere that can be asked */
};

/* Where location, of an answer from from, leads; only for REDIRECT_HERE is *to filled, and to be
 * freed with upstream_url_done. */
enum redirect upstream_url_redirect(
    const struct upstream_url *from, const char *location, struct upstream_url *to);

struct upstream_url upstream_url_copy(const struct upstream_url *url);
void upstream_url_done(struct upstream_url *url);

/* The text with its query hidden, where tokens are. free() releases it. */
char *upstream_url_hide(const char *text);

#endif
