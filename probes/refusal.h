/*
 * What a refusal by the server means for a readiness checker, by SQLSTATE and by what was being
 * done; never by message text, which is translated and may quote secrets. Pure.
 *
 * Source: PostgreSQL documentation, appendix A, and what 15 and 18 were seen to send.
 */
#ifndef SCHEMALATCH_REFUSAL_H
#define SCHEMALATCH_REFUSAL_H

#include "verdict.h"

/* For a statement; what says what was read ("the history table public.alembic_version"). */
struct verdict refusal_of_statement(const char *sqlstate, const char *what);

/* For a connection attempt, or for a session that the server ended. */
struct verdict refusal_of_session(const char *sqlstate);

#endif
