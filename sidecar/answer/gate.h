/*
 * Snapshot, rules and the present moment in, pass or fail out. Pure: judged anew each time somebody
 * asks, so that a held verdict runs out by itself, and a checking thread that is stuck turns into
 * "not ready" without its help.
 */
#ifndef SCHEMALATCH_ANSWER_GATE_H
#define SCHEMALATCH_ANSWER_GATE_H

#include <stdbool.h>
#include <stdint.h>

#include "../../probes/check.h"
#include "../watch/snapshot.h"
#include "../watch/subject.h"

/* How one subject looks at one moment. */
struct judgement {
	bool pass;                     /* whether a gate that it closes would be open */
	bool held;                     /* passes by an earlier answer only */
	bool latched;                  /* passes for ever, whatever is found now */
	int64_t silent_ms;             /* how long there has been no answer; 0 where there is one */
	int64_t since_wall_ms;         /* since when the verdict is this one */
	const struct verdict *verdict; /* borrowed from the standing, or static */
};

/* now_ms is monotonic. */
struct judgement gate_judge(const struct subject *subject, int64_t now_ms);

/* Whether the subject can close the gate. */
bool gate_counts(enum gate gate, const struct subject *subject);

/* Whether all that can close the gate pass; mode and disabled are not looked at. */
bool gate_passes(const struct snapshot *snapshot, enum gate gate, int64_t now_ms);

#endif
