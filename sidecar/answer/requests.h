/* Counts of HTTP requests by handler and status code. Main thread. */
#ifndef SCHEMALATCH_ANSWER_REQUESTS_H
#define SCHEMALATCH_ANSWER_REQUESTS_H

#include <stddef.h>
#include <stdint.h>

enum handler {
	HANDLER_HEALTHZ,
	HANDLER_LIVEZ,
	HANDLER_METRICS,
	HANDLER_OTHER, /* no such path */
	HANDLER_PAGE,
	HANDLER_READYZ,
	HANDLER_STARTUPZ,
	HANDLER_STATUS,
	HANDLER_COUNT
};

/* Every status code that we answer with, in the order of the counts. */
#define REQUEST_CODES 5
extern const int request_codes[REQUEST_CODES];

extern const char *const handler_names[HANDLER_COUNT];

struct requests {
	uint64_t counts[HANDLER_COUNT][REQUEST_CODES];
};

void requests_count(struct requests *requests, enum handler handler, int code);

#endif
