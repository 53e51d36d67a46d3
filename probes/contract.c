/* Kind of check: the objects of a contract file are there and as described. One statement asks for
 * all of them, whatever their number: see contract/statement.h. */
#include <malloc.h>
#include <stdlib.h>

#include "check.h"
#include "contract/findings.h"
#include "contract/read.h"
#include "contract/statement.h"
#include "refusal.h"

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
	.help = "the contract, as capture writes it"},
    {.name = "tolerance",
	.type = KEY_AMOUNT,
	.offset = offsetof(struct contract_plan, tolerance),
	.help = "how many of the schemas that match a pattern may deviate: 3 or \"1%\"; default: none"},
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

static enum check_step contract_step(struct check_run *run, const struct answer *answer,
    struct statement *statement, struct verdict *verdict)
{
	const struct contract_plan *plan = run->check->plan;

	if (answer == NULL) {
		*statement = contract_statement(&plan->wanted, run->check->role);
		return CHECK_ASK;
	}
	*verdict = answer->rows != NULL
		       ? contract_judge(&plan->wanted, "the contract's objects", &plan->tolerance,
			     run->check->role, answer->rows)
		       : refusal_of_statement(answer->sqlstate, "the catalog");
	return CHECK_DONE;
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
    .step = contract_step,
    .free_plan = contract_free,
    .proves_objects = true,
};
