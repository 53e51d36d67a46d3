/*
 * The same work for each of many things that do not depend on each other, such as the files of a
 * directory. It is done in order on the caller's thread, unless the program has given a runner that
 * does several at once: threads are no affair of this library. Any thread; blocks until all is
 * done.
 */
#ifndef SCHEMALATCH_EACH_H
#define SCHEMALATCH_EACH_H

#include <stddef.h>

/* May run on any thread and beside others of other indices: changes only what belongs to index. */
typedef void each_task(void *arg, size_t index);

/* Calls task once for each index below count, in any order, and returns when all have returned. */
typedef void each_runner(size_t count, each_task *task, void *arg);

/* Does so as the runner does. */
void each(size_t count, each_task *task, void *arg);

/* The runner from now on, NULL for none; before any other thread is there. */
void each_set_runner(each_runner *runner);

#endif
