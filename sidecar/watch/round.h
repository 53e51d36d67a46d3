/*
 * One round over an open session, one statement at a time: first the sentinel, then every check
 * whose verdict does not stand by it. Checks that prove objects come before the others, since
 * histories may need their answer as evidence. The sentinel is asked before any catalog is read:
 * what changes in between is in its next reading. Thread of the session.
 */
#ifndef SCHEMALATCH_WATCH_ROUND_H
#define SCHEMALATCH_WATCH_ROUND_H

#include "../../probes/check.h"
#include "../config/database.h"
#include "session.h"
#include "vigil.h"

struct round {
	const struct database *database;
	struct check_memory *memories; /* one a check, borrowed */
	struct verdict *verdicts;      /* one a check, owned; of the round that ended last */
	bool *done;                    /* one a check, owned */
	struct round_facts facts;
	struct check_run run;
	struct statement statement; /* borrowed by the session while it is asked */
	size_t current;             /* the check that is being asked */

	struct vigil *vigil; /* of a glance; NULL: a look */
	int64_t began_ms;    /* monotonic */
	bool at_sentinel;    /* its answer is what comes next */
	enum sentinel_form form;
	bool may_not_ask_system; /* learnt once, kept */
	struct sentinel reading;
	bool has_reading;
	bool was_alarm; /* a glance that became a look */
};

void round_init(
    struct round *round, const struct database *database, struct check_memory *memories);

/*
 * Begins anew, also in the midst of a round. vigil NULL: looks; else glances, and looks where the
 * vigil does not let what was found before stand. is_new_place: the session may lead elsewhere than
 * that of the round before. Borrows vigil until the round has ended.
 */
void round_start(struct round *round, struct vigil *vigil, bool is_new_place, int64_t now_ms);

/* Whether every check is asked; known once the sentinel has answered. */
bool round_is_look(const struct round *round);

/* Goes on: gives the next statement to ask, or NULL when the round has ended. */
const struct statement *round_next(struct round *round);

/* Brings the answer to the statement of round_next, borrowed for the call. */
void round_answer(struct round *round, const struct answer *answer);

/* The session failed: all checks that have no verdict yet get this one, and the round has ended. */
void round_fail(struct round *round, const struct verdict *failure);

/* Between rounds: goes on for the same entry of another configuration, and what was found stands.
 */
void round_move(
    struct round *round, const struct database *database, struct check_memory *memories);

void round_done(struct round *round);

#endif
