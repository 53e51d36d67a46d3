/*
 * Fuzz target: contract files. Whatever the bytes, nothing crashes; there is something wanted or
 * there are problems; problems are clean lines of bounded length; and what is sent to the server
 * are arrays of one length each.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../probes/contract/read.h"
#include "../../probes/contract/types.h"
#include "../../probes/xalloc.h"
#include "../support/shown_array.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool fact, const char *what, const char *text)
{
	if (fact)
		return;
	fprintf(stderr, "%s: %s\n", what, text);
	abort();
}

static void check_line(const char *line)
{
	demand(strstr(line, ": ") != NULL, "no place", line);
	demand(strchr(line, '\n') == NULL, "several lines", line);
}

/* Elements of an array literal, as array_in() takes it: quotes, and backslashes within. */
static size_t element_count(const char *literal)
{
	size_t length = strlen(literal);
	size_t count = 1;
	bool quoted = false;

	demand(length >= 2 && literal[0] == '{' && literal[length - 1] == '}', "no array", literal);
	if (length == 2)
		return 0;
	for (const char *c = literal + 1; c < literal + length - 1; c++) {
		if (quoted && *c == '\\')
			c++;
		else if (*c == '"')
			quoted = !quoted;
		else
			count += !quoted && *c == ',';
		demand(quoted || strchr("{}\\", *c) == NULL || *c == '\0' || c[-1] == '\\',
		    "an element that wants quotes", literal);
	}
	demand(!quoted, "a quote is not closed", literal);
	return count;
}

static void check_facet(const struct text *facet, size_t count)
{
	char *shown = shown_array(facet);

	demand(shown != NULL, "no array", "in binary");
	demand(element_count(shown) == count, "another length", shown);
	free(shown);
}

static void check_file(const char *bytes, size_t length)
{
	struct problems problems = {0};
	struct wanted wanted = {.count = 0};
	int fd = memfd_create("contract", MFD_CLOEXEC);
	char *path = xasprintf("/proc/self/fd/%d", fd);

	demand(write(fd, bytes, length) == (ssize_t)length, "cannot write", path);
	contract_read(path, &wanted, &problems);
	demand(wanted.count > 0 || problems.lines.count > 0, "neither", bytes);
	for (size_t i = 0; i < problems.lines.count; i++)
		check_line(problems.lines.items[i]);
	for (enum facet facet = 0; problems.lines.count == 0 && facet < FACET_COUNT; facet++)
		check_facet(&wanted.facets[facet], wanted.count);
	wanted_done(&wanted);
	problems_done(&problems);
	free(path);
	close(fd);
}

/* What a type is printed as is read as the same type again. */
static void check_type(const char *bytes)
{
	struct type_name once;
	struct type_name twice;
	struct error err;

	if (type_read(bytes, false, &once, &err) != 0)
		return;
	demand(type_read(once.text, false, &twice, &err) == 0, "is refused", once.text);
	demand(strcmp(once.text, twice.text) == 0, "is read as something else", once.text);
	type_done(&once);
	type_done(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *bytes = xcalloc(size + 1, 1);

	memcpy(bytes, data, size);
	check_file(bytes, size);
	check_type(bytes);
	free(bytes);
	return 0;
}
