#include "ids.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

#define DIGITS "0123456789"
#define TIME_DIGITS 13 /* milliseconds since 1970 */

static int sign(int number)
{
	return (number > 0) - (number < 0);
}

int id_compare_bytes(const char *a, const char *b)
{
	return strcmp(a, b);
}

int id_compare_nocase(const char *a, const char *b)
{
	return strcasecmp(a, b);
}

bool id_is_any(const char *text)
{
	return *text != '\0';
}

bool id_is_number(const char *text)
{
	return *text != '\0' && text[strspn(text, DIGITS)] == '\0';
}

bool id_is_dotted(const char *text)
{
	const char *dot = strchr(text, '.');

	return dot != NULL && dot > text && dot[1] != '\0' && strchr(text, ' ') == NULL;
}

/* The digits at text without leading zeros. */
static const char *significant(const char *text, size_t *length)
{
	const char *start = text + strspn(text, "0");

	*length = strspn(start, DIGITS);
	return start;
}

/* Compares the runs of digits at a and b, of which either may be empty (0). */
static int compare_runs(const char *a, const char *b)
{
	size_t a_length;
	size_t b_length;

	a = significant(a, &a_length);
	b = significant(b, &b_length);
	if (a_length != b_length)
		return a_length < b_length ? -1 : 1;
	return sign(memcmp(a, b, a_length));
}

int id_compare_numbers(const char *a, const char *b)
{
	bool a_is_number = id_is_number(a);
	bool b_is_number = id_is_number(b);

	if (a_is_number && b_is_number)
		return compare_runs(a, b);
	if (a_is_number != b_is_number)
		return a_is_number ? -1 : 1;
	return strcmp(a, b);
}

static bool is_repeatable(const char *id)
{
	return strncmp(id, "R:", 2) == 0;
}

bool id_is_version(const char *text)
{
	if (is_repeatable(text))
		return text[2] != '\0';
	return strchr(DIGITS, *text) != NULL && *text != '\0' &&
	       text[strspn(text, DIGITS "._")] == '\0';
}

/* Steps over one part of a version and the separator behind it. */
static const char *next_part(const char *version)
{
	version += strspn(version, DIGITS);
	return *version != '\0' ? version + 1 : version;
}

static int compare_parts(const char *a, const char *b)
{
	while (*a != '\0' || *b != '\0') {
		int result = compare_runs(a, b);

		if (result != 0)
			return result;
		a = next_part(a);
		b = next_part(b);
	}
	return 0;
}

int id_compare_versions(const char *a, const char *b)
{
	bool a_is_version = id_is_version(a) && !is_repeatable(a);
	bool b_is_version = id_is_version(b) && !is_repeatable(b);

	if (a_is_version && b_is_version)
		return compare_parts(a, b);
	if (a_is_version != b_is_version)
		return a_is_version ? -1 : 1;
	return strcmp(a, b);
}

int id_compare_leading_number(const char *a, const char *b)
{
	int result = compare_runs(a, b);

	return result != 0 ? result : strcmp(a, b);
}

/* The digits at the end, or the end itself where there are not as many. */
static const char *trailing_time(const char *id)
{
	size_t length = strlen(id);
	const char *time = id + length - (length < TIME_DIGITS ? length : TIME_DIGITS);

	return strspn(time, DIGITS) == TIME_DIGITS ? time : id + length;
}

int id_compare_trailing_time(const char *a, const char *b)
{
	int result = strcmp(trailing_time(a), trailing_time(b));

	return result != 0 ? result : strcmp(a, b);
}

/* Without a script's extension. */
static size_t stem_length(const char *name)
{
	static const char *const extensions[] = {
	    ".js", ".ts", ".cjs", ".cts", ".mjs", ".mts", NULL};
	const char *dot = strrchr(name, '.');

	for (const char *const *extension = extensions; dot != NULL && *extension != NULL;
	     extension++)
		if (strcmp(dot, *extension) == 0)
			return (size_t)(dot - name);
	return strlen(name);
}

int id_compare_script_names(const char *a, const char *b)
{
	size_t a_length = stem_length(a);
	size_t b_length = stem_length(b);
	int result = memcmp(a, b, a_length < b_length ? a_length : b_length);

	if (result != 0)
		return result;
	return (a_length > b_length) - (a_length < b_length);
}

size_t ids_search(const void *key, size_t count, int (*compare)(const void *key, size_t rank))
{
	size_t low = 0;
	size_t high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int result = compare(key, middle);

		if (result == 0)
			return middle;
		if (result < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return SIZE_MAX;
}
