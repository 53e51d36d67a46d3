/*
 * A growing string with a limit. What goes over the limit is cut at a character and the text ends
 * in "…": an answer for a probe stays small whatever the database holds. Any thread; pure.
 */
#ifndef SCHEMALATCH_TEXT_H
#define SCHEMALATCH_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text {
	char *data; /* always NUL-terminated once something was added; NULL before */
	size_t length;
	size_t capacity;
	size_t limit_bytes; /* 0: none */
	bool truncated;
};

/* An embedded text, empty; limit_bytes of 0 means none. */
void text_init(struct text *text, size_t limit_bytes);

void text_add(struct text *text, const char *string);
void text_add_bytes(struct text *text, const char *bytes, size_t length);
void text_addf(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * Adds what may come from outside (object names, file names, revision ids): control characters and
 * bytes that are not UTF-8 become '?', so that no line, label or terminal can be forged.
 */
void text_add_clean(struct text *text, const char *string);

/* Whether text_add_clean would add the string as it is. */
bool text_is_clean(const char *string);

/* The string so far, never NULL. Borrowed until the next call on text. */
const char *text_string(const struct text *text);

/* Gives the string (free() releases it) and leaves text empty. Never NULL. */
char *text_take(struct text *text);

void text_done(struct text *text);

/* Copies source into a buffer of size bytes as text_add_clean would, cut with "…" where too long.
 */
void text_copy_clean(char *buffer, size_t size, const char *source);

/* A number that two strings of one's own making hardly ever share: FNV-1a of 64 bits. */
uint64_t text_hash(const char *string);

#endif
