/*
 * The contract of a kind of check, and of one check that the user configured.
 *
 * A check is a conversation: it asks one statement after the other, each answer in hand, and ends
 * in a verdict. A kind never touches a socket, a thread or a clock; whoever runs the conversation
 * (a round of the daemon, a test) sends the statements and brings the answers.
 */
#ifndef SCHEMALATCH_CHECK_H
#define SCHEMALATCH_CHECK_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>

#include "json_place.h"
#include "keys.h"
#include "problems.h"
#include "verdict.h"

enum gate { GATE_STARTUP, GATE_READINESS, GATE_COUNT };

/* Their names in configuration and on the roads out, ending in NULL. */
extern const char *const gate_names[];

#define STATEMENT_MAX_PARAMETERS 18
#define STATEMENT_NAME_BYTES 64

/* A read-only statement with its parameters ($1 …). All of it is valid until the next step. */
struct statement {
	const char *sql;
	const char *parameters[STATEMENT_MAX_PARAMETERS];
	size_t binary_bytes[STATEMENT_MAX_PARAMETERS]; /* of those that are not text but binary */
	int parameter_count;
	size_t answer_limit_bytes; /* on the wire; more is no answer to this statement. 0: 1 MiB */
	const char *search_path;   /* NULL: pg_catalog. Else a user's own SQL, which may change what
				      its session does by itself */
	const char *name; /* of this very SQL, under STATEMENT_NAME_BYTES: prepared under it, once,
			     in a session that is ours alone; or NULL */
	bool is_command;  /* answered without rows: an empty result is its answer */
};

/* What came back: rows, or NULL and the SQLSTATE of the server's refusal. */
struct answer {
	const PGresult *rows;
	const char *sqlstate;
};

/* What a check remembers from round to round, of which stateDirectory may keep a copy. */
struct check_memory {
	bool was_complete; /* this process has itself seen all that is expected in the database */
	char schema[64];   /* where it found the history last; empty: not yet */
};

/* What a round knows besides the answers. */
struct round_facts {
	bool objects_ready; /* a check that proves objects was ready in this very round */
};

/* One conversation. Whoever runs it zeroes it, sets the first three, and calls check_run_done. */
struct check_run {
	const struct check *check;
	struct check_memory *memory;
	const struct round_facts *facts;
	int steps;                       /* statements asked so far; the kind's own to count on */
	char name[STATEMENT_NAME_BYTES]; /* of sql */
	char *sql;                       /* texts that the kind built; check_run_done frees them */
	char *place;
	char *carried;
	struct verdict judged; /* what stands already while more is asked */
};

enum check_step { CHECK_ASK, CHECK_DONE };

struct check_kind {
	const char *name; /* as in the configuration's "kind" */
	const char *help; /* one line for people */
	const struct key *keys;
	size_t plan_size; /* of the struct that keys fill */

	/* After keys_read, may read files: completes check->plan and adds problems. */
	void (*prepare)(
	    struct check *check, const struct json_place *place, struct problems *problems);

	/*
	 * Called first with answer NULL, then once with each answer. CHECK_ASK: *ask is filled.
	 * CHECK_DONE: *verdict is; of refusal_of_statement for an SQLSTATE that the kind has no
	 * view on. Checking thread; never blocks; the same answers give the same verdict. Nobody
	 * calls it again after CHECK_DONE.
	 */
	enum check_step (*step)(struct check_run *run, const struct answer *answer,
	    struct statement *ask, struct verdict *verdict);

	/* Adds the files and directories that prepare reads besides those of keys with is_path. May
	 * be NULL. */
	void (*add_inputs)(const void *plan, struct strings *paths);

	/* Frees what prepare added to the plan (keys_free has the rest). May be NULL. */
	void (*free_plan)(void *plan);

	/* "ready" shows that the objects of this release are there: evidence for histories that
	 * cannot tell by themselves. Such checks run first in a round. */
	bool proves_objects;

	/* The verdict depends on nothing but catalogs: it stands while they do (sentinel.h). */
	bool of_catalogs_alone;
};

/* A configured check; immutable once the configuration is loaded. Until it is prepared, all but
 * plan is. */
struct check {
	const struct check_kind *kind;
	char *name;
	unsigned gates; /* bit per enum gate */
	bool latch;
	char *schema; /* where unqualified names live, as configured; NULL: nothing was said */
	char *role;   /* by whose privileges it is judged; NULL: the one we log in as */
	void *plan;
};

/*
 * Reads one element of "checks" with all its problems, and no file that it names. schema, role: of
 * the database entry, or NULL. Gives the check; check_free releases it (NULL and half-built
 * allowed). NULL when the kind itself cannot be told.
 */
struct check *check_read(const cJSON *object, const struct json_place *place, const char *schema,
    const char *role, struct problems *problems);
void check_free(struct check *check);

/* The rest of what can be wrong with the check of that place, and what the files that it names say.
 * May block (files). */
void check_prepare(struct check *check, const struct json_place *place, struct problems *problems);

/* Adds the files and directories that the check was read from. */
void check_add_inputs(const struct check *check, struct strings *paths);

/* Adds the check as it is in effect to object. */
void check_print(const struct check *check, cJSON *object);

/* The keys that every check has. */
extern const struct key check_keys[];

/* Names stand in paths, labels and lines: 1 to 63 of A-Z a-z 0-9 - _ . Adds a problem where name,
 * the "name" of the object at place, is none; NULL is fine. */
void check_name(const char *name, const struct json_place *place, struct problems *problems);

void check_run_done(struct check_run *run);

#endif
