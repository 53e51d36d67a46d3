#include "strings.h"

#include <stdlib.h>
#include <string.h>

#include "xalloc.h"

void strings_take(struct strings *list, char *string)
{
	if (list->count == list->capacity) {
		/* Most lists hold one, and there are some for each of thousands of files. */
		list->capacity = list->capacity > 0 ? 2 * list->capacity : 1;
		list->items = xreallocarray(list->items, list->capacity, sizeof(*list->items));
	}
	list->items[list->count++] = string;
}

void strings_add(struct strings *list, const char *string)
{
	strings_take(list, xstrdup(string));
}

bool strings_has(const struct strings *list, const char *string)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i], string) == 0)
			return true;
	return false;
}

#define NEAREST_WORD_MAX 40

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Levenshtein distance of words of at most NEAREST_WORD_MAX bytes. */
static size_t edits_between(const char *a, const char *b)
{
	size_t row[NEAREST_WORD_MAX + 1];
	size_t width = strlen(b);

	for (size_t j = 0; j <= width; j++)
		row[j] = j;
	for (size_t i = 1; a[i - 1] != '\0'; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= width; j++) {
			size_t replaced = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			row[j] = least(replaced, least(row[j], row[j - 1]) + 1);
		}
	}
	return row[width];
}

const char *strings_nearest(const char *word, const char *const *candidates, size_t count)
{
	size_t length = strlen(word);
	size_t best = length / 2 + 1; /* more edits than that is another word */
	const char *nearest = NULL;

	if (length > NEAREST_WORD_MAX)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		size_t edits;

		if (strlen(candidates[i]) > NEAREST_WORD_MAX)
			continue;
		edits = edits_between(word, candidates[i]);
		if (edits < best) {
			best = edits;
			nearest = candidates[i];
		}
	}
	return nearest;
}

void strings_done(struct strings *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i]);
	free(list->items);
	*list = (struct strings){0};
}
