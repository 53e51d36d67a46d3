/*
 * The answer of an upstream to a probe: HTTP/1 as it comes in, and what it means by the kubelet's
 * rules (pkg/probe/http/http.go). Pure; memory is bounded whatever the service sends.
 *
 * No library has it: libevent's own client knows neither Unix sockets nor other 1xx answers than
 * 100, libcurl would bring two dozen libraries into a process of a few megabytes.
 */
#ifndef SCHEMALATCH_WATCH_SERVICE_ANSWER_H
#define SCHEMALATCH_WATCH_SERVICE_ANSWER_H

#include <event2/buffer.h>
#include <stdbool.h>
#include <stdint.h>

#include "../../probes/text.h"
#include "../../probes/verdict.h"

/* The kubelet hangs up after so much of a body, with the status as its answer. */
#define SERVICE_BODY_LIMIT_BYTES 10240

/* Of all heads of an answer together, 1xx counted in. */
#define SERVICE_HEAD_LIMIT_BYTES 65536

enum service_answer_state {
	ANSWER_STATUS_LINE,
	ANSWER_HEADERS,
	ANSWER_CHUNK_SIZE,
	ANSWER_CHUNK,
	ANSWER_CHUNK_END,
	ANSWER_TRAILERS,
	ANSWER_SIZED_BODY,
	ANSWER_OPEN_BODY, /* until the connection ends */
	ANSWER_COMPLETE,
	ANSWER_BROKEN, /* problem tells how */
};

struct service_answer {
	enum service_answer_state state;
	int status;       /* 0 before the status line */
	char *location;   /* NULL: none */
	struct text body; /* its first bytes, as they came, for the log */
	const char *problem;

	int64_t left; /* bytes of the body, or of the present chunk, that are still to come */
	bool chunked;
	bool sized;
	bool in_body; /* the head is complete */
	size_t head_bytes;
	size_t body_bytes;
};

void service_answer_init(struct service_answer *answer);
void service_answer_done(struct service_answer *answer);

/* Takes what has come from input; gives whether the answer is over, COMPLETE or BROKEN. */
bool service_answer_read(struct service_answer *answer, struct evbuffer *input);

/* The connection has ended by itself; then the answer is over. reset: not in good order. */
void service_answer_end(struct service_answer *answer, bool reset);

enum probe_result {
	PROBE_PASSED,
	PROBE_FAILED,
	/* The body broke off or stalled behind a good head: the kubelet discards such a probe, and
	 * nothing changes by it. */
	PROBE_DISCARDED,
};

/* What an answer that is over means; the verdict says it for people. */
enum probe_result service_answer_judge(
    const struct service_answer *answer, struct verdict *verdict);

/* Whether it wants to be followed somewhere else: a redirect that has a Location. */
bool service_answer_redirects(const struct service_answer *answer);

#endif
