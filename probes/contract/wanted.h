/*
 * What a contract wants, in the form in which the database is asked for it: one row an object, and
 * of all rows one array a facet. Nothing else is kept: the answer brings back the names of
 * what deviates, so that a contract of 10,000 tables costs little more than its text. Filled by the
 * main thread while the configuration is read, immutable after.
 */
#ifndef SCHEMALATCH_CONTRACT_WANTED_H
#define SCHEMALATCH_CONTRACT_WANTED_H

#include <stdbool.h>
#include <stddef.h>

#include "../strings.h"
#include "../text.h"

/* Facets of an object, in the order of the statement's parameters. A facet that holds several
 * values is an array literal itself. */
enum facet {
	FACET_CLASS,   /* one character, enum wanted_class */
	FACET_PATTERN, /* LIKE pattern of the schemas; NULL: the schema is one */
	FACET_SCHEMA,  /* as the contract names it */
	FACET_NAME,
	FACET_PARTS, /* columns; values of an enum */
	FACET_TYPES, /* of the columns, of a function's arguments; the least version */
	FACET_OPENS, /* the same where the name alone does not tell the type: type.h */
	FACET_NULLABLE,
	FACET_PROOF, /* proof.h: of all columns; where it holds, nothing has to be looked at closer
		      */
	FACET_PRIMARY_KEY,
	FACET_INDEXES,
	FACET_UNIQUE, /* of the indexes */
	FACET_INDEX_COLUMNS,
	FACET_KEYS, /* the same of the primary key and the indexes */
	FACET_CONSTRAINTS,
	FACET_PRIVILEGES,
	FACET_ROW_SECURITY,
	FACET_COUNT
};

/* Relations have the letter of their relkind. */
enum wanted_class {
	WANTED_ANY_RELATION = 'a', /* that one may select from */
	WANTED_TABLE = 'r',
	WANTED_VIEW = 'v',
	WANTED_MATERIALIZED_VIEW = 'm',
	WANTED_SEQUENCE = 'S',
	WANTED_ENUM = 'e',
	WANTED_FUNCTION = 'f',
	WANTED_SCHEMA = 'n',
	WANTED_EXTENSION = 'x',
};

struct wanted {
	struct text facets[FACET_COUNT];
	size_t count;           /* objects */
	size_t named;           /* the same without schemas, as people count them */
	bool uses[FACET_COUNT]; /* some object has something in that facet */
	bool has_enums;
	bool has_functions;
	char *sql;  /* see statement.h; NULL before the end */
	char *name; /* equal where sql is */
};

/* One object. Facets are NULL until they are set; wanted_add takes them. */
struct wanted_object {
	enum wanted_class class;
	const char *pattern;
	const char *schema;
	const char *name;
	char *facets[FACET_COUNT]; /* FACET_PARTS and later */
};

void wanted_add(struct wanted *wanted, struct wanted_object *object);

/* Ends the arrays; nothing can be added after. */
void wanted_end(struct wanted *wanted);
void wanted_done(struct wanted *wanted);

/* A list as a facet; NULL where it is empty. free() releases it. */
char *facet_of(const struct strings *list);

/* The schema name as LIKE pattern where it holds '*' or '?', NULL where it is a plain name. free()
 * releases it. */
char *wanted_pattern(const char *schema);

#endif
