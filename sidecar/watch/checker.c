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
#include "patrol.h"
#include "prober.h"

#define HEARTBEAT_S 1

/* libpq, OpenSSL and the C library's name services are the deepest callers. */
#define STACK_BYTES (1 << 20)

struct checker {
	const struct config *config;
	struct board *board;
	struct snapshot *working; /* the checking thread's own; copies of it hang on the board */
	struct event_base *base;
	struct event *stop;
	struct event *beat;
	struct patrol **patrols; /* one a database */
	struct prober **probers; /* one an upstream */
	int stop_fd;
	int news_fd;
	atomic_int_fast64_t heartbeat_ms;
	pthread_t thread;
	bool running;
};

static void on_change(void *arg)
{
	struct checker *checker = arg;

	board_publish(checker->board, snapshot_copy(checker->working));
	eventfd_write(checker->news_fd, 1);
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

/* Those who look: patrols and probers. */
static void free_lookers(struct checker *checker)
{
	for (size_t i = 0; i < checker->config->database_count && checker->patrols != NULL; i++)
		patrol_free(checker->patrols[i]);
	for (size_t i = 0; i < checker->config->upstream_count && checker->probers != NULL; i++)
		prober_free(checker->probers[i]);
	free(checker->patrols);
	free(checker->probers);
	checker->patrols = NULL;
	checker->probers = NULL;
}

static void make_lookers(struct checker *checker, struct log *log)
{
	const struct config *config = checker->config;

	checker->patrols = xcalloc(config->database_count, sizeof(struct patrol *));
	checker->probers = xcalloc(config->upstream_count, sizeof(struct prober *));
	for (size_t i = 0; i < config->database_count; i++)
		checker->patrols[i] = patrol_create(checker->base, &config->databases[i], log,
		    &checker->working->databases[i], on_change, checker);
	for (size_t i = 0; i < config->upstream_count; i++)
		checker->probers[i] = prober_create(checker->base, &config->upstreams[i], log,
		    &checker->working->upstreams[i], on_change, checker);
}

static void *run(void *arg)
{
	struct checker *checker = arg;

	for (size_t i = 0; i < checker->config->database_count; i++)
		patrol_start(checker->patrols[i]);
	for (size_t i = 0; i < checker->config->upstream_count; i++)
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
	checker->news_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (checker->base == NULL || checker->stop_fd < 0 || checker->news_fd < 0)
		return -1;
	checker->stop = event_new(checker->base, checker->stop_fd, EV_READ, on_stop, checker);
	checker->beat = event_new(checker->base, -1, EV_PERSIST, on_beat, checker);
	if (checker->stop == NULL || checker->beat == NULL)
		return -1;
	return event_add(checker->stop, NULL) == 0 && event_add(checker->beat, &interval) == 0 ? 0
											       : -1;
}

/* Everything but the thread and those whom free_lookers has. */
static void free_rest(struct checker *checker)
{
	if (checker->stop != NULL)
		event_free(checker->stop);
	if (checker->beat != NULL)
		event_free(checker->beat);
	if (checker->base != NULL)
		event_base_free(checker->base);
	if (checker->stop_fd >= 0)
		close(checker->stop_fd);
	if (checker->news_fd >= 0)
		close(checker->news_fd);
	board_free(checker->board);
	free(checker);
}

struct checker *checker_create(const struct config *config, struct log *log, struct error *err)
{
	struct moment now = {clock_monotonic_ms(), clock_wall_ms()};
	struct checker *checker = xcalloc(1, sizeof(*checker));

	checker->config = config;
	checker->stop_fd = -1;
	checker->news_fd = -1;
	checker->working = snapshot_create(config, now);
	checker->board = board_create(snapshot_copy(checker->working));
	atomic_store(&checker->heartbeat_ms, now.monotonic_ms);
	if (make_events(checker) != 0) {
		error_set(err, "cannot make an event loop: %s", strerror(errno));
		checker_free(checker, 0);
		return NULL;
	}
	make_lookers(checker, log);
	return checker;
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
	snapshot_free(checker->working);
	free_rest(checker);
	return true;
}
