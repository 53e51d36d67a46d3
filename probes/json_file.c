#include "json_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xalloc.h"

/* The file's bytes as far as the limit, with their number. A buffer for the worst case would be
 * resident for good once it had been used. free() releases it. */
static char *read_growing(FILE *file, size_t limit, size_t *length)
{
	size_t size = 16 << 10;
	char *text = xcalloc(size, 1);

	*length = 0;
	while (*length < limit) {
		size_t room = size - 1 - *length;
		size_t got = fread(text + *length, 1, room, file);

		*length += got;
		if (got < room)
			break;
		size *= 2;
		text = xreallocarray(text, size, 1);
	}
	text[*length] = '\0';
	return text;
}

/* The file's bytes, NUL-terminated, with their number; NULL and a problem. free() releases it. */
static char *read_file(const char *path, size_t limit, size_t *length, struct problems *problems)
{
	FILE *file = fopen(path, "re");
	char *text = NULL;

	if (file == NULL) {
		problems_add(problems, path, "cannot be read: %s", strerror(errno));
		return NULL;
	}
	text = read_growing(file, limit, length);
	if (ferror(file) || !feof(file) || *length > limit) {
		if (ferror(file))
			problems_add(problems, path, "cannot be read: %s", strerror(errno));
		else
			problems_add(problems, path, "cannot be read: it is larger than %zu MiB",
			    limit >> 20);
		free(text);
		text = NULL;
	}
	fclose(file);
	return text;
}

/* "file:line:column" of a place in text. free() releases it. */
static char *position(const char *path, const char *text, const char *at)
{
	int line = 1;
	int column = 1;

	for (const char *c = text; c < at; c++) {
		column = *c == '\n' ? 1 : column + 1;
		line += *c == '\n';
	}
	return xasprintf("%s:%d:%d", path, line, column);
}

/* Where text has a NUL, raw or as an escape; cJSON would end the string there in silence. */
static const char *find_nul(const char *text, size_t length)
{
	for (const char *c = text; c < text + length; c++) {
		if (*c == '\0' || strncmp(c, "\\u0000", 6) == 0)
			return c;
		if (*c == '\\')
			c++; /* what it escapes begins nothing */
	}
	return NULL;
}

static void problem_at(
    const char *path, const char *text, const char *at, const char *what, struct problems *problems)
{
	char *where = position(path, text, at);

	problems_add(problems, where, "%s", what);
	free(where);
}

static cJSON *parse_text(
    const char *path, const char *text, size_t length, struct problems *problems)
{
	const char *nul = find_nul(text, length);
	const char *end = text;
	cJSON *document;

	if (nul != NULL) {
		problem_at(path, text, nul, "holds a NUL character, expected none", problems);
		return NULL;
	}
	document = cJSON_ParseWithLengthOpts(text, length, &end, false);
	while (document != NULL && end < text + length && strchr(" \t\r\n", *end) != NULL)
		end++;
	if (document != NULL && end == text + length)
		return document;
	problem_at(path, text, end,
	    document == NULL ? "is not JSON, expected a value, a comma or a closing bracket here"
			     : "text behind the end, expected nothing",
	    problems);
	cJSON_Delete(document);
	return NULL;
}

cJSON *json_file_read(const char *path, size_t limit_mib, struct problems *problems)
{
	size_t length = 0;
	char *text = read_file(path, limit_mib << 20, &length, problems);
	cJSON *document = text != NULL ? parse_text(path, text, length, problems) : NULL;

	free(text);
	return document;
}
