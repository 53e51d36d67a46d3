#include "dial.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "../../probes/xalloc.h"
#include "../clock.h"
#include "resolve.h"

struct dial {
	struct event_base *base;
	dial_cb *cb;
	void *arg;
	const struct upstream_url *url;
	int64_t until_ms;

	struct event *connected; /* the present attempt; NULL: none */
	struct resolve *resolve; /* may outlive a start: see wait_for_name */
	struct resolved resolved;
	size_t next; /* address to try */
	int fd;      /* of the present attempt; -1: none */
	bool waits_for_name;
	struct verdict failure; /* of the attempt before */
};

/* ---- ends ---- */

static void drop_attempt(struct dial *dial)
{
	if (dial->connected != NULL)
		event_free(dial->connected);
	dial->connected = NULL;
	if (dial->fd >= 0)
		close(dial->fd);
	dial->fd = -1;
}

void dial_stop(struct dial *dial)
{
	drop_attempt(dial);
	dial->waits_for_name = false;
	dial->url = NULL;
}

static void succeed(struct dial *dial)
{
	int fd = dial->fd;

	dial->fd = -1;
	dial_stop(dial);
	dial->cb(fd, NULL, dial->arg);
}

static void fail(struct dial *dial)
{
	struct verdict failure = dial->failure;

	dial_stop(dial);
	dial->cb(-1, &failure, dial->arg);
}

/* ---- attempts ---- */

/* Who refuses is there and says no; a socket that is not there is the same said by the kernel. */
static struct verdict verdict_of_errno(int number)
{
	switch (number) {
	case ECONNREFUSED:
		return verdict_of(REASON_UNHEALTHY, "it refused the connection");
	case ENOENT:
		return verdict_of(
		    REASON_UNHEALTHY, "it refused the connection: its socket is not there");
	case ECONNRESET:
		return verdict_of(REASON_UNHEALTHY, "it reset the connection");
	case ETIMEDOUT:
	case EAGAIN: /* a Unix socket whose queue is full */
		return verdict_of(REASON_TIMEOUT, "it takes no connection");
	default:
		return verdict_of(REASON_UNREACHABLE, "cannot connect: %s", strerror(number));
	}
}

static void try_next(struct dial *dial);

static void on_connected(evutil_socket_t fd, short events, void *arg)
{
	struct dial *dial = arg;
	int failure = 0;
	socklen_t length = sizeof(failure);

	if ((events & EV_WRITE) == 0)
		failure = ETIMEDOUT;
	else if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &length) != 0)
		failure = errno;
	if (failure == 0) {
		succeed(dial);
		return;
	}
	dial->failure = verdict_of_errno(failure);
	drop_attempt(dial);
	try_next(dial);
}

/* An equal share of the time that is left, so that a black hole leaves some for the addresses
 * behind it. */
static struct timeval share(const struct dial *dial)
{
	int64_t left = dial->until_ms - clock_monotonic_ms();
	size_t attempts =
	    dial->resolved.count >= dial->next ? dial->resolved.count - dial->next + 1 : 1;

	left = left > 0 ? left / (int64_t)attempts : 0;
	return (struct timeval){.tv_sec = left / 1000, .tv_usec = (left % 1000) * 1000};
}

/* Begins an attempt. Returns 0, or the error number. */
static int connect_to(struct dial *dial, const struct sockaddr *address, socklen_t length)
{
	struct timeval limit = share(dial);

	dial->fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (dial->fd < 0 || (connect(dial->fd, address, length) != 0 && errno != EINPROGRESS))
		return errno;
	dial->connected = event_new(dial->base, dial->fd, EV_WRITE, on_connected, dial);
	return dial->connected != NULL && event_add(dial->connected, &limit) == 0 ? 0 : ENOMEM;
}

static int connect_to_socket(struct dial *dial)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", dial->url->socket);
	return connect_to(dial, (const struct sockaddr *)&address, sizeof(address));
}

static int connect_to_address(struct dial *dial, const char *text)
{
	struct addrinfo hints = {
	    .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
	struct addrinfo *list = NULL;
	char port[16];
	int failure = EINVAL;

	snprintf(port, sizeof(port), "%d", dial->url->port);
	if (getaddrinfo(text, port, &hints, &list) == 0) {
		failure = connect_to(dial, list->ai_addr, list->ai_addrlen);
		freeaddrinfo(list);
	}
	return failure;
}

static void try_next(struct dial *dial)
{
	while (dial->next < dial->resolved.count) {
		const char *address = dial->resolved.addresses[dial->next++];
		int failure = dial->url->socket != NULL ? connect_to_socket(dial)
							: connect_to_address(dial, address);

		if (failure == 0)
			return;
		dial->failure = verdict_of_errno(failure);
		drop_attempt(dial);
	}
	fail(dial);
}

/* ---- names ---- */

static void on_resolved(const struct resolved *resolved, void *arg)
{
	struct dial *dial = arg;

	resolve_free(dial->resolve);
	dial->resolve = NULL;
	if (!dial->waits_for_name)
		return; /* the start that wanted it has ended */
	dial->waits_for_name = false;
	dial->resolved = *resolved;
	if (resolved->count == 0)
		dial->failure =
		    verdict_of(REASON_UNREACHABLE, "name resolution: %s", resolved->failure);
	try_next(dial);
}

/* A look-up that hangs from an earlier start is waited for again, so that dead name servers never
 * cost more than one thread. */
static void wait_for_name(struct dial *dial)
{
	if (dial->resolve != NULL && !resolve_is_for(dial->resolve, dial->url->host)) {
		resolve_free(dial->resolve);
		dial->resolve = NULL;
	}
	if (dial->resolve == NULL)
		dial->resolve = resolve_start(dial->base, dial->url->host, on_resolved, dial);
	dial->waits_for_name = dial->resolve != NULL;
	if (dial->resolve != NULL)
		return;
	dial->failure = verdict_of(REASON_ERROR, "no thread can be had to look its name up");
	fail(dial);
}

/* ---- life ---- */

struct dial *dial_create(struct event_base *base, dial_cb *cb, void *arg)
{
	struct dial *dial = xcalloc(1, sizeof(*dial));

	dial->base = base;
	dial->cb = cb;
	dial->arg = arg;
	dial->fd = -1;
	return dial;
}

void dial_start(struct dial *dial, const struct upstream_url *url, int64_t until_ms)
{
	dial_stop(dial);
	dial->url = url;
	dial->until_ms = until_ms;
	dial->resolved.count = 0;
	dial->next = 0;
	if (url->socket == NULL && !resolve_is_needless(url->host)) {
		wait_for_name(dial);
		return;
	}
	dial->resolved.count = 1; /* of a Unix socket, one as well, whose text is not looked at */
	snprintf(dial->resolved.addresses[0], sizeof(dial->resolved.addresses[0]), "%s", url->host);
	try_next(dial);
}

const char *dial_waits_for(const struct dial *dial)
{
	return dial->waits_for_name ? "the look-up of its name" : "a connection";
}

void dial_free(struct dial *dial)
{
	if (dial == NULL)
		return;
	dial_stop(dial);
	resolve_free(dial->resolve);
	free(dial);
}
