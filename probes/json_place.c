#include "json_place.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"
#include "xalloc.h"

struct json_place json_place_key(const struct json_place *parent, const char *key)
{
	return (struct json_place){.parent = parent, .key = key};
}

struct json_place json_place_index(const struct json_place *parent, int index)
{
	return (struct json_place){.parent = parent, .index = index};
}

/* RFC 6901: "~" is "~0" and "/" is "~1". */
static void add_escaped(struct text *text, const char *key)
{
	for (; *key != '\0'; key++) {
		if (*key == '~')
			text_add(text, "~0");
		else if (*key == '/')
			text_add(text, "~1");
		else
			text_add_bytes(text, key, 1);
	}
}

/* Adds the pointer of place and gives the document at the root of its chain. */
static const struct json_place *add_pointer(struct text *text, const struct json_place *place)
{
	const struct json_place *document;

	if (place->parent == NULL)
		return place;
	document = add_pointer(text, place->parent);
	text_add(text, "/");
	if (place->key != NULL)
		add_escaped(text, place->key);
	else
		text_addf(text, "%d", place->index);
	return document;
}

/* Whether pointer is that of prefix or of something inside it. */
static bool is_inside(const char *pointer, const char *prefix)
{
	size_t length = strlen(prefix);

	return strncmp(pointer, prefix, length) == 0 &&
	       (pointer[length] == '\0' || pointer[length] == '/');
}

static const char *origin_of(const struct json_place *document, const char *pointer)
{
	for (const struct json_origin *origin = document->origins;
	     origin != NULL && origin->pointer != NULL; origin++)
		if (is_inside(pointer, origin->pointer))
			return origin->name;
	return NULL;
}

char *json_place_text(const struct json_place *place)
{
	struct text pointer;
	const struct json_place *document;
	const char *origin;
	char *text;

	text_init(&pointer, 0);
	document = add_pointer(&pointer, place);
	origin = origin_of(document, text_string(&pointer));
	if (origin != NULL)
		text = xstrdup(origin);
	else if (pointer.length == 0)
		text = xstrdup(document->source);
	else
		text = xasprintf("%s: %s", document->source, text_string(&pointer));
	text_done(&pointer);
	return text;
}

void json_problem(
    struct problems *problems, const struct json_place *place, const char *format, ...)
{
	char *where = json_place_text(place);
	va_list arguments;

	va_start(arguments, format);
	problems_vadd(problems, where, format, arguments);
	va_end(arguments);
	free(where);
}
