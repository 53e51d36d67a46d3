/* minimal_evhttp PORT: the least that answers `ok` with libevent's HTTP server, as its manual
 * shows; what a request costs anybody who builds on it. */
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <stdio.h>
#include <stdlib.h>

static void on_request(struct evhttp_request *request, void *arg)
{
	struct evbuffer *body = evhttp_request_get_output_buffer(request);

	(void)arg;
	evbuffer_add(body, "ok", 2);
	evhttp_send_reply(request, 200, "OK", NULL);
}

int main(int argc, char **argv)
{
	unsigned long port = argc == 2 ? strtoul(argv[1], NULL, 10) : 0;
	struct event_base *base = event_base_new();
	struct evhttp *server = base != NULL ? evhttp_new(base) : NULL;

	if (server == NULL || port == 0 || port > UINT16_MAX ||
	    evhttp_bind_socket(server, "127.0.0.1", (ev_uint16_t)port) != 0) {
		fprintf(stderr, "usage: minimal_evhttp PORT, a free one\n");
		return EXIT_FAILURE;
	}
	evhttp_set_gencb(server, on_request, NULL);
	event_base_dispatch(base);
	return EXIT_SUCCESS;
}
