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
#include "../config/config.h"
#include "../watch/snapshot.h"

/* Names of the gates on the roads out: "startup", "readiness". */
extern const char *const gate_names[GATE_COUNT];

/* How one check looks at one moment. */
struct judgement {
	bool pass;                     /* whether a gate that it closes would be open */
	bool held;                     /* passes by an earlier answer only */
	bool latched;                  /* passes for ever, whatever is found now */
	int64_t silent_ms;             /* how long there has been no answer; 0 where there is one */
	int64_t since_wall_ms;         /* since when the verdict is this one */
	const struct verdict *verdict; /* borrowed from the standing, or static */
};

/* state is of the check's database, standing of the check. now_ms is monotonic. */
struct judgement gate_judge(const struct check *check, const struct standing *standing,
    const struct database_state *state, int64_t hold_for_ms, int64_t now_ms);

/* Whether all checks that close the gate pass; mode and disabled are not looked at. */
bool gate_passes(const struct snapshot *snapshot, enum gate gate, int64_t now_ms);

#endif
