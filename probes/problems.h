/*
 * Everything that is wrong with what the user gave us, collected, so that one run names it all.
 * Each problem is one line "place: what is wrong, expected what". Any thread; pure.
 */
#ifndef SCHEMALATCH_PROBLEMS_H
#define SCHEMALATCH_PROBLEMS_H

#include <stdarg.h>
#include <stddef.h>

#include "strings.h"

struct problems {
	struct strings lines;
};

/* place names a file with line, a JSON pointer in a file, a variable or a flag. */
void problems_add(struct problems *problems, const char *place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

void problems_vadd(struct problems *problems, const char *place, const char *format,
    va_list arguments) __attribute__((format(printf, 3, 0)));

/* Moves what more holds to the end of problems. */
void problems_append(struct problems *problems, struct problems *more);

/* "FILE:LINE", or the file alone where line is 0. free() releases it. */
char *place_text(const char *file, unsigned long line);

void problems_done(struct problems *problems);

#endif
