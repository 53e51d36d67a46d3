#include "inquiry.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "../../probes/xalloc.h"
#include "../clock.h"
#include "../tls.h"
#include "dial.h"

/* As Go's client gives up, "after 10 redirects". */
#define REQUESTS_MAX 10

struct inquiry {
	struct event_base *base;
	const struct upstream *upstream;
	struct log *log;
	inquiry_cb *cb;
	void *arg;

	struct dial *dial;
	struct tls *tls;
	struct event *deadline;
	int64_t until_ms;
	struct upstream_url place; /* what is being asked: the upstream's own, or a redirect's */
	int requests;              /* so far */
	struct bufferevent *connection; /* NULL: not connected */
	bool secured;                   /* there is nothing to secure, or it is */
	bool stays;                     /* a redirect was looked at, and is not followed */
	struct service_answer answer;
};

static void go_to(struct inquiry *inquiry);

/* ---- ends ---- */

/* Back to where nothing is under way. */
static void clear(struct inquiry *inquiry)
{
	dial_stop(inquiry->dial);
	if (inquiry->connection != NULL)
		bufferevent_free(inquiry->connection);
	inquiry->connection = NULL;
	service_answer_done(&inquiry->answer);
	inquiry->answer = (struct service_answer){.state = ANSWER_STATUS_LINE};
	upstream_url_done(&inquiry->place);
}

/* The body may hold anything: it goes to the log at debug alone. */
static void log_answer(const struct inquiry *inquiry, const struct verdict *verdict)
{
	struct log_line line = log_begin(inquiry->log, LOG_LEVEL_DEBUG, "probe");

	log_text(&line, "upstream", inquiry->upstream->name);
	log_text(&line, "reason", reason_name(verdict->reason));
	if (inquiry->answer.status > 0)
		log_number(&line, "status", inquiry->answer.status);
	log_text(&line, "body", text_string(&inquiry->answer.body));
	log_end(&line, "%s: %s", inquiry->upstream->name, verdict->message);
}

static void finish(struct inquiry *inquiry, enum probe_result result, const struct verdict *verdict)
{
	event_del(inquiry->deadline);
	log_answer(inquiry, verdict);
	clear(inquiry);
	inquiry->cb(result, verdict, inquiry->arg);
}

static void fail(struct inquiry *inquiry, const struct verdict *verdict)
{
	finish(inquiry, PROBE_FAILED, verdict);
}

static const char *waits_for(const struct inquiry *inquiry)
{
	if (inquiry->connection == NULL)
		return dial_waits_for(inquiry->dial);
	if (!inquiry->secured)
		return "the TLS handshake";
	return inquiry->answer.in_body ? "the end of its answer" : "its answer";
}

static void on_deadline(evutil_socket_t fd, short events, void *arg)
{
	struct inquiry *inquiry = arg;
	char limit[32];
	struct verdict verdict = verdict_of(REASON_TIMEOUT, "after %s still waiting for %s",
	    duration_format(inquiry->upstream->timeout_ms, limit, sizeof(limit)),
	    waits_for(inquiry));

	(void)fd;
	(void)events;
	finish(inquiry, inquiry->answer.in_body ? PROBE_DISCARDED : PROBE_FAILED, &verdict);
}

/* ---- the answer ---- */

static void fail_redirect(struct inquiry *inquiry, const char *problem)
{
	struct verdict verdict =
	    verdict_of(REASON_UNHEALTHY, "status %d, %s", inquiry->answer.status, problem);

	fail(inquiry, &verdict);
}

/* Takes next. */
static void move_on(struct inquiry *inquiry, struct upstream_url *next)
{
	if (inquiry->requests >= REQUESTS_MAX) {
		upstream_url_done(next);
		fail_redirect(inquiry, "stopped after 10 redirects");
		return;
	}
	clear(inquiry);
	inquiry->place = *next;
	go_to(inquiry);
}

/* A redirect is followed as soon as its head is there; gives whether nothing is left to do here. */
static bool leaves(struct inquiry *inquiry)
{
	struct upstream_url next;

	if (inquiry->stays || !service_answer_redirects(&inquiry->answer))
		return false;
	switch (upstream_url_redirect(&inquiry->place, inquiry->answer.location, &next)) {
	case REDIRECT_HERE:
		move_on(inquiry, &next);
		return true;
	case REDIRECT_ELSEWHERE:
		inquiry->stays = true;
		return false;
	case REDIRECT_BROKEN:
		break;
	}
	fail_redirect(inquiry, "a redirect to no URL of a service");
	return true;
}

static void end_answer(struct inquiry *inquiry)
{
	struct verdict verdict;
	enum probe_result result = service_answer_judge(&inquiry->answer, &verdict);

	finish(inquiry, result, &verdict);
}

static void on_read(struct bufferevent *connection, void *arg)
{
	struct inquiry *inquiry = arg;
	bool over = service_answer_read(&inquiry->answer, bufferevent_get_input(connection));

	if (!leaves(inquiry) && over)
		end_answer(inquiry);
}

static void fail_tls(struct inquiry *inquiry, const char *reason)
{
	struct verdict verdict = verdict_of(REASON_UNHEALTHY, "tls: %s", reason);

	fail(inquiry, &verdict);
}

static void on_handshake_failed(struct inquiry *inquiry)
{
	const char *distrust = tls_distrust(bufferevent_openssl_get_ssl(inquiry->connection));
	unsigned long number = bufferevent_get_openssl_error(inquiry->connection);

	if (distrust != NULL)
		fail_tls(inquiry, distrust);
	else
		fail_tls(inquiry, number != 0 ? tls_reason(number) : "it closed the connection");
}

static void on_event(struct bufferevent *connection, short events, void *arg)
{
	struct inquiry *inquiry = arg;

	(void)connection;
	if ((events & BEV_EVENT_CONNECTED) != 0) {
		inquiry->secured = true;
	} else if (!inquiry->secured) {
		on_handshake_failed(inquiry);
	} else {
		service_answer_end(&inquiry->answer, (events & BEV_EVENT_ERROR) != 0);
		end_answer(inquiry);
	}
}

/* ---- the request ---- */

static const char *given_header(const struct inquiry *inquiry, const char *name)
{
	for (size_t i = 0; i < inquiry->upstream->header_count; i++)
		if (strcasecmp(inquiry->upstream->headers[i].name, name) == 0)
			return inquiry->upstream->headers[i].value;
	return NULL;
}

/* One of those that every request has: as given, where it was; left out, where it was given empty.
 */
static void add_own_header(
    const struct inquiry *inquiry, struct evbuffer *out, const char *name, const char *value)
{
	const char *given = given_header(inquiry, name);

	if (given == NULL || given[0] != '\0')
		evbuffer_add_printf(out, "%s: %s\r\n", name, given != NULL ? given : value);
}

static bool is_own(const char *name)
{
	return strcasecmp(name, "Host") == 0 || strcasecmp(name, "User-Agent") == 0 ||
	       strcasecmp(name, "Accept") == 0;
}

static void write_request(const struct inquiry *inquiry, struct evbuffer *out)
{
	const struct upstream *upstream = inquiry->upstream;
	bool moved = strcmp(inquiry->place.authority, upstream->place.authority) != 0;

	evbuffer_add_printf(out, "GET %s HTTP/1.1\r\n", inquiry->place.target);
	if (moved) /* a Host that was given was meant for elsewhere */
		evbuffer_add_printf(out, "Host: %s\r\n", inquiry->place.authority);
	else
		add_own_header(inquiry, out, "Host", inquiry->place.authority);
	add_own_header(inquiry, out, "User-Agent", "schemalatch/" SCHEMALATCH_VERSION);
	for (size_t i = 0; i < upstream->header_count; i++)
		if (!is_own(upstream->headers[i].name))
			evbuffer_add_printf(out, "%s: %s\r\n", upstream->headers[i].name,
			    upstream->headers[i].value);
	add_own_header(inquiry, out, "Accept", "*/*");
	evbuffer_add_printf(out, "Connection: close\r\n\r\n");
}

/* ---- connecting ---- */

/* The connection over fd, which it takes; NULL with err, and fd closed. */
static struct bufferevent *new_connection(struct inquiry *inquiry, int fd, struct error *err)
{
	const int options = BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS;
	struct bufferevent *connection = NULL;
	SSL *session = NULL;

	inquiry->secured = inquiry->place.scheme != UPSTREAM_HTTPS;
	if (inquiry->secured) {
		connection = bufferevent_socket_new(inquiry->base, fd, options);
	} else {
		session = tls_session(inquiry->tls, inquiry->place.host, err);
		if (session != NULL)
			connection = bufferevent_openssl_socket_new(
			    inquiry->base, fd, session, BUFFEREVENT_SSL_CONNECTING, options);
	}
	if (connection != NULL)
		return connection;
	if (inquiry->secured || session != NULL)
		error_set(err, "no connection can be made");
	close(fd);
	return NULL;
}

static void ask(struct inquiry *inquiry, int fd)
{
	struct error err;

	service_answer_init(&inquiry->answer);
	inquiry->stays = false;
	inquiry->requests++;
	inquiry->connection = new_connection(inquiry, fd, &err);
	if (inquiry->connection == NULL) {
		fail_tls(inquiry, err.text);
		return;
	}
	write_request(inquiry, bufferevent_get_output(inquiry->connection));
	bufferevent_setwatermark(inquiry->connection, EV_READ, 0, SERVICE_HEAD_LIMIT_BYTES);
	bufferevent_setcb(inquiry->connection, on_read, NULL, on_event, inquiry);
	bufferevent_enable(inquiry->connection, EV_READ | EV_WRITE);
}

static void on_dialled(int fd, const struct verdict *failure, void *arg)
{
	struct inquiry *inquiry = arg;
	struct verdict open = verdict_of(REASON_OK, "it takes connections");

	if (failure != NULL) {
		fail(inquiry, failure);
	} else if (inquiry->place.scheme == UPSTREAM_TCP) {
		close(fd);
		finish(inquiry, PROBE_PASSED, &open);
	} else {
		ask(inquiry, fd);
	}
}

static void go_to(struct inquiry *inquiry)
{
	dial_start(inquiry->dial, &inquiry->place, inquiry->until_ms);
}

/* ---- life ---- */

struct inquiry *inquiry_create(struct event_base *base, const struct upstream *upstream,
    struct log *log, inquiry_cb *cb, void *arg)
{
	struct inquiry *inquiry = xcalloc(1, sizeof(*inquiry));

	inquiry->base = base;
	inquiry->upstream = upstream;
	inquiry->log = log;
	inquiry->cb = cb;
	inquiry->arg = arg;
	inquiry->dial = dial_create(base, on_dialled, inquiry);
	inquiry->tls = tls_create(upstream->ca_file);
	inquiry->deadline = evtimer_new(base, on_deadline, inquiry);
	if (inquiry->deadline == NULL)
		abort();
	return inquiry;
}

void inquiry_start(struct inquiry *inquiry)
{
	int64_t limit_ms = inquiry->upstream->timeout_ms;
	struct timeval limit = {.tv_sec = limit_ms / 1000, .tv_usec = (limit_ms % 1000) * 1000};

	inquiry->until_ms = clock_monotonic_ms() + limit_ms;
	inquiry->requests = 0;
	inquiry->place = upstream_url_copy(&inquiry->upstream->place);
	evtimer_add(inquiry->deadline, &limit);
	go_to(inquiry);
}

void inquiry_move(struct inquiry *inquiry, const struct upstream *upstream)
{
	inquiry->upstream = upstream;
}

void inquiry_free(struct inquiry *inquiry)
{
	if (inquiry == NULL)
		return;
	clear(inquiry);
	dial_free(inquiry->dial);
	tls_free(inquiry->tls);
	event_free(inquiry->deadline);
	free(inquiry);
}
