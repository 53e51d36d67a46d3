/* The ids that a migrations directory expects, as a list: made where the files are, read where they
 * are not. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../probes/history/tool.h"
#include "../../probes/text.h"
#include "../../probes/xalloc.h"
#include "command.h"

static const struct history_tool *tool_of(const char *word, struct problems *problems)
{
	const struct history_tool *tool = history_tool_find(word);
	struct text known;

	if (tool != NULL)
		return tool;
	text_init(&known, 0);
	for (const char *const *name = history_tool_names; *name != NULL; name++)
		text_addf(&known, "%s%s", name == history_tool_names ? "" : ", ", *name);
	problems_add(problems, word, "is not a tool, expected one of %s", text_string(&known));
	text_done(&known);
	return NULL;
}

/* What a list would take for a comment, or for another id, must not get into one. */
static void check_lines(const char *lines, struct problems *problems)
{
	while (*lines != '\0') {
		size_t length = strcspn(lines, "\n");

		if (strchr("# \t", *lines) != NULL || lines[length - 1] == ' ') {
			char *line = xstrndup(lines, length);

			problems_add(problems, "manifest",
			    "\"%s\" cannot stand in a list: an id that begins with # or a blank, "
			    "or ends with one",
			    line);
			free(line);
		}
		lines += length + 1;
	}
}

static void print_list(
    const struct history_tool *tool, const void *expected, struct problems *problems)
{
	struct text lines;

	text_init(&lines, 0);
	tool->engine->print(expected, &lines);
	check_lines(text_string(&lines), problems);
	if (problems->lines.count == 0)
		printf("# what this release expects of %s\n%s", tool->name, text_string(&lines));
	text_done(&lines);
}

static void *read_release(
    const struct options *options, const struct history_tool *tool, struct problems *problems)
{
	struct strings directories = {0};
	void *expected;

	for (int i = 1; i < options->operand_count; i++)
		strings_add(&directories, options->operands[i]);
	expected = tool->engine->read_directories(tool, &directories, "manifest", problems);
	strings_done(&directories);
	return expected;
}

static int run(const struct options *options, struct error *err)
{
	struct problems problems = {0};
	const struct history_tool *tool = NULL;
	void *expected = NULL;

	(void)err;
	if (options->operand_count < 2)
		problems_add(&problems, "manifest", "expected a tool and at least one directory");
	else
		tool = tool_of(options->operands[0], &problems);
	if (tool != NULL)
		expected = read_release(options, tool, &problems);
	if (expected != NULL) {
		print_list(tool, expected, &problems);
		tool->engine->free(expected);
	}
	if (problems.lines.count == 0)
		return EXIT_READY;
	options_tell_problems(options, &problems);
	return EXIT_USAGE;
}

const struct command command_manifest = {
    .name = "manifest",
    .synopsis = "TOOL DIRECTORY...",
    .help = "writes the ids that a migrations directory expects, for list mode",
    .operands_max = OPERANDS_MAX,
    .run = run,
};
