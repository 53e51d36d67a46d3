#include "session_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../probes/xalloc.h"
#include "../clock.h"
#include "../pod.h"

#define ATTEMPT_LEAST_MS 100

int64_t session_open_time_left(const struct session *session)
{
	int64_t left = session->opening.until_ms - clock_monotonic_ms();

	return left > 0 ? left : 0;
}

void session_forget_opening(struct session *session)
{
	routes_done(&session->opening.routes);
	dsn_done(&session->opening.dsn);
	session->opening.resolved.count = 0;
	session->opening.has_failure = false;
}

struct parameters {
	const char *keywords[96];
	const char *values[96];
	size_t count;
};

static void add_parameter(struct parameters *parameters, const char *keyword, const char *value)
{
	if (value == NULL || parameters->count + 1 >= sizeof(parameters->keywords) / sizeof(char *))
		return;
	parameters->keywords[parameters->count] = keyword;
	parameters->values[parameters->count] = value;
	parameters->count++;
	parameters->keywords[parameters->count] = NULL;
	parameters->values[parameters->count] = NULL;
}

static bool is_ours(const char *keyword)
{
	static const char *const ours[] = {"host", "hostaddr", "port", "application_name",
	    "client_encoding", "connect_timeout", "replication", "options",
	    "fallback_application_name"};

	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (strcmp(ours[i], keyword) == 0)
			return true;
	return false;
}

/* A little less than the client's own limit, and never a whole second: see session_greet(). */
int64_t session_statement_timeout_ms(const struct session *session)
{
	int64_t limit = session->database->timeout_ms * 4 / 5;

	return limit % 1000 == 0 ? limit - 1 : limit;
}

/* The session's settings, as start-up options where the other end takes them. READ COMMITTED takes
 * its snapshot once a table's lock is had: an older one would see a table that was emptied and
 * filled again by TRUNCATE, as golang-migrate does, empty. */
static char *our_options(const struct session *session)
{
	const char *theirs = dsn_get(&session->opening.dsn, "options");

	if (theirs == NULL)
		theirs = getenv("PGOPTIONS");
	if (session->without_options)
		return xstrdup(theirs);
	return xasprintf("%s -c default_transaction_read_only=on"
			 " -c default_transaction_isolation=read\\ committed"
			 " -c statement_timeout=%lld"
			 " -c lock_timeout=" SESSION_LOCK_TIMEOUT
			 " -c idle_in_transaction_session_timeout=5000"
			 " -c search_path=pg_catalog -c row_security=off -c jit=off"
			 " -c plan_cache_mode=force_generic_plan",
	    theirs != NULL ? theirs : "", (long long)session_statement_timeout_ms(session));
}

/* PostgreSQL cuts it at 63 bytes itself. */
static char *application_name(void)
{
	char pod[256];

	return xasprintf("schemalatch/%s", pod_name(pod, sizeof(pod)));
}

static void start_connection(struct session *session, const char *address)
{
	const struct route *route = &session->opening.routes.items[session->opening.route];
	struct parameters parameters = {.count = 0};
	char *name = application_name();
	char *options = our_options(session);

	for (size_t i = 0; i < session->opening.dsn.keywords.count; i++)
		if (!is_ours(session->opening.dsn.keywords.items[i]))
			add_parameter(&parameters, session->opening.dsn.keywords.items[i],
			    session->opening.dsn.values.items[i]);
	add_parameter(&parameters, "host", route->host);
	add_parameter(&parameters, "hostaddr", address);
	add_parameter(&parameters, "port", route->port);
	add_parameter(&parameters, "application_name", name);
	add_parameter(&parameters, "client_encoding", "UTF8");
	add_parameter(&parameters, "options", options);
	/* The default looks for Kerberos tickets and costs files and memory at each connect. */
	if (dsn_get(&session->opening.dsn, "gssencmode") == NULL && getenv("PGGSSENCMODE") == NULL)
		add_parameter(&parameters, "gssencmode", "disable");
	session->connection = PQconnectStartParams(parameters.keywords, parameters.values, 0);
	free(options);
	free(name);
}

/* Time for this attempt: an equal share of what is left, so that a black hole leaves some for the
 * hosts and addresses behind it. */
static void limit_attempt(struct session *session)
{
	size_t attempts = 1 +
			  (session->opening.resolved.count > session->opening.address
				  ? session->opening.resolved.count - session->opening.address
				  : 0) +
			  (session->opening.routes.count - session->opening.route - 1);
	int64_t share = session_open_time_left(session) / (int64_t)attempts;

	if (attempts > 1)
		session_set_deadline(session, share > ATTEMPT_LEAST_MS ? share : ATTEMPT_LEAST_MS);
}

/* Begins an attempt; address NULL: the route needs none, or libpq finds it. */
static void connect_to(struct session *session, const char *address)
{
	struct verdict failure;

	session->fatal_sqlstate[0] = '\0';
	start_connection(session, address);
	if (session->connection == NULL || PQstatus(session->connection) == CONNECTION_BAD) {
		failure = session->connection == NULL ? verdict_of(REASON_ERROR, "out of memory")
						      : session_connect_failure(session);
		session_disconnect(session);
		session_open_next(session, &failure);
		return;
	}
	PQsetErrorVerbosity(session->connection, PQERRORS_SQLSTATE);
	PQsetNoticeReceiver(session->connection, session_on_notice, session);
	session->opening.phase = CONNECTION_STARTED;
	session_limit_window(session, 0);
	session_enter(session, SESSION_CONNECTING);
	limit_attempt(session);
	session_watch_socket(session, EV_WRITE); /* as if PQconnectPoll had asked for writing */
}

static void on_resolved(const struct resolved *resolved, void *arg)
{
	struct session *session = arg;
	struct verdict failure;

	resolve_free(session->resolve);
	session->resolve = NULL;
	if (session->state != SESSION_RESOLVING)
		return; /* the open that wanted it has ended */
	session->opening.resolved = *resolved;
	session->opening.address = 0;
	if (resolved->count > 0) {
		connect_to(
		    session, session->opening.resolved.addresses[session->opening.address++]);
	} else {
		failure = verdict_of(REASON_UNREACHABLE, "name resolution: %s", resolved->failure);
		session_open_next(session, &failure);
	}
}

/* Waits for the look-up of the present route; one that hangs from an earlier try is waited for
 * again, so that dead name servers never cost more than one thread. */
static void resolve_route(struct session *session, const char *host)
{
	struct verdict failure;

	if (session->resolve != NULL && !resolve_is_for(session->resolve, host)) {
		resolve_free(session->resolve);
		session->resolve = NULL;
	}
	session_enter(session, SESSION_RESOLVING);
	if (session->resolve == NULL)
		session->resolve = resolve_start(session->base, host, on_resolved, session);
	if (session->resolve == NULL) {
		failure = verdict_of(REASON_ERROR, "no thread can be started for name resolution");
		session_fail(session, &failure);
	}
}

static void start_route(struct session *session)
{
	const struct route *route = &session->opening.routes.items[session->opening.route];

	session->opening.resolved.count = 0;
	session->opening.address = 0;
	if (route->address != NULL)
		connect_to(session, route->address);
	else if (route->host == NULL || resolve_is_needless(route->host))
		connect_to(session, NULL);
	else
		resolve_route(session, route->host);
}

/* How much it tells: a host that is silent may be the primary, so that a standby beside it is no
 * evidence; and what a server says tells more than silence. */
static int weight(const struct verdict *failure)
{
	if (failure->reason == REASON_WRONG_SERVER)
		return 0;
	return failure->sqlstate[0] != '\0' ? 2 : 1;
}

/* A refused login must not be tried elsewhere: every try counts towards a lock-out. */
static void note_failure(struct session *session, const struct verdict *failure)
{
	if (session->opening.has_failure && weight(failure) < weight(&session->opening.failure))
		return;
	session->opening.failure = *failure;
	session->opening.has_failure = true;
}

/* The attempt failed: the next address, else the next host, else the session fails. */
void session_open_next(struct session *session, const struct verdict *failure)
{
	struct verdict best;

	note_failure(session, failure);
	if (failure->reason != REASON_LOGIN && session_open_time_left(session) > 0) {
		if (session->opening.address < session->opening.resolved.count) {
			connect_to(session,
			    session->opening.resolved.addresses[session->opening.address++]);
			return;
		}
		if (session->opening.route + 1 < session->opening.routes.count) {
			session->opening.route++;
			start_route(session);
			return;
		}
	}
	best = session->opening.failure;
	session_fail(session, &best);
}

/* A pooler that does not take start-up options: again without them, to the same address. */
static void connect_without_options(struct session *session)
{
	char address[sizeof(session->opening.resolved.addresses[0])] = "";
	const char *same = PQhostaddr(session->connection);

	if (same != NULL)
		snprintf(address, sizeof(address), "%s", same);
	session->without_options = true;
	session_disconnect(session);
	connect_to(session, address[0] != '\0' ? address : NULL);
}

static bool options_were_refused(const struct session *session, const struct verdict *failure)
{
	return !session->without_options &&
	       (strcmp(failure->sqlstate, "08P01") == 0 || strcmp(failure->sqlstate, "42704") == 0);
}

static void connect_failed(struct session *session)
{
	struct verdict failure = session_connect_failure(session);

	if (options_were_refused(session, &failure)) {
		connect_without_options(session);
		return;
	}
	session_disconnect(session);
	session_open_next(session, &failure);
}

/*
 * With sslmode=prefer libpq answers a refused password by logging in again without TLS, which
 * doubles every step towards a lock-out. Its message buffer shows the refusal while it goes on.
 */
static bool password_was_refused(const struct session *session)
{
	char sqlstate[6];

	return session_sqlstate_in(PQerrorMessage(session->connection), sqlstate) &&
	       strcmp(sqlstate, "28P01") == 0;
}

void session_step_open(struct session *session)
{
	PostgresPollingStatusType wanted = PQconnectPoll(session->connection);

	session_limit_window(session, 0);
	if (wanted == PGRES_POLLING_OK)
		session_greet(session);
	else if (wanted == PGRES_POLLING_FAILED || password_was_refused(session))
		connect_failed(session);
	else {
		session->opening.phase = PQstatus(session->connection);
		session_watch_socket(session, wanted == PGRES_POLLING_READING ? EV_READ : EV_WRITE);
	}
}

void session_open(struct session *session)
{
	struct verdict failure;
	struct error err;

	session->opening.until_ms = clock_monotonic_ms() + session->database->timeout_ms;
	session_enter(session, SESSION_RESOLVING);
	if (database_dsn(session->database, &session->opening.dsn, &err) != 0) {
		failure = verdict_of(REASON_ERROR, "%s", err.text);
		session_fail(session, &failure);
		return;
	}
	session->without_options = session->without_options || session->opening.dsn.pooler;
	session->opening.routes = routes_of(&session->opening.dsn);
	session->opening.route = 0;
	start_route(session);
}

static void tell_unencrypted(struct session *session)
{
	const char *mode = dsn_get(&session->opening.dsn, "sslmode");
	const char *host = PQhost(session->connection);
	struct log_line line;

	if (mode == NULL)
		mode = getenv("PGSSLMODE");
	if (session->told_unencrypted || PQsslInUse(session->connection) ||
	    (mode != NULL && strcmp(mode, "prefer") != 0) || host == NULL || *host == '/')
		return;
	session->told_unencrypted = true;
	line = log_begin(session->log, LOG_LEVEL_WARN, "unencrypted");
	log_text(&line, "database", session->database->name);
	log_end(&line,
	    "the session is not encrypted: the server offers no TLS and sslmode is prefer;"
	    " say sslmode=require, or sslmode=disable where this is meant");
}

void session_opened(struct session *session)
{
	tell_unencrypted(session);
	session_forget_opening(session);
	session->opened_ms = clock_monotonic_ms();
	session_enter(session, SESSION_IDLE);
	session->handler.on_open(NULL, session->handler.arg);
}
