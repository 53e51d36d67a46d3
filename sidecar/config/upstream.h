/*
 * One upstream of the configuration: a service whose own health is asked beside the databases'.
 * Immutable once loaded.
 */
#ifndef SCHEMALATCH_CONFIG_UPSTREAM_H
#define SCHEMALATCH_CONFIG_UPSTREAM_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../probes/json_place.h"
#include "../../probes/keys.h"
#include "../digest.h"
#include "upstream_url.h"

/* What stands for a kind of check, and for a name that was not given. */
#define UPSTREAM_KIND "upstream"

struct upstream_header {
	char *name;
	char *value;
};

struct upstream {
	char *name;
	char *url;
	struct upstream_url place; /* url, taken apart */
	int64_t period_ms;
	int64_t retry_period_ms;
	int64_t timeout_ms; /* of a whole probe, redirects counted in */
	int64_t initial_delay_ms;
	int64_t failure_threshold;
	int64_t success_threshold;
	char *ca_file; /* NULL: no certificate is verified */
	struct upstream_header *headers;
	size_t header_count;
	unsigned gates; /* bit per enum gate */
	bool latch;
	struct digest meaning; /* of all that is asked, and how; of meaning.h, zero before */
};

extern const struct key upstream_keys[];

/* Reads one element of "upstreams" into *upstream, which starts zeroed, with all its problems. May
 * block (files). */
void upstream_read(const cJSON *object, const struct json_place *place, struct upstream *upstream,
    struct problems *problems);
void upstream_print(const struct upstream *upstream, cJSON *object);
void upstream_done(struct upstream *upstream);

#endif
