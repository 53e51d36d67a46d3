#include "outcome.h"

static bool any_gating(const struct snapshot *snapshot, enum verdict_value value)
{
	for (size_t i = 0; i < snapshot->config->database_count; i++) {
		const struct database *database = &snapshot->config->databases[i];

		for (size_t k = 0; k < database->check_count; k++)
			if (database->checks[k]->gates != 0 &&
			    snapshot->databases[i].standings[k].now.value == value)
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
	if (snapshot->config->disabled != NULL)
		return true;
	for (size_t i = 0; i < snapshot->config->database_count; i++)
		if (snapshot->databases[i].rounds == 0)
			return false;
	return true;
}
