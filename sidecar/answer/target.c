#include "target.h"

#include <stdlib.h>
#include <string.h>

#include "../../probes/xalloc.h"

static int hex_value(char c)
{
	static const char digits[] = "00112233445566778899aAbBcCdDeEfF";
	const char *found = c != '\0' ? strchr(digits, c) : NULL;

	return found != NULL ? (int)(found - digits) / 2 : -1;
}

/* The byte that "%41" stands for; -1 where it is broken or a NUL. */
static int escaped_byte(const char *text, size_t length)
{
	int high = length > 2 ? hex_value(text[1]) : -1;
	int low = length > 2 ? hex_value(text[2]) : -1;

	return high < 0 || low < 0 || high + low == 0 ? -1 : high * 16 + low;
}

/* The text without its escapes; NULL where one is broken or would be a NUL. free() releases it. */
static char *decode(const char *text, size_t length)
{
	char *decoded = xcalloc(length + 1, 1);
	size_t end = 0;

	for (size_t i = 0; i < length; i++) {
		int byte =
		    text[i] == '%' ? escaped_byte(text + i, length - i) : (unsigned char)text[i];

		if (byte == -1) {
			free(decoded);
			return NULL;
		}
		i += text[i] == '%' ? 2 : 0;
		decoded[end++] = (char)byte;
	}
	return decoded;
}

static int parse_parameter(const char *text, size_t length, struct target *target)
{
	size_t name = strcspn(text, "=&#");
	char *value;

	if (name > length)
		name = length;
	if (name == 7 && strncmp(text, "verbose", 7) == 0)
		target->verbose = true;
	if (name != 7 || strncmp(text, "exclude", 7) != 0 || length <= name + 1)
		return 0;
	value = decode(text + name + 1, length - name - 1);
	if (value == NULL)
		return -1;
	strings_take(&target->exclude, value);
	return 0;
}

static int parse_query(const char *query, struct target *target)
{
	while (*query != '\0' && *query != '#') {
		size_t length = strcspn(query, "&#");

		if (parse_parameter(query, length, target) != 0)
			return -1;
		query += length + (query[length] == '&');
	}
	return 0;
}

int target_parse(const char *uri, struct target *target)
{
	size_t length = strcspn(uri, "?#");

	*target = (struct target){0};
	if (uri[0] != '/')
		return -1;
	target->path = decode(uri, length);
	if (target->path == NULL)
		return -1;
	return uri[length] == '?' ? parse_query(uri + length + 1, target) : 0;
}

void target_done(struct target *target)
{
	free(target->path);
	strings_done(&target->exclude);
	*target = (struct target){0};
}
