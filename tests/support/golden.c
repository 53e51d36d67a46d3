#include "golden.h"

#include <cjson/cJSON.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../probes/text.h"
#include "../../probes/xalloc.h"

#define FILE_LIMIT_BYTES (1 << 20)

static void end_recording(void)
{
	fputs("golden files were recorded: look at the diff of tests/golden, then run without"
	      " RECORD_GOLDEN\n",
	    stderr);
	_exit(1);
}

static void record(const char *path, const char *found)
{
	FILE *file = fopen(path, "we");

	if (file == NULL || fputs(found, file) < 0 || fclose(file) != 0)
		fail_msg("cannot write %s", path);
	atexit(end_recording);
}

/* The kept text; empty where there is none. free() releases it. */
static char *read_kept(const char *path)
{
	char *text = xcalloc(FILE_LIMIT_BYTES + 1, 1);
	FILE *file = fopen(path, "re");

	if (file == NULL)
		return text;
	text[fread(text, 1, FILE_LIMIT_BYTES, file)] = '\0';
	fclose(file);
	return text;
}

/* Both texts are moved to the first line in which they differ; its number is given. */
static int first_difference(const char **kept, const char **found)
{
	int line = 1;
	size_t start = 0;

	for (size_t i = 0; (*kept)[i] == (*found)[i]; i++) {
		if ((*kept)[i] != '\n')
			continue;
		line++;
		start = i + 1;
	}
	*kept += start;
	*found += start;
	return line;
}

static void compare(const char *name, const char *path, const char *found)
{
	char *text = read_kept(path);
	const char *kept = text;
	int line;

	if (strcmp(kept, found) != 0) {
		line = first_difference(&kept, &found);
		fail_msg("tests/golden/%s, line %d: found\n%.*s\nexpected\n%.*s\n"
			 "(RECORD_GOLDEN=1 writes it anew: then look at the diff)",
		    name, line, (int)strcspn(found, "\n"), found, (int)strcspn(kept, "\n"), kept);
	}
	free(text);
}

void golden_assert(const char *name, const char *found)
{
	char *path = xasprintf("%s/%s", GOLDEN_DIRECTORY, name);

	if (getenv("RECORD_GOLDEN") != NULL)
		record(path, found);
	else
		compare(name, path, found);
	free(path);
}

void golden_assert_json(const char *name, const char *found)
{
	const char *end = NULL;
	cJSON *document = cJSON_ParseWithOpts(found, &end, true);
	char *line = cJSON_PrintUnformatted(document);
	char *spread = cJSON_Print(document);
	char *kept;

	if (document == NULL)
		fail_msg("%s: not JSON: %s", name, found);
	assert_string_equal(found, line);
	kept = xasprintf("%s\n", spread);
	golden_assert(name, kept);
	free(kept);
	free(spread);
	free(line);
	cJSON_Delete(document);
}

char *golden_replace(const char *found, const char *old, const char *new)
{
	struct text text;
	const char *at;

	text_init(&text, 0);
	while ((at = strstr(found, old)) != NULL) {
		text_add_bytes(&text, found, (size_t)(at - found));
		text_add(&text, new);
		found = at + strlen(old);
	}
	text_add(&text, found);
	return text_take(&text);
}
