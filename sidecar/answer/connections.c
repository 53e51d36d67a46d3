#include "connections.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "../../probes/xalloc.h"
#include "../clock.h"

#define SWEEP_S 1

/* What is read ahead of one connection: more than the limits on head and body, so that these are
 * what refuses a request; and all that a flood costs, also after libevent is done with it. */
#define READ_AHEAD_BYTES 16384

/*
 * libevent's HTTP server does not say when it is done with a connection. A reference of ours keeps
 * the bufferevent, and with it the descriptor, until we have seen that its callbacks are gone,
 * which is what freeing it begins with: so a number is never taken for another socket's, and it is
 * always we who let go last, one turn later.
 */
struct entry {
	struct bufferevent *connection;
	int64_t touched_ms; /* monotonic: the last request, or the accept */
	bool ended;         /* by us; libevent has yet to see it */
};

struct connections {
	struct entry *entries;
	size_t count;
	size_t room;
	size_t open; /* of those, not ended by us */
	size_t limit;
	int64_t idle_limit_ms;
	struct event *sweep;
	struct later *later;
};

static bool is_done(const struct entry *entry)
{
	bufferevent_event_cb on_event = NULL;

	bufferevent_getcb(entry->connection, NULL, NULL, &on_event, NULL);
	return on_event == NULL;
}

static void release(void *connection)
{
	bufferevent_decref(connection);
}

/* Lets go of one that libevent is done with. */
static void forget(struct connections *connections, size_t index)
{
	const struct entry *entry = &connections->entries[index];

	bufferevent_disable(entry->connection, EV_READ | EV_WRITE);
	later_release(connections->later, release, entry->connection);
	connections->open -= entry->ended ? 0 : 1;
	connections->entries[index] = connections->entries[--connections->count];
}

static void forget_done(struct connections *connections)
{
	for (size_t i = connections->count; i-- > 0;)
		if (is_done(&connections->entries[i]))
			forget(connections, i);
}

/* libevent sees the end of what it reads, and frees the connection. */
static void end(struct connections *connections, struct entry *entry)
{
	shutdown(bufferevent_getfd(entry->connection), SHUT_RDWR);
	entry->ended = true;
	connections->open--;
}

/* Makes room: ends the connection that has gone longest without a request. */
static void evict_one(struct connections *connections)
{
	struct entry *oldest = NULL;

	for (size_t i = 0; i < connections->count; i++) {
		struct entry *entry = &connections->entries[i];

		if (!entry->ended && (oldest == NULL || entry->touched_ms < oldest->touched_ms))
			oldest = entry;
	}
	if (oldest != NULL)
		end(connections, oldest);
}

static void add(struct connections *connections, struct bufferevent *connection)
{
	if (connections->count == connections->room) {
		connections->room = connections->room > 0 ? 2 * connections->room : 8;
		connections->entries = xreallocarray(
		    connections->entries, connections->room, sizeof(*connections->entries));
	}
	bufferevent_incref(connection);
	connections->entries[connections->count++] =
	    (struct entry){.connection = connection, .touched_ms = clock_monotonic_ms()};
	connections->open++;
}

/* A byte now and then keeps libevent's own timeout from ending a request that never comes. */
static void on_sweep(evutil_socket_t fd, short events, void *arg)
{
	struct connections *connections = arg;
	int64_t limit_ms = clock_monotonic_ms() - connections->idle_limit_ms;

	(void)fd;
	(void)events;
	forget_done(connections);
	for (size_t i = 0; i < connections->count; i++)
		if (!connections->entries[i].ended && connections->entries[i].touched_ms < limit_ms)
			end(connections, &connections->entries[i]);
}

struct connections *connections_create(
    struct event_base *base, struct later *later, size_t limit, int idle_limit_s)
{
	struct timeval interval = {.tv_sec = SWEEP_S};
	struct connections *connections = xcalloc(1, sizeof(*connections));

	connections->limit = limit;
	connections->idle_limit_ms = (int64_t)idle_limit_s * 1000;
	connections->later = later;
	connections->sweep = event_new(base, -1, EV_PERSIST, on_sweep, connections);
	if (connections->sweep == NULL || event_add(connections->sweep, &interval) != 0)
		abort();
	return connections;
}

struct bufferevent *connections_on_accept(struct event_base *base, void *arg)
{
	struct connections *connections = arg;
	struct bufferevent *connection = bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);

	if (connection == NULL)
		return NULL;
	bufferevent_setwatermark(connection, EV_READ, 0, READ_AHEAD_BYTES);
	forget_done(connections);
	if (connections->open == connections->limit)
		evict_one(connections);
	add(connections, connection);
	return connection;
}

void connections_touch(struct connections *connections, const struct bufferevent *connection)
{
	for (size_t i = 0; i < connections->count; i++)
		if (connections->entries[i].connection == connection)
			connections->entries[i].touched_ms = clock_monotonic_ms();
}

void connections_free(struct connections *connections)
{
	if (connections == NULL)
		return;
	for (size_t i = 0; i < connections->count; i++)
		bufferevent_decref(connections->entries[i].connection);
	event_free(connections->sweep);
	free(connections->entries);
	free(connections);
}
