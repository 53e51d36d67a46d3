/* The JSON document of /status. Pure; main thread (cJSON). */
#ifndef SCHEMALATCH_ANSWER_STATUS_H
#define SCHEMALATCH_ANSWER_STATUS_H

#include <stddef.h>

#include "view.h"

/* The whole document. free() releases it. */
char *status_document(const struct view *view);

/* The document of a probe path: no longer than limit_bytes. What does not fit is left out in this
 * order: the history, the messages of checks that pass, these checks, all messages, all checks, the
 * databases. */
char *status_probe_document(const struct view *view, size_t limit_bytes);

/* One subject's object alone. free() releases it. */
char *status_subject_document(const struct view *view, const struct subject *subject);

#endif
