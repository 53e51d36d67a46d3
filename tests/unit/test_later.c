/* What is let go of one turn later. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../sidecar/later.h"
#include "../support/epoll_errors.h"

#define TURNS_MOST 10000

struct thing {
	struct later *later;
	struct event *event;
	int ends[2];
	bool released;
	struct thing *next; /* handed over by this one's release */
};

static void on_event(evutil_socket_t fd, short events, void *arg)
{
	(void)fd;
	(void)events;
	(void)arg;
}

static void watch(struct thing *thing, struct event_base *base, struct later *later)
{
	*thing = (struct thing){.later = later};
	assert_int_equal(pipe2(thing->ends, O_CLOEXEC), 0);
	thing->event = event_new(base, thing->ends[0], EV_READ | EV_PERSIST, on_event, NULL);
	assert_int_equal(event_add(thing->event, NULL), 0);
}

static void close_ends(void *arg)
{
	struct thing *thing = arg;

	close(thing->ends[0]);
	close(thing->ends[1]);
	thing->released = true;
	if (thing->next != NULL)
		later_release(thing->later, close_ends, thing->next);
}

static void let_go(struct thing *thing)
{
	event_free(thing->event);
	later_release(thing->later, close_ends, thing);
}

static void on_let_go(evutil_socket_t fd, short events, void *arg)
{
	(void)fd;
	(void)events;
	let_go(arg);
}

/* A loop that has nothing to wait for does not wait. */
static struct event_base *busy_base(struct event **event)
{
	const struct timeval far = {.tv_sec = 3600};
	struct event_base *base = batching_base();

	*event = evtimer_new(base, on_event, NULL);
	assert_int_equal(event_add(*event, &far), 0);
	return base;
}

static void busy_base_free(struct event_base *base, struct event *event)
{
	event_free(event);
	event_base_free(base);
}

static void turn_until(struct event_base *base, const bool *condition)
{
	for (int i = 0; i < TURNS_MOST && !*condition; i++)
		event_base_loop(base, EVLOOP_ONCE);
	assert_true(*condition);
}

static void epoll_is_told_before_a_descriptor_is_closed(void **state)
{
	struct event *event;
	struct event_base *base = busy_base(&event);
	struct later *later = later_create(base);
	struct thing thing;
	int before = epoll_errors();

	(void)state;
	watch(&thing, base, later);
	event_base_loop(base, EVLOOP_NONBLOCK);
	let_go(&thing);
	assert_false(thing.released);
	turn_until(base, &thing.released);
	event_base_loop(base, EVLOOP_NONBLOCK);
	assert_int_equal(epoll_errors(), before);
	later_free(later);
	busy_base_free(base, event);
}

/* The second is handed over behind the wait that the first has seen, just before its timer is
 * called. */
static void each_sees_a_wait_of_its_own(void **state)
{
	struct event *event;
	struct event_base *base = busy_base(&event);
	struct later *later = later_create(base);
	struct thing first;
	struct thing second;
	int before = epoll_errors();

	(void)state;
	watch(&first, base, later);
	watch(&second, base, later);
	event_base_loop(base, EVLOOP_NONBLOCK);
	assert_int_equal(event_base_once(base, -1, EV_TIMEOUT, on_let_go, &second, NULL), 0);
	let_go(&first);
	turn_until(base, &first.released);
	turn_until(base, &second.released);
	event_base_loop(base, EVLOOP_NONBLOCK);
	assert_int_equal(epoll_errors(), before);
	later_free(later);
	busy_base_free(base, event);
}

/* The counter would see it: without the wait, epoll is told of a descriptor that is gone. */
static void closing_at_once_is_seen(void **state)
{
	struct event *event;
	struct event_base *base = busy_base(&event);
	struct thing thing;
	int before = epoll_errors();

	(void)state;
	watch(&thing, base, NULL);
	event_base_loop(base, EVLOOP_NONBLOCK);
	event_free(thing.event);
	close_ends(&thing);
	event_base_loop(base, EVLOOP_NONBLOCK);
	assert_int_equal(epoll_errors(), before + 1);
	busy_base_free(base, event);
}

static void the_end_releases_what_is_left(void **state)
{
	struct event *event;
	struct event_base *base = busy_base(&event);
	struct later *later = later_create(base);
	struct thing first;
	struct thing second;

	(void)state;
	watch(&first, base, later);
	watch(&second, base, later);
	event_free(second.event);
	first.next = &second;
	let_go(&first);
	later_free(later);
	assert_true(first.released && second.released);
	busy_base_free(base, event);
	later_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(epoll_is_told_before_a_descriptor_is_closed),
	    cmocka_unit_test(each_sees_a_wait_of_its_own),
	    cmocka_unit_test(closing_at_once_is_seen),
	    cmocka_unit_test(the_end_releases_what_is_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
