#include "kinds.h"

#include <string.h>

extern const struct check_kind check_kind_contract;
extern const struct check_kind check_kind_migrations;
extern const struct check_kind check_kind_query;
extern const struct check_kind check_kind_tables;

const struct check_kind *const check_kinds[] = {
    &check_kind_contract,
    &check_kind_migrations,
    &check_kind_query,
    &check_kind_tables,
    NULL,
};

const struct check_kind *check_kind_find(const char *name)
{
	for (const struct check_kind *const *kind = check_kinds; *kind != NULL; kind++)
		if (strcmp((*kind)->name, name) == 0)
			return *kind;
	return NULL;
}
