#include "outcome.h"

#include "../watch/subject.h"

static bool any_gating(const struct snapshot *snapshot, enum verdict_value value)
{
	size_t count = subject_count(snapshot->config);

	for (size_t i = 0; i < count; i++) {
		struct subject subject = subject_at(snapshot, i);

		if (subject.gates != 0 && subject.standing->now.value == value)
			return true;
	}
	return false;
}

enum exit_code outcome_of(const struct snapshot *snapshot)
{
	if (snapshot->config->disabled != NULL || snapshot->config->mode == MODE_OBSERVE)
		return EXIT_READY;
	if (any_gating(snapshot, VERDICT_NOT_READY))
		return EXIT_NOT_READY;
	return any_gating(snapshot, VERDICT_UNKNOWN) ? EXIT_UNKNOWN : EXIT_READY;
}

bool outcome_is_complete(const struct snapshot *snapshot)
{
	size_t count = subject_count(snapshot->config);

	if (snapshot->config->disabled != NULL)
		return true;
	for (size_t i = 0; i < count; i++)
		if (subject_at(snapshot, i).standing->now.reason == REASON_PENDING)
			return false;
	return true;
}
