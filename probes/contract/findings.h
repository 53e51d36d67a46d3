/*
 * From the rows that the contract's statement brought to what people are told: each deviation with
 * what is wanted and what was found, the most telling first. Pure.
 */
#ifndef SCHEMALATCH_CONTRACT_FINDINGS_H
#define SCHEMALATCH_CONTRACT_FINDINGS_H

#include <libpq-fe.h>

#include "../keys.h"
#include "../verdict.h"
#include "wanted.h"

/* How many of the schemas that match a pattern may deviate. what names the wanted objects for
 * people ("the contract's objects"). Borrows all. */
struct verdict contract_judge(const struct wanted *wanted, const char *what,
    const struct amount *tolerance, const char *role, const PGresult *rows);

/* Compares versions as people read them: by their numbers, "1.10" after "1.9". Less than, equal to,
 * or greater than 0. */
int version_compare(const char *a, const char *b);

#endif
