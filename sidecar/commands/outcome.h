/* What a snapshot means for a command's exit code. Pure. */
#ifndef SCHEMALATCH_COMMANDS_OUTCOME_H
#define SCHEMALATCH_COMMANDS_OUTCOME_H

#include "../watch/snapshot.h"
#include "command.h"

/* Over all subjects that close a gate: not ready beats unknown beats ready. Mode observe and
 * disabled make it ready. */
enum exit_code outcome_of(const struct snapshot *snapshot);

/* Whether every subject has a first verdict. */
bool outcome_is_complete(const struct snapshot *snapshot);

#endif
