/* Results built by hand, for judges that are tested without a server. */
#ifndef SCHEMALATCH_TESTS_FAKE_ROWS_H
#define SCHEMALATCH_TESTS_FAKE_ROWS_H

#include <libpq-fe.h>

/* A result of the columns ("a b c", split at blanks) and rows, each a list of as many values, NULL
 * for SQL NULL. PQclear releases it. */
PGresult *fake_rows(const char *columns, int row_count, const char *const *values);

#endif
