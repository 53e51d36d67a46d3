/* A list of strings that it owns, in order. Any thread; pure. */
#ifndef SCHEMALATCH_STRINGS_H
#define SCHEMALATCH_STRINGS_H

#include <stdbool.h>
#include <stddef.h>

struct strings {
	char **items;
	size_t count;
	size_t capacity;
};

/* Adds a copy of string; strings_take adds the string itself and takes it. */
void strings_add(struct strings *list, const char *string);
void strings_take(struct strings *list, char *string);

bool strings_has(const struct strings *list, const char *string);

/* The name among count candidates that is nearest to word by edits, or NULL when none is near. */
const char *strings_nearest(const char *word, const char *const *candidates, size_t count);

/* Frees the strings and leaves the list empty and usable. */
void strings_done(struct strings *list);

#endif
