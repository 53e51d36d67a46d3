/*
 * What the Alembic reader and the graph engine make of files and rows, as JSON for tests.
 *
 *   graph_driver DIRECTORY…   reads sets of rows from standard input, one set a line, ids with
 *                             blanks between them; writes one line per set
 *   graph_driver --files      reads paths from standard input, one a line; writes what each file
 *                             says, one line per file
 *
 * Exits 2 with the problems on standard error where the directories are refused.
 */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../probes/history/alembic.h"
#include "../../probes/history/graph.h"
#include "../../probes/history/walk.h"

#define FILE_LIMIT_BYTES ((size_t)64 * 1024 * 1024)

static void add_list(cJSON *object, const char *name, const struct strings *list)
{
	cJSON *array = cJSON_AddArrayToObject(object, name);

	for (size_t i = 0; i < list->count; i++)
		cJSON_AddItemToArray(array, cJSON_CreateString(list->items[i]));
}

/* Writes one line and frees object. */
static void write_line(cJSON *object)
{
	char *line = cJSON_PrintUnformatted(object);

	puts(line != NULL ? line : "null");
	cJSON_free(line);
	cJSON_Delete(object);
}

static void write_reading(const struct graph *graph, const struct strings *rows)
{
	struct graph_reading reading = graph_read(graph, rows);
	cJSON *object = cJSON_CreateObject();

	add_list(object, "heads", graph_heads(graph));
	add_list(object, "missing", &reading.missing);
	add_list(object, "unknown", &reading.unknown);
	cJSON_AddNumberToObject(object, "known_count", (double)reading.known_count);
	cJSON_AddBoolToObject(object, "heads_covered", reading.heads_covered);
	cJSON_AddBoolToObject(object, "missing_is_certain", reading.missing_is_certain);
	write_line(object);
	graph_reading_done(&reading);
}

static void on_rows(char *line, void *arg)
{
	struct strings rows = {0};
	char *rest = line;
	const char *row;

	while ((row = strtok_r(NULL, " ", &rest)) != NULL)
		strings_add(&rows, row);
	write_reading(arg, &rows);
	strings_done(&rows);
}

static void on_path(char *path, void *arg)
{
	struct problems problems = {0};
	struct revision revision = {0};
	cJSON *object = cJSON_CreateObject();
	struct error err;
	size_t length;
	char *text;

	(void)arg;
	if (walk_read(path, FILE_LIMIT_BYTES, &text, &length, &err) < 0)
		problems_add(&problems, path, "%s", err.text);
	else
		(void)!alembic_parse(
		    text, length, &(struct origin){.file = path}, &revision, &problems);
	if (revision.id != NULL)
		cJSON_AddStringToObject(object, "revision", revision.id);
	add_list(object, "down_revision", &revision.down);
	add_list(object, "branch_labels", &revision.labels);
	add_list(object, "depends_on", &revision.depends);
	add_list(object, "problems", &problems.lines);
	write_line(object);
	revision_done(&revision);
	problems_done(&problems);
	free(text);
}

static void each_line(void (*on_line)(char *line, void *arg), void *arg)
{
	char *line = NULL;
	size_t capacity = 0;
	ssize_t length;

	while ((length = getline(&line, &capacity, stdin)) > 0) {
		if (line[length - 1] == '\n')
			line[length - 1] = '\0';
		on_line(line, arg);
	}
	free(line);
}

static int read_rows(char *const *directories)
{
	struct strings list = {0};
	struct problems problems = {0};
	struct graph *graph;

	for (; *directories != NULL; directories++)
		strings_add(&list, *directories);
	graph = alembic_read_directories(&list, "directory", &problems);
	for (size_t i = 0; i < problems.lines.count; i++)
		fprintf(stderr, "%s\n", problems.lines.items[i]);
	if (graph != NULL)
		each_line(on_rows, graph);
	graph_free(graph);
	strings_done(&list);
	problems_done(&problems);
	return graph != NULL ? EXIT_SUCCESS : 2;
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return 2;
	if (strcmp(argv[1], "--files") != 0)
		return read_rows(argv + 1);
	each_line(on_path, NULL);
	return EXIT_SUCCESS;
}
