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

/* A change and its place in the plan. */
struct place {
	const char *change;
	size_t index;
	size_t number; /* how often it was planned up to there */
};

static int compare_changes(const void *a, const void *b)
{
	const struct place *x = a;
	const struct place *y = b;
	int result = strcmp(x->change, y->change);

	return result != 0 ? result : (x->index > y->index) - (x->index < y->index);
}

static int compare_indices(const void *a, const void *b)
{
	const struct place *x = a;
	const struct place *y = b;

	return (x->index > y->index) - (x->index < y->index);
}

/* The changes in order, numbered. free() releases them. */
static struct place *number_changes(const struct strings *changes)
{
	struct place *places = xcalloc(changes->count + 1, sizeof(*places));

	for (size_t i = 0; i < changes->count; i++)
		places[i] = (struct place){changes->items[i], i, 1};
	qsort(places, changes->count, sizeof(*places), compare_changes);
	for (size_t i = 1; i < changes->count; i++)
		if (strcmp(places[i].change, places[i - 1].change) == 0)
			places[i].number = places[i - 1].number + 1;
	qsort(places, changes->count, sizeof(*places), compare_indices);
	return places;
}

static void add_changes(const struct plan *plan)
{
	struct place *places = number_changes(&plan->changes);

	for (size_t i = 0; i < plan->changes.count; i++) {
		char *id =
		    xasprintf("%s:%s#%zu", plan->project, places[i].change, places[i].number);

		if (places[i].number == 1)
			*strrchr(id, '#') = '\0';
		files_add(plan->reading, id, plan->path);
		free(id);
	}
	free(places);
}

void sqitch_plan(struct file_reading *reading, const char *path, const char *text)
{
	struct plan plan = {.reading = reading, .path = path};
	char *copy = xstrdup(text);
	char *rest = copy;
	const char *line;

	while ((line = strsep(&rest, "\n")) != NULL)
		read_line(&plan, line);
	add_changes(&plan);
	free(plan.project);
	strings_done(&plan.changes);
	free(copy);
}

void sqitch_directory(struct file_reading *reading, const char *directory)
{
	char *path = xasprintf("%s/sqitch.plan", directory);
	size_t length;
	char *text = files_text(reading, path, &length);

	if (text != NULL)
		sqitch_plan(reading, path, text);
	free(text);
	free(path);
}
