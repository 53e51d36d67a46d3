/*
 * The checking thread, its news and our own signals on one event base: what serve, check and wait
 * have in common. Main thread.
 */
#ifndef SCHEMALATCH_COMMANDS_WATCHER_H
#define SCHEMALATCH_COMMANDS_WATCHER_H

#include <event2/event.h>
#include <stdbool.h>

#include "../../probes/error.h"
#include "../answer/ledger.h"
#include "../config/config.h"
#include "../config/options.h"
#include "../later.h"
#include "../log.h"
#include "../watch/checker.h"
#include "command.h"

struct watcher;

/* After each change and each second, behind the ledger; may call watcher_stop. */
typedef void watcher_news_cb(
    struct watcher *watcher, const struct snapshot *snapshot, struct moment now);

struct watcher {
	struct event_base *base;
	struct later *later;   /* for whatever watches descriptors on base */
	struct config *config; /* shared: the newest snapshot's */
	struct log *log;
	struct checker *checker;
	struct ledger *ledger;
	struct event *news;
	struct event *tick;
	struct event *signals[3];
	int signal;    /* that stopped it; 0: none */
	bool is_ahead; /* the checking thread was started before the rest */

	/* After each change and each second, behind the ledger; may call watcher_stop. */
	void (*on_news)(
	    struct watcher *watcher, const struct snapshot *snapshot, struct moment now);
	void *arg;

	/* At SIGHUP, and after another configuration has taken over; NULL: there is only the one.
	 */
	void (*on_hangup)(void *reload_arg);
	void (*on_takeover)(void *reload_arg);
	void *reload_arg;
};

/* Makes everything but starts nothing; shares config, whose level and format log follows.
 * ledger_log may be another log. watcher_done frees what was made, in every case. Returns 0, or -1
 * with err. */
int watcher_init(struct watcher *watcher, struct config *config, struct log *log,
    struct log *ledger_log, struct error *err);

/* From now on SIGTERM, SIGINT and SIGHUP are watcher_run's to attend to, which must follow soon;
 * until then they do what they do to any program. Returns 0, or -1 with err. */
int watcher_heed_signals(struct watcher *watcher, struct error *err);

/* Starts the checking thread, which asks no check before watcher_run: for the time in which what
 * they want is still being read. Returns 0, or -1 with err. */
int watcher_go_ahead(struct watcher *watcher, struct error *err);

/* Checks until watcher_stop, or SIGTERM or SIGINT where they are heeded. Returns 0, or -1 with err.
 */
int watcher_run(struct watcher *watcher, struct error *err);
void watcher_stop(struct watcher *watcher);

/* Ends the checking thread, waiting for it well under a second; gives false where it is left
 * behind, and then the process must end by _exit. */
bool watcher_done(struct watcher *watcher);

/*
 * A whole command that watches without serving: loads the configuration, and checks until on_news
 * stops it, with no line in the log for changes (the command's output tells them). limit_ms of 0 or
 * more calls on_news once more when it is over. Gives EXIT_USAGE or EXIT_INTERNAL, else *code.
 */
int watcher_command(const struct options *options, watcher_news_cb *on_news, void *arg,
    int64_t limit_ms, const enum exit_code *code, struct error *err);

/* The log as the configuration wants it, on standard error. */
struct log watcher_log(const struct config *config);

#endif
