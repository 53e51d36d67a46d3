/*
 * The checking thread: an event base of its own with a patrol for each database and a prober for
 * each upstream. It may be held up
 * for a moment by what libpq does on the way through a connect (files, TLS and password
 * arithmetic), never by the network: sessions have deadlines and names are looked up elsewhere.
 * Nobody waits for it: what it finds hangs on the board.
 *
 * Threads meet in three places only: the board, two eventfds (wake-up and stop; libevent's own
 * notification would need locks in every call of both loops), and an atomic heartbeat.
 */
#ifndef SCHEMALATCH_WATCH_CHECKER_H
#define SCHEMALATCH_WATCH_CHECKER_H

#include <stdbool.h>
#include <stdint.h>

#include "../../probes/error.h"
#include "../config/config.h"
#include "../log.h"
#include "snapshot.h"

struct checker;

/* Borrows config and log. Gives a checker that does not run yet; NULL with err. */
struct checker *checker_create(const struct config *config, struct log *log, struct error *err);

/* Starts the thread; the first round begins at once. */
int checker_start(struct checker *checker, struct error *err);

struct board *checker_board(struct checker *checker);

/* Becomes readable when a new snapshot hangs on the board; read eight bytes to reset it. */
int checker_news_fd(const struct checker *checker);

/* Monotonic time at which the thread was last seen alive. Any thread. */
int64_t checker_heartbeat_ms(const struct checker *checker);

/*
 * Stops the thread and frees the checker; NULL allowed. Waits for at most limit_ms; where the
 * thread does not end by then it is left behind, with all its memory, and false is given: only
 * _exit may follow, since exit handlers would pull libraries from under it.
 */
bool checker_free(struct checker *checker, int64_t limit_ms);

#endif
