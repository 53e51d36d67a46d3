/*
 * Fuzz target: all that reads migrations of other tools than Alembic: their files, and lists. The
 * first byte says which. Whatever the bytes, nothing crashes or hangs; what a problem says is one
 * clean line; and what is understood can be written as a list that says the same.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../probes/history/hooks.h"
#include "../../probes/history/tool.h"
#include "../../probes/text.h"
#include "../../probes/xalloc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool fact, const char *what)
{
	if (fact)
		return;
	fprintf(stderr, "%s\n", what);
	abort();
}

static void read_sqitch(
    struct file_reading *reading, const char *path, const char *id, const char *text, size_t length)
{
	(void)id;
	(void)length;
	sqitch_plan(reading, path, text);
}

/* id is the file's name. What it includes is looked for where nothing is. */
static void read_liquibase(
    struct file_reading *reading, const char *path, const char *id, const char *text, size_t length)
{
	(void)path;
	liquibase_text(reading, "/nonexistent", id, text, length);
}

static const struct reader {
	const char *tool;
	const char *id;
	void (*read)(struct file_reading *reading, const char *path, const char *id,
	    const char *text, size_t length);
} readers[] = {
    {"django", "0001_initial", django_content},
    {"typeorm", "1700000000001-Step", typeorm_content},
    {"efcore", "Step.Designer", efcore_content},
    {"atlas", "20240101", atlas_content},
    {"sqitch", "sqitch.plan", read_sqitch},
    {"liquibase", "c.sql", read_liquibase},
    {"liquibase", "c.xml", read_liquibase},
    {"liquibase", "c.yaml", read_liquibase},
    {"liquibase", "c.json", read_liquibase},
};

#define READERS (sizeof(readers) / sizeof(readers[0]))

static struct strings lines_of(const char *text)
{
	struct strings lines = {0};

	while (*text != '\0') {
		size_t length = strcspn(text, "\n");

		if (length > 0)
			strings_take(&lines, xstrndup(text, length));
		text += length + (text[length] == '\n');
	}
	return lines;
}

static void check_problems(struct problems *problems)
{
	for (size_t i = 0; i < problems->lines.count; i++)
		demand(text_is_clean(problems->lines.items[i]), "a problem is not one clean line");
	problems_done(problems);
}

/* The release is linked and without problems. */
static void check_round_trip(const struct release *release)
{
	struct problems problems = {0};
	struct text first = {0};
	struct text second = {0};
	struct strings lines;
	struct release *again;

	release_print(release, &first);
	lines = lines_of(text_string(&first));
	again = release_read_list(release->tool, &lines, "again", &problems);
	demand(again != NULL, "a list that was written cannot be read");
	release_print(again, &second);
	demand(strcmp(text_string(&first), text_string(&second)) == 0,
	    "a list that was read is written otherwise");
	for (size_t i = 0; i < release->count; i++)
		demand(release_find(release, release->migrations[i].id) == i, "an id is not found");
	release_free(again);
	strings_done(&lines);
	text_done(&first);
	text_done(&second);
	check_problems(&problems);
}

static void check_file(const struct reader *reader, const char *text, size_t length)
{
	struct problems problems = {0};
	struct file_reading reading = {
	    .tool = history_tool_find(reader->tool),
	    .problems = &problems,
	    .place = "directory",
	    .label = "shop",
	};

	reading.release = release_create(reading.tool);
	reader->read(&reading, "m/file", reader->id, text, length);
	release_link(reading.release, "directory", &problems);
	if (problems.lines.count == 0)
		check_round_trip(reading.release);
	release_free(reading.release);
	check_problems(&problems);
}

static void check_list(const struct history_tool *tool, const char *text)
{
	struct problems problems = {0};
	struct strings lines = lines_of(text);
	void *expected = tool->engine->read_list(tool, &lines, "list", &problems);

	demand((expected == NULL) == (problems.lines.count > 0), "list and problems disagree");
	if (expected != NULL && !tool->engine->leaves_open)
		check_round_trip(expected);
	tool->engine->free(expected);
	strings_done(&lines);
	check_problems(&problems);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t tools = 0;
	size_t choice;
	char *text;

	while (history_tools[tools].name != NULL)
		tools++;
	if (size == 0)
		return 0;
	choice = data[0] % (READERS + tools);
	text = xcalloc(size, 1);
	memcpy(text, data + 1, size - 1);
	if (choice < READERS)
		check_file(&readers[choice], text, size - 1);
	else
		check_list(&history_tools[choice - READERS], text);
	free(text);
	return 0;
}
