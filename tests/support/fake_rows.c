#include "fake_rows.h"

#include <stdlib.h>
#include <string.h>

#define COLUMNS_MAX 16

/* Splits names in place; gives their number. */
static int split(char *names, PGresAttDesc *columns)
{
	int count = 0;

	for (char *name = strtok(names, " "); name != NULL; name = strtok(NULL, " "))
		columns[count++] =
		    (PGresAttDesc){.name = name, .typid = 25, .typlen = -1, .atttypmod = -1};
	return count;
}

/* libpq wants text that it could change, and does not. */
static void set_value(PGresult *result, int row, int column, const char *value)
{
	char *copy = value != NULL ? strdup(value) : NULL;

	PQsetvalue(result, row, column, copy, copy != NULL ? (int)strlen(copy) : -1);
	free(copy);
}

PGresult *fake_rows(const char *columns, int row_count, const char *const *values)
{
	PGresAttDesc descriptions[COLUMNS_MAX];
	PGresult *result = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
	char *names = strdup(columns);
	int count = split(names, descriptions);

	PQsetResultAttrs(result, count, descriptions);
	for (int i = 0; i < row_count * count; i++)
		set_value(result, i / count, i % count, values[i]);
	free(names);
	return result;
}
