#include "http.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <event2/listener.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../probes/xalloc.h"
#include "../clock.h"
#include "../pod.h"
#include "connections.h"
#include "metrics.h"
#include "page.h"
#include "report.h"
#include "requests.h"
#include "status.h"
#include "target.h"
#include "view.h"

#define HEADERS_LIMIT_BYTES 8192
#define BODY_LIMIT_BYTES 4096
#define IDLE_LIMIT_S 15
#define CONNECTIONS_LIMIT 256
#define BACKLOG 128

struct http {
	struct checker *checker;
	struct board *board;
	const struct ledger *ledger;
	struct requests requests;
	struct connections *connections;
	struct evhttp *server;
	int port;
	char pod[256];
};

/* A request, and the answer in the making. */
struct exchange {
	const struct view *view;
	const struct target *target;
	const char *accept; /* header, or NULL */
	int code;
	const char *content_type;
	const char *policy; /* Content-Security-Policy, or NULL */
	struct text body;
};

struct route {
	const char *path; /* "/x/" takes whatever stands behind it as well */
	enum handler handler;
	void (*answer)(struct exchange *exchange);
};

/* ---- answers ---- */

static bool wants_json(const struct exchange *exchange)
{
	return exchange->accept != NULL && strstr(exchange->accept, "application/json") != NULL;
}

static void take_json(struct exchange *exchange, char *document)
{
	exchange->content_type = "application/json";
	text_add(&exchange->body, document != NULL ? document : "{}");
	free(document);
}

static struct report_request report_request(const struct exchange *exchange, enum gate gate)
{
	return (struct report_request){
	    .path = exchange->target->path + 1,
	    .gate = gate,
	    .verbose = exchange->target->verbose,
	    .exclude = &exchange->target->exclude,
	};
}

static void answer_gate(struct exchange *exchange, enum gate gate)
{
	struct report_request request = report_request(exchange, gate);

	exchange->code = report_gate(exchange->view, &request, &exchange->body);
	if (!wants_json(exchange))
		return;
	text_done(&exchange->body);
	take_json(exchange, status_probe_document(exchange->view, REPORT_LIMIT_BYTES));
}

static void answer_readyz(struct exchange *exchange)
{
	answer_gate(exchange, GATE_READINESS);
}

static void answer_startupz(struct exchange *exchange)
{
	answer_gate(exchange, GATE_STARTUP);
}

static void answer_livez(struct exchange *exchange)
{
	struct report_request request = report_request(exchange, GATE_READINESS);

	exchange->code = report_liveness(exchange->view, &request, &exchange->body);
}

static void answer_status(struct exchange *exchange)
{
	exchange->code = 200;
	take_json(exchange, status_document(exchange->view));
}

static void answer_metrics(struct exchange *exchange)
{
	enum metrics_format format = metrics_negotiate(exchange->accept);

	exchange->code = 200;
	exchange->content_type = metrics_content_type(format);
	metrics_write(exchange->view, format, &exchange->body);
}

static void answer_page(struct exchange *exchange)
{
	exchange->code = 200;
	exchange->content_type = "text/html; charset=utf-8";
	exchange->policy = page_policy();
	page_write(exchange->view, &exchange->body);
}

static void answer_not_found(struct exchange *exchange)
{
	exchange->code = 404;
	text_add(&exchange->body,
	    "not found; there are /, /readyz, /readyz/DATABASE/CHECK, /readyz/UPSTREAM, /startupz,"
	    " /livez, /healthz, /status and /metrics\n");
}

static void answer_subject(struct exchange *exchange)
{
	const char *title = exchange->target->path + strlen("/readyz/");
	struct report_request request = report_request(exchange, GATE_READINESS);
	struct subject subject;

	request.path = "readyz";
	if (!subject_find(exchange->view->snapshot, title, &subject)) {
		exchange->code = 404;
		text_add(&exchange->body, "no such check; /readyz?verbose names them\n");
		return;
	}
	exchange->code = report_subject(exchange->view, &request, &subject, &exchange->body);
	if (!wants_json(exchange))
		return;
	text_done(&exchange->body);
	take_json(exchange, status_subject_document(exchange->view, &subject));
}

static const struct route routes[] = {
    {"/", HANDLER_PAGE, answer_page},
    {"/healthz", HANDLER_HEALTHZ, answer_livez},
    {"/livez", HANDLER_LIVEZ, answer_livez},
    {"/metrics", HANDLER_METRICS, answer_metrics},
    {"/readyz", HANDLER_READYZ, answer_readyz},
    {"/readyz/", HANDLER_READYZ, answer_subject},
    {"/startupz", HANDLER_STARTUPZ, answer_startupz},
    {"/status", HANDLER_STATUS, answer_status},
};

static const struct route not_found = {"", HANDLER_OTHER, answer_not_found};

static const struct route *find_route(const char *path)
{
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		size_t length = strlen(routes[i].path);
		bool is_prefix = length > 1 && routes[i].path[length - 1] == '/';

		if (is_prefix ? strncmp(path, routes[i].path, length) == 0
			      : strcmp(path, routes[i].path) == 0)
			return &routes[i];
	}
	return &not_found;
}

/* ---- requests ---- */

static struct view look(const struct http *http)
{
	struct moment now = {clock_monotonic_ms(), clock_wall_ms()};
	const struct snapshot *snapshot = board_acquire(http->board);

	return (struct view){
	    .config = snapshot->config,
	    .snapshot = snapshot,
	    .ledger = http->ledger,
	    .requests = &http->requests,
	    .now = now,
	    .heartbeat_ms = checker_heartbeat_ms(http->checker),
	    .pod = http->pod[0] != '\0' ? http->pod : NULL,
	};
}

/* Head and body leave in one write: the kubelet takes a head without its body for an error of the
 * prober, and forgets it. */
static void reply(struct evhttp_request *request, const struct exchange *exchange)
{
	struct evkeyvalq *headers = evhttp_request_get_output_headers(request);
	bool head = evhttp_request_get_command(request) == EVHTTP_REQ_HEAD;
	struct evbuffer *body = evhttp_request_get_output_buffer(request);
	char length[24];

	snprintf(length, sizeof(length), "%zu", exchange->body.length);
	evhttp_add_header(headers, "Content-Type", exchange->content_type);
	evhttp_add_header(headers, "Content-Length", length);
	evhttp_add_header(headers, "X-Content-Type-Options", "nosniff");
	evhttp_add_header(headers, "Cache-Control", "no-store");
	if (exchange->policy != NULL)
		evhttp_add_header(headers, "Content-Security-Policy", exchange->policy);
	if (exchange->code == 405)
		evhttp_add_header(headers, "Allow", "GET, HEAD");
	if (!head)
		evbuffer_add(body, text_string(&exchange->body), exchange->body.length);
	evhttp_send_reply(request, exchange->code, NULL, NULL);
}

static bool is_readable(enum evhttp_cmd_type method)
{
	return method == EVHTTP_REQ_GET || method == EVHTTP_REQ_HEAD;
}

/* Fills in the answer; gives the handler to count it for. */
static enum handler answer(
    struct http *http, struct evhttp_request *request, struct exchange *exchange)
{
	struct target target;
	struct view view;
	enum handler handler = HANDLER_OTHER;

	if (target_parse(evhttp_request_get_uri(request), &target) != 0) {
		exchange->code = 400;
		text_add(&exchange->body, "bad request: the path or query cannot be read\n");
	} else if (!is_readable(evhttp_request_get_command(request))) {
		handler = find_route(target.path)->handler;
		exchange->code = 405;
		text_add(&exchange->body, "only GET and HEAD\n");
	} else {
		const struct route *route = find_route(target.path);

		view = look(http);
		handler = route->handler;
		exchange->view = &view;
		exchange->target = &target;
		route->answer(exchange);
		board_release(http->board, view.snapshot);
	}
	target_done(&target);
	return handler;
}

static struct bufferevent *connection_of(struct evhttp_request *request)
{
	return evhttp_connection_get_bufferevent(evhttp_request_get_connection(request));
}

static void on_request(struct evhttp_request *request, void *arg)
{
	struct http *http = arg;
	struct exchange exchange = {
	    .accept = evhttp_find_header(evhttp_request_get_input_headers(request), "Accept"),
	    .content_type = "text/plain; charset=utf-8",
	};
	enum handler handler;

	connections_touch(http->connections, connection_of(request));
	text_init(&exchange.body, 0);
	handler = answer(http, request, &exchange);
	requests_count(&http->requests, handler, exchange.code);
	reply(request, &exchange);
	text_done(&exchange.body);
}

/* ---- listening ---- */

static int bind_to(const struct addrinfo *address, bool dual)
{
	int on = 1;
	int off = 0;
	int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (dual && address->ai_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	if (bind(fd, address->ai_addr, address->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	close(fd);
	return -1;
}

/* Without host: the IPv6 wildcard, which takes IPv4 as well; where the machine has no IPv6, IPv4.
 */
static int listen_on(const struct listen_address *address, struct error *err)
{
	bool any = address->host[0] == '\0';
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
	    .ai_flags = AI_PASSIVE | AI_NUMERICSERV,
	    .ai_family = any ? AF_INET6 : AF_UNSPEC};
	struct addrinfo *list = NULL;
	int fd = -1;
	int failure = getaddrinfo(any ? "::" : address->host, address->port, &hints, &list);

	for (struct addrinfo *a = list; failure == 0 && a != NULL && fd < 0; a = a->ai_next)
		fd = bind_to(a, any);
	if (list != NULL)
		freeaddrinfo(list);
	if (any && fd < 0 && (failure != 0 || errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL)) {
		struct listen_address ipv4 = *address;

		snprintf(ipv4.host, sizeof(ipv4.host), "0.0.0.0");
		return listen_on(&ipv4, err);
	}
	if (fd < 0)
		error_set(err, "listen on %s:%s: %s", address->host, address->port,
		    failure != 0 ? gai_strerror(failure) : strerror(errno));
	return fd;
}

static int port_of(int fd)
{
	struct sockaddr_storage address = {0};
	socklen_t length = sizeof(address);
	char port[8];

	if (getsockname(fd, (struct sockaddr *)&address, &length) != 0 ||
	    getnameinfo((struct sockaddr *)&address, length, NULL, 0, port, sizeof(port),
		NI_NUMERICSERV) != 0)
		return 0;
	return (int)strtol(port, NULL, 10);
}

static void set_limits(struct http *http)
{
	evhttp_set_max_headers_size(http->server, HEADERS_LIMIT_BYTES);
	evhttp_set_max_body_size(http->server, BODY_LIMIT_BYTES);
	evhttp_set_timeout(http->server, IDLE_LIMIT_S);
	/* All that it knows, so that other methods get a 405 of ours instead of its 501. */
	evhttp_set_allowed_methods(
	    http->server, EVHTTP_REQ_GET | EVHTTP_REQ_HEAD | EVHTTP_REQ_POST | EVHTTP_REQ_PUT |
			      EVHTTP_REQ_DELETE | EVHTTP_REQ_OPTIONS | EVHTTP_REQ_TRACE |
			      EVHTTP_REQ_CONNECT | EVHTTP_REQ_PATCH);
	evhttp_set_bevcb(http->server, connections_on_accept, http->connections);
	evhttp_set_gencb(http->server, on_request, http);
}

struct http *http_create(struct event_base *base, struct later *later,
    const struct listen_address *address, struct checker *checker, const struct ledger *ledger,
    struct error *err)
{
	struct http *http = xcalloc(1, sizeof(*http));
	int fd = listen_on(address, err);

	http->checker = checker;
	http->board = checker_board(checker);
	http->ledger = ledger;
	pod_name(http->pod, sizeof(http->pod));
	http->connections = connections_create(base, later, CONNECTIONS_LIMIT, IDLE_LIMIT_S);
	http->server = fd >= 0 ? evhttp_new(base) : NULL;
	if (http->server == NULL || evhttp_accept_socket(http->server, fd) != 0) {
		if (fd >= 0) {
			error_set(err, "cannot make an HTTP server");
			close(fd);
		}
		http_free(http);
		return NULL;
	}
	http->port = port_of(fd);
	set_limits(http);
	return http;
}

int http_port(const struct http *http)
{
	return http->port;
}

void http_free(struct http *http)
{
	if (http == NULL)
		return;
	if (http->server != NULL)
		evhttp_free(http->server);
	connections_free(http->connections);
	free(http);
}
