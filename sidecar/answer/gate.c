#include "gate.h"

const char *const gate_names[GATE_COUNT] = {
    [GATE_STARTUP] = "startup", [GATE_READINESS] = "readiness"};

static const struct verdict overdue = {
    .value = VERDICT_UNKNOWN,
    .reason = REASON_TIMEOUT,
    .message = "the checking thread is overdue with its next round",
    .pending = VERDICT_PENDING_UNKNOWN,
};

/* An answer that said ready outlives silence for hold_for_ms; one that said not ready is not
 * outlived by anything but another answer. */
static bool is_held(const struct standing *standing, int64_t hold_for_ms, int64_t now_ms)
{
	return standing->answered && standing->answer == VERDICT_READY &&
	       now_ms - standing->answered_at.monotonic_ms < hold_for_ms;
}

/* How long there has been no answer, whatever its reasons: an outage often changes its face. */
static int64_t silent_ms(const struct standing *standing, int64_t now_ms)
{
	const struct moment *since = standing->answered ? &standing->answered_at : &standing->since;

	return now_ms - since->monotonic_ms;
}

struct judgement gate_judge(const struct check *check, const struct standing *standing,
    const struct database_state *state, int64_t hold_for_ms, int64_t now_ms)
{
	bool late = now_ms > state->due_ms && standing->now.value != VERDICT_UNKNOWN;
	struct judgement judgement = {
	    .verdict = late ? &overdue : &standing->now,
	    .since_wall_ms = standing->since.wall_ms,
	};

	if (late)
		judgement.since_wall_ms =
		    standing->checked.wall_ms + state->due_ms - standing->checked.monotonic_ms;
	judgement.pass = judgement.verdict->value == VERDICT_READY;
	if (judgement.verdict->value == VERDICT_UNKNOWN) {
		judgement.silent_ms = silent_ms(standing, now_ms);
		judgement.held = is_held(standing, hold_for_ms, now_ms);
		judgement.pass = judgement.held;
	}
	if (!judgement.pass && check->latch && standing->ever_ready)
		judgement.latched = judgement.pass = true;
	return judgement;
}

bool gate_passes(const struct snapshot *snapshot, enum gate gate, int64_t now_ms)
{
	for (size_t i = 0; i < snapshot->config->database_count; i++) {
		const struct database *database = &snapshot->config->databases[i];

		for (size_t k = 0; k < database->check_count; k++) {
			const struct check *check = database->checks[k];

			if ((check->gates & (1u << gate)) != 0 &&
			    !gate_judge(check, &snapshot->databases[i].standings[k],
				&snapshot->databases[i], database->hold_for_ms, now_ms)
				 .pass)
				return false;
		}
	}
	return true;
}
