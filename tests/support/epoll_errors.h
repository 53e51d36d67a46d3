/*
 * A program that uses this has its epoll_ctl counted, libevent's calls included: one that fails was
 * about a descriptor that was closed too early, and by then may be somebody else's.
 */
#ifndef SCHEMALATCH_TESTS_EPOLL_ERRORS_H
#define SCHEMALATCH_TESTS_EPOLL_ERRORS_H

#include <event2/event.h>

/* How many failed so far. */
int epoll_errors(void);

/* A loop that batches its changes to epoll, as the program's main loop does. */
struct event_base *batching_base(void);

#endif
