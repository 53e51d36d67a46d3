#include "names.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "xalloc.h"

/* Reads one part, quoted or plain, up to a dot or the end; NULL with err where it is not a name. */
static char *parse_part(const char **cursor, struct error *err)
{
	const char *c = *cursor;
	bool quoted = *c == '"';
	bool closed = !quoted;
	struct text part;

	text_init(&part, 0);
	for (c += quoted; *c != '\0' && (quoted || *c != '.'); c++) {
		if (quoted && *c == '"' && *++c != '"') {
			closed = true;
			break;
		}
		text_add_bytes(&part, c, 1);
	}
	*cursor = c;
	if (!closed)
		error_set(err, "a quote is not closed");
	else if (*c != '\0' && *c != '.')
		error_set(err, "expected a dot or the end behind a closing quote");
	else if (part.length == 0)
		error_set(err, "a part of the name is empty");
	else if (part.length > NAME_MAX_BYTES)
		error_set(err, "%zu bytes are more than the %d that PostgreSQL keeps of a name",
		    part.length, NAME_MAX_BYTES);
	else
		return text_take(&part);
	text_done(&part);
	return NULL;
}

int name_parse(
    const char *text, const char *fallback, char **schema, char **table, struct error *err)
{
	const char *cursor = text;
	char *first = parse_part(&cursor, err);
	char *second = NULL;

	if (first == NULL)
		return -1;
	if (*cursor == '.') {
		cursor++;
		second = parse_part(&cursor, err);
		if (second == NULL || *cursor != '\0') {
			if (second != NULL)
				error_set(err, "more than two parts, expected schema.table");
			free(first);
			free(second);
			return -1;
		}
	}
	*schema = second != NULL ? first : xstrdup(fallback);
	*table = second != NULL ? second : first;
	return 0;
}

static void add_trimmed(struct strings *names, const char *start, const char *end)
{
	while (start < end && isspace((unsigned char)*start))
		start++;
	while (end > start && isspace((unsigned char)end[-1]))
		end--;
	strings_take(names, xstrndup(start, (size_t)(end - start)));
}

void names_split(const char *text, struct strings *names)
{
	const char *start = text;
	bool quoted = false;

	for (const char *c = text;; c++) {
		if (*c == '"')
			quoted = !quoted;
		if (*c != '\0' && (*c != ',' || quoted))
			continue;
		add_trimmed(names, start, c);
		if (*c == '\0')
			return;
		start = c + 1;
	}
}

static void add_doubling(struct text *text, const char *name, char quote)
{
	for (; *name != '\0'; name++) {
		if (*name == quote)
			text_add_bytes(text, &quote, 1);
		text_add_bytes(text, name, 1);
	}
}

void text_add_identifier(struct text *text, const char *name)
{
	text_add(text, "\"");
	add_doubling(text, name, '"');
	text_add(text, "\"");
}

void text_add_readable(struct text *text, const char *name)
{
	if (strpbrk(name, "\".,; \t") != NULL)
		text_add_identifier(text, name);
	else
		text_add(text, name);
}

void text_add_name(struct text *text, const char *schema, const char *table)
{
	text_add_readable(text, schema);
	text_add(text, ".");
	text_add_readable(text, table);
}

/* Whether array_in() takes the string as it is; quotes cost a backslash in each array around. */
static bool is_plain_element(const char *string)
{
	static const char plain[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-()%*$[]";

	return *string != '\0' && string[strspn(string, plain)] == '\0' &&
	       strcasecmp(string, "null") != 0;
}

void text_add_element(struct text *text, const char *string)
{
	if (is_plain_element(string)) {
		text_add(text, string);
		return;
	}
	text_add(text, "\"");
	for (const char *c = string; *c != '\0'; c++) {
		if (*c == '"' || *c == '\\')
			text_add(text, "\\");
		text_add_bytes(text, c, 1);
	}
	text_add(text, "\"");
}

char *names_array(const struct strings *strings)
{
	struct text text;

	text_init(&text, 0);
	text_add(&text, "{");
	for (size_t i = 0; i < strings->count; i++) {
		text_add(&text, i > 0 ? "," : "");
		text_add_element(&text, strings->items[i]);
	}
	text_add(&text, "}");
	return text_take(&text);
}
