/*
 * The one statement that looks at everything a contract wants, whatever its size: one snapshot, no
 * lock but on catalogs, no right but CONNECT. Pure.
 *
 * A row for each deviation, the most telling of them first and at most CONTRACT_ROWS_MAX a group
 * (each pattern is a group, and all else is one), and a row of class 'Z' that sums the group up.
 * Columns: code (findings.h), schema_wanted, schema, object, part, wanted, found, total.
 */
#ifndef SCHEMALATCH_CONTRACT_STATEMENT_H
#define SCHEMALATCH_CONTRACT_STATEMENT_H

#include "../check.h"
#include "findings.h"
#include "wanted.h"

#define CONTRACT_ROWS_MAX "50"

/* The statement's text: what no object is of a class for is left out, since planning costs more
 * than a small answer. free() releases it. */
char *contract_sql(const struct wanted *wanted);

/* A name that no other text has. free() releases it. */
char *contract_name(const struct wanted *wanted);

/* The conversation of a check with these objects: asks, and judges the answer. Borrows
 * question until the next step. */
enum check_step contract_step(const struct contract_question *question, const struct answer *answer,
    struct statement *statement, struct verdict *verdict);

#endif
