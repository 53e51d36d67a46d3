/* What a person pastes into an incident: the state, what closes gates, and the last changes, as
 * plain text. Pure. */
#ifndef SCHEMALATCH_ANSWER_INCIDENT_H
#define SCHEMALATCH_ANSWER_INCIDENT_H

#include "../../probes/text.h"
#include "view.h"

void incident_write(const struct view *view, struct text *out);

#endif
