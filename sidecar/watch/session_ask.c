#include "session_state.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "../../probes/refusal.h"
#include "../../probes/rows.h"
#include "../clock.h"

#define ANSWER_LIMIT_BYTES (1 << 20)
#define NARROW_WINDOW_BYTES (16 << 10)
#define WIDE_WINDOW_BYTES (256 << 10)

/* Bytes that came in over TCP so far; gives false for a Unix socket, whose other end is this
 * machine, and for a connection that is closed. */
static bool bytes_received(const struct session *session, uint64_t *bytes)
{
	struct tcp_info info;
	socklen_t length = sizeof(info);

	if (getsockopt(PQsocket(session->connection), IPPROTO_TCP, TCP_INFO, &info, &length) != 0 ||
	    length <
		offsetof(struct tcp_info, tcpi_bytes_received) + sizeof(info.tcpi_bytes_received))
		return false;
	*bytes = info.tcpi_bytes_received;
	return true;
}

/* A window that small makes a sender of many rows wait again and again: what is expected to be
 * large gets a wider one. */
void session_limit_window(const struct session *session, size_t answer_bytes)
{
	int bytes = answer_bytes > ANSWER_LIMIT_BYTES ? WIDE_WINDOW_BYTES : NARROW_WINDOW_BYTES;

	(void)setsockopt(
	    PQsocket(session->connection), SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
}

static void count_bytes_from_here(struct session *session, size_t limit)
{
	session->asking.bytes_limit = limit > 0 ? limit : ANSWER_LIMIT_BYTES;
	if (!bytes_received(session, &session->asking.bytes_before))
		session->asking.bytes_before = 0;
}

/* A peer that floods us (rows without end, notices, parameters) costs one session, not our memory.
 */
static bool is_flooded(const struct session *session)
{
	uint64_t bytes;

	return bytes_received(session, &bytes) &&
	       bytes - session->asking.bytes_before > session->asking.bytes_limit;
}

/*
 * Where the session's own settings do not hold (a transaction pooler is below, or a user's SQL ran
 * in it, which may have changed them), the transaction gets them: statements between two Syncs form
 * one implicit transaction that ends by itself, error or not, and settings made local to it are
 * gone afterwards. A plain SET would leak into the next client of that server connection.
 */
static bool send_prefix(struct session *session, const char *search_path)
{
	char timeout[24];
	const char *values[] = {timeout, search_path != NULL ? search_path : "pg_catalog"};

	snprintf(
	    timeout, sizeof(timeout), "%lld", (long long)session_statement_timeout_ms(session));
	session->asking.ends_due++;
	return PQsendQueryParams(session->connection,
		   "SELECT pg_catalog.set_config('transaction_read_only', 'on', true),"
		   " pg_catalog.set_config('statement_timeout', $1, true),"
		   " pg_catalog.set_config('lock_timeout', '" SESSION_LOCK_TIMEOUT "', true),"
		   " pg_catalog.set_config('row_security', 'off', true),"
		   " pg_catalog.set_config('search_path', $2, true)",
		   2, NULL, values, NULL, NULL, 0) == 1;
}

/* The one of that name in this connection, NULL where there is none. */
static struct prepared *find_prepared(struct session *session, const char *name)
{
	for (size_t i = 0; i < session->prepared_count; i++)
		if (strcmp(session->prepared[i].name, name) == 0)
			return &session->prepared[i];
	return NULL;
}

static bool may_be_named(struct session *session, const struct statement *statement)
{
	const struct prepared *prepared;

	if (statement->name == NULL || !session->settings_hold || session->without_names)
		return false;
	prepared = find_prepared(session, statement->name);
	return prepared != NULL ? !prepared->given_up
				: session->prepared_count < SESSION_PREPARED_MAX;
}

/* A name that is prepared in this connection, and is from now on. */
static bool send_preparation(struct session *session, const struct statement *statement)
{
	struct prepared *prepared = find_prepared(session, statement->name);

	session->asking.prepared = prepared;
	if (prepared != NULL)
		return true;
	prepared = &session->prepared[session->prepared_count++];
	*prepared = (struct prepared){.given_up = false};
	snprintf(prepared->name, sizeof(prepared->name), "%s", statement->name);
	session->asking.prepared = prepared;
	session->asking.ends_due++;
	return PQsendPrepare(session->connection, statement->name, statement->sql, 0, NULL) == 1;
}

/* What libpq wants to know of parameters. */
struct forms {
	int lengths[STATEMENT_MAX_PARAMETERS];
	int formats[STATEMENT_MAX_PARAMETERS];
};

static struct forms forms_of(const struct statement *statement)
{
	struct forms forms;

	for (int i = 0; i < STATEMENT_MAX_PARAMETERS; i++) {
		forms.lengths[i] = (int)statement->binary_bytes[i];
		forms.formats[i] = statement->binary_bytes[i] > 0;
	}
	return forms;
}

static bool send_named(struct session *session, const struct statement *statement)
{
	struct forms forms = forms_of(statement);

	if (!send_preparation(session, statement))
		return false;
	session->asking.ends_due++;
	return PQsendQueryPrepared(session->connection, statement->name, statement->parameter_count,
		   statement->parameters, forms.lengths, forms.formats, 0) == 1;
}

static bool send_statement(struct session *session, const struct statement *statement)
{
	struct forms forms = forms_of(statement);

	session->asking.is_command = statement->is_command;
	session->asking.prepared = NULL;
	if (may_be_named(session, statement))
		return send_named(session, statement);
	session->asking.ends_due++;
	return PQsendQueryParams(session->connection, statement->sql, statement->parameter_count,
		   NULL, statement->parameters, forms.lengths, forms.formats, 0) == 1;
}

/* Sends what libpq still holds back; waits for writing, too, while it does. */
static void flush(struct session *session)
{
	int held_back = PQflush(session->connection);

	if (held_back < 0)
		session_lose(session);
	else
		session_watch_socket(session, held_back > 0 ? EV_READ | EV_WRITE : EV_READ);
}

static void send_pipeline(struct session *session, enum session_state state, bool prefix,
    const struct statement *statement)
{
	session_enter(session, state);
	session->asking.ends_due = 0;
	count_bytes_from_here(session, statement->answer_limit_bytes);
	session_limit_window(session, statement->answer_limit_bytes);
	if ((!prefix || send_prefix(session, statement->search_path)) &&
	    send_statement(session, statement) && PQpipelineSync(session->connection) == 1)
		flush(session);
	else
		session_lose(session);
}

void session_ask(struct session *session, const struct statement *statement)
{
	session->ran_foreign = session->ran_foreign || statement->search_path != NULL;
	send_pipeline(
	    session, SESSION_ASKING, !session->settings_hold || session->ran_foreign, statement);
}

/*
 * Asks the server whether our start-up options reached it, and whether it is a standby. Some
 * poolers drop them in silence, so no protocol message can tell; the two limits are numbers that
 * nobody else would have chosen.
 */
void session_greet(struct session *session)
{
	static const struct statement greeting = {
	    .sql = "SELECT pg_catalog.current_setting('statement_timeout') AS statement_timeout,"
		   " pg_catalog.current_setting('lock_timeout') AS lock_timeout,"
		   " pg_catalog.current_setting('transaction_read_only') AS read_only,"
		   " pg_catalog.pg_is_in_recovery() AS standby",
	};

	if (PQsetnonblocking(session->connection, 1) != 0 ||
	    PQenterPipelineMode(session->connection) != 1)
		session_lose(session);
	else
		send_pipeline(session, SESSION_GREETING, false, &greeting);
}

/* Whether the row says what our start-up options asked for. */
static bool settings_hold(const struct session *session, const PGresult *rows)
{
	char timeout[24];
	const struct {
		const char *column;
		const char *value;
	} wanted[] = {
	    {"statement_timeout", timeout},
	    {"lock_timeout", SESSION_LOCK_TIMEOUT},
	    {"read_only", "on"},
	};

	snprintf(
	    timeout, sizeof(timeout), "%lldms", (long long)session_statement_timeout_ms(session));
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		const char *value =
		    rows_count(rows) == 1 ? rows_text(rows, 0, wanted[i].column) : NULL;

		if (value == NULL || strcmp(value, wanted[i].value) != 0)
			return false;
	}
	return true;
}

static bool is_answer(const struct session *session, const PGresult *result)
{
	ExecStatusType status = result != NULL ? PQresultStatus(result) : PGRES_FATAL_ERROR;

	return status == PGRES_TUPLES_OK ||
	       (status == PGRES_COMMAND_OK && session->asking.is_command);
}

/* The server is a standby where a primary is wanted: another host may be the primary. */
static bool is_unwanted(const struct session *session, const PGresult *rows)
{
	return session->database->server == SERVER_PRIMARY && rows_bool(rows, 0, "standby");
}

/* Failures of the statement itself, which say nothing of names: by class, what it may not do or
 * does not find, resources, locks, and being cancelled. */
static bool is_of_statement(const char *sqlstate)
{
	static const char *const classes[] = {"3F", "42", "53", "55", "57", NULL};

	for (const char *const *one = classes; *one != NULL; one++)
		if (strncmp(sqlstate, *one, 2) == 0)
			return strcmp(sqlstate, "42P05") != 0; /* the name is there already */
	return false;
}

/* Asked without a name, it is told in full next time. A name that is not known where the statement
 * went means that something below does not keep any. */
static void note_failed_name(struct session *session, const char *sqlstate)
{
	session->asking.prepared->given_up = true;
	session->without_names = session->without_names || !is_of_statement(sqlstate);
}

/* The pipeline has ended; answer is that of the first statement that failed, else of the last. */
static void answered(struct session *session)
{
	PGresult *result = session->asking.result;
	bool has_rows = is_answer(session, result);
	const char *sqlstate = result != NULL ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
	struct answer answer = {.rows = has_rows ? result : NULL, .sqlstate = sqlstate};
	struct verdict failure;

	session->asking.result = NULL;
	if (!has_rows && sqlstate == NULL) {
		failure = verdict_of(REASON_ERROR, "the answer does not follow the protocol");
		session_fail(session, &failure);
	} else if (session->state == SESSION_GREETING && !has_rows) {
		failure = refusal_of_session(sqlstate);
		session_fail(session, &failure);
	} else if (session->state == SESSION_GREETING && is_unwanted(session, result)) {
		failure = session_standby_failure();
		session_disconnect(session);
		session_open_next(session, &failure);
	} else if (session->state == SESSION_GREETING) {
		session->settings_hold = settings_hold(session, result);
		session->ran_foreign = false;
		session_opened(session);
	} else {
		if (session->asking.prepared != NULL && !has_rows)
			note_failed_name(session, sqlstate);
		session_enter(session, SESSION_IDLE);
		session->handler.on_answer(&answer, NULL, session->handler.arg);
	}
	PQclear(result);
}

/* Keeps the first error, else the newest rows. */
static void keep_result(struct session *session, PGresult *result)
{
	ExecStatusType status = PQresultStatus(session->asking.result); /* of NULL: an error */
	bool have_error = session->asking.result != NULL && status != PGRES_TUPLES_OK &&
			  status != PGRES_COMMAND_OK;

	if (have_error) {
		PQclear(result);
		return;
	}
	PQclear(session->asking.result);
	session->asking.result = result;
}

enum progress { PROGRESS_MORE, PROGRESS_DONE, PROGRESS_BROKEN };

static void note_fatal(struct session *session, const PGresult *result)
{
	const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);

	if (sqlstate != NULL &&
	    session_is_fatal(PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED)))
		snprintf(session->fatal_sqlstate, sizeof(session->fatal_sqlstate), "%s", sqlstate);
}

/* Nobody asked for a copy; libpq would give this result again and again until one is made. */
static bool is_copy(ExecStatusType status)
{
	return status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH;
}

/* Takes what has arrived of the pipeline. */
static enum progress take_results(struct session *session)
{
	while (!PQisBusy(session->connection)) {
		PGresult *result = PQgetResult(session->connection);

		/* NULL: one statement has ended. More ends than statements is no pipeline of ours.
		 */
		if (result == NULL && session->asking.ends_due-- == 0)
			return PROGRESS_BROKEN;
		if (result == NULL)
			continue;
		if (PQresultStatus(result) == PGRES_PIPELINE_SYNC) {
			PQclear(result);
			return PROGRESS_DONE;
		}
		if (is_copy(PQresultStatus(result))) {
			PQclear(result);
			return PROGRESS_BROKEN;
		}
		note_fatal(session, result);
		keep_result(session, result);
	}
	return PROGRESS_MORE;
}

/* One or many are the same news. */
static void take_notifications(struct session *session)
{
	PGnotify *notification;
	bool any = false;

	while ((notification = PQnotifies(session->connection)) != NULL) {
		PQfreemem(notification);
		any = true;
	}
	if (any)
		session->handler.on_notify(session->handler.arg);
}

static void broken(struct session *session)
{
	struct verdict nonsense =
	    verdict_of(REASON_ERROR, "the answer does not follow the protocol");

	if (PQstatus(session->connection) == CONNECTION_OK && session->fatal_sqlstate[0] == '\0')
		session_fail(session, &nonsense);
	else
		session_lose(session);
}

static void flooded(struct session *session)
{
	struct verdict failure =
	    verdict_of(REASON_ERROR, "the server sent more than any answer to us can hold");

	session_fail(session, &failure);
}

void session_step_ask(struct session *session, short events)
{
	bool lost = (events & EV_READ) != 0 && PQconsumeInput(session->connection) != 1;
	enum progress progress =
	    session->state != SESSION_IDLE ? take_results(session) : PROGRESS_MORE;

	if (session->state == SESSION_IDLE)
		(void)PQisBusy(
		    session->connection); /* reads notices and parameters out of the buffer */
	take_notifications(session);
	/* Also where all of it has come in one go: what is too much does not depend on the pace. */
	if (is_flooded(session))
		flooded(session);
	else if (progress == PROGRESS_DONE)
		answered(session);
	else if (progress == PROGRESS_BROKEN || lost ||
		 PQstatus(session->connection) != CONNECTION_OK)
		broken(session);
	else if (session->state != SESSION_IDLE)
		flush(session);
	else
		session_watch_socket(session, EV_READ);
}
