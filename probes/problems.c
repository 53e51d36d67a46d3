#include "problems.h"

#include <stdlib.h>

#include "text.h"
#include "xalloc.h"

/* A line is for a terminal and a log: long enough for any place, bounded whatever was typed. */
#define PROBLEM_LIMIT_BYTES 1000

void problems_add(struct problems *problems, const char *place, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	problems_vadd(problems, place, format, arguments);
	va_end(arguments);
}

void problems_vadd(
    struct problems *problems, const char *place, const char *format, va_list arguments)
{
	char *what = xvasprintf(format, arguments);
	struct text line;

	text_init(&line, PROBLEM_LIMIT_BYTES);
	text_add_clean(&line, place);
	text_add(&line, ": ");
	text_add_clean(&line, what);
	strings_take(&problems->lines, text_take(&line));
	free(what);
}

void problems_append(struct problems *problems, struct problems *more)
{
	for (size_t i = 0; i < more->lines.count; i++) {
		strings_take(&problems->lines, more->lines.items[i]);
		more->lines.items[i] = NULL;
	}
	problems_done(more);
}

char *place_text(const char *file, unsigned long line)
{
	return line > 0 ? xasprintf("%s:%lu", file, line) : xstrdup(file);
}

void problems_done(struct problems *problems)
{
	strings_done(&problems->lines);
}
