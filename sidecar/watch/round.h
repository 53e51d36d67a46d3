/*
 * One round: every check of a database asked once over an open session, one statement at a time.
 * Checks that prove objects come first, since histories may need their answer as evidence. Thread
 * of the session.
 */
#ifndef SCHEMALATCH_WATCH_ROUND_H
#define SCHEMALATCH_WATCH_ROUND_H

#include "../../probes/check.h"
#include "../config/database.h"
#include "session.h"

struct round {
	const struct database *database;
	struct check_memory *memories; /* one a check, borrowed */
	struct verdict *verdicts;      /* one a check, owned; of the round that ended last */
	bool *done;                    /* one a check, owned */
	struct round_facts facts;
	struct check_run run;
	struct statement statement; /* borrowed by the session while it is asked */
	size_t current;             /* the check that is being asked */
};

void round_init(
    struct round *round, const struct database *database, struct check_memory *memories);

/* Begins anew with the first check. */
void round_start(struct round *round);

/* Goes on: gives the next statement to ask, or NULL when the round has ended. */
const struct statement *round_next(struct round *round);

/* Brings the answer to the statement of round_next, borrowed for the call. */
void round_answer(struct round *round, const struct answer *answer);

/* The session failed: all checks that have no verdict yet get this one, and the round has ended. */
void round_fail(struct round *round, const struct verdict *failure);

void round_done(struct round *round);

#endif
