/*
 * The cheapest question that proves that no catalog has changed: counters of rows inserted, updated
 * and deleted in the catalogs, with what tells that these counters are still the same ones. One
 * row, whatever the size of the database; a tenth of a millisecond of the server's time. Where no
 * transaction of the cluster has ended, its snapshot alone proves the same for half of that. Any
 * role may ask; it takes no lock on anything of the user's. Pure.
 *
 * Why it may be trusted: a reading is taken before the catalogs are read. What was committed before
 * that is in the verdict. What is committed later adds to counters that the reading does not have;
 * a server publishes them after the commit, never before, and within one life of the server they
 * only grow. So a change is seen late at worst: a session publishes at most once a second, when it
 * has been idle for 10 s, or at its end; one long command may hold it back until then. Sessions
 * with track_counts off publish nothing. Both is why nobody may rely on it without an end
 * (vigil.h).
 *
 * Source: measured on PostgreSQL 15.18 and 18.4 with 66 kinds of change, none of which was missed.
 * Up to 14 the counters came over UDP and could be lost; standbys do not count what they replay.
 */
#ifndef SCHEMALATCH_SENTINEL_H
#define SCHEMALATCH_SENTINEL_H

#include <libpq-fe.h>
#include <stdbool.h>

#include "check.h"

/* As the server writes it; "" where it is NULL, not asked for, or too long to be of use. */
struct sentinel {
	char system[24];    /* of the cluster: the same on its standbys */
	char database[16];  /* OID */
	char started[40];   /* when the postmaster did */
	char counted[40];   /* since when the counters are: a crash sets them back */
	char reset[40];     /* when somebody reset those of the database */
	char snapshot[120]; /* equal: no transaction of the cluster has ended in between */
	char changes[24];   /* the sum of the counters */
	bool standby;
	bool counts; /* the counters can be relied on */
};

enum sentinel_form {
	SENTINEL_SNAPSHOT,       /* only whether any transaction has ended; in a session of one
				    backend, which outlives neither its server nor a demotion */
	SENTINEL_SHORT,          /* in a session that is known to be where it was before */
	SENTINEL_WHOLE,          /* which system and which database, too */
	SENTINEL_WITHOUT_SYSTEM, /* the same where pg_control_system() may not be called */
	SENTINEL_FORM_COUNT
};

/* Whether readings of that form say which database they are of. */
bool sentinel_tells_place(enum sentinel_form form);

/* database: the OID in an earlier reading, borrowed; SHORT needs it. */
void sentinel_ask(enum sentinel_form form, const char *database, struct statement *ask);

/* Fills reading with what that form asks for; false where the rows have another shape. */
bool sentinel_read(enum sentinel_form form, const PGresult *rows, struct sentinel *reading);

/* Whether no transaction at all has ended since then; now is of that form. */
bool sentinel_is_still(
    enum sentinel_form form, const struct sentinel *then, const struct sentinel *now);

enum sentinel_word {
	SENTINEL_QUIET,   /* nothing has changed */
	SENTINEL_CHANGED, /* something has, in any catalog; or nothing can be said */
	SENTINEL_ANEW,    /* another server, or its counters began anew: nothing can be said */
};

/* What now says of the time since then; both have the counters. */
enum sentinel_word sentinel_compare(const struct sentinel *then, const struct sentinel *now);

/* Whether both are known to be of different databases; a standby is no other than its primary. */
bool sentinel_is_elsewhere(const struct sentinel *then, const struct sentinel *now);

#endif
