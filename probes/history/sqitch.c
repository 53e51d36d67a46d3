/* Sqitch's plan: pragmas, then a change or a tag a line. A change is called PROJECT:CHANGE here, as
 * Sqitch does between projects; reworked, it is there again and gets "#2", "#3" … */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "../xalloc.h"
#include "hooks.h"

#define BLANK " \t\r"

struct plan {
	struct file_reading *reading;
	const char *path;
	unsigned long line;
	char *project;
	struct strings changes; /* in order */
};

bool id_is_sqitch(const char *text)
{
	const char *colon = strchr(text, ':');

	return colon != NULL && colon > text && colon[1] != '\0';
}

static void problem(const struct plan *plan, const char *what)
{
	char *place = xasprintf("%s:%lu", plan->path, plan->line);

	problems_add(plan->reading->problems, place, "%s", what);
	free(place);
}

static void read_pragma(struct plan *plan, const char *line)
{
	static const char name[] = "project";
	const char *at = line + 1 + strspn(line + 1, BLANK);

	if (strncmp(at, name, sizeof(name) - 1) != 0)
		return;
	at += sizeof(name) - 1;
	at += strspn(at, BLANK);
	if (*at != '=')
		return;
	at += 1 + strspn(at + 1, BLANK);
	free(plan->project);
	plan->project = xstrndup(at, strcspn(at, BLANK));
}

static void read_change(struct plan *plan, const char *line)
{
	line += *line == '+';
	line += strspn(line, BLANK);
	if (*line == '-')
		problem(plan, "the plan reverts a change; list what is expected in a \"list\" "
			      "instead");
	else if (plan->project == NULL)
		problem(plan, "there is no %project before the first change");
	else
		strings_take(&plan->changes, xstrndup(line, strcspn(line, BLANK "[")));
}

static void read_line(struct plan *plan, const char *line)
{
	plan->line++;
	line += strspn(line, BLANK);
	if (*line == '%')
		read_pragma(plan, line);
	else if (*line != '\0' && *line != '#' && *line != '@')
		read_change(plan, line);
}

/* How often the change was planned up to its place of that index. */
static size_t occurrence(const struct strings *changes, size_t index)
{
	size_t count = 1;

	for (size_t i = 0; i < index; i++)
		count += strcmp(changes->items[i], changes->items[index]) == 0;
	return count;
}

static void add_changes(const struct plan *plan)
{
	for (size_t i = 0; i < plan->changes.count; i++) {
		size_t number = occurrence(&plan->changes, i);
		char *id = number > 1 ? xasprintf("%s:%s#%zu", plan->project,
					    plan->changes.items[i], number)
				      : xasprintf("%s:%s", plan->project, plan->changes.items[i]);

		files_add(plan->reading, id, plan->path);
		free(id);
	}
}

static void read_plan(struct file_reading *reading, const char *path)
{
	struct plan plan = {.reading = reading, .path = path};
	size_t length;
	char *text = files_text(reading, path, &length);
	char *rest = text;
	const char *line;

	while (text != NULL && (line = strsep(&rest, "\n")) != NULL)
		read_line(&plan, line);
	add_changes(&plan);
	free(plan.project);
	strings_done(&plan.changes);
	free(text);
}

void sqitch_directory(struct file_reading *reading, const char *directory)
{
	char *path = xasprintf("%s/sqitch.plan", directory);

	read_plan(reading, path);
	free(path);
}
