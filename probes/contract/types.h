/*
 * Names of types as people write them, as PostgreSQL understands them. Built-in types become what
 * format_type() prints ("int8" is "bigint", "decimal(12)" is "numeric(12,0)"), so that texts can be
 * compared. Any other name cannot be told by its text alone (the server quotes a name that is one
 * of its keywords, and adds the schema), so the server is given its parts as well. Pure.
 *
 * Source: src/backend/utils/adt/format_type.c and the grammar of type names, PostgreSQL 14 to 18.
 */
#ifndef SCHEMALATCH_CONTRACT_TYPES_H
#define SCHEMALATCH_CONTRACT_TYPES_H

#include <stdbool.h>

#include "../error.h"

struct type_name {
	char *text; /* what format_type() prints, or our best guess of it */
	char *open; /* NULL: text tells all. Else {name,schema,suffix} as an array literal; schema
		       is empty where none was written, which leaves it open */
};

/* Reads a column's type, or that of a function's argument, which has no modifiers (any are
 * dropped, as PostgreSQL does). type_done frees what it gives. Returns 0, or -1 with err. */
int type_read(const char *text, bool is_argument, struct type_name *type, struct error *err);
void type_done(struct type_name *type);

#endif
