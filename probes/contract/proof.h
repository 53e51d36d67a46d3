/*
 * What must be found of a table where all that is wanted of it can be said in advance, as one
 * string that the statement compares at once. No array, since that takes the server three times as
 * long to read: items with PROOF_SEPARATOR between them, of which none looks like another kind's or
 * holds the separator. Any thread; pure.
 */
#ifndef SCHEMALATCH_CONTRACT_PROOF_H
#define SCHEMALATCH_CONTRACT_PROOF_H

#include <stdbool.h>

#include "../strings.h"
#include "../text.h"

/* An empty one is all zeros. */
struct proof {
	struct text items;
	bool is_open; /* something that is wanted cannot be said */
};

/* "TYPE\1NAME", or "TYPE\2NAME" of one that is NOT NULL. Neither byte is in a type's text but in
 * quotes, so that no two columns have one item. An empty type cannot be said. */
void proof_add_column(struct proof *proof, const char *type, bool is_not_null, const char *name);

/* "\1NAME", or "\2NAME" of a unique one. */
void proof_add_index(struct proof *proof, const char *name, bool is_unique);

/* "\4N\4NAME\4NAME" of its N columns, whose number tells a name with a \4 in it from two. */
void proof_add_primary_key(struct proof *proof, const struct strings *columns);

/* Takes the string, NULL where there is none or it is open, and leaves the proof empty. free()
 * releases it. */
char *proof_take(struct proof *proof);

#endif
