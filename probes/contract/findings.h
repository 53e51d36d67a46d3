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

#define CONTRACT_TOLERANCE_HELP                                                                    \
	"how many of the schemas that match a pattern may deviate, 3 or \"1%\"; default: none"

/* What is asked of a contract, and by whom it is judged. */
struct contract_question {
	const struct wanted *wanted;
	const char *what; /* the wanted objects, for people: "the contract's objects" */
	const struct amount *tolerance;
	const char *role; /* NULL: the one we log in as */
};

struct verdict contract_judge(const struct contract_question *question, const PGresult *rows);

/* Compares versions as people read them: by their numbers, "1.10" after "1.9". Less than, equal to,
 * or greater than 0. */
int version_compare(const char *a, const char *b);

#endif
