#include "requests.h"

const int request_codes[REQUEST_CODES] = {200, 400, 404, 405, 503};

const char *const handler_names[HANDLER_COUNT] = {
    [HANDLER_HEALTHZ] = "healthz",
    [HANDLER_LIVEZ] = "livez",
    [HANDLER_METRICS] = "metrics",
    [HANDLER_OTHER] = "other",
    [HANDLER_PAGE] = "page",
    [HANDLER_READYZ] = "readyz",
    [HANDLER_STARTUPZ] = "startupz",
    [HANDLER_STATUS] = "status",
};

void requests_count(struct requests *requests, enum handler handler, int code)
{
	for (size_t i = 0; i < REQUEST_CODES; i++)
		if (request_codes[i] == code)
			requests->counts[handler][i]++;
}
