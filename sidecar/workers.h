/*
 * Threads for work that is the same for thousands of things: the runner that the program gives to
 * each(). Threads live for one run alone, so that a sidecar at rest has none of them.
 */
#ifndef SCHEMALATCH_WORKERS_H
#define SCHEMALATCH_WORKERS_H

#include "../probes/each.h"

/* Fewer are done before a thread has started. */
#define WORKERS_WORTH 256

/*
 * An each_runner: the caller's thread and a few more, no more than there are processors for this
 * process. In order on the caller's thread where count is below WORKERS_WORTH, or where no thread
 * can be started. Any thread, also several at once; signals stay with the threads of the caller.
 */
void workers_run(size_t count, each_task *task, void *arg);

#endif
