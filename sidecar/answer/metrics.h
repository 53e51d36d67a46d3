/* The metrics, one table, as Prometheus text 0.0.4 or as OpenMetrics 1.0. Pure, but for what the
 * kernel says of this process. */
#ifndef SCHEMALATCH_ANSWER_METRICS_H
#define SCHEMALATCH_ANSWER_METRICS_H

#include <stdbool.h>

#include "../../probes/text.h"
#include "view.h"

enum metrics_format { METRICS_TEXT, METRICS_OPENMETRICS };

/* The better of our formats by an Accept header, which may be NULL. */
enum metrics_format metrics_negotiate(const char *accept);

/* What to say in Content-Type. */
const char *metrics_content_type(enum metrics_format format);

void metrics_write(const struct view *view, enum metrics_format format, struct text *out);

/* The families in the order of the exposition, for the documentation test; NULL behind the last.
 * Counters without "_total". */
const char *metrics_family_name(size_t index);

#endif
