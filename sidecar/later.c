#include "later.h"

#include <stdint.h>
#include <stdlib.h>

#include "../probes/xalloc.h"

struct leaving {
	void (*release)(void *object);
	void *object;
	uint64_t turn; /* in which it was handed over */
};

struct later {
	struct event *timer;   /* pending while anything is leaving */
	struct leaving *items; /* the oldest first */
	size_t count;
	size_t room;
	uint64_t turn;
};

/* Also a timer of no time comes after the next wait. */
static void arm(struct later *later)
{
	const struct timeval soon = {0};

	if (event_add(later->timer, &soon) != 0)
		abort();
}

static void release_first(struct later *later, size_t count)
{
	for (size_t i = 0; i < count; i++)
		later->items[i].release(later->items[i].object);
	later->count -= count;
	for (size_t i = 0; i < later->count; i++)
		later->items[i] = later->items[count + i];
}

/* Timers come after the wait of their turn. What was handed over between that wait and this call
 * has to see another one. */
static void on_timer(evutil_socket_t fd, short events, void *arg)
{
	struct later *later = arg;
	size_t count = 0;

	(void)fd;
	(void)events;
	while (count < later->count && later->items[count].turn < later->turn)
		count++;
	release_first(later, count);
	later->turn++;
	if (later->count > 0)
		arm(later);
}

struct later *later_create(struct event_base *base)
{
	struct later *later = xcalloc(1, sizeof(*later));

	later->timer = evtimer_new(base, on_timer, later);
	if (later->timer != NULL)
		return later;
	free(later);
	return NULL;
}

void later_release(struct later *later, void (*release)(void *object), void *object)
{
	if (later->count == 0)
		arm(later);
	if (later->count == later->room) {
		later->room = later->room > 0 ? 2 * later->room : 8;
		later->items = xreallocarray(later->items, later->room, sizeof(*later->items));
	}
	later->items[later->count++] = (struct leaving){release, object, later->turn};
}

void later_free(struct later *later)
{
	if (later == NULL)
		return;
	while (later->count > 0)
		release_first(later, later->count);
	event_free(later->timer);
	free(later->items);
	free(later);
}
