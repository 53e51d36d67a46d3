/*
 * Splits Python source into tokens: just enough to tell where statements, blocks, brackets and
 * strings begin and end, so that nothing inside a docstring, a function or SQL text is ever taken
 * for a statement. Takes any bytes, in linear time and constant memory. Any thread; pure.
 */
#ifndef SCHEMALATCH_HISTORY_PYTHON_H
#define SCHEMALATCH_HISTORY_PYTHON_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "../text.h"

enum python_kind {
	PYTHON_NAME, /* an identifier or keyword */
	PYTHON_NUMBER,
	PYTHON_STRING,   /* one literal, with its prefix and quotes */
	PYTHON_OPERATOR, /* one operator, bracket or delimiter */
	PYTHON_NEWLINE,  /* the end of a logical line, depth 0 */
	PYTHON_END,      /* the end of the text, also where it breaks off (see broken) */
};

/* Borrows the text. */
struct python_token {
	enum python_kind kind;
	const char *start;
	size_t length;
	unsigned long line; /* from 1 */
	size_t depth;       /* brackets around it; a bracket and its partner have the same */
};

/* Reading position; callers read indent, broken and broken_line, and copy the whole to look
 * ahead.*/
struct python_lexer {
	const char *at;
	const char *end;
	unsigned long line;
	bool line_started;       /* the present logical line has a token */
	size_t indent;           /* columns before the first token of that line */
	size_t depth;            /* open brackets */
	unsigned long open_line; /* where the outermost of them is */
	unsigned nesting;        /* strings within replacement fields within strings */
	const char *broken;      /* why this cannot be Python ("a string is not closed"), or NULL */
	unsigned long broken_line;
};

/* Borrows text for as long as the lexer and its tokens are used. A byte order mark is skipped. */
void python_lexer_init(struct python_lexer *lexer, const char *text, size_t length);

/* The next token; PYTHON_END again and again once there is no more. */
void python_read(struct python_lexer *lexer, struct python_token *token);

/* The next PYTHON_NEWLINE or PYTHON_END: python_read until then, but most is
 * passed over unread. */
void python_read_line_end(struct python_lexer *lexer, struct python_token *token);

/* From the beginning of a line on: passes over those that are empty, or indented further than that
 * and nothing but words and operators. What stops it is read next. */
void python_skip_body(struct python_lexer *lexer, size_t indent);

/*
 * Short ways past what nearly all lines are, for a lexer behind the first word of a statement
 * outside of brackets. Where a line is anything else they return false, and the lexer is where it
 * was; else it is at the line's end, which is what it reads next.
 *
 * The first: all that is left is words and operators, no word is among words, and no statement ends
 * before the line. The second: what is left is "=" and one literal, a string without prefix or
 * escape, whose bytes *start and *length become, or None, for which *start is NULL.
 */
bool python_skip_line_without(struct python_lexer *lexer, const char *const *words, size_t count);
bool python_skip_assignment(struct python_lexer *lexer, const char **start, size_t *length);

static inline struct python_token python_next(struct python_lexer *lexer)
{
	struct python_token token;

	python_read(lexer, &token);
	return token;
}

/* The token is this word or operator (a string never is). In the header since it is asked many
 * times for each token, nearly always in vain. */
static inline bool python_token_is(const struct python_token *token, const char *spelling)
{
	return (token->kind == PYTHON_NAME || token->kind == PYTHON_OPERATOR) &&
	       *token->start == *spelling && strncmp(token->start, spelling, token->length) == 0 &&
	       spelling[token->length] == '\0';
}

/*
 * Adds the value of a PYTHON_STRING to value. Returns NULL, or what keeps it from being plain text
 * ("an f-string", "a string with an escape").
 */
const char *python_string_value(const struct python_token *token, struct text *value);

#endif
