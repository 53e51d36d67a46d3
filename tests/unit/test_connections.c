/* The limit on open connections, over real sockets on loopback. */
#include <arpa/inet.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../probes/xalloc.h"
#include "../../sidecar/answer/connections.h"
#include "../../sidecar/clock.h"
#include "../support/epoll_errors.h"

#define LIMIT 3
#define WAIT_LIMIT_MS 10000
#define LONG_S 3600

/* ---- a server, and clients in the same thread ---- */

struct server {
	struct event_base *base;
	struct later *later;
	struct connections *connections;
	struct evhttp *http;
	struct sockaddr_in address;
	int accepted;
	int epoll_errors; /* before it began */
};

static void on_request(struct evhttp_request *request, void *arg)
{
	struct server *server = arg;
	struct bufferevent *connection =
	    evhttp_connection_get_bufferevent(evhttp_request_get_connection(request));

	connections_touch(server->connections, connection);
	evhttp_send_reply(request, 200, NULL, NULL);
}

static struct bufferevent *on_accept(struct event_base *base, void *arg)
{
	struct server *server = arg;

	server->accepted++;
	return connections_on_accept(base, server->connections);
}

static void server_init(struct server *server, int idle_limit_s)
{
	struct evhttp_bound_socket *bound;
	socklen_t length = sizeof(server->address);

	*server = (struct server){.base = batching_base(), .epoll_errors = epoll_errors()};
	server->later = later_create(server->base);
	server->connections = connections_create(server->base, server->later, LIMIT, idle_limit_s);
	server->http = evhttp_new(server->base);
	bound = evhttp_bind_socket_with_handle(server->http, "127.0.0.1", 0);
	assert_non_null(bound);
	assert_int_equal(getsockname(evhttp_bound_socket_get_fd(bound),
			     (struct sockaddr *)&server->address, &length),
	    0);
	evhttp_set_bevcb(server->http, on_accept, server);
	evhttp_set_gencb(server->http, on_request, server);
}

static void server_done(struct server *server)
{
	assert_int_equal(epoll_errors(), server->epoll_errors);
	evhttp_free(server->http);
	connections_free(server->connections);
	later_free(server->later);
	event_base_free(server->base);
}

/* Turns the server's loop once, and gives it a moment. */
static void turn(struct server *server)
{
	event_base_loop(server->base, EVLOOP_NONBLOCK);
	poll(NULL, 0, 1);
}

/* A client whose arrival the server has noted; no other is noted in the same millisecond. */
static int arrive(struct server *server)
{
	int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int accepted = server->accepted;
	int64_t until_ms = clock_monotonic_ms() + WAIT_LIMIT_MS;
	int64_t noted_ms;

	assert_int_equal(
	    connect(client, (struct sockaddr *)&server->address, sizeof(server->address)), 0);
	assert_int_equal(fcntl(client, F_SETFL, O_NONBLOCK), 0);
	while (server->accepted == accepted && clock_monotonic_ms() < until_ms)
		turn(server);
	assert_int_equal(server->accepted, accepted + 1);
	turn(server);
	for (noted_ms = clock_monotonic_ms(); clock_monotonic_ms() == noted_ms;)
		turn(server);
	return client;
}

/* What the client reads next: > 0 for bytes, 0 for the end. Fails where nothing comes. */
static ssize_t next_of(struct server *server, int client)
{
	int64_t until_ms = clock_monotonic_ms() + WAIT_LIMIT_MS;
	char bytes[512];
	ssize_t length;

	while ((length = recv(client, bytes, sizeof(bytes), 0)) < 0 && errno == EAGAIN &&
	       clock_monotonic_ms() < until_ms)
		turn(server);
	if (length < 0)
		fail_msg("neither bytes nor the end came: %s", strerror(errno));
	if (length >= 12)
		assert_memory_equal(bytes, "HTTP/1.1 200", 12);
	return length;
}

static void assert_served(struct server *server, int client)
{
	static const char request[] = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

	assert_int_equal(
	    send(client, request, sizeof(request) - 1, MSG_NOSIGNAL), (ssize_t)sizeof(request) - 1);
	assert_true(next_of(server, client) > 0);
	for (int64_t now_ms = clock_monotonic_ms(); clock_monotonic_ms() == now_ms;)
		turn(server);
}

static void assert_ended(struct server *server, int client)
{
	assert_int_equal(next_of(server, client), 0);
}

/* ---- what is kept and what is ended ---- */

static void up_to_the_limit_all_are_kept(void **state)
{
	struct server server;
	int clients[LIMIT];

	(void)state;
	server_init(&server, LONG_S);
	for (int i = 0; i < LIMIT; i++)
		clients[i] = arrive(&server);
	for (int round = 0; round < 2; round++)
		for (int i = 0; i < LIMIT; i++)
			assert_served(&server, clients[i]);
	for (int i = 0; i < LIMIT; i++)
		close(clients[i]);
	server_done(&server);
}

static void the_longest_silent_one_makes_room(void **state)
{
	struct server server;
	int clients[LIMIT + 2];

	(void)state;
	server_init(&server, LONG_S);
	for (int i = 0; i < LIMIT + 2; i++)
		clients[i] = arrive(&server);
	assert_ended(&server, clients[0]);
	assert_ended(&server, clients[1]);
	for (int i = 2; i < LIMIT + 2; i++)
		assert_served(&server, clients[i]);
	for (int i = 0; i < LIMIT + 2; i++)
		close(clients[i]);
	server_done(&server);
}

static void a_request_keeps_its_connection(void **state)
{
	struct server server;
	int clients[LIMIT + 1];

	(void)state;
	server_init(&server, LONG_S);
	for (int i = 0; i < LIMIT; i++)
		clients[i] = arrive(&server);
	assert_served(&server, clients[0]);
	assert_served(&server, clients[2]);
	clients[LIMIT] = arrive(&server);
	assert_ended(&server, clients[1]);
	assert_served(&server, clients[0]);
	assert_served(&server, clients[2]);
	assert_served(&server, clients[LIMIT]);
	for (int i = 0; i < LIMIT + 1; i++)
		close(clients[i]);
	server_done(&server);
}

/* The descriptor of one that has gone is given to the next, and must not pass for it. */
static void connections_that_have_gone_take_no_room(void **state)
{
	struct server server;
	int clients[LIMIT];

	(void)state;
	server_init(&server, LONG_S);
	for (int i = 0; i < LIMIT; i++)
		clients[i] = arrive(&server);
	for (int i = 0; i < 20; i++) {
		close(clients[1]);
		clients[1] = arrive(&server);
	}
	for (int i = 0; i < LIMIT; i++)
		assert_served(&server, clients[i]);
	for (int i = 0; i < LIMIT; i++)
		close(clients[i]);
	server_done(&server);
}

static void a_flood_of_silent_ones_starves_nobody(void **state)
{
	struct server server;
	int silent[60];

	(void)state;
	server_init(&server, LONG_S);
	for (size_t i = 0; i < sizeof(silent) / sizeof(silent[0]); i++) {
		silent[i] = arrive(&server);
		if (i % 10 == 9) {
			int client = arrive(&server);

			assert_served(&server, client);
			close(client);
		}
	}
	for (size_t i = 0; i < sizeof(silent) / sizeof(silent[0]); i++)
		close(silent[i]);
	server_done(&server);
}

/* One that sends a byte now and then, but never a request, is as silent as any. */
static void a_connection_without_requests_is_ended_after_its_time(void **state)
{
	struct server server;
	int drips;
	int asks;
	char byte;

	(void)state;
	server_init(&server, 1);
	drips = arrive(&server);
	asks = arrive(&server);
	while (recv(drips, &byte, 1, 0) < 0 && errno == EAGAIN) {
		send(drips, "G", 1, MSG_NOSIGNAL);
		assert_served(&server, asks);
	}
	assert_served(&server, asks);
	close(drips);
	close(asks);
	server_done(&server);
}

static void nothing_is_left_behind(void **state)
{
	struct server server;
	int client;

	(void)state;
	server_init(&server, LONG_S);
	client = arrive(&server);
	server_done(&server);
	close(client);
	connections_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(up_to_the_limit_all_are_kept),
	    cmocka_unit_test(the_longest_silent_one_makes_room),
	    cmocka_unit_test(a_request_keeps_its_connection),
	    cmocka_unit_test(connections_that_have_gone_take_no_room),
	    cmocka_unit_test(a_flood_of_silent_ones_starves_nobody),
	    cmocka_unit_test(a_connection_without_requests_is_ended_after_its_time),
	    cmocka_unit_test(nothing_is_left_behind),
	};

	alarm(50); /* a connection that is never ended ends this program */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
