#include "conversation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../probes/xalloc.h"
#include "fake_rows.h"
#include "scene.h"

static void step(struct conversation *conversation, const struct answer *answer)
{
	assert_false(conversation->done);
	conversation->done = conversation->run.check->kind->step(&conversation->run, answer,
				 &conversation->statement, &conversation->verdict) == CHECK_DONE;
}

void conversation_begin(
    struct conversation *conversation, const char *json, struct check_memory *memory)
{
	char *document = xasprintf("{\"databases\":[{\"checks\":[%s]}]}", json);

	memset(conversation, 0, sizeof(*conversation));
	conversation->config = scene_config(document);
	free(document);
	conversation->memory = memory != NULL ? memory : &conversation->own_memory;
	conversation->run = (struct check_run){
	    .check = conversation->config->databases[0].checks[0],
	    .memory = conversation->memory,
	    .facts = &conversation->facts,
	};
	step(conversation, NULL);
}

void conversation_rows(struct conversation *conversation, const char *columns, int row_count,
    const char *const *values)
{
	PGresult *rows = fake_rows(columns, row_count, values);

	step(conversation, &(struct answer){.rows = rows});
	PQclear(rows);
}

void conversation_refuse(struct conversation *conversation, const char *sqlstate)
{
	step(conversation, &(struct answer){.sqlstate = sqlstate});
}

void conversation_expect(
    const struct conversation *conversation, enum reason reason, const char *message)
{
	assert_true(conversation->done);
	if (conversation->verdict.reason != reason ||
	    strcmp(conversation->verdict.message, message) != 0)
		fail_msg("found %s: %s,\nexpected %s: %s",
		    reason_name(conversation->verdict.reason), conversation->verdict.message,
		    reason_name(reason), message);
}

void conversation_end(struct conversation *conversation)
{
	check_run_done(&conversation->run);
	config_free(conversation->config);
}
