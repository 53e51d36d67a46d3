/*
 * Reading a PGresult safely: columns by name, NULL told apart, numbers whole and in range. What
 * speaks the protocol is not always PostgreSQL, so a result of another shape than asked for is
 * possible; rows_have_columns finds it. Borrows the result. Any thread; pure.
 */
#ifndef SCHEMALATCH_ROWS_H
#define SCHEMALATCH_ROWS_H

#include <libpq-fe.h>
#include <stdbool.h>

/* Whether the result has each of the columns, a list of names that ends in NULL. */
bool rows_have_columns(const PGresult *rows, const char *const *columns);

int rows_count(const PGresult *rows);

/* The value as text, or NULL for SQL NULL and for no such column; lives as long as the result. */
const char *rows_text(const PGresult *rows, int row, const char *column);

/* For many rows: the number of a column, -1 where there is none, and the value at it. */
int rows_column(const PGresult *rows, const char *column);
const char *rows_value(const PGresult *rows, int row, int column);

/* "t" is true; "f" and NULL are false. */
bool rows_bool(const PGresult *rows, int row, const char *column);

/* A whole number; 0 for NULL and for text that is not one. */
long rows_long(const PGresult *rows, int row, const char *column);

#endif
