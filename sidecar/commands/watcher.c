#include "watcher.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "../clock.h"
#include "terminal.h"

#define JOIN_LIMIT_MS 400
#define TICK_S 1 /* a held verdict that runs out is told at most this late */

static const int handled[] = {SIGTERM, SIGINT, SIGHUP};

struct log watcher_log(const struct config *config)
{
	return (struct log){
	    .level = (enum log_level)config->log_level,
	    .format = (enum log_format)config->log_format,
	    .descriptor = STDERR_FILENO,
	    .erases = terminal_of(stderr).redraws,
	};
}

/* Another configuration has taken over. */
static void follow(struct watcher *watcher, struct config *config)
{
	config_free(watcher->config);
	watcher->config = config_share(config);
	watcher->log->level = (enum log_level)config->log_level;
	watcher->log->format = (enum log_format)config->log_format;
	if (watcher->on_takeover != NULL)
		watcher->on_takeover(watcher->reload_arg);
}

static void look(struct watcher *watcher)
{
	struct moment now = {clock_monotonic_ms(), clock_wall_ms()};
	struct board *board = checker_board(watcher->checker);
	const struct snapshot *snapshot = board_acquire(board);

	if (snapshot->config != watcher->config)
		follow(watcher, snapshot->config);
	ledger_note(watcher->ledger, snapshot, now);
	if (watcher->on_news != NULL)
		watcher->on_news(watcher, snapshot, now);
	board_release(board, snapshot);
}

static void on_board(evutil_socket_t fd, short events, void *arg)
{
	eventfd_t count;

	(void)events;
	eventfd_read(fd, &count);
	look(arg);
}

static void on_tick(evutil_socket_t fd, short events, void *arg)
{
	(void)fd;
	(void)events;
	look(arg);
}

static void hang_up(struct watcher *watcher)
{
	struct log_line line;

	if (watcher->on_hangup != NULL) {
		watcher->on_hangup(watcher->reload_arg);
		return;
	}
	line = log_begin(watcher->log, LOG_LEVEL_WARN, "reload");
	log_end(&line, "SIGHUP: only serve reads its configuration again");
}

static void on_signal(evutil_socket_t number, short events, void *arg)
{
	struct watcher *watcher = arg;

	(void)events;
	if (number == SIGHUP) {
		hang_up(watcher);
		return;
	}
	watcher->signal = (int)number;
	watcher_stop(watcher);
}

int watcher_heed_signals(struct watcher *watcher, struct error *err)
{
	for (size_t i = 0; i < sizeof(handled) / sizeof(handled[0]); i++) {
		watcher->signals[i] = evsignal_new(watcher->base, handled[i], on_signal, watcher);
		if (watcher->signals[i] == NULL || event_add(watcher->signals[i], NULL) != 0)
			return error_set(err, "cannot watch for signals: %s", strerror(errno));
	}
	return 0;
}

static int add_events(struct watcher *watcher)
{
	struct timeval interval = {.tv_sec = TICK_S};

	watcher->tick = event_new(watcher->base, -1, EV_PERSIST, on_tick, watcher);
	if (watcher->tick == NULL || event_add(watcher->tick, &interval) != 0)
		return -1;
	watcher->news = event_new(watcher->base, checker_news_fd(watcher->checker),
	    EV_READ | EV_PERSIST, on_board, watcher);
	return watcher->news != NULL && event_add(watcher->news, NULL) == 0 ? 0 : -1;
}

/* The loop without locks and with epoll's changes batched: fewer system calls a request. What
 * follows from the latter for descriptors, later.h says. */
static struct event_base *new_base(void)
{
	struct event_config *config = event_config_new();
	struct event_base *base = NULL;

	if (config == NULL)
		return NULL;
	event_config_set_flag(
	    config, EVENT_BASE_FLAG_NOLOCK | EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST);
	base = event_base_new_with_config(config);
	event_config_free(config);
	return base;
}

int watcher_init(struct watcher *watcher, struct config *config, struct log *log,
    struct log *ledger_log, struct error *err)
{
	*watcher = (struct watcher){.config = config_share(config), .log = log};
	watcher->base = new_base();
	watcher->later = watcher->base != NULL ? later_create(watcher->base) : NULL;
	watcher->ledger = ledger_create(config, ledger_log);
	ledger_note_reading(watcher->ledger, true, clock_wall_ms());
	watcher->checker = checker_create(config, log, err);
	if (watcher->checker == NULL)
		return -1;
	if (watcher->later == NULL || add_events(watcher) != 0)
		return error_set(err, "cannot make an event loop: %s", strerror(errno));
	return 0;
}

int watcher_go_ahead(struct watcher *watcher, struct error *err)
{
	checker_hold(watcher->checker);
	watcher->is_ahead = true;
	return checker_start(watcher->checker, err);
}

static int start(struct watcher *watcher, struct error *err)
{
	if (!watcher->is_ahead)
		return checker_start(watcher->checker, err);
	checker_release(watcher->checker);
	return 0;
}

int watcher_run(struct watcher *watcher, struct error *err)
{
	if (start(watcher, err) != 0)
		return -1;
	event_active(watcher->tick, EV_TIMEOUT, 0);
	if (event_base_dispatch(watcher->base) < 0)
		return error_set(err, "the event loop failed: %s", strerror(errno));
	return 0;
}

void watcher_stop(struct watcher *watcher)
{
	event_base_loopbreak(watcher->base);
}

/* Freeing their events gives the signals back their defaults: one that comes again while we end in
 * good order would kill us. */
static void block_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(handled) / sizeof(handled[0]); i++)
		sigaddset(&set, handled[i]);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
}

static void free_events(struct watcher *watcher)
{
	struct event *events[] = {watcher->news, watcher->tick, watcher->signals[0],
	    watcher->signals[1], watcher->signals[2]};

	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
		if (events[i] != NULL)
			event_free(events[i]);
}

bool watcher_done(struct watcher *watcher)
{
	bool ended;

	block_signals();
	free_events(watcher);
	ended = checker_free(watcher->checker, JOIN_LIMIT_MS);
	ledger_free(watcher->ledger);
	config_free(watcher->config);
	later_free(watcher->later);
	if (watcher->base != NULL)
		event_base_free(watcher->base);
	return ended;
}

static int add_limit(struct watcher *watcher, int64_t limit_ms, struct error *err)
{
	struct timeval limit = {.tv_sec = limit_ms / 1000, .tv_usec = (limit_ms % 1000) * 1000};

	if (limit_ms >= 0 &&
	    event_base_once(watcher->base, -1, EV_TIMEOUT, on_tick, watcher, &limit) != 0)
		return error_set(err, "cannot make a timer");
	return 0;
}

/* A command that watches: its watcher is there once databases may be reached. */
struct watching {
	struct watcher watcher;
	struct log log;
	struct log quiet;
	struct error *err;
	bool is_made;
	bool runs; /* nothing has failed */
};

/* While files are still being read, which may be 10,000, sessions are opened. */
static void go_ahead(struct config *config, void *arg)
{
	struct watching *watching = arg;
	struct watcher *watcher = &watching->watcher;

	watching->log = watcher_log(config);
	watching->quiet = (struct log){.level = LOG_LEVEL_ERROR, .descriptor = STDERR_FILENO};
	watching->is_made = true;
	watching->runs =
	    watcher_init(watcher, config, &watching->log, &watching->quiet, watching->err) == 0 &&
	    watcher_go_ahead(watcher, watching->err) == 0;
}

int watcher_command(const struct options *options, watcher_news_cb *on_news, void *arg,
    int64_t limit_ms, const enum exit_code *code, struct error *err)
{
	struct watching watching = {.err = err};
	struct watcher *watcher = &watching.watcher;
	struct config *config = options_load_config_reaching(options, go_ahead, &watching);
	int result = config != NULL ? EXIT_INTERNAL : EXIT_USAGE;

	watcher->on_news = on_news;
	watcher->arg = arg;
	if (config != NULL && watching.runs && watcher_heed_signals(watcher, err) == 0 &&
	    add_limit(watcher, limit_ms, err) == 0 && watcher_run(watcher, err) == 0)
		result = (int)*code;
	if (watching.is_made && !watcher_done(watcher)) {
		fflush(stdout);
		_exit(result);
	}
	config_free(config);
	return result;
}
