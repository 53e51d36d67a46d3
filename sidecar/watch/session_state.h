/*
 * What the files of the session share; nobody else includes it.
 *
 *   session.c          states, events, life
 *   session_open.c     the way to an open session
 *   session_ask.c      one statement and its answer
 *   session_failure.c  why it failed, as a verdict
 */
#ifndef SCHEMALATCH_WATCH_SESSION_STATE_H
#define SCHEMALATCH_WATCH_SESSION_STATE_H

#include <libpq-fe.h>

#include "resolve.h"
#include "routes.h"
#include "session.h"

/*
 *   CLOSED -> RESOLVING -> CONNECTING -> GREETING -> IDLE <-> ASKING
 *                 ^             |
 *                 '-------------'  the next address or host, while time is left
 *
 * and from any of them, by session_fail(), to CLOSED.
 */
enum session_state {
	SESSION_CLOSED,
	SESSION_RESOLVING,
	SESSION_CONNECTING,
	SESSION_GREETING, /* asking whether our settings reached the server */
	SESSION_IDLE,
	SESSION_ASKING,
};

/* Servers' settings under our timeout; not numbers that anyone would choose: see session_greet. */
#define SESSION_LOCK_TIMEOUT "251ms"
int64_t session_statement_timeout_ms(const struct session *session);

/* Of one open, until it has succeeded or failed. */
struct opening {
	struct dsn dsn;
	struct routes routes;
	size_t route;             /* the present one */
	struct resolved resolved; /* its addresses, where it has a name */
	size_t address;           /* the next of these to try */
	int64_t until_ms;         /* monotonic */
	ConnStatusType phase;     /* libpq's own state before it failed */
	struct verdict failure;   /* the most telling one so far */
	bool has_failure;
};

/* Of one statement, until it is answered. */
struct asking {
	int ends_due;              /* statements of the pipeline that have not ended yet */
	PGresult *result;          /* the first error, else the newest rows */
	bool is_command;           /* an empty result is its answer */
	struct prepared *prepared; /* by whose name it was asked, or NULL */
	uint64_t bytes_before;
	size_t bytes_limit;
};

/* A statement of this connection. */
struct prepared {
	char name[STATEMENT_NAME_BYTES];
	bool given_up; /* it failed once: perhaps it was never prepared */
};

#define SESSION_PREPARED_MAX 16

struct session {
	struct event_base *base;
	const struct database *database;
	struct log *log;
	struct session_handler handler;
	enum session_state state;

	struct event *deadline; /* of the state */
	struct event *report;   /* tells a failure after this turn of the loop */
	struct verdict failure; /* what it tells */
	enum session_state failed_in;
	bool was_lost; /* the other end had ended it */

	PGconn *connection;
	struct event *io;
	short io_events;
	char fatal_sqlstate[6]; /* of a message that announced the end of the session */
	int64_t opened_ms;

	struct resolve *resolve; /* a look-up may outlive the open that began it */
	struct opening opening;
	struct asking asking;

	bool without_options; /* a pooler refuses them: learnt once, kept */
	bool ran_foreign;   /* SQL of the user's, which may have changed settings: prefix needed */
	bool settings_hold; /* the session itself is read-only and bounded: no prefix needed */
	bool told_unencrypted;

	struct prepared prepared[SESSION_PREPARED_MAX];
	size_t prepared_count;
	bool without_names; /* something below does not keep them: learnt once, kept */
};

/* session.c */
void session_enter(struct session *session, enum session_state state);
void session_set_deadline(struct session *session, int64_t delay_ms);
void session_watch_socket(struct session *session, short events);
void session_unwatch_socket(struct session *session);
void session_disconnect(struct session *session);
void session_fail(struct session *session, const struct verdict *failure);
void session_lose(struct session *session);
void session_on_notice(void *arg, const PGresult *notice);
bool session_is_fatal(const char *severity);

/* session_open.c */
void session_step_open(struct session *session);
void session_open_next(struct session *session, const struct verdict *failure);
int64_t session_open_time_left(const struct session *session);

/*
 * libpq reads for as long as there is something to read, so that a fast sender of one endless value
 * would fill memory within one call. A small receive window lets it run dry, and us look at the
 * count. answer_bytes: what the next answer may have, 0 where nothing large is expected.
 */
void session_limit_window(const struct session *session, size_t answer_bytes);
void session_opened(struct session *session);
void session_forget_opening(struct session *session);

/* session_ask.c */
void session_greet(struct session *session);
void session_step_ask(struct session *session, short events);

/* session_failure.c */
bool session_sqlstate_in(const char *message, char sqlstate[6]);
struct verdict session_connect_failure(const struct session *session);
struct verdict session_lost_failure(const struct session *session);
struct verdict session_timeout_failure(const struct session *session);

#endif
