/*
 * Splits sources of the C family (JavaScript, TypeScript, C#) into words, strings and signs: enough
 * that nothing inside a comment or a string is taken for code. Takes any bytes, in linear time and
 * constant memory. A regular expression that holds a quote can hide the rest of its line. Any
 * thread; pure.
 */
#ifndef SCHEMALATCH_HISTORY_SCRIPT_H
#define SCHEMALATCH_HISTORY_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>

enum script_kind {
	SCRIPT_WORD,
	SCRIPT_STRING, /* without its quotes, and without any escape in it */
	SCRIPT_OPAQUE, /* a string with escapes or fields: its value cannot be told */
	SCRIPT_SIGN,   /* one character */
	SCRIPT_END
};

/* Borrows the text. */
struct script_token {
	enum script_kind kind;
	const char *start;
	size_t length;
	unsigned long line; /* from 1 */
};

struct script_lexer {
	const char *at;
	const char *end;
	unsigned long line;
};

void script_lexer_init(struct script_lexer *lexer, const char *text, size_t length);

/* The next token; SCRIPT_END again and again once there is no more. */
struct script_token script_next(struct script_lexer *lexer);

/* The token is this word or sign. */
bool script_token_is(const struct script_token *token, const char *spelling);

#endif
