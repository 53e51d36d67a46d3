/*
 * Fuzz target: Alembic's revision files, the list form, and the graph made of them. Whatever the
 * bytes, nothing crashes or hangs; a file is understood or has a problem; what a problem says is
 * one clean line; and a history that is fine is covered by its own heads and by nothing less.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../probes/history/alembic.h"
#include "../../probes/history/graph.h"
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

static bool is_clean(const char *string)
{
	struct text clean = {0};
	bool same;

	text_add_clean(&clean, string);
	same = strcmp(text_string(&clean), string) == 0;
	text_done(&clean);
	return same;
}

static void check_clean(const struct strings *list)
{
	for (size_t i = 0; i < list->count; i++)
		demand(is_clean(list->items[i]), "a text with control characters or no UTF-8");
}

static void check_file(const char *text, size_t length)
{
	struct problems problems = {0};
	struct revision revision;
	int result =
	    alembic_parse(text, length, &(struct origin){"versions", "x.py"}, &revision, &problems);

	demand((result == 0) == (problems.lines.count == 0), "result and problems disagree");
	if (result == 0) {
		demand(
		    revision.id != NULL && *revision.id != '\0', "understood, but without an id");
		demand(is_clean(revision.id), "an id that cannot be shown");
		check_clean(&revision.down);
		check_clean(&revision.depends);
		check_clean(&revision.labels);
	}
	check_clean(&problems.lines);
	revision_done(&revision);
	problems_done(&problems);
}

static struct strings lines_of(const char *text)
{
	struct strings lines = {0};
	char *copy = xstrdup(text);
	char *rest = copy;
	const char *line;

	while ((line = strsep(&rest, "\n")) != NULL)
		strings_add(&lines, line);
	free(copy);
	return lines;
}

static void check_rows(const struct graph *graph, const struct strings *rows, bool covered)
{
	struct graph_reading reading = graph_read(graph, rows);

	demand(reading.known_count == rows->count, "a head is unknown");
	demand(reading.heads_covered == covered, "heads are covered by less, or not by themselves");
	demand((reading.missing.count == 0) == covered, "what is missing disagrees");
	demand(!reading.missing_is_certain, "a head was taken for the ancestor of another");
	graph_reading_done(&reading);
}

static void check_graph(const struct graph *graph)
{
	struct strings rows = *graph_heads(graph);

	demand(rows.count > 0, "a history without heads");
	check_rows(graph, &rows, true);
	rows.count--;
	check_rows(graph, &rows, false);
}

static void check_list(const char *text)
{
	struct problems problems = {0};
	struct strings lines = lines_of(text);
	struct graph *graph = alembic_read_list(&lines, "settings", &problems);

	demand((graph == NULL) == (problems.lines.count > 0), "graph and problems disagree");
	if (graph != NULL)
		check_graph(graph);
	check_clean(&problems.lines);
	graph_free(graph);
	strings_done(&lines);
	problems_done(&problems);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = xstrndup((const char *)data, size);

	check_file((const char *)data, size);
	check_list(text);
	free(text);
	return 0;
}
