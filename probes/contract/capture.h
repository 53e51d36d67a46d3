/*
 * Writing a contract of a live database: one statement, whose one value is the contract. What could
 * not pass a check right after (an invalid index, a constraint that is not validated) is left out,
 * and so is what is no part of the application: the system's schemas, what extensions bring,
 * partitions. Pure.
 */
#ifndef SCHEMALATCH_CONTRACT_CAPTURE_H
#define SCHEMALATCH_CONTRACT_CAPTURE_H

#include "../check.h"
#include "../problems.h"
#include "../strings.h"

/* What to capture. */
struct capture_scope {
	struct strings schemas; /* none: all */
	struct strings tables;  /* schema.name, or a name in default_schema; none: all. With any of
				   these, nothing but them is captured */
	struct strings without; /* parts of a contract to leave out, by their keys there */
	const char *privileges_of;
	const char *default_schema; /* NULL: public */
};

struct capture;

/* Gives what is to be asked, capture_free releases it; NULL with problems. Borrows the role. */
struct capture *capture_create(const struct capture_scope *scope, struct problems *problems);
void capture_free(struct capture *capture);

/* Borrowed from capture. */
struct statement capture_statement(const struct capture *capture);

/* Gives the contract as text with a line for each thing that changes by itself, free() releases
 * it; NULL with problems where a schema, table or role that was named is not there. */
char *capture_text(const struct capture *capture, const PGresult *rows, struct problems *problems);

#endif
