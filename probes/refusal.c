#include "refusal.h"

#include <stdio.h>
#include <string.h>

struct refusal {
	const char *sqlstate; /* five characters, or the two of a whole class */
	enum reason reason;
	const char *message;
};

static const struct refusal of_statements[] = {
    {"55P03", REASON_LOCKED, "is held by a lock: a migration is probably running now"},
    {"42501", REASON_DENIED, "may not be read by our role; grant USAGE on its schema and SELECT"},
    {"57014", REASON_TIMEOUT, "was not read within the statement timeout"},
    {"40001", REASON_STARTING, "could not be read: conflict with recovery on a standby"},
    {"57", REASON_STARTING, "could not be read: the server is shutting down"},
    {"08", REASON_UNREACHABLE, "could not be read: the connection failed"},
    {"", REASON_ERROR, "could not be read"},
};

static const struct refusal of_sessions[] = {
    {"57P03", REASON_STARTING, "the server is starting, stopping or in recovery"},
    {"57P04", REASON_LOGIN, "the database was dropped"},
    {"53300", REASON_STARTING, "the server has no free connection slot"},
    {"28P01", REASON_LOGIN, "the password was refused"},
    {"28", REASON_LOGIN, "the server does not accept this user from here"},
    {"3D000", REASON_LOGIN, "the database does not exist"},
    {"42501", REASON_LOGIN, "the role lacks the CONNECT privilege on the database"},
    {"55000", REASON_LOGIN, "the database does not accept connections now"},
    {"57", REASON_STARTING, "the server ended the session"},
    {"08", REASON_UNREACHABLE, "the pooler or server could not open the connection"},
    {"", REASON_ERROR, "the server refused the session"},
};

/* The row whose code is a prefix of sqlstate; the last row of each table has the empty prefix. */
static const struct refusal *find(const struct refusal *rows, const char *sqlstate)
{
	while (strncmp(rows->sqlstate, sqlstate, strlen(rows->sqlstate)) != 0)
		rows++;
	return rows;
}

static struct verdict with_sqlstate(struct verdict verdict, const char *sqlstate)
{
	snprintf(verdict.sqlstate, sizeof(verdict.sqlstate), "%s", sqlstate);
	return verdict;
}

struct verdict refusal_of_statement(const char *sqlstate, const char *what)
{
	const struct refusal *row = find(of_statements, sqlstate);

	return with_sqlstate(
	    verdict_of(row->reason, "%s %s (SQLSTATE %s)", what, row->message, sqlstate), sqlstate);
}

struct verdict refusal_of_session(const char *sqlstate)
{
	const struct refusal *row = find(of_sessions, sqlstate);

	return with_sqlstate(
	    verdict_of(row->reason, "%s (SQLSTATE %s)", row->message, sqlstate), sqlstate);
}
