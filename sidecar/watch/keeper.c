#include "keeper.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../../probes/keys.h"
#include "../../probes/xalloc.h"
#include "state.h"
#include "state_file.h"

#define REVOKE_LIMIT_MS 500
#define STACK_BYTES (256 << 10)

/* One write that is due. */
struct job {
	char *directory;
	char *text; /* NULL: none is due */
};

struct keeper {
	struct log *log;
	struct snapshot *kept; /* what was handed over last; NULL: nothing yet */
	int64_t kept_ms;       /* monotonic */
	pthread_t thread;
	bool runs;

	pthread_mutex_t mutex; /* of the rest */
	pthread_cond_t change;
	struct job due;
	bool is_writing;
	bool ends;
	bool told_failure; /* the writing thread's own */
};

struct keeper *keeper_create(struct log *log)
{
	struct keeper *keeper = xcalloc(1, sizeof(*keeper));
	pthread_condattr_t attributes;

	keeper->log = log;
	pthread_mutex_init(&keeper->mutex, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&keeper->change, &attributes);
	pthread_condattr_destroy(&attributes);
	return keeper;
}

/* ---- after a start ---- */

static void tell_ignored(struct keeper *keeper, const char *directory, const char *why)
{
	struct log_line line = log_begin(keeper->log, LOG_LEVEL_WARN, "state_ignored");

	log_text(&line, "directory", directory);
	log_end(&line, "the kept state is ignored: %s", why);
}

static void tell_count(
    struct keeper *keeper, const char *directory, const struct state_count *count)
{
	struct log_line line;
	char age[32];

	if (count->foreign > 0)
		tell_ignored(keeper, directory,
		    count->restored > 0 ? "some checks are of another configuration or database"
					: "it is of another configuration or database");
	if (count->old > 0)
		tell_ignored(
		    keeper, directory, "answers are older than holdFor, or from the future");
	if (count->restored == 0)
		return;
	line = log_begin(keeper->log, LOG_LEVEL_INFO, "state_restored");
	log_text(&line, "directory", directory);
	log_number(&line, "checks", (double)count->restored);
	log_end(&line, "the last answers before the restart count on; the oldest is %s old",
	    duration_format(count->age_ms / 1000 * 1000, age, sizeof(age)));
}

void keeper_restore(struct keeper *keeper, struct snapshot *snapshot, struct moment now)
{
	const char *directory = snapshot->config->state_directory;
	struct state_count count = {0};
	struct error err;
	size_t length;
	char *text;

	if (directory == NULL)
		return;
	text = state_file_read(directory, &length, &err);
	if (text == NULL && err.text[0] != '\0')
		tell_ignored(keeper, directory, err.text);
	if (text != NULL && state_restore(text, length, snapshot, now, &count, &err) != 0)
		tell_ignored(keeper, directory, err.text);
	else if (text != NULL)
		tell_count(keeper, directory, &count);
	if (text != NULL && count.restored > 0)
		keeper->kept = snapshot_copy(snapshot);
	free(text);
}

/* ---- writing ---- */

static void tell_written(struct keeper *keeper, const struct job *job, int result, const char *why)
{
	if (result != 0 && !keeper->told_failure) {
		struct log_line line = log_begin(keeper->log, LOG_LEVEL_WARN, "state_not_kept");

		log_text(&line, "directory", job->directory);
		log_end(&line, "the state cannot be written, a restart will know nothing: %s", why);
	}
	keeper->told_failure = result != 0;
}

static void write_job(struct keeper *keeper, struct job *job)
{
	struct error err = {0};

	tell_written(keeper, job, state_file_write(job->directory, job->text, &err), err.text);
	free(job->directory);
	free(job->text);
}

static void *run(void *arg)
{
	struct keeper *keeper = arg;

	pthread_mutex_lock(&keeper->mutex);
	for (;;) {
		struct job job = keeper->due;

		if (job.text == NULL && keeper->ends)
			break;
		if (job.text == NULL) {
			pthread_cond_wait(&keeper->change, &keeper->mutex);
			continue;
		}
		keeper->due = (struct job){0};
		keeper->is_writing = true;
		pthread_mutex_unlock(&keeper->mutex);
		write_job(keeper, &job);
		pthread_mutex_lock(&keeper->mutex);
		keeper->is_writing = false;
		pthread_cond_broadcast(&keeper->change);
	}
	pthread_mutex_unlock(&keeper->mutex);
	return NULL;
}

/* Without the thread nothing is kept; who cannot have one is told by what else fails. */
static void start(struct keeper *keeper)
{
	pthread_attr_t attributes;
	sigset_t all;
	sigset_t before;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_BYTES);
	sigfillset(&all); /* signals belong to the main thread */
	pthread_sigmask(SIG_SETMASK, &all, &before);
	keeper->runs = pthread_create(&keeper->thread, &attributes, run, keeper) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
}

/* The newest text takes the place of one that was not begun. */
static void hand_over(struct keeper *keeper, const struct snapshot *snapshot)
{
	struct job job = {xstrdup(snapshot->config->state_directory), state_format(snapshot)};

	if (!keeper->runs)
		start(keeper);
	pthread_mutex_lock(&keeper->mutex);
	free(keeper->due.directory);
	free(keeper->due.text);
	keeper->due = job;
	pthread_cond_broadcast(&keeper->change);
	pthread_mutex_unlock(&keeper->mutex);
}

static struct timespec time_after(int64_t delay_ms)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	time.tv_sec += delay_ms / 1000;
	time.tv_nsec += (delay_ms % 1000) * 1000000;
	if (time.tv_nsec >= 1000000000) {
		time.tv_sec++;
		time.tv_nsec -= 1000000000;
	}
	return time;
}

/* Waits until nothing is due; gives whether that is so within the limit. */
static bool wait_written(struct keeper *keeper, int64_t limit_ms)
{
	struct timespec until = time_after(limit_ms);
	bool idle;
	int failure = 0;

	if (!keeper->runs)
		return true;
	pthread_mutex_lock(&keeper->mutex);
	while (!(idle = keeper->due.text == NULL && !keeper->is_writing) && failure == 0)
		failure = pthread_cond_timedwait(&keeper->change, &keeper->mutex, &until);
	pthread_mutex_unlock(&keeper->mutex);
	return idle;
}

static void tell_slow(struct keeper *keeper)
{
	struct log_line line = log_begin(keeper->log, LOG_LEVEL_WARN, "state_not_kept");

	log_end(
	    &line, "the disk of stateDirectory is slow: a verdict is published before it is kept");
}

void keeper_note(struct keeper *keeper, const struct snapshot *snapshot, struct moment now)
{
	bool due;
	bool revokes;

	if (snapshot->config->state_directory == NULL || snapshot->config->disabled != NULL)
		return;
	due = now.monotonic_ms - keeper->kept_ms >= state_refresh_ms(snapshot->config);
	if (!state_differs(keeper->kept, snapshot) &&
	    !(due && state_is_fresher(keeper->kept, snapshot)))
		return;
	revokes = state_revokes(keeper->kept, snapshot);
	snapshot_free(keeper->kept);
	keeper->kept = snapshot_copy(snapshot);
	keeper->kept_ms = now.monotonic_ms;
	hand_over(keeper, snapshot);
	if (revokes && !wait_written(keeper, REVOKE_LIMIT_MS))
		tell_slow(keeper);
}

/* ---- the end ---- */

static void tell_end(struct keeper *keeper)
{
	pthread_mutex_lock(&keeper->mutex);
	keeper->ends = true;
	pthread_cond_broadcast(&keeper->change);
	pthread_mutex_unlock(&keeper->mutex);
}

bool keeper_free(struct keeper *keeper, const struct snapshot *snapshot, int64_t limit_ms)
{
	if (keeper == NULL)
		return true;
	if (keeper->kept != NULL && snapshot != NULL && snapshot->config->state_directory != NULL &&
	    state_is_fresher(keeper->kept, snapshot))
		hand_over(keeper, snapshot);
	if (!wait_written(keeper, limit_ms))
		return false;
	if (keeper->runs) {
		tell_end(keeper);
		pthread_join(keeper->thread, NULL);
	}
	snapshot_free(keeper->kept);
	pthread_cond_destroy(&keeper->change);
	pthread_mutex_destroy(&keeper->mutex);
	free(keeper);
	return true;
}
