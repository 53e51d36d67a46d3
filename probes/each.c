#include "each.h"

#include <stdlib.h>

/* The one setting of this library, as the allocation hooks are of others: to hand it down to where
 * files are read would put it into every tool's interface. */
static each_runner *chosen;

static void run_in_order(size_t count, each_task *task, void *arg)
{
	for (size_t i = 0; i < count; i++)
		task(arg, i);
}

void each(size_t count, each_task *task, void *arg)
{
	each_runner *runner = chosen != NULL ? chosen : run_in_order;

	runner(count, task, arg);
}

void each_set_runner(each_runner *runner)
{
	chosen = runner;
}
