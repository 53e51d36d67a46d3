#include "round.h"

#include <stdlib.h>
#include <string.h>

#include "../../probes/xalloc.h"

void round_init(struct round *round, const struct database *database, struct check_memory *memories)
{
	*round = (struct round){
	    .database = database,
	    .memories = memories,
	    .verdicts = xcalloc(database->check_count, sizeof(*round->verdicts)),
	    .done = xcalloc(database->check_count, sizeof(*round->done)),
	    .current = database->check_count,
	};
}

static void finish_check(struct round *round, const struct verdict *verdict)
{
	const struct check *check = round->database->checks[round->current];

	round->verdicts[round->current] = *verdict;
	round->done[round->current] = true;
	if (check->kind->proves_objects && verdict->value == VERDICT_READY)
		round->facts.objects_ready = true;
	check_run_done(&round->run);
	round->current = round->database->check_count;
}

/* Takes one step of the present check; gives whether it wants to ask. */
static bool step(struct round *round, const struct answer *answer)
{
	struct verdict verdict;

	memset(&verdict, 0, sizeof(verdict));
	if (round->run.check->kind->step(&round->run, answer, &round->statement, &verdict) ==
	    CHECK_ASK)
		return true;
	finish_check(round, &verdict);
	return false;
}

/* The next check without verdict, those that prove objects first; check_count when there is none.
 */
static size_t next_check(const struct round *round)
{
	size_t later = round->database->check_count;

	for (size_t i = 0; i < round->database->check_count; i++) {
		if (round->done[i])
			continue;
		if (round->database->checks[i]->kind->proves_objects)
			return i;
		if (later == round->database->check_count)
			later = i;
	}
	return later;
}

/* ---- the sentinel ---- */

static void ask_sentinel(struct round *round, enum sentinel_form form)
{
	if (form == SENTINEL_WHOLE && round->may_not_ask_system)
		form = SENTINEL_WITHOUT_SYSTEM;
	round->form = form;
	round->at_sentinel = true;
	sentinel_ask(
	    form, round->vigil != NULL ? round->vigil->baseline.database : NULL, &round->statement);
}

/* Catalogs are as they were: so is what was found in them, where it was good. */
static void let_stand(struct round *round)
{
	for (size_t i = 0; i < round->database->check_count; i++) {
		const struct check_kind *kind = round->database->checks[i]->kind;

		if (!kind->of_catalogs_alone || round->verdicts[i].value != VERDICT_READY)
			continue;
		round->done[i] = true;
		round->facts.objects_ready = round->facts.objects_ready || kind->proves_objects;
	}
}

/* A short reading is no baseline for what comes after a change. */
static void look_instead(struct round *round)
{
	bool was_short = round->form == SENTINEL_SHORT;

	round->vigil = NULL;
	round->was_alarm = true;
	if (was_short)
		ask_sentinel(round, SENTINEL_WHOLE);
}

/* A refusal only means that there is nothing to go by: the checks tell what is the matter. */
static void take_reading(struct round *round, const struct answer *answer)
{
	round->at_sentinel = false;
	if (answer->rows == NULL && round->form == SENTINEL_WHOLE &&
	    strcmp(answer->sqlstate, "42501") == 0) {
		round->may_not_ask_system = true;
		ask_sentinel(round, SENTINEL_WITHOUT_SYSTEM);
		return;
	}
	round->has_reading =
	    answer->rows != NULL && sentinel_read(round->form, answer->rows, &round->reading);
	if (round->vigil == NULL)
		return;
	if (round->has_reading &&
	    vigil_lets_stand(round->vigil, round->form, &round->reading, round->began_ms))
		let_stand(round);
	else if (round->form == SENTINEL_SNAPSHOT)
		ask_sentinel(round, SENTINEL_SHORT);
	else
		look_instead(round);
}

void round_start(struct round *round, struct vigil *vigil, bool is_new_place, int64_t now_ms)
{
	check_run_done(&round->run); /* of a round that was given up */
	memset(round->done, 0, round->database->check_count * sizeof(*round->done));
	round->facts = (struct round_facts){0};
	round->current = round->database->check_count;
	round->vigil = vigil;
	round->began_ms = now_ms;
	round->has_reading = false;
	round->was_alarm = false;
	ask_sentinel(round, vigil != NULL && !is_new_place ? vigil_form(vigil) : SENTINEL_WHOLE);
}

bool round_is_look(const struct round *round)
{
	return round->vigil == NULL;
}

const struct statement *round_next(struct round *round)
{
	if (round->at_sentinel)
		return &round->statement;
	if (round->current < round->database->check_count)
		return &round->statement; /* the present check asks on */
	while ((round->current = next_check(round)) < round->database->check_count) {
		round->run = (struct check_run){
		    .check = round->database->checks[round->current],
		    .memory = &round->memories[round->current],
		    .facts = &round->facts,
		};
		if (step(round, NULL))
			return &round->statement;
	}
	return NULL;
}

void round_answer(struct round *round, const struct answer *answer)
{
	if (round->at_sentinel)
		take_reading(round, answer);
	else
		step(round, answer);
}

void round_fail(struct round *round, const struct verdict *failure)
{
	round->at_sentinel = false;
	check_run_done(&round->run);
	for (size_t i = 0; i < round->database->check_count; i++) {
		if (!round->done[i])
			round->verdicts[i] = *failure;
		round->done[i] = true;
	}
	round->current = round->database->check_count;
}

void round_move(struct round *round, const struct database *database, struct check_memory *memories)
{
	round->database = database;
	round->memories = memories;
}

void round_done(struct round *round)
{
	check_run_done(&round->run);
	free(round->verdicts);
	free(round->done);
	*round = (struct round){0};
}
