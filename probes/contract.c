/* Kind of check: the objects of a contract file are there and as described. One statement asks for
 * all of them, whatever their number: see contract/statement.h. */
#include <malloc.h>
#include <stdlib.h>

#include "check.h"
#include "contract/read.h"
#include "contract/statement.h"

struct contract_plan {
	char *file;
	struct amount tolerance;
	struct wanted wanted;
};

static const struct key contract_keys[] = {
    {.name = "file",
	.type = KEY_STRING,
	.offset = offsetof(struct contract_plan, file),
	.required = true,
	.is_path = true,
	.help = "the contract, as capture writes it"},
    {.name = "tolerance",
	.type = KEY_AMOUNT,
	.offset = offsetof(struct contract_plan, tolerance),
	.help = CONTRACT_TOLERANCE_HELP},
    {.name = NULL},
};

static void contract_prepare(
    struct check *check, const struct json_place *place, struct problems *problems)
{
	struct contract_plan *plan = check->plan;

	(void)place;
	if (plan->file != NULL)
		contract_read(plan->file, &plan->wanted, problems);
	/* A big document leaves many small holes, which would stay resident for good. */
	malloc_trim(0);
}

static enum check_step contract_check_step(struct check_run *run, const struct answer *answer,
    struct statement *statement, struct verdict *verdict)
{
	const struct contract_plan *plan = run->check->plan;
	struct contract_question question = {.wanted = &plan->wanted,
	    .what = "the contract's objects",
	    .tolerance = &plan->tolerance,
	    .role = run->check->role};

	return contract_step(&question, answer, statement, verdict);
}

static void contract_free(void *memory)
{
	struct contract_plan *plan = memory;

	wanted_done(&plan->wanted);
}

const struct check_kind check_kind_contract = {
    .name = "contract",
    .help = "the objects of a contract file are there and as described",
    .keys = contract_keys,
    .plan_size = sizeof(struct contract_plan),
    .prepare = contract_prepare,
    .step = contract_check_step,
    .free_plan = contract_free,
    .proves_objects = true,
    .of_catalogs_alone = true,
};
