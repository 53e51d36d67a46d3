#include "checker.h"

#include <errno.h>
#include <event2/event.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "../../probes/xalloc.h"
#include "../clock.h"
#include "../config/meaning.h"
#include "keeper.h"
#include "patrol.h"
#include "prober.h"
#include "succession.h"

#define HEARTBEAT_S 1
#define RELOAD_LIMIT_S 5 /* less than the time by which the former snapshots would be overdue */
#define KEEP_LIMIT_MS 300

/* libpq, OpenSSL and the C library's name services are the deepest callers. */
#define STACK_BYTES (1 << 20)

struct checker {
	struct log *log;
	struct board *board;
	struct keeper *keeper;    /* NULL: nothing is kept */
	struct snapshot *working; /* the checking thread's own; copies of it hang on the board */
	struct event_base *base;
	struct event *stop;
	struct event *wake;
	struct event *beat;
	struct patrol **patrols; /* one a database of working's; NULL while disabled */
	struct prober **probers; /* one an upstream of working's; the same */
	int stop_fd;
	int wake_fd;
	int news_fd;
	atomic_int_fast64_t heartbeat_ms;
	pthread_t thread;
	bool running;

	atomic_bool held; /* no check may be asked */

	/* A reload under way: first coming is set, while patrols come to rest for it; then former,
	 * by which answers go on while they look. */
	struct config *coming;
	struct snapshot *former;
	struct event *step;  /* to look how far it is, outside of patrols' callbacks */
	struct event *limit; /* to go on in any case */

	pthread_mutex_t mutex; /* of the next */
	struct config *handed; /* and not taken up yet */
	uint64_t generation;   /* of the newest; main thread */
};

static struct moment moment_now(void)
{
	return (struct moment){clock_monotonic_ms(), clock_wall_ms()};
}

static void publish(struct checker *checker, const struct snapshot *snapshot)
{
	if (checker->keeper != NULL)
		keeper_note(checker->keeper, snapshot, moment_now());
	board_publish(checker->board, snapshot_copy(snapshot));
	eventfd_write(checker->news_fd, 1);
}

static void on_change(void *arg)
{
	struct checker *checker = arg;

	if (checker->former == NULL)
		publish(checker, checker->working);
	if (checker->former != NULL || checker->coming != NULL)
		event_active(checker->step, EV_TIMEOUT, 0);
}

static void on_beat(evutil_socket_t fd, short events, void *arg)
{
	struct checker *checker = arg;

	(void)fd;
	(void)events;
	atomic_store(&checker->heartbeat_ms, clock_monotonic_ms());
}

static void on_stop(evutil_socket_t fd, short events, void *arg)
{
	struct checker *checker = arg;

	(void)fd;
	(void)events;
	event_base_loopbreak(checker->base);
}

static struct patrol *make_patrol(struct checker *checker, size_t index)
{
	return patrol_create(checker->base, &checker->working->config->databases[index],
	    checker->log, &checker->working->databases[index], on_change, checker);
}

static struct prober *make_prober(struct checker *checker, size_t index)
{
	return prober_create(checker->base, &checker->working->config->upstreams[index],
	    checker->log, &checker->working->upstreams[index], on_change, checker);
}

static void make_lookers(struct checker *checker)
{
	const struct config *config = checker->working->config;

	if (config->disabled != NULL)
		return;
	checker->patrols = xcalloc(config->database_count, sizeof(struct patrol *));
	checker->probers = xcalloc(config->upstream_count, sizeof(struct prober *));
	for (size_t i = 0; i < config->database_count; i++)
		checker->patrols[i] = make_patrol(checker, i);
	for (size_t i = 0; i < config->upstream_count; i++)
		checker->probers[i] = make_prober(checker, i);
}

static size_t patrol_count(const struct checker *checker)
{
	return checker->patrols != NULL ? checker->working->config->database_count : 0;
}

static size_t prober_count(const struct checker *checker)
{
	return checker->probers != NULL ? checker->working->config->upstream_count : 0;
}

/* Those who look: patrols and probers. */
static void free_lookers(struct checker *checker)
{
	for (size_t i = 0; i < patrol_count(checker); i++)
		patrol_free(checker->patrols[i]);
	for (size_t i = 0; i < prober_count(checker); i++)
		prober_free(checker->probers[i]);
	free(checker->patrols);
	free(checker->probers);
	checker->patrols = NULL;
	checker->probers = NULL;
}

/* ---- reloads ---- */

static bool all_rest(const struct checker *checker)
{
	for (size_t i = 0; i < patrol_count(checker); i++)
		if (patrol_is_in_round(checker->patrols[i]))
			return false;
	return true;
}

static bool all_have_looked(const struct checker *checker)
{
	for (size_t i = 0; i < patrol_count(checker); i++)
		if (!patrol_has_looked(checker->patrols[i]))
			return false;
	for (size_t i = 0; i < prober_count(checker); i++)
		if (!prober_has_looked(checker->probers[i]))
			return false;
	return true;
}

/* The patrols that have a place in the configuration of working move there from those of former,
 * which keeps the others. An entry that nobody asked while disabled has them made anew. */
static struct patrol **move_patrols(
    struct checker *checker, struct patrol **patrols, const struct config *former)
{
	const struct config *config = checker->working->config;
	struct patrol **moved = xcalloc(config->database_count, sizeof(struct patrol *));

	for (size_t i = 0; i < config->database_count && patrols != NULL; i++) {
		size_t found = meaning_find_database(former, config->databases[i].name);

		if (found == MEANING_NONE)
			continue;
		patrol_move(
		    patrols[found], &config->databases[i], &checker->working->databases[i], false);
		moved[i] = patrols[found];
		patrols[found] = NULL;
	}
	return moved;
}

static void make_missing_patrols(struct checker *checker)
{
	for (size_t i = 0; i < patrol_count(checker); i++) {
		if (checker->patrols[i] != NULL)
			continue;
		checker->patrols[i] = make_patrol(checker, i);
		patrol_start(checker->patrols[i]);
	}
}

/* The same of probers; but only one whose upstream asks the same goes on. */
static struct prober **move_probers(
    struct checker *checker, struct prober **probers, const struct config *former)
{
	const struct config *config = checker->working->config;
	struct prober **moved = xcalloc(config->upstream_count, sizeof(struct prober *));

	for (size_t i = 0; i < config->upstream_count && probers != NULL; i++) {
		size_t found = meaning_find_upstream(former, &config->upstreams[i]);

		if (found == MEANING_NONE)
			continue;
		prober_move(probers[found], &config->upstreams[i], &checker->working->upstreams[i]);
		moved[i] = probers[found];
		probers[found] = NULL;
	}
	return moved;
}

/* A service that is asked from now on is there already: no initial delay is due. */
static void make_missing_probers(struct checker *checker)
{
	for (size_t i = 0; i < prober_count(checker); i++) {
		if (checker->probers[i] != NULL)
			continue;
		checker->probers[i] = make_prober(checker, i);
		prober_ask(checker->probers[i]);
	}
}

/* Those without a place end before others begin: a database may only have got another name. */
static void move(struct checker *checker)
{
	struct snapshot *former = checker->working;
	struct patrol **patrols = checker->patrols;
	struct prober **probers = checker->probers;
	size_t patrols_before = patrol_count(checker);
	size_t probers_before = prober_count(checker);

	checker->working = snapshot_create(checker->coming, moment_now());
	succession_carry(checker->working, former, moment_now());
	checker->former = former;
	checker->patrols = NULL;
	checker->probers = NULL;
	if (checker->coming->disabled == NULL) {
		checker->patrols = move_patrols(checker, patrols, former->config);
		checker->probers = move_probers(checker, probers, former->config);
	}
	for (size_t i = 0; i < patrols_before; i++)
		patrol_free(patrols[i]);
	for (size_t i = 0; i < probers_before; i++)
		prober_free(probers[i]);
	free(patrols);
	free(probers);
	make_missing_patrols(checker);
	make_missing_probers(checker);
	config_free(checker->coming);
	checker->coming = NULL;
}

static void take_over(struct checker *checker)
{
	evtimer_del(checker->limit);
	succession_hold(checker->working, checker->former, moment_now());
	snapshot_free(checker->former);
	checker->former = NULL;
	publish(checker, checker->working);
	eventfd_write(checker->wake_fd, 1); /* another may have come meanwhile */
}

static void on_step(evutil_socket_t fd, short events, void *arg)
{
	struct checker *checker = arg;

	(void)fd;
	(void)events;
	if (checker->coming != NULL && all_rest(checker))
		move(checker);
	if (checker->former != NULL && all_have_looked(checker))
		take_over(checker);
}

static void on_limit(evutil_socket_t fd, short events, void *arg)
{
	struct checker *checker = arg;

	(void)fd;
	(void)events;
	if (checker->coming != NULL)
		move(checker);
	if (checker->former != NULL)
		take_over(checker);
}

static void release_patrols(struct checker *checker)
{
	for (size_t i = 0; i < patrol_count(checker); i++)
		patrol_release(checker->patrols[i]);
}

static struct config *take_handed(struct checker *checker)
{
	struct config *config;

	pthread_mutex_lock(&checker->mutex);
	config = checker->handed;
	checker->handed = NULL;
	pthread_mutex_unlock(&checker->mutex);
	return config;
}

static void on_wake(evutil_socket_t fd, short events, void *arg)
{
	struct checker *checker = arg;
	struct timeval limit = {.tv_sec = RELOAD_LIMIT_S};
	eventfd_t count;

	(void)events;
	eventfd_read(fd, &count);
	if (!atomic_load(&checker->held))
		release_patrols(checker);
	if (checker->coming != NULL || checker->former != NULL)
		return; /* take_over wakes again */
	checker->coming = take_handed(checker);
	if (checker->coming == NULL)
		return;
	for (size_t i = 0; i < patrol_count(checker); i++)
		patrol_rest(checker->patrols[i]);
	if (config_opens_gates(checker->coming))
		limit.tv_sec = 0;
	evtimer_add(checker->limit, &limit);
	event_active(checker->step, EV_TIMEOUT, 0);
}

/* By the newest that is known, and without the checking thread, which follows when it can. */
static void open_gates(struct checker *checker, struct config *config)
{
	const struct snapshot *former = board_acquire(checker->board);
	struct snapshot *next = snapshot_create(config, moment_now());

	succession_carry(next, former, moment_now());
	succession_hold(next, former, moment_now());
	board_release(checker->board, former);
	board_publish(checker->board, next);
	eventfd_write(checker->news_fd, 1);
}

void checker_reload(struct checker *checker, struct config *config)
{
	struct config *overtaken;

	config->generation = ++checker->generation;
	if (config_opens_gates(config))
		open_gates(checker, config);
	pthread_mutex_lock(&checker->mutex);
	overtaken = checker->handed;
	checker->handed = config;
	pthread_mutex_unlock(&checker->mutex);
	config_free(overtaken);
	eventfd_write(checker->wake_fd, 1);
}

/* ---- life ---- */

void checker_hold(struct checker *checker)
{
	atomic_store(&checker->held, true);
	for (size_t i = 0; i < patrol_count(checker); i++)
		patrol_hold(checker->patrols[i]);
}

void checker_release(struct checker *checker)
{
	atomic_store(&checker->held, false);
	eventfd_write(checker->wake_fd, 1);
}

static void *run(void *arg)
{
	struct checker *checker = arg;

	for (size_t i = 0; i < patrol_count(checker); i++)
		patrol_start(checker->patrols[i]);
	for (size_t i = 0; i < prober_count(checker); i++)
		prober_start(checker->probers[i]);
	event_base_dispatch(checker->base);
	free_lookers(checker);
	/* What libevent has put off, such as freeing a connection, it does in a turn of the loop.
	 */
	event_base_loop(checker->base, EVLOOP_NONBLOCK);
	return NULL;
}

static int make_events(struct checker *checker)
{
	struct timeval interval = {.tv_sec = HEARTBEAT_S};

	checker->base = event_base_new();
	checker->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	checker->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	checker->news_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (checker->base == NULL || checker->stop_fd < 0 || checker->wake_fd < 0 ||
	    checker->news_fd < 0)
		return -1;
	checker->stop = event_new(checker->base, checker->stop_fd, EV_READ, on_stop, checker);
	checker->wake =
	    event_new(checker->base, checker->wake_fd, EV_READ | EV_PERSIST, on_wake, checker);
	checker->beat = event_new(checker->base, -1, EV_PERSIST, on_beat, checker);
	checker->step = event_new(checker->base, -1, 0, on_step, checker);
	checker->limit = evtimer_new(checker->base, on_limit, checker);
	if (checker->stop == NULL || checker->wake == NULL || checker->beat == NULL ||
	    checker->step == NULL || checker->limit == NULL)
		return -1;
	return event_add(checker->stop, NULL) == 0 && event_add(checker->wake, NULL) == 0 &&
		       event_add(checker->beat, &interval) == 0
		   ? 0
		   : -1;
}

/* Everything but the thread and those whom free_lookers has. */
static void free_rest(struct checker *checker)
{
	struct event *events[] = {
	    checker->stop, checker->wake, checker->beat, checker->step, checker->limit};
	int descriptors[] = {checker->stop_fd, checker->wake_fd, checker->news_fd};

	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
		if (events[i] != NULL)
			event_free(events[i]);
	if (checker->base != NULL)
		event_base_free(checker->base);
	for (size_t i = 0; i < sizeof(descriptors) / sizeof(descriptors[0]); i++)
		if (descriptors[i] >= 0)
			close(descriptors[i]);
	config_free(checker->coming);
	config_free(checker->handed);
	snapshot_free(checker->former);
	snapshot_free(checker->working);
	pthread_mutex_destroy(&checker->mutex);
	board_free(checker->board);
	free(checker);
}

struct checker *checker_create(struct config *config, struct log *log, struct error *err)
{
	struct checker *checker = xcalloc(1, sizeof(*checker));

	checker->log = log;
	checker->stop_fd = -1;
	checker->wake_fd = -1;
	checker->news_fd = -1;
	pthread_mutex_init(&checker->mutex, NULL);
	checker->generation = config->generation;
	checker->working = snapshot_create(config, moment_now());
	checker->board = board_create(snapshot_copy(checker->working));
	atomic_store(&checker->heartbeat_ms, clock_monotonic_ms());
	if (make_events(checker) != 0) {
		error_set(err, "cannot make an event loop: %s", strerror(errno));
		checker_free(checker, 0);
		return NULL;
	}
	make_lookers(checker);
	return checker;
}

void checker_keep_state(struct checker *checker)
{
	checker->keeper = keeper_create(checker->log);
	keeper_restore(checker->keeper, checker->working, moment_now());
	board_publish(checker->board, snapshot_copy(checker->working));
}

int checker_start(struct checker *checker, struct error *err)
{
	pthread_attr_t attributes;
	sigset_t all;
	sigset_t before;
	int failure;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_BYTES);
	sigfillset(&all); /* signals belong to the main thread */
	pthread_sigmask(SIG_SETMASK, &all, &before);
	failure = pthread_create(&checker->thread, &attributes, run, checker);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
	if (failure != 0)
		return error_set(err, "cannot start a thread: %s", strerror(failure));
	checker->running = true;
	return 0;
}

struct board *checker_board(struct checker *checker)
{
	return checker->board;
}

int checker_news_fd(const struct checker *checker)
{
	return checker->news_fd;
}

int64_t checker_heartbeat_ms(const struct checker *checker)
{
	return atomic_load(&checker->heartbeat_ms);
}

/* Whether the thread has ended within the limit. */
static bool join(struct checker *checker, int64_t limit_ms)
{
	struct timespec until;

	if (!checker->running)
		return true;
	eventfd_write(checker->stop_fd, 1);
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += limit_ms / 1000;
	until.tv_nsec += (limit_ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	return pthread_timedjoin_np(checker->thread, NULL, &until) == 0;
}

bool checker_free(struct checker *checker, int64_t limit_ms)
{
	if (checker == NULL)
		return true;
	if (!join(checker, limit_ms))
		return false;
	free_lookers(checker);
	if (!keeper_free(checker->keeper, checker->working, KEEP_LIMIT_MS))
		return false;
	free_rest(checker);
	return true;
}
