/*
 * Whose history a table is, told by its columns: four tools call theirs schema_migrations, and
 * their shapes differ. Pure.
 */
#ifndef SCHEMALATCH_HISTORY_IDENTITY_H
#define SCHEMALATCH_HISTORY_IDENTITY_H

#include <stdbool.h>

#include "../strings.h"
#include "../text.h"
#include "tool.h"

/* Whether a table with these columns ("name:C", see struct history_tool) can be the tool's. */
bool identity_fits(const struct history_tool *tool, const struct strings *columns);

/* Adds the tools whose table it is by its columns, "rails or dbmate"; nothing where it is none's.
 * has_rails_metadata: Rails's other table is beside it. */
void identity_guess(const struct strings *columns, bool has_rails_metadata, struct text *text);

#endif
