#include "gate.h"

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

struct judgement gate_judge(const struct subject *subject, int64_t now_ms)
{
	const struct standing *standing = subject->standing;
	bool late = now_ms > subject->due_ms && standing->now.value != VERDICT_UNKNOWN;
	struct judgement judgement = {
	    .verdict = late ? &overdue : &standing->now,
	    .since_wall_ms = standing->since.wall_ms,
	};

	if (late)
		judgement.since_wall_ms =
		    standing->checked.wall_ms + subject->due_ms - standing->checked.monotonic_ms;
	judgement.pass = judgement.verdict->value == VERDICT_READY;
	if (judgement.verdict->value == VERDICT_UNKNOWN) {
		judgement.silent_ms = silent_ms(standing, now_ms);
		judgement.held = is_held(standing, subject->hold_for_ms, now_ms);
		judgement.pass = judgement.held;
	}
	if (!judgement.pass && subject->latch && standing->ever_ready)
		judgement.latched = judgement.pass = true;
	return judgement;
}

bool gate_counts(enum gate gate, const struct subject *subject)
{
	return (subject->gates & (1u << gate)) != 0;
}

bool gate_passes(const struct snapshot *snapshot, enum gate gate, int64_t now_ms)
{
	size_t count = subject_count(snapshot->config);

	for (size_t i = 0; i < count; i++) {
		struct subject subject = subject_at(snapshot, i);

		if (gate_counts(gate, &subject) && !gate_judge(&subject, now_ms).pass)
			return false;
	}
	return true;
}
