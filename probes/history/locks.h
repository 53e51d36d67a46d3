/*
 * The locks that tools hold while they migrate: a hint for people that a migration is running now,
 * never a reason of its own. Advisory locks are seen in pg_locks, which everybody may read; lock
 * tables are read together with the history. Pure.
 */
#ifndef SCHEMALATCH_HISTORY_LOCKS_H
#define SCHEMALATCH_HISTORY_LOCKS_H

#include <libpq-fe.h>
#include <stdint.h>

#include "../verdict.h"

/* The key of an advisory lock that is made of names, as the tool's own source makes it. */
typedef int64_t lock_key(const char *schema, const char *table, const char *database);

lock_key lock_key_flyway;
lock_key lock_key_golang_migrate;
lock_key lock_key_rails;
lock_key lock_key_sqlx;

/* Rows of this state tell of the lock, not of a migration. */
#define HISTORY_LOCK_STATE 'L'

struct lock_rule {
	int64_t key;      /* of the advisory lock, where it is always the same; 0: it is not */
	lock_key *key_of; /* where it is made of names; NULL: it is not */
	const char
	    *table; /* the lock table beside the history, "{table}" for its name; NULL: none */

	/* With "{lock}" for that table: a row while it is locked, in the columns of the history's
	 * SQL: id by whom, ord since when, sum "true" where the holder seems gone. */
	const char *sql;
	const char *absence; /* what makes it seem gone, for people */
	const char *release; /* the tool's own command that takes the lock away */
};

/* Parameter: the key. A row for each session that holds it: since, when that session began, NULL
 * where our role may not see it. */
extern const char lock_probe_sql[];

/* Note in the verdict what these rows say. Neither changes value or reason. */
void lock_note_advisory(struct verdict *verdict, const char *tool, const PGresult *rows);
void lock_note_table(struct verdict *verdict, const struct lock_rule *rule, const PGresult *rows);

#endif
