/*
 * Where in a JSON document we are: a chain of small structs on the C stack, from the value up to
 * the document. Text ("file: /databases/0/period", RFC 6901) is made only when there is a problem.
 * Parts of the document that came from a variable or a flag name that instead. Pure.
 */
#ifndef SCHEMALATCH_JSON_PLACE_H
#define SCHEMALATCH_JSON_PLACE_H

#include "problems.h"

/* Which variable or flag a part of the document came from; an array of these ends in pointer NULL.
 */
struct json_origin {
	const char *pointer; /* "/databases/0/url" */
	const char *name;    /* "SCHEMALATCH_DATABASE_URL" or "--database-url" */
};

struct json_place {
	const struct json_place *parent;   /* NULL: the document itself */
	const char *key;                   /* member name, or NULL */
	int index;                         /* array index where key is NULL */
	const char *source;                /* document only: the file's name */
	const struct json_origin *origins; /* document only: may be NULL */
};

/* The place of a member, of an element. */
struct json_place json_place_key(const struct json_place *parent, const char *key);
struct json_place json_place_index(const struct json_place *parent, int index);

/* Adds a problem at that place. */
void json_problem(struct problems *problems, const struct json_place *place, const char *format,
    ...) __attribute__((format(printf, 3, 4)));

/* The place as text: "file: /pointer", or the name of the variable or flag. free() releases it. */
char *json_place_text(const struct json_place *place);

#endif
