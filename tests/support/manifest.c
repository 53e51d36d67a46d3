#include "manifest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "../../probes/history/tool.h"
#include "../../probes/xalloc.h"
#include "workplace.h"

void manifest_write(const char *path, const char *text)
{
	char *copy = xstrdup(path);

	for (char *slash = strchr(copy, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(copy, 0755);
		*slash = '/';
	}
	free(copy);
	workplace_write(path, text);
}

char *manifest_of(const char *tool_name, const char *directory)
{
	const struct history_tool *tool = history_tool_find(tool_name);
	struct problems problems = {0};
	struct strings directories = {0};
	struct text text = {0};
	void *expected;

	strings_add(&directories, directory);
	expected = tool->engine->read_directories(tool, &directories, "directory", &problems);
	assert_int_equal(expected == NULL, problems.lines.count > 0);
	if (expected != NULL)
		tool->engine->print(expected, &text);
	for (size_t i = 0; i < problems.lines.count; i++)
		text_addf(&text, "%s\n", problems.lines.items[i]);
	tool->engine->free(expected);
	strings_done(&directories);
	problems_done(&problems);
	return text_take(&text);
}
