#include "tool.h"

extern const struct history_engine history_engine_alembic;

static const char *const alembic_columns[] = {"version_num", NULL};

/* In the same order as history_tool_names; a test holds the two together. */
const struct history_tool history_tools[] = {
    {
	.name = "alembic",
	.default_table = "alembic_version",
	.columns = alembic_columns,
	.sql = "SELECT version_num AS id FROM {table}",
	.advice = "alembic upgrade head",
	.engine = &history_engine_alembic,
    },
    {.name = NULL},
};

const char *const history_tool_names[] = {"alembic", NULL};
