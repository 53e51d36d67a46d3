/*
 * One database of the configuration, and how to reach it. Immutable once loaded; but files that
 * hold secrets are read anew at each connect, so that rotation needs no restart.
 */
#ifndef SCHEMALATCH_CONFIG_DATABASE_H
#define SCHEMALATCH_CONFIG_DATABASE_H

#include <stddef.h>
#include <stdint.h>

#include "../../probes/check.h"
#include "../../probes/error.h"
#include "../../probes/keys.h"
#include "../digest.h"
#include "dsn.h"

enum keep_connection { KEEP_AUTO, KEEP_ALWAYS, KEEP_NEVER };
enum server { SERVER_ANY, SERVER_PRIMARY };

struct database {
	char *name;
	char *url;
	char *url_file;
	char *password_file;
	char *schema;
	char *role;
	int64_t period_ms;
	int64_t retry_period_ms;
	int64_t timeout_ms;
	int64_t hold_for_ms;
	int keep_connection;
	int server;
	char *notify; /* channel, or NULL */
	struct check **checks;
	size_t check_count;
	struct strings dropped; /* parameters of the URL that mean nothing to libpq */

	/* What tells it from an entry of another configuration; of meaning.h, zero before. */
	struct digest target;    /* which database, as far as configuration can tell */
	struct digest session;   /* all that a session depends on */
	struct digest whole;     /* all of it */
	struct digest *meanings; /* one a check: all that its verdict depends on, but the target */
};

extern const struct key database_keys[];

/* Reads one element of "databases" into *database, which starts zeroed, with all its problems; its
 * checks are read by the second, after the first, where one that cannot be is NULL; what they want
 * is read by the third, which may block (files). */
void database_read(const cJSON *object, const struct json_place *place, struct database *database,
    struct problems *problems);
void database_read_checks(const cJSON *object, const struct json_place *place,
    struct database *database, struct problems *problems);
void database_prepare_checks(
    const struct json_place *place, struct database *database, struct problems *problems);
void database_print(const struct database *database, cJSON *object);
void database_done(struct database *database);

/* What libpq is to be told, from the URL and files as they are now; dsn_done frees *dsn in every
 * case. May block (files). Returns 0, or -1 with err that names no secret. Any thread. */
int database_dsn(const struct database *database, struct dsn *dsn, struct error *err);

/* A number that changes when the content of urlFile or passwordFile does. May block (files). */
uint64_t database_secret_version(const struct database *database);

#endif
