/*
 * What a check says of the database. A verdict is data, also where the database could not be asked;
 * an error (error.h) is our own failure. Plain value: copied, never freed. Any thread; pure.
 */
#ifndef SCHEMALATCH_VERDICT_H
#define SCHEMALATCH_VERDICT_H

#include <stdbool.h>
#include <stddef.h>

enum verdict_value { VERDICT_READY, VERDICT_NOT_READY, VERDICT_UNKNOWN, VERDICT_COUNT };

/* The closed list of reasons, in the order of the README's table. */
enum reason {
	REASON_OK,
	REASON_AHEAD,
	REASON_DIRTY_NEWER,
	REASON_MISSING,
	REASON_MISMATCH,
	REASON_FORBIDDEN,
	REASON_BEHIND,
	REASON_EMPTY,
	REASON_UNMANAGED,
	REASON_DIRTY,
	REASON_DIVERGED,
	REASON_UNKNOWN_REVISION,
	REASON_FALSE,
	REASON_WRONG_SERVER,
	REASON_PENDING,
	REASON_UNREACHABLE,
	REASON_STARTING,
	REASON_LOGIN,
	REASON_TIMEOUT,
	REASON_LOCKED,
	REASON_DENIED,
	REASON_ERROR,
	REASON_UNHEALTHY,
	REASON_COUNT
};

#define VERDICT_PENDING_UNKNOWN (-1L)

struct verdict {
	enum verdict_value value;
	enum reason reason;
	char message[640]; /* for people: wanted, found, what to do; clean UTF-8, one line */
	char sqlstate[6];  /* for the log; empty where there is none */
	long pending;      /* migrations not applied yet; VERDICT_PENDING_UNKNOWN: cannot be told */
	char expected[128];  /* schema version wanted, of histories only; else empty */
	char actual[128];    /* schema version found */
	char findings[4096]; /* of contracts: all that deviates, a clean line each, as many as fit;
				empty where the message tells all */
};

const char *verdict_value_name(enum verdict_value value);
const char *reason_name(enum reason reason);

/* What the reason means, in one line, for the page and the documentation test. */
const char *reason_help(enum reason reason);

/* The value that goes with a reason; REASON_UNKNOWN_REVISION gives NOT_READY (policy may differ).
 */
enum verdict_value reason_value(enum reason reason);

/* A verdict of that reason with its usual value and nothing pending known. The message is cleaned
 * as text_add_clean does and cut to its size. */
struct verdict verdict_of(enum reason reason, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Adds "; " and the text to the message, cleaned and cut as that. */
void verdict_note(struct verdict *verdict, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Same value, reason and message: nothing that a person would be told again. */
bool verdict_same(const struct verdict *a, const struct verdict *b);

#endif
