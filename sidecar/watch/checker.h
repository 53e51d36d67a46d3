/*
 * The checking thread: an event base of its own with a patrol for each database and a prober for
 * each upstream. It may be held up
 * for a moment by what libpq does on the way through a connect (files, TLS and password
 * arithmetic), never by the network: sessions have deadlines and names are looked up elsewhere.
 * Nobody waits for it: what it finds hangs on the board.
 *
 * Threads meet in four places only: the board, three eventfds (news, wake-up and stop; libevent's
 * own notification would need locks in every call of both loops), the one configuration that is
 * handed over, and two atomics: the heartbeat, and whether checks are held back.
 *
 * A reload: patrols come to rest between two rounds, go over to the new configuration, and look, if
 * what they watch is another than before; while they do, answers go by the former configuration.
 * When all have looked, or after five seconds, the new one takes over, in one publication; what
 * was ready and has had no answer since is held (succession.h). So no answer is ever made from half
 * of each, from a check that has not been asked yet, or for want of an answer. A configuration by
 * which every gate is open needs none: it takes over at once, even where this thread is stuck.
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

/* Shares config, borrows log. Gives a checker that does not run yet; NULL with err. */
struct checker *checker_create(struct config *config, struct log *log, struct error *err);

/* Before checker_start: takes up what a former process has kept in stateDirectory, and keeps the
 * last answers there from now on, by whichever configuration. May block (files). */
void checker_keep_state(struct checker *checker);

/* Takes config, with its meaning filled in; it takes over later on, unless another one comes first.
 * Main thread. */
void checker_reload(struct checker *checker, struct config *config);

/* Starts the thread; the first round begins at once. */
int checker_start(struct checker *checker, struct error *err);

/* Before checker_start: sessions are opened, but no check is asked before checker_release, so that
 * what they want may still be read. Main thread. */
void checker_hold(struct checker *checker);
void checker_release(struct checker *checker);

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
