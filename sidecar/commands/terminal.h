/*
 * What a command prints for a person: colours, lines that fit, and one line redrawn in place, where
 * the stream is a terminal that can; plain text in one piece where it is not. Main thread.
 */
#ifndef SCHEMALATCH_COMMANDS_TERMINAL_H
#define SCHEMALATCH_COMMANDS_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "../../probes/verdict.h"

struct terminal {
	FILE *file;
	bool wraps;   /* it is a terminal */
	bool redraws; /* and one that knows how to go back */
	bool colours; /* and NO_COLOR is not set */
	bool drawn;   /* a line stands there to be redrawn */
};

/* Borrows file. */
struct terminal terminal_of(FILE *file);

/* Prints text in the colour of a verdict. */
void terminal_tone(const struct terminal *terminal, enum verdict_value value, const char *text);

/* Prints text from that column on, at words; further lines begin behind indent blanks. */
void terminal_wrap(const struct terminal *terminal, size_t column, size_t indent, const char *text);

/* Draws line, of ASCII, in the place of the one drawn before, cut to what fits; NULL takes it away,
 * which must come before anything else is printed. Nothing where the terminal cannot. */
void terminal_draw(struct terminal *terminal, const char *line);

#endif
