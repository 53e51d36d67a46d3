/*
 * A database URL as applications write it, into libpq's keywords. Any thread; pure: nothing is
 * resolved, no file and no environment is read. Never puts a part of the URL that could be a secret
 * into a message.
 *
 * Understood: postgres, postgresql, pgsql, psql, postgis, ecto and others with any "+driver"
 * suffix; jdbc:postgresql:; libpq's own URLs and its "key=value key=value" form; several hosts;
 * Unix sockets; percent-encoding; user and password as parameters (JDBC); the parameters of common
 * drivers and ORMs.
 */
#ifndef SCHEMALATCH_CONFIG_DSN_H
#define SCHEMALATCH_CONFIG_DSN_H

#include <stdbool.h>
#include <stddef.h>

#include "../../probes/error.h"
#include "../../probes/strings.h"

/* libpq keywords and their values, in order, each keyword once. An empty value is as good as none,
 * as it is for PQconnectStartParams. */
struct dsn {
	struct strings keywords;
	struct strings values;
	char
	    *schema; /* where the URL names one (?schema=, ?currentSchema=, search_path); or NULL */
	struct strings dropped; /* names of parameters that mean nothing to libpq, each once, fit
				   for a log; "#fragment" for what followed a '#' */
	bool pooler; /* the URL says that a transaction pooler is below (?pgbouncer=true) */
};

/* Parses url into *dsn, which dsn_done frees in every case. Returns 0; or -1 with err naming what
 * is wrong, what was expected and where in the URL (its part, or the number of the host or
 * parameter), never its text where that could be a secret. */
int dsn_parse(const char *url, struct dsn *dsn, struct error *err)
    __attribute__((warn_unused_result));

/* The value of a keyword, or NULL. Borrowed until the keyword is set or dsn is done. */
const char *dsn_get(const struct dsn *dsn, const char *keyword);

/* Sets a keyword, or replaces its value where it stands; NULL removes it. Borrows both strings. */
void dsn_set(struct dsn *dsn, const char *keyword, const char *value);

/* The URL in effect for people, in libpq's key=value form: host, port, database, user and what is
 * no secret; password and other secrets as ***. Fails closed: "***" alone for what does not parse.
 * Hiding the outcome again changes nothing. free() releases it. */
char *dsn_hide(const char *url);

void dsn_done(struct dsn *dsn);

#endif
