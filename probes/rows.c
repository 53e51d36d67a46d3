#include "rows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool rows_have_columns(const PGresult *rows, const char *const *columns)
{
	for (; *columns != NULL; columns++)
		if (PQfnumber(rows, *columns) < 0)
			return false;
	return true;
}

int rows_count(const PGresult *rows)
{
	return PQntuples(rows);
}

int rows_column(const PGresult *rows, const char *column)
{
	return PQfnumber(rows, column);
}

const char *rows_value(const PGresult *rows, int row, int column)
{
	if (column < 0 || PQgetisnull(rows, row, column))
		return NULL;
	return PQgetvalue(rows, row, column);
}

const char *rows_text(const PGresult *rows, int row, const char *column)
{
	return rows_value(rows, row, rows_column(rows, column));
}

bool rows_bool(const PGresult *rows, int row, const char *column)
{
	const char *text = rows_text(rows, row, column);

	return text != NULL && strcmp(text, "t") == 0;
}

long rows_long(const PGresult *rows, int row, const char *column)
{
	const char *text = rows_text(rows, row, column);
	char *end;
	long number;

	if (text == NULL)
		return 0;
	errno = 0;
	number = strtol(text, &end, 10);
	return end == text || *end != '\0' || errno != 0 ? 0 : number;
}
