#include "verdict.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "text.h"

static const char *const value_names[VERDICT_COUNT] = {
    [VERDICT_READY] = "ready",
    [VERDICT_NOT_READY] = "not_ready",
    [VERDICT_UNKNOWN] = "unknown",
};

static const struct {
	const char *name;
	enum verdict_value value;
	const char *help;
} reasons[REASON_COUNT] = {
    [REASON_OK] = {"ok", VERDICT_READY, "everything wanted is there"},
    [REASON_AHEAD] = {"ahead", VERDICT_READY,
	"everything wanted is there, and the history has more"},
    [REASON_DIRTY_NEWER] = {"dirty_newer", VERDICT_READY,
	"a migration that this release does not expect is unfinished or failed"},
    [REASON_MISSING] = {"missing", VERDICT_NOT_READY, "something wanted is not there"},
    [REASON_MISMATCH] = {"mismatch", VERDICT_NOT_READY, "it is there but differs"},
    [REASON_FORBIDDEN] = {"forbidden", VERDICT_NOT_READY,
	"the service's role lacks a privilege that it needs"},
    [REASON_BEHIND] = {"behind", VERDICT_NOT_READY, "expected migrations are not applied yet"},
    [REASON_EMPTY] = {"empty", VERDICT_NOT_READY, "the history table has no applied row"},
    [REASON_UNMANAGED] = {"unmanaged", VERDICT_NOT_READY, "the history table does not exist"},
    [REASON_DIRTY] = {"dirty", VERDICT_NOT_READY,
	"a migration that this release expects failed or is unfinished"},
    [REASON_DIVERGED] = {"diverged", VERDICT_NOT_READY,
	"some expected migrations are missing while unknown ones are applied"},
    [REASON_UNKNOWN_REVISION] = {"unknown_revision", VERDICT_NOT_READY,
	"the history names a revision that this release does not know"},
    [REASON_FALSE] = {"false", VERDICT_NOT_READY, "a query check answered false"},
    [REASON_WRONG_SERVER] = {"wrong_server", VERDICT_NOT_READY,
	"a standby where a primary is wanted, or another database than wanted"},
    [REASON_PENDING] = {"pending", VERDICT_UNKNOWN, "no answer yet since start"},
    [REASON_UNREACHABLE] = {"unreachable", VERDICT_UNKNOWN, "cannot connect"},
    [REASON_STARTING] = {"starting", VERDICT_UNKNOWN,
	"the server is starting, stopping or in recovery, or has no free slot"},
    [REASON_LOGIN] = {"login", VERDICT_UNKNOWN, "the server answers but does not let us in"},
    [REASON_TIMEOUT] = {"timeout", VERDICT_UNKNOWN, "no answer within the time allowed"},
    [REASON_LOCKED] = {"locked", VERDICT_UNKNOWN, "a lock held the read back"},
    [REASON_DENIED] = {"denied", VERDICT_UNKNOWN, "our role may not read what the check needs"},
    [REASON_ERROR] = {"error", VERDICT_UNKNOWN, "any other error"},
    [REASON_UNHEALTHY] = {"unhealthy", VERDICT_NOT_READY,
	"an upstream answered with a failing status, or refused the connection"},
};

const char *verdict_value_name(enum verdict_value value)
{
	return value_names[value];
}

const char *reason_name(enum reason reason)
{
	return reasons[reason].name;
}

const char *reason_help(enum reason reason)
{
	return reasons[reason].help;
}

enum verdict_value reason_value(enum reason reason)
{
	return reasons[reason].value;
}

struct verdict verdict_of(enum reason reason, const char *format, ...)
{
	struct verdict verdict = {
	    .value = reason_value(reason),
	    .reason = reason,
	    .pending = VERDICT_PENDING_UNKNOWN,
	};
	char raw[2 * sizeof(verdict.message)];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(raw, sizeof(raw), format, arguments);
	va_end(arguments);
	text_copy_clean(verdict.message, sizeof(verdict.message), raw);
	return verdict;
}

void verdict_note(struct verdict *verdict, const char *format, ...)
{
	char raw[3 * sizeof(verdict->message)];
	int length = snprintf(raw, sizeof(raw), "%s; ", verdict->message);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(raw + length, sizeof(raw) - (size_t)length, format, arguments);
	va_end(arguments);
	text_copy_clean(verdict->message, sizeof(verdict->message), raw);
}

bool verdict_same(const struct verdict *a, const struct verdict *b)
{
	return a->value == b->value && a->reason == b->reason &&
	       strcmp(a->message, b->message) == 0;
}
