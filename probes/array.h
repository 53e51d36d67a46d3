/*
 * A text[] in the binary form of PostgreSQL's protocol (array_recv in the server's
 * utils/adt/arrayfuncs.c; the same since 7.4), which the server takes over as it is: a literal of
 * thousands of elements is read byte by byte, and that took a fifteenth of a contract's look. Any
 * thread; pure.
 */
#ifndef SCHEMALATCH_ARRAY_H
#define SCHEMALATCH_ARRAY_H

#include "text.h"

/* Adds an element, NULL for SQL's; array is empty before the first. */
void array_add(struct text *array, const char *element);

/* After the last element. */
void array_end(struct text *array);

#endif
