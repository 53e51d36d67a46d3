#include "resolve.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "../../probes/xalloc.h"

/* Enough for getaddrinfo with every NSS module of Debian; the default of 8 MiB is address space
 * that a memory limit may count. */
#define STACK_BYTES (256 << 10)

/* What thread and caller share; the last of the two to let go frees it. */
struct lookup {
	pthread_mutex_t mutex;
	int owners;
	int done_fd; /* eventfd: the thread has filled resolved */
	char *host;
	struct resolved resolved;
};

struct resolve {
	struct lookup *lookup;
	struct event *done;
	resolve_cb *cb;
	void *arg;
};

static void lookup_release(struct lookup *lookup)
{
	bool last;

	pthread_mutex_lock(&lookup->mutex);
	last = --lookup->owners == 0;
	pthread_mutex_unlock(&lookup->mutex);
	if (!last)
		return;
	close(lookup->done_fd);
	pthread_mutex_destroy(&lookup->mutex);
	free(lookup->host);
	free(lookup);
}

static void add_addresses(struct resolved *resolved, const struct addrinfo *list)
{
	for (const struct addrinfo *a = list; a != NULL && resolved->count < RESOLVE_MAX;
	     a = a->ai_next)
		if (getnameinfo(a->ai_addr, a->ai_addrlen, resolved->addresses[resolved->count],
			sizeof(resolved->addresses[0]), NULL, 0, NI_NUMERICHOST) == 0)
			resolved->count++;
}

static void *lookup_thread(void *arg)
{
	struct lookup *lookup = arg;
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct addrinfo *list = NULL;
	struct resolved resolved = {0};
	int failure = getaddrinfo(lookup->host, NULL, &hints, &list);

	if (failure == 0) {
		add_addresses(&resolved, list);
		freeaddrinfo(list);
	}
	if (resolved.count == 0)
		resolved.failure =
		    failure == EAI_NONAME ? "no such host" : "the name service failed";
	pthread_mutex_lock(&lookup->mutex);
	lookup->resolved = resolved;
	pthread_mutex_unlock(&lookup->mutex);
	eventfd_write(lookup->done_fd, 1);
	lookup_release(lookup);
	return NULL;
}

/* Signals belong to the main thread. */
static int start_thread(struct lookup *lookup)
{
	pthread_attr_t attributes;
	pthread_t thread;
	sigset_t all;
	sigset_t before;
	int failure;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_BYTES);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	failure = pthread_create(&thread, &attributes, lookup_thread, lookup);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
	return failure == 0 ? 0 : -1;
}

static void on_done(evutil_socket_t fd, short events, void *arg)
{
	struct resolve *resolve = arg;
	struct resolved resolved;

	(void)fd;
	(void)events;
	pthread_mutex_lock(&resolve->lookup->mutex);
	resolved = resolve->lookup->resolved;
	pthread_mutex_unlock(&resolve->lookup->mutex);
	resolve->cb(&resolved, resolve->arg);
}

static struct lookup *lookup_create(const char *host)
{
	struct lookup *lookup = xcalloc(1, sizeof(*lookup));

	pthread_mutex_init(&lookup->mutex, NULL);
	lookup->owners = 1;
	lookup->host = xstrdup(host);
	lookup->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return lookup;
}

struct resolve *resolve_start(struct event_base *base, const char *host, resolve_cb *cb, void *arg)
{
	struct resolve *resolve = xcalloc(1, sizeof(*resolve));

	resolve->lookup = lookup_create(host);
	resolve->cb = cb;
	resolve->arg = arg;
	if (resolve->lookup->done_fd >= 0)
		resolve->done =
		    event_new(base, resolve->lookup->done_fd, EV_READ, on_done, resolve);
	resolve->lookup->owners = 2;
	if (resolve->done == NULL || event_add(resolve->done, NULL) != 0 ||
	    start_thread(resolve->lookup) != 0) {
		resolve->lookup->owners = 1;
		resolve_free(resolve);
		return NULL;
	}
	return resolve;
}

bool resolve_is_for(const struct resolve *resolve, const char *host)
{
	return strcmp(resolve->lookup->host, host) == 0;
}

void resolve_free(struct resolve *resolve)
{
	if (resolve == NULL)
		return;
	if (resolve->done != NULL)
		event_free(resolve->done);
	lookup_release(resolve->lookup);
	free(resolve);
}

bool resolve_is_needless(const char *host)
{
	unsigned char address[sizeof(struct in6_addr)];

	return host[0] == '\0' || host[0] == '/' || host[0] == '@' ||
	       inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1;
}
