/* The one table of check kinds. Pure. */
#ifndef SCHEMALATCH_KINDS_H
#define SCHEMALATCH_KINDS_H

#include "check.h"

/* All kinds by name, ending in NULL. */
extern const struct check_kind *const check_kinds[];

/* The kind of that name, or NULL. */
const struct check_kind *check_kind_find(const char *name);

#endif
