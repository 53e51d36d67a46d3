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

void round_start(struct round *round)
{
	memset(round->done, 0, round->database->check_count * sizeof(*round->done));
	round->facts = (struct round_facts){0};
	round->current = round->database->check_count;
}

const struct statement *round_next(struct round *round)
{
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
	step(round, answer);
}

void round_fail(struct round *round, const struct verdict *failure)
{
	check_run_done(&round->run);
	for (size_t i = 0; i < round->database->check_count; i++) {
		if (!round->done[i])
			round->verdicts[i] = *failure;
		round->done[i] = true;
	}
	round->current = round->database->check_count;
}

void round_done(struct round *round)
{
	check_run_done(&round->run);
	free(round->verdicts);
	free(round->done);
	*round = (struct round){0};
}
