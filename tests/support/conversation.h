/*
 * A conversation with one configured check, whose answers a test brings by hand: no server, no
 * session. Needs the folder of workplace.h.
 */
#ifndef SCHEMALATCH_TESTS_CONVERSATION_H
#define SCHEMALATCH_TESTS_CONVERSATION_H

#include "../../probes/check.h"
#include "../../sidecar/config/config.h"

struct conversation {
	struct config *config;
	struct check_memory own_memory;
	struct check_memory *memory; /* own_memory, or one that lasts over several conversations */
	struct round_facts facts;    /* may be set before the last answer */
	struct check_run run;
	struct statement statement; /* what the check asks now */
	struct verdict verdict;     /* once done */
	bool done;
};

/* Begins with the check that json, an element of "checks", configures. memory may be NULL. */
void conversation_begin(
    struct conversation *conversation, const char *json, struct check_memory *memory);

/* Answers the present statement with rows as fake_rows makes them, or with a refusal. */
void conversation_rows(struct conversation *conversation, const char *columns, int row_count,
    const char *const *values);
void conversation_refuse(struct conversation *conversation, const char *sqlstate);

/* Fails the test unless the check is done with this reason and message. */
void conversation_expect(
    const struct conversation *conversation, enum reason reason, const char *message);

void conversation_end(struct conversation *conversation);

#endif
