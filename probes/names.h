/*
 * Names of database objects as people write them, and as SQL wants them. Pure.
 *
 * A name is case-exact whether quoted or not (no folding: what the file says is what must be in the
 * catalog); quotes are needed only for dots, commas and quotes within. `billing.invoices`,
 * `"We.ird".users`, `"a""b"`.
 */
#ifndef SCHEMALATCH_NAMES_H
#define SCHEMALATCH_NAMES_H

#include "error.h"
#include "strings.h"
#include "text.h"

/* Identifiers are cut to this many bytes by PostgreSQL, in silence; so longer ones are refused. */
#define NAME_MAX_BYTES 63

/* Splits text into schema and table; schema becomes a copy of fallback where text has none. Gives
 * both strings. Returns 0, or -1 with err and neither. */
int name_parse(
    const char *text, const char *fallback, char **schema, char **table, struct error *err);

/* Splits "a,b.c,\"d,e\"" at commas outside quotes, blanks around names removed; adds to names. */
void names_split(const char *text, struct strings *names);

/* Adds schema.table, quoted only where needed, for people. */
void text_add_name(struct text *text, const char *schema, const char *table);

/* Adds one name, quoted only where needed. */
void text_add_readable(struct text *text, const char *name);

/* Adds "name" as an SQL identifier. */
void text_add_identifier(struct text *text, const char *name);

/* Adds string as an element of an array literal, quoted only where needed. */
void text_add_element(struct text *text, const char *string);

/* The strings as a PostgreSQL array literal. free() releases it. */
char *names_array(const struct strings *strings);

#endif
