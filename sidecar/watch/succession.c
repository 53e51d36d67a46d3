#include "succession.h"

#include <string.h>

#include "../answer/gate.h"
#include "../config/meaning.h"

static void carry_check(struct database_state *state, const struct database *database, size_t index,
    const struct database_state *former, const struct database *former_database)
{
	size_t same = meaning_find_check(former_database, database, index);
	size_t named = meaning_find_name(former_database, database->checks[index]->name);

	if (same != MEANING_NONE) {
		state->standings[index] = former->standings[same];
		state->memories[index] = former->memories[same];
	} else if (named != MEANING_NONE) {
		state->standings[index].transitions = former->standings[named].transitions;
	}
}

static void carry_database(struct database_state *state, const struct database *database,
    const struct database_state *former, const struct database *former_database)
{
	struct standing *standings = state->standings;
	struct check_memory *memories = state->memories;

	*state = *former;
	state->standings = standings;
	state->memories = memories;
	if (!digest_same(&database->target, &former_database->target)) {
		state->identity = (struct identity){0};
		state->answered_wall_ms = 0;
	}
	for (size_t i = 0; i < database->check_count; i++)
		carry_check(state, database, i, former, former_database);
}

static void carry_upstream(struct snapshot *next, size_t index, const struct snapshot *former)
{
	size_t same = meaning_find_upstream(former->config, &next->config->upstreams[index]);

	if (same != MEANING_NONE)
		next->upstreams[index] = former->upstreams[same];
}

static void note_nothing_asked(struct snapshot *next, struct moment now)
{
	struct verdict none = verdict_of(REASON_PENDING, "nothing is asked while disabled");

	for (size_t i = 0; i < next->config->database_count; i++) {
		for (size_t k = 0; k < next->config->databases[i].check_count; k++)
			standing_note(&next->databases[i].standings[k], &none, now);
		next->databases[i].connected = false;
	}
	for (size_t i = 0; i < next->config->upstream_count; i++)
		standing_note(&next->upstreams[i].standing, &none, now);
}

void succession_carry(struct snapshot *next, const struct snapshot *former, struct moment now)
{
	for (size_t i = 0; i < next->config->database_count; i++) {
		const struct database *database = &next->config->databases[i];
		size_t found = meaning_find_database(former->config, database->name);

		if (found != MEANING_NONE)
			carry_database(&next->databases[i], database, &former->databases[found],
			    &former->config->databases[found]);
	}
	for (size_t i = 0; i < next->config->upstream_count; i++)
		carry_upstream(next, i, former);
	if (next->config->disabled != NULL)
		note_nothing_asked(next, now);
}

/* When all that closes the gate was last known to be good. */
static struct moment last_ready(const struct snapshot *snapshot, struct moment now)
{
	size_t count = subject_count(snapshot->config);
	struct moment oldest = now;

	for (size_t i = 0; i < count; i++) {
		struct subject subject = subject_at(snapshot, i);

		if (gate_counts(GATE_READINESS, &subject) && subject.standing->answered &&
		    subject.standing->answered_at.monotonic_ms < oldest.monotonic_ms)
			oldest = subject.standing->answered_at;
	}
	return oldest;
}

void succession_hold(struct snapshot *next, const struct snapshot *former, struct moment now)
{
	struct moment ready_at = last_ready(former, now);

	if (!gate_passes(former, GATE_READINESS, now.monotonic_ms))
		return;
	for (size_t i = 0; i < next->config->database_count; i++)
		for (size_t k = 0; k < next->config->databases[i].check_count; k++)
			if (!next->databases[i].standings[k].answered)
				standing_inherit(&next->databases[i].standings[k], ready_at);
}
