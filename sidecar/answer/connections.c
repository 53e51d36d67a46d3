#include "connections.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "../../probes/xalloc.h"
#include "../clock.h"

#define SWEEP_S 1

/* libevent owns the descriptors and does not say when it closes one; a socket's inode number is
 * unique while it is open, so the pair tells whether an entry still means the same connection. */
struct entry {
	evutil_socket_t fd;
	ino_t inode;
	int64_t touched_ms; /* monotonic: the last request, or the accept */
};

struct connections {
	struct entry *entries;
	size_t count;
	size_t limit;
	int64_t idle_limit_ms;
	struct event *sweep;
	struct arrival *arrivals;
};

/* A connection that libevent has accepted but not yet given its descriptor. */
struct arrival {
	struct connections *connections;
	struct bufferevent *connection; /* with a reference of ours */
	struct event *soon;             /* when libevent has */
	struct arrival *next;
};

/* 0 where fd is closed or no longer a socket's. */
static ino_t inode_of(evutil_socket_t fd)
{
	struct stat facts;

	return fstat(fd, &facts) == 0 && S_ISSOCK(facts.st_mode) ? facts.st_ino : 0;
}

static void forget_closed(struct connections *connections)
{
	size_t kept = 0;

	for (size_t i = 0; i < connections->count; i++)
		if (inode_of(connections->entries[i].fd) == connections->entries[i].inode)
			connections->entries[kept++] = connections->entries[i];
	connections->count = kept;
}

/* libevent sees the end of what it reads, and closes. */
static void end(struct connections *connections, size_t index)
{
	shutdown(connections->entries[index].fd, SHUT_RDWR);
	connections->entries[index] = connections->entries[--connections->count];
}

/* Makes room: ends the connection that has gone longest without a request. */
static void evict_one(struct connections *connections)
{
	size_t oldest = 0;

	for (size_t i = 1; i < connections->count; i++)
		if (connections->entries[i].touched_ms < connections->entries[oldest].touched_ms)
			oldest = i;
	end(connections, oldest);
}

/* A byte now and then keeps libevent's own timeout from ending a request that never comes. */
static void on_sweep(evutil_socket_t fd, short events, void *arg)
{
	struct connections *connections = arg;
	int64_t limit_ms = clock_monotonic_ms() - connections->idle_limit_ms;

	(void)fd;
	(void)events;
	forget_closed(connections);
	for (size_t i = connections->count; i-- > 0;)
		if (connections->entries[i].touched_ms < limit_ms)
			end(connections, i);
}

struct connections *connections_create(struct event_base *base, size_t limit, int idle_limit_s)
{
	struct timeval interval = {.tv_sec = SWEEP_S};
	struct connections *connections = xcalloc(1, sizeof(*connections));

	connections->limit = limit;
	connections->idle_limit_ms = (int64_t)idle_limit_s * 1000;
	connections->entries = xcalloc(limit, sizeof(*connections->entries));
	connections->sweep = event_new(base, -1, EV_PERSIST, on_sweep, connections);
	if (connections->sweep == NULL || event_add(connections->sweep, &interval) != 0)
		abort();
	return connections;
}

static void add(struct connections *connections, evutil_socket_t fd)
{
	if (connections->count == connections->limit)
		forget_closed(connections);
	if (connections->count == connections->limit)
		evict_one(connections);
	connections->entries[connections->count++] =
	    (struct entry){.fd = fd, .inode = inode_of(fd), .touched_ms = clock_monotonic_ms()};
}

/* Ends the wait for an arrival, the one that link leads to. */
static void arrival_free(struct arrival **link)
{
	struct arrival *arrival = *link;

	*link = arrival->next;
	event_free(arrival->soon);
	bufferevent_decref(arrival->connection);
	free(arrival);
}

static void on_arrival(evutil_socket_t fd, short events, void *arg)
{
	struct arrival *arrival = arg;
	struct connections *connections = arrival->connections;
	struct arrival **link = &connections->arrivals;
	evutil_socket_t accepted = bufferevent_getfd(arrival->connection);

	(void)fd;
	(void)events;
	if (accepted >= 0)
		add(connections, accepted);
	while (*link != arrival)
		link = &(*link)->next;
	arrival_free(link);
}

struct bufferevent *connections_on_accept(struct event_base *base, void *arg)
{
	struct timeval now = {0, 0};
	struct connections *connections = arg;
	struct bufferevent *connection = bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);
	struct arrival *arrival;

	if (connection == NULL)
		return NULL;
	arrival = xcalloc(1, sizeof(*arrival));
	*arrival = (struct arrival){.connections = connections, .connection = connection};
	arrival->soon = evtimer_new(base, on_arrival, arrival);
	if (arrival->soon == NULL)
		abort();
	evtimer_add(arrival->soon, &now);
	arrival->next = connections->arrivals;
	connections->arrivals = arrival;
	bufferevent_incref(connection);
	return connection;
}

void connections_touch(struct connections *connections, evutil_socket_t fd)
{
	for (size_t i = 0; i < connections->count; i++)
		if (connections->entries[i].fd == fd)
			connections->entries[i].touched_ms = clock_monotonic_ms();
}

void connections_free(struct connections *connections)
{
	if (connections == NULL)
		return;
	while (connections->arrivals != NULL)
		arrival_free(&connections->arrivals);
	event_free(connections->sweep);
	free(connections->entries);
	free(connections);
}
