/* Asks the running sidecar over loopback, for exec probes: the kubelet shows what an exec probe
 * prints, and hides the body of an HTTP answer. */
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../config/config.h"
#include "command.h"

#define TIMEOUT_S 5

struct reply {
	int code; /* 0: none came */
	struct event_base *base;
};

static void on_reply(struct evhttp_request *request, void *arg)
{
	struct reply *reply = arg;
	struct evbuffer *body;

	if (request != NULL && evhttp_request_get_response_code(request) != 0) {
		reply->code = evhttp_request_get_response_code(request);
		body = evhttp_request_get_input_buffer(request);
		fwrite(evbuffer_pullup(body, -1), 1, evbuffer_get_length(body), stdout);
	}
	event_base_loopbreak(reply->base);
}

/* The wildcard listens on loopback, too. */
static const char *host_of(const struct listen_address *address)
{
	static const char *const wildcards[] = {"", "0.0.0.0", "::"};

	for (size_t i = 0; i < sizeof(wildcards) / sizeof(wildcards[0]); i++)
		if (strcmp(address->host, wildcards[i]) == 0)
			return "127.0.0.1";
	return address->host;
}

static int ask(const struct listen_address *address, const char *path, struct error *err)
{
	struct reply reply = {.base = event_base_new()};
	struct evhttp_connection *connection = NULL;
	struct evhttp_request *request = evhttp_request_new(on_reply, &reply);
	unsigned short port = (unsigned short)strtoul(address->port, NULL, 10);

	if (reply.base != NULL)
		connection = evhttp_connection_base_new(reply.base, NULL, host_of(address), port);
	if (connection == NULL || request == NULL)
		return error_set(err, "cannot make an HTTP client");
	evhttp_connection_set_timeout(connection, TIMEOUT_S);
	evhttp_add_header(evhttp_request_get_output_headers(request), "Host", "localhost");
	evhttp_add_header(evhttp_request_get_output_headers(request), "Connection", "close");
	if (evhttp_make_request(connection, request, EVHTTP_REQ_GET, path) == 0)
		event_base_dispatch(reply.base);
	evhttp_connection_free(connection);
	event_base_free(reply.base);
	return reply.code;
}

static const struct {
	const char *word;
	const char *path;
} gates[] = {
    {"ready", "/readyz?verbose"},
    {"startup", "/startupz?verbose"},
    {"live", "/livez?verbose"},
};

static const char *path_of(const struct options *options)
{
	const char *word = options->operand_count > 0 ? options->operands[0] : "ready";

	for (size_t i = 0; i < sizeof(gates) / sizeof(gates[0]); i++)
		if (strcmp(gates[i].word, word) == 0)
			return gates[i].path;
	return NULL;
}

static int run(const struct options *options, struct error *err)
{
	struct problems problems = {0};
	struct listen_address address;
	const char *path = path_of(options);
	int code;

	if (path == NULL)
		problems_add(&problems, options->operands[0],
		    "is not a probe, expected one of ready, startup, live");
	config_load_address(options->config_file, &options->settings, &address, &problems);
	if (problems.lines.count > 0) {
		options_tell_problems(options, &problems);
		return EXIT_USAGE;
	}
	code = ask(&address, path, err);
	if (code < 0)
		return EXIT_INTERNAL;
	if (code == 0) {
		printf("no answer from the sidecar on port %s\n", address.port);
		return EXIT_UNKNOWN;
	}
	return code == 200 ? EXIT_READY : EXIT_NOT_READY;
}

const struct command command_probe = {
    .name = "probe",
    .synopsis = "[ready|startup|live]",
    .help = "asks the running sidecar over loopback and prints the reasons",
    .operands_max = 1,
    .takes_settings = true,
    .run = run,
};
