#include "workers.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>

/* More gain little where all wait for the same file system, and each keeps memory of its own. */
#define THREADS_MAX 4

/* Taken at once: many enough that threads seldom meet, few enough that all end together. */
#define SLICE 32

/* The default of 8 MiB is address space that a memory limit may count; reading a file takes 20 KiB.
 */
#define STACK_BYTES (256 << 10)

/* What is shared by the threads of one run. */
struct run {
	atomic_size_t next; /* the first that nobody has taken */
	size_t count;
	each_task *task;
	void *arg;
};

static void *work(void *arg)
{
	struct run *run = arg;
	size_t from;

	while ((from = atomic_fetch_add(&run->next, SLICE)) < run->count)
		for (size_t i = from; i < run->count && i - from < SLICE; i++)
			run->task(run->arg, i);
	return NULL;
}

static size_t processor_count(void)
{
	cpu_set_t set;

	/* It fails where a machine has more of them than the set has room for. */
	return sched_getaffinity(0, sizeof(set), &set) == 0 ? (size_t)CPU_COUNT(&set) : THREADS_MAX;
}

/* Gives how many were started. */
static size_t start(pthread_t *threads, size_t most, struct run *run)
{
	pthread_attr_t attributes;
	sigset_t all;
	sigset_t before;
	size_t count = 0;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_BYTES);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	while (count < most && pthread_create(&threads[count], &attributes, work, run) == 0)
		count++;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
	return count;
}

void workers_run(size_t count, each_task *task, void *arg)
{
	struct run run = {.count = count, .task = task, .arg = arg};
	pthread_t threads[THREADS_MAX - 1];
	size_t processors = count >= WORKERS_WORTH ? processor_count() : 1;
	size_t most = processors < THREADS_MAX ? processors : THREADS_MAX;
	size_t started = start(threads, most - 1, &run);

	work(&run);
	for (size_t i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
}
