/*
 * One PostgreSQL session: libpq as a state machine on libevent. Every state but CLOSED and IDLE has
 * a deadline; no call blocks but for what libpq does by itself on the way through a connect (files,
 * TLS and SCRAM arithmetic: milliseconds), which is one reason why checking has a thread of its
 * own. All of it belongs to the thread of its event base.
 */
#ifndef SCHEMALATCH_WATCH_SESSION_H
#define SCHEMALATCH_WATCH_SESSION_H

#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>

#include "../../probes/check.h"
#include "../../probes/verdict.h"
#include "../config/database.h"
#include "../log.h"

struct session;

/* Callbacks: later, never from inside a session_ call; each may call any session_ function but
 * session_free. failure is borrowed for the call; after one the session is closed. */
struct session_handler {
	/* Answers session_open once: failure NULL means that the session is open. */
	void (*on_open)(const struct verdict *failure, void *arg);
	/* Answers session_ask once: with answer (borrowed), or NULL and the failure. */
	void (*on_answer)(const struct answer *answer, const struct verdict *failure, void *arg);
	/* An open session that nothing was asked of ended. */
	void (*on_lost)(const struct verdict *failure, void *arg);
	/* A notification on a channel that was listened to; also while a statement is asked. */
	void (*on_notify)(void *arg);
	void *arg;
};

/* Borrows all arguments for the session's life. Gives a closed session. */
struct session *session_create(struct event_base *base, const struct database *database,
    struct log *log, const struct session_handler *handler);

/* Opens a closed session; within the database's timeout on_open is called. */
void session_open(struct session *session);

/* Asks one statement, in a read-only transaction with bounded waits, of an open session that has
 * nothing in flight; within the timeout on_answer is called. Borrows statement until then. */
void session_ask(struct session *session, const struct statement *statement);

/* Closes from any state; a callback that was due never comes. */
void session_close(struct session *session);

/* Goes on for the same entry of another configuration, at any state but in the midst of opening:
 * borrows that one from now on. */
void session_move(struct session *session, const struct database *database);

/* What is said where "server" is "primary" and the server is a standby. */
struct verdict session_standby_failure(void);

bool session_is_open(const struct session *session);

/* Whether it leads to one backend all the time; through a transaction pooler it does not. */
bool session_is_direct(const struct session *session);

/* Whether it failed last because the other end had ended it: not for silence, nor for nonsense. */
bool session_was_lost(const struct session *session);

/* Monotonic time of the last successful open. */
int64_t session_opened_ms(const struct session *session);

void session_free(struct session *session);

#endif
