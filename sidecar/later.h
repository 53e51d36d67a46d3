/*
 * Frees things one turn of an event loop later. The main loop hands its changes to epoll in one go
 * when it next waits (EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST): a descriptor that was closed before
 * that could be another thread's by then, and epoll would be told about that one. So whoever has
 * watched a descriptor there deletes its events at once, and closes it by way of this. Main thread.
 */
#ifndef SCHEMALATCH_LATER_H
#define SCHEMALATCH_LATER_H

#include <event2/event.h>

struct later;

/* For a loop on base, which it borrows for its life; NULL where no event can be made. */
struct later *later_create(struct event_base *base);

/* Takes object, and calls release with it once the loop has waited again; at the latest in
 * later_free. */
void later_release(struct later *later, void (*release)(void *object), void *object);

void later_free(struct later *later);

#endif
