#include "session_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../probes/xalloc.h"

static void on_io(evutil_socket_t fd, short events, void *arg);

void session_set_deadline(struct session *session, int64_t delay_ms)
{
	struct timeval delay = {.tv_sec = delay_ms / 1000, .tv_usec = (delay_ms % 1000) * 1000};

	evtimer_add(session->deadline, &delay);
}

/* The only place that changes the state; each but CLOSED and IDLE gets its deadline. */
void session_enter(struct session *session, enum session_state state)
{
	session->state = state;
	event_del(session->deadline);
	if (state == SESSION_RESOLVING || state == SESSION_CONNECTING || state == SESSION_GREETING)
		session_set_deadline(session, session_open_time_left(session));
	else if (state == SESSION_ASKING)
		session_set_deadline(session, session->database->timeout_ms);
	else if (state == SESSION_IDLE)
		session_watch_socket(session, EV_READ); /* its end, or a notification */
}

void session_unwatch_socket(struct session *session)
{
	if (session->io != NULL)
		event_free(session->io);
	session->io = NULL;
}

void session_watch_socket(struct session *session, short events)
{
	if (session->io != NULL && session->io_events == events &&
	    event_get_fd(session->io) == PQsocket(session->connection))
		return;
	session_unwatch_socket(session);
	session->io_events = events;
	session->io = event_new(session->base, PQsocket(session->connection),
	    (short)(events | EV_PERSIST), on_io, session);
	if (session->io != NULL)
		event_add(session->io, NULL);
}

/* Ends the connection, whatever state it is in. */
void session_disconnect(struct session *session)
{
	session_unwatch_socket(session);
	PQclear(session->asking.result);
	session->asking.result = NULL;
	if (session->connection != NULL) {
		/* What has come in meanwhile is read, or the server logs a reset connection. */
		if (PQstatus(session->connection) == CONNECTION_OK)
			PQconsumeInput(session->connection);
		PQfinish(session->connection);
	}
	session->connection = NULL;
	session->prepared_count = 0;
}

void session_close(struct session *session)
{
	session_disconnect(session);
	session_forget_opening(session);
	event_del(session->report);
	session_enter(session, SESSION_CLOSED);
}

/* Closes from any state and reports once, after this turn. The last statement of its caller. */
void session_fail(struct session *session, const struct verdict *failure)
{
	struct timeval now = {0, 0};

	session->failed_in = session->state;
	session->was_lost = false;
	session->failure = *failure;
	session_disconnect(session);
	session_forget_opening(session);
	session_enter(session, SESSION_CLOSED);
	evtimer_add(session->report, &now);
}

/* As session_fail; the other end has ended the connection. */
void session_lose(struct session *session)
{
	struct verdict failure = session_lost_failure(session);

	session_fail(session, &failure);
	session->was_lost = true;
}

static void on_report(evutil_socket_t fd, short events, void *arg)
{
	struct session *session = arg;
	struct verdict failure = session->failure;

	(void)fd;
	(void)events;
	if (session->failed_in == SESSION_IDLE)
		session->handler.on_lost(&failure, session->handler.arg);
	else if (session->failed_in == SESSION_ASKING)
		session->handler.on_answer(NULL, &failure, session->handler.arg);
	else
		session->handler.on_open(&failure, session->handler.arg);
}

bool session_is_fatal(const char *severity)
{
	return severity != NULL &&
	       (strcmp(severity, "FATAL") == 0 || strcmp(severity, "PANIC") == 0);
}

/* A crash elsewhere in the server is announced by a mere warning, 57P02, before the end. */
void session_on_notice(void *arg, const PGresult *notice)
{
	struct session *session = arg;
	const char *sqlstate = PQresultErrorField(notice, PG_DIAG_SQLSTATE);
	const char *severity = PQresultErrorField(notice, PG_DIAG_SEVERITY_NONLOCALIZED);

	if (sqlstate != NULL && (session_is_fatal(severity) || strncmp(sqlstate, "57P", 3) == 0))
		snprintf(session->fatal_sqlstate, sizeof(session->fatal_sqlstate), "%s", sqlstate);
}

static void on_deadline(evutil_socket_t fd, short events, void *arg)
{
	struct session *session = arg;
	struct verdict failure = session_timeout_failure(session);

	(void)fd;
	(void)events;
	if (session->state == SESSION_CONNECTING && session_open_time_left(session) > 0) {
		session_disconnect(session);
		session_open_next(session, &failure);
	} else {
		session_fail(
		    session, session->opening.has_failure ? &session->opening.failure : &failure);
	}
}

static void on_io(evutil_socket_t fd, short events, void *arg)
{
	struct session *session = arg;

	(void)fd;
	/* libpq closes a broken connection by itself, and opens another in the midst of a connect;
	 * by the time it returns, the number may be that of a socket in the other thread. So no
	 * event is there meanwhile; whoever goes on makes it anew. */
	session_unwatch_socket(session);
	if (session->state == SESSION_CONNECTING)
		session_step_open(session);
	else
		session_step_ask(session, events);
}

struct session *session_create(struct event_base *base, const struct database *database,
    struct log *log, const struct session_handler *handler)
{
	struct session *session = xcalloc(1, sizeof(*session));

	session->base = base;
	session->database = database;
	session->log = log;
	session->handler = *handler;
	session->deadline = evtimer_new(base, on_deadline, session);
	session->report = evtimer_new(base, on_report, session);
	if (session->deadline == NULL || session->report == NULL)
		abort();
	return session;
}

void session_move(struct session *session, const struct database *database)
{
	session->database = database;
}

bool session_is_open(const struct session *session)
{
	return session->state == SESSION_IDLE || session->state == SESSION_ASKING;
}

bool session_is_direct(const struct session *session)
{
	return session->settings_hold;
}

bool session_was_lost(const struct session *session)
{
	return session->was_lost;
}

int64_t session_opened_ms(const struct session *session)
{
	return session->opened_ms;
}

void session_free(struct session *session)
{
	if (session == NULL)
		return;
	session_close(session);
	resolve_free(session->resolve);
	event_free(session->deadline);
	event_free(session->report);
	free(session);
}
