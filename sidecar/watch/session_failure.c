#include "session_state.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../../probes/refusal.h"

/*
 * The SQLSTATE in libpq's message for a connection that the server refused, which its API does not
 * give: with PQERRORS_SQLSTATE the message is "FATAL:  28P01", whatever the language. Where several
 * attempts are in the buffer, the last counts.
 */
bool session_sqlstate_in(const char *message, char sqlstate[6])
{
	static const char code[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	bool found = false;

	for (const char *c = strstr(message, ":  "); c != NULL; c = strstr(c + 1, ":  ")) {
		if (strspn(c + 3, code) != 5)
			continue;
		snprintf(sqlstate, 6, "%s", c + 3);
		found = true;
	}
	return found;
}

/* The operating system's words for why there is no connection, where libpq's message has them; the
 * message itself names host and user and stays inside. */
static const char *system_words(const char *message)
{
	static const int numbers[] = {ECONNREFUSED, ECONNRESET, EHOSTUNREACH, ENETUNREACH,
	    ETIMEDOUT, ENOENT, EACCES, EPIPE, EADDRNOTAVAIL};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (strstr(message, strerror(numbers[i])) != NULL)
			return strerror(numbers[i]);
	return NULL;
}

/* Why an attempt to connect failed, by SQLSTATE or else by phase. */
struct verdict session_connect_failure(const struct session *session)
{
	const char *message = PQerrorMessage(session->connection);
	const char *words = system_words(message);
	char sqlstate[6];

	if (session_sqlstate_in(message, sqlstate))
		return refusal_of_session(sqlstate);
	if (PQconnectionNeedsPassword(session->connection))
		return verdict_of(
		    REASON_LOGIN, "the server wants a password and none is configured");
	if (words != NULL)
		return verdict_of(REASON_UNREACHABLE, "cannot connect: %s", words);
	if (session->opening.phase == CONNECTION_SSL_STARTUP)
		return verdict_of(REASON_LOGIN, "TLS could not be agreed on with the server");
	if (session->opening.phase == CONNECTION_AUTH_OK ||
	    PQconnectionUsedPassword(session->connection))
		return verdict_of(REASON_LOGIN, "the server ended the login without a reason");
	if (session->opening.phase == CONNECTION_AWAITING_RESPONSE)
		return verdict_of(
		    REASON_UNREACHABLE, "the server closed the connection at start-up");
	return verdict_of(REASON_UNREACHABLE, "cannot connect");
}

/* Why a session that was open is not any more. */
struct verdict session_lost_failure(const struct session *session)
{
	char sqlstate[6];

	if (session->fatal_sqlstate[0] != '\0')
		return refusal_of_session(session->fatal_sqlstate);
	if (session_sqlstate_in(PQerrorMessage(session->connection), sqlstate))
		return refusal_of_session(sqlstate);
	return verdict_of(REASON_UNREACHABLE, "the connection was lost");
}

struct verdict session_timeout_failure(const struct session *session)
{
	static const char *const doing[] = {
	    [SESSION_RESOLVING] = "name resolution did not answer",
	    [SESSION_CONNECTING] = "the server did not complete a login",
	    [SESSION_GREETING] = "the server let us in and then did not answer",
	    [SESSION_ASKING] = "the server did not answer",
	};
	char limit[32];

	duration_format(session->database->timeout_ms, limit, sizeof(limit));
	return verdict_of(session->state == SESSION_RESOLVING ? REASON_UNREACHABLE : REASON_TIMEOUT,
	    "%s within %s", doing[session->state], limit);
}

struct verdict session_standby_failure(void)
{
	return verdict_of(REASON_WRONG_SERVER, "the server is a standby, and \"server\" wants the "
					       "primary; point the URL at the primary,"
					       " or name all hosts");
}
