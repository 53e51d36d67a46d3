/* Threads for work that is the same for thousands of things. */
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "../../sidecar/workers.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define MANY 5000
#define PATIENCE_S 30

static bool is_refused; /* no thread can be started */
static int started;

typedef int create_function(
    pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *), void *arg);

/* Stands before the C library's own. */
int pthread_create(
    pthread_t *thread, const pthread_attr_t *attr, void *(*start_routine)(void *), void *arg)
{
	void *symbol = dlsym(RTLD_NEXT, "pthread_create");
	create_function *real;

	if (is_refused)
		return EAGAIN;
	started++;
	memcpy(&real, &symbol, sizeof(real));
	return real(thread, attr, start_routine, arg);
}

static int forget(void **state)
{
	(void)state;
	is_refused = false;
	started = 0;
	return 0;
}

static size_t processor_count(void)
{
	cpu_set_t set;

	assert_int_equal(sched_getaffinity(0, sizeof(set), &set), 0);
	return (size_t)CPU_COUNT(&set);
}

static void count_up(void *arg, size_t index)
{
	atomic_int *times = arg;

	atomic_fetch_add(&times[index], 1);
}

static void each_index_is_done_once(void **state)
{
	static const size_t counts[] = {
	    0, 1, 31, 32, 33, WORKERS_WORTH - 1, WORKERS_WORTH, WORKERS_WORTH + 1, MANY};

	(void)state;
	for (size_t i = 0; i < COUNT(counts); i++) {
		static atomic_int times[MANY + 1];

		memset(times, 0, sizeof(times));
		workers_run(counts[i], count_up, times);
		for (size_t k = 0; k <= MANY; k++)
			if (times[k] != (k < counts[i]))
				fail_msg("of %zu: %zu is done %d times", counts[i], k, times[k]);
	}
}

/* Who did what, one after the other. */
struct journal {
	pthread_t caller;
	bool is_elsewhere; /* something was done by another thread */
	size_t done;
	bool is_in_order;
};

static void write_down(void *arg, size_t index)
{
	struct journal *journal = arg;

	if (!pthread_equal(pthread_self(), journal->caller))
		journal->is_elsewhere = true;
	else if (index != journal->done++)
		journal->is_in_order = false;
}

static void assert_in_order(size_t count)
{
	struct journal journal = {.caller = pthread_self(), .is_in_order = true};

	workers_run(count, write_down, &journal);
	assert_false(journal.is_elsewhere);
	assert_true(journal.is_in_order);
	assert_int_equal(journal.done, count);
	assert_int_equal(started, 0);
}

static void few_are_done_by_the_caller_in_order(void **state)
{
	(void)state;
	assert_in_order(WORKERS_WORTH - 1);
}

static void where_no_thread_can_be_started_the_caller_does_all_in_order(void **state)
{
	(void)state;
	is_refused = true;
	assert_in_order(MANY);
}

/* The caller's first task waits until another thread has done one. */
struct meeting {
	pthread_t caller;
	pthread_mutex_t mutex;
	pthread_cond_t met;
	bool has_helper;
	bool is_late;
	bool has_signals; /* the helper could be interrupted */
};

static void help(struct meeting *meeting)
{
	sigset_t blocked;

	pthread_sigmask(SIG_SETMASK, NULL, &blocked);
	meeting->has_signals = !sigismember(&blocked, SIGTERM) || !sigismember(&blocked, SIGHUP);
	meeting->has_helper = true;
	pthread_cond_signal(&meeting->met);
}

static void meet(void *arg, size_t index)
{
	struct meeting *meeting = arg;
	struct timespec limit;

	(void)index;
	clock_gettime(CLOCK_REALTIME, &limit);
	limit.tv_sec += PATIENCE_S;
	pthread_mutex_lock(&meeting->mutex);
	if (!pthread_equal(pthread_self(), meeting->caller))
		help(meeting);
	while (!meeting->has_helper && !meeting->is_late)
		meeting->is_late =
		    pthread_cond_timedwait(&meeting->met, &meeting->mutex, &limit) != 0;
	pthread_mutex_unlock(&meeting->mutex);
}

static void many_are_done_by_several_threads_without_signals(void **state)
{
	struct meeting meeting = {.caller = pthread_self(),
	    .mutex = PTHREAD_MUTEX_INITIALIZER,
	    .met = PTHREAD_COND_INITIALIZER};
	sigset_t blocked;

	(void)state;
	if (processor_count() < 2)
		skip();
	workers_run(WORKERS_WORTH, meet, &meeting);
	assert_false(meeting.is_late);
	assert_false(meeting.has_signals);
	pthread_sigmask(SIG_SETMASK, NULL, &blocked);
	assert_false(sigismember(&blocked, SIGTERM));
}

/* Threads would only stand in each other's way. */
static void with_one_processor_there_are_no_threads(void **state)
{
	cpu_set_t all;
	cpu_set_t one;
	size_t first = 0;

	(void)state;
	assert_int_equal(sched_getaffinity(0, sizeof(all), &all), 0);
	while (!CPU_ISSET(first, &all))
		first++;
	CPU_ZERO(&one);
	CPU_SET(first, &one);
	assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
	assert_in_order(MANY);
	assert_int_equal(sched_setaffinity(0, sizeof(all), &all), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(each_index_is_done_once, forget),
	    cmocka_unit_test_setup(few_are_done_by_the_caller_in_order, forget),
	    cmocka_unit_test_setup(
		where_no_thread_can_be_started_the_caller_does_all_in_order, forget),
	    cmocka_unit_test_setup(many_are_done_by_several_threads_without_signals, forget),
	    cmocka_unit_test_setup(with_one_processor_there_are_no_threads, forget),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
