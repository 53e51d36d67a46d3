#include "reloader.h"

#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "../../probes/xalloc.h"
#include "../clock.h"
#include "../config/meaning.h"

/* Who changes several files, or one in several steps, has this long between two of them; but what
 * changes all the time is read now and then all the same. */
#define SETTLE_MS 100
#define SETTLE_MOST_MS 1000

#define POLL_S INT64_C(5)
#define READINGS_MAX 8     /* in a row, of files that change while they are read */
#define READING_PAUSE_MS 5 /* more than a tick of the clock that files have their times by */
#define READ_AGAIN_MS 1000 /* after that many */

struct reloader {
	struct watcher *watcher;
	const struct options *options;
	struct digest digest; /* of the configuration that was handed over last */
	struct loaded known;  /* its config is not set: what is watched now */
	struct event *watch;  /* something has happened; NULL: nobody tells */
	struct event *settle; /* it is time to read */
	int64_t news_ms; /* monotonic: since when there is something to read; 0: there is not */
	bool by_signal;  /* somebody has asked for it */
	bool read_again; /* once more, since files went on changing */

	/* The thread that reads: it has the next two until done. */
	pthread_t thread;
	struct loaded loaded;
	bool is_poll; /* nothing is read where the signature is the same */
	bool reads;
	struct event *done;
	int done_fd;
};

/* ---- reading ---- */

static void pause_ms(long milliseconds)
{
	struct timespec time = {.tv_nsec = milliseconds * 1000000};

	nanosleep(&time, NULL);
}

/* Whether nothing of what was refused has changed since. */
static bool is_settled(const struct strings *paths, const struct timespec *began)
{
	struct digester *digester = digester_create();
	struct timespec newest = {0};

	for (size_t i = 0; i < paths->count; i++)
		inputs_digest(paths->items[i], digester, &newest);
	digester_end(digester);
	return newest.tv_sec < began->tv_sec ||
	       (newest.tv_sec == began->tv_sec && newest.tv_nsec < began->tv_nsec);
}

/* The watch comes before the second look at the files: what changes after that look is told. */
static void read_once(struct loaded *loaded, const struct options *options)
{
	struct timespec began;

	*loaded = (struct loaded){0};
	clock_gettime(CLOCK_REALTIME_COARSE, &began); /* files have their times by it */
	loaded->config = config_load_from(options->config_file, &options->settings, CONFIG_WHOLE,
	    &loaded->paths, &loaded->problems);
	loaded->watch = inputs_watch_create(&loaded->paths, &loaded->unwatched);
	if (loaded->watch == NULL)
		loaded->signature = inputs_signature(&loaded->paths);
	loaded->settled = loaded->config != NULL
			      ? meaning_fill(loaded->config, options->config_file, &began)
			      : is_settled(&loaded->paths, &began);
}

void loaded_fill(struct loaded *loaded, const struct options *options)
{
	read_once(loaded, options);
	for (int i = 1; i < READINGS_MAX && !loaded->settled; i++) {
		loaded_done(loaded);
		pause_ms(READING_PAUSE_MS);
		read_once(loaded, options);
	}
	if (loaded->config != NULL && !loaded->settled)
		loaded->config->digest = (struct digest){{0}}; /* no other is the same */
}

void loaded_done(struct loaded *loaded)
{
	config_free(loaded->config);
	problems_done(&loaded->problems);
	strings_done(&loaded->paths);
	inputs_watch_free(loaded->watch);
	*loaded = (struct loaded){0};
}

static void *run(void *arg)
{
	struct reloader *reloader = arg;
	struct digest signature;

	if (reloader->is_poll)
		signature = inputs_signature(&reloader->known.paths);
	if (!reloader->is_poll || !digest_same(&signature, &reloader->known.signature)) {
		reloader->is_poll = false;
		loaded_fill(&reloader->loaded, reloader->options);
		malloc_trim(0); /* documents leave holes, which would stay resident */
	}
	eventfd_write(reloader->done_fd, 1);
	return NULL;
}

static void tell_no_thread(struct reloader *reloader, int failure)
{
	struct log_line line = log_begin(reloader->watcher->log, LOG_LEVEL_ERROR, "reload_refused");

	log_end(&line, "the configuration cannot be read again: no thread: %s", strerror(failure));
	ledger_note_reading(reloader->watcher->ledger, false, clock_wall_ms());
}

static void start_reading(struct reloader *reloader, bool is_poll)
{
	sigset_t all;
	sigset_t before;
	int failure;

	reloader->is_poll = is_poll;
	if (!is_poll)
		reloader->news_ms = 0;
	sigfillset(&all); /* signals belong to the main thread */
	pthread_sigmask(SIG_SETMASK, &all, &before);
	failure = pthread_create(&reloader->thread, NULL, run, reloader);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	reloader->reads = failure == 0;
	if (failure != 0)
		tell_no_thread(reloader, failure);
}

/* ---- when ---- */

static void wait_ms(struct reloader *reloader, int64_t delay_ms)
{
	struct timeval delay = {.tv_sec = delay_ms / 1000, .tv_usec = (delay_ms % 1000) * 1000};

	evtimer_add(reloader->settle, &delay);
}

/* A reading that is under way may have missed it: another one follows. */
static void note_news(struct reloader *reloader, int64_t settle_ms)
{
	int64_t now_ms = clock_monotonic_ms();
	int64_t left_ms;

	if (reloader->news_ms == 0)
		reloader->news_ms = now_ms;
	left_ms = reloader->news_ms + SETTLE_MOST_MS - now_ms;
	if (!reloader->reads)
		wait_ms(reloader, left_ms < 0 ? 0 : left_ms < settle_ms ? left_ms : settle_ms);
}

static void on_watch(evutil_socket_t fd, short events, void *arg)
{
	struct reloader *reloader = arg;

	(void)fd;
	(void)events;
	if (inputs_watch_has_news(reloader->known.watch))
		note_news(reloader, SETTLE_MS);
}

static void on_hangup(void *arg)
{
	struct reloader *reloader = arg;

	reloader->by_signal = true;
	note_news(reloader, 0);
}

static void on_settle(evutil_socket_t fd, short events, void *arg)
{
	struct reloader *reloader = arg;

	(void)fd;
	(void)events;
	if (!reloader->reads)
		start_reading(reloader, reloader->news_ms == 0 && !reloader->read_again);
}

/* ---- watching ---- */

static void tell_unwatched(const struct reloader *reloader)
{
	struct log_line line = log_begin(reloader->watcher->log, LOG_LEVEL_WARN, "reload_polls");

	log_end(&line, "changed files are not told of (%s): they are looked at every %d s",
	    reloader->known.unwatched.text, (int)POLL_S);
}

static void release_watch(void *watch)
{
	inputs_watch_free(watch);
}

/* Takes what is to be watched from now on. */
static void watch_now(struct reloader *reloader, struct loaded *loaded)
{
	bool was_told = reloader->known.paths.count > 0 && reloader->known.watch == NULL;

	if (reloader->watch != NULL)
		event_free(reloader->watch);
	reloader->watch = NULL;
	later_release(reloader->watcher->later, release_watch, reloader->known.watch);
	reloader->known.watch = NULL;
	loaded_done(&reloader->known);
	reloader->known = (struct loaded){.paths = loaded->paths,
	    .watch = loaded->watch,
	    .unwatched = loaded->unwatched,
	    .signature = loaded->signature};
	loaded->paths = (struct strings){0};
	loaded->watch = NULL;
	if (reloader->known.watch == NULL && !was_told && reloader->known.paths.count > 0)
		tell_unwatched(reloader);
	if (reloader->known.watch == NULL)
		return;
	reloader->watch = event_new(reloader->watcher->base, inputs_watch_fd(reloader->known.watch),
	    EV_READ | EV_PERSIST, on_watch, reloader);
	if (reloader->watch != NULL)
		event_add(reloader->watch, NULL);
}

/* ---- what was read ---- */

static void refuse(struct reloader *reloader, const struct problems *problems)
{
	for (size_t i = 0; i < problems->lines.count; i++) {
		struct log_line line =
		    log_begin(reloader->watcher->log, LOG_LEVEL_ERROR, "reload_refused");

		log_end(&line, "the present configuration stays: %s", problems->lines.items[i]);
	}
	ledger_note_reading(reloader->watcher->ledger, false, clock_wall_ms());
}

static void tell_unchanged(struct reloader *reloader)
{
	struct log_line line = log_begin(reloader->watcher->log,
	    reloader->by_signal ? LOG_LEVEL_INFO : LOG_LEVEL_DEBUG, "reload");

	log_end(&line, "the configuration is the same as before");
	ledger_note_reading(reloader->watcher->ledger, true, clock_wall_ms());
}

static void tell_listen(struct reloader *reloader, const struct config *config)
{
	struct log_line line;

	if (strcmp(config->listen, reloader->watcher->config->listen) == 0)
		return;
	line = log_begin(reloader->watcher->log, LOG_LEVEL_WARN, "reload");
	log_end(&line, "\"listen\" is another one now: that takes a restart, the rest does not");
}

static void take(struct reloader *reloader, struct loaded *loaded)
{
	struct config *config = loaded->config;

	loaded->config = NULL;
	if (loaded->settled && digest_same(&config->digest, &reloader->digest)) {
		tell_unchanged(reloader);
		config_free(config);
		return;
	}
	tell_listen(reloader, config);
	reloader->digest = config->digest;
	checker_reload(reloader->watcher->checker, config);
}

/* What went on changing is read once more; a clock that is ahead of ours must not make that a
 * habit. */
static void plan_next(struct reloader *reloader, bool settled)
{
	bool again = !settled && !reloader->read_again;

	reloader->read_again = again;
	if (reloader->news_ms != 0)
		note_news(reloader, SETTLE_MS);
	else if (again)
		wait_ms(reloader, READ_AGAIN_MS);
	else if (reloader->known.watch == NULL)
		wait_ms(reloader, POLL_S * 1000);
}

static void on_done(evutil_socket_t fd, short events, void *arg)
{
	struct reloader *reloader = arg;
	struct loaded *loaded = &reloader->loaded;
	eventfd_t count;
	bool settled;

	(void)events;
	eventfd_read(fd, &count);
	pthread_join(reloader->thread, NULL);
	reloader->reads = false;
	settled = loaded->settled || reloader->is_poll;
	if (!reloader->is_poll) {
		watch_now(reloader, loaded);
		if (loaded->config != NULL)
			take(reloader, loaded);
		else
			refuse(reloader, &loaded->problems);
		reloader->by_signal = false;
	}
	loaded_done(loaded);
	plan_next(reloader, settled);
}

/* Told when it is in force, not when it was read. */
static void on_takeover(void *arg)
{
	struct reloader *reloader = arg;
	const struct config *config = reloader->watcher->config;
	struct log_line line = log_begin(reloader->watcher->log, LOG_LEVEL_INFO, "reloaded");

	log_text(&line, "mode", config->disabled != NULL ? "disabled" : mode_names[config->mode]);
	log_end(&line, "the configuration that was read has taken over");
	ledger_note_reading(reloader->watcher->ledger, true, clock_wall_ms());
}

/* ---- life ---- */

static int make_events(struct reloader *reloader)
{
	struct event_base *base = reloader->watcher->base;

	reloader->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (reloader->done_fd < 0)
		return -1;
	reloader->done =
	    event_new(base, reloader->done_fd, EV_READ | EV_PERSIST, on_done, reloader);
	reloader->settle = evtimer_new(base, on_settle, reloader);
	return reloader->done != NULL && reloader->settle != NULL &&
		       event_add(reloader->done, NULL) == 0
		   ? 0
		   : -1;
}

struct reloader *reloader_create(struct watcher *watcher, const struct options *options,
    struct loaded *loaded, struct error *err)
{
	struct reloader *reloader = xcalloc(1, sizeof(*reloader));

	reloader->watcher = watcher;
	reloader->options = options;
	reloader->digest = watcher->config->digest;
	if (make_events(reloader) != 0) {
		error_set(err, "cannot make an event: %s", strerror(errno));
		reloader_free(reloader, 0);
		return NULL;
	}
	watch_now(reloader, loaded);
	plan_next(reloader, loaded->settled);
	watcher->on_hangup = on_hangup;
	watcher->on_takeover = on_takeover;
	watcher->reload_arg = reloader;
	return reloader;
}

static bool join(struct reloader *reloader, int64_t limit_ms)
{
	struct timespec until;

	if (!reloader->reads)
		return true;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += limit_ms / 1000;
	until.tv_nsec += (limit_ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	return pthread_timedjoin_np(reloader->thread, NULL, &until) == 0;
}

bool reloader_free(struct reloader *reloader, int64_t limit_ms)
{
	struct event *events[3];

	if (reloader == NULL)
		return true;
	if (!join(reloader, limit_ms))
		return false;
	events[0] = reloader->watch;
	events[1] = reloader->settle;
	events[2] = reloader->done;
	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
		if (events[i] != NULL)
			event_free(events[i]);
	if (reloader->done_fd >= 0)
		close(reloader->done_fd);
	loaded_done(&reloader->loaded);
	loaded_done(&reloader->known);
	free(reloader);
	return true;
}
