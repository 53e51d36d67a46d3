/* The graph engine: heads, what rows cover, and what is no graph. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../probes/history/graph.h"
#include "../../probes/text.h"
#include "../../probes/xalloc.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* "b <a +c @l": revision b follows a, depends on c and has the label l; files get its own. */
static struct revision revision_of(char *words, struct strings *files)
{
	struct revision revision = {0};
	char *rest = words;
	const char *word = strtok_r(NULL, " ", &rest);

	revision.id = xstrdup(word);
	strings_take(files, xasprintf("%s.py", word));
	revision.origin.file = files->items[files->count - 1];
	while ((word = strtok_r(NULL, " ", &rest)) != NULL) {
		if (*word == '<')
			strings_add(&revision.down, word + 1);
		else
			strings_add(*word == '+' ? &revision.depends : &revision.labels, word + 1);
	}
	return revision;
}

/* Revisions with ";" between them. */
static struct graph *graph_of(const char *history, struct problems *problems)
{
	char *copy = xstrdup(history);
	char *rest = copy;
	struct graph *graph = graph_create();
	struct strings files = {0};
	char *words;

	while ((words = strtok_r(NULL, ";", &rest)) != NULL) {
		struct revision revision = revision_of(words, &files);

		graph_add(graph, &revision);
		assert_null(revision.id);
	}
	free(copy);
	graph_link(graph, "history", problems);
	strings_done(&files);
	return graph;
}

static struct strings words_of(const char *text)
{
	char *copy = xstrdup(text);
	char *rest = copy;
	struct strings list = {0};
	const char *word;

	while ((word = strtok_r(NULL, " ", &rest)) != NULL)
		strings_add(&list, word);
	free(copy);
	return list;
}

static void add_words(struct text *text, const char *name, const struct strings *list)
{
	text_addf(text, "%s%s:", text->length > 0 ? " " : "", name);
	for (size_t i = 0; i < list->count; i++)
		text_addf(text, " %s", list->items[i]);
}

/* "missing: a b unknown: c", then "covered" or "certain" where it is so. free() releases it. */
static char *reading_of(const struct graph *graph, const char *row_words)
{
	struct strings rows = words_of(row_words);
	struct graph_reading reading = graph_read(graph, &rows);
	struct text text = {0};

	assert_int_equal(reading.known_count + reading.unknown.count, rows.count);
	add_words(&text, "missing", &reading.missing);
	add_words(&text, "unknown", &reading.unknown);
	text_add(&text, reading.heads_covered ? " covered" : "");
	text_add(&text, reading.missing_is_certain ? " certain" : "");
	graph_reading_done(&reading);
	strings_done(&rows);
	return text_take(&text);
}

struct row {
	const char *history;
	const char *rows;
	const char *reading;
};

static void assert_rows(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct problems problems = {0};
		struct graph *graph = graph_of(rows[i].history, &problems);
		char *found;

		assert_int_equal(problems.lines.count, 0);
		found = reading_of(graph, rows[i].rows);
		if (strcmp(found, rows[i].reading) != 0)
			fail_msg("%s, rows %s\nis \"%s\",\nexpected \"%s\"", rows[i].history,
			    rows[i].rows, found, rows[i].reading);
		free(found);
		graph_free(graph);
	}
}

static void rows_cover_what_they_build_on(void **state)
{
	static const struct row rows[] = {
	    {"a; b <a; c <b", "c", "missing: unknown: covered"},
	    {"a; b <a; c <b", "b", "missing: c unknown: certain"},
	    {"a; b <a; c <b", "a", "missing: b c unknown: certain"},
	    {"a; b <a; c <b", "", "missing: a b c unknown:"},
	    {"a; b <a; c <a; d <b <c", "d", "missing: unknown: covered"},
	    {"a; b <a; c <a; d <b <c", "b", "missing: c d unknown: certain"},
	    {"a; b <a; c <a; d <b <c", "b c", "missing: d unknown: certain"},
	    {"a; b <a; c <a", "b c", "missing: unknown: covered"},
	    {"a; b <a; c <a", "b", "missing: c unknown:"},
	    {"a; b <a; c <a", "a", "missing: b c unknown: certain"},
	    {"a; b <a", "a b", "missing: unknown: covered"},
	    {"a; b", "a", "missing: b unknown:"},
	};

	(void)state;
	assert_rows(rows, COUNT(rows));
}

static void dependencies_cover_as_parents_do(void **state)
{
	static const struct row rows[] = {
	    {"a1; a2 <a1; b1; b2 <b1 +a2; c1 <a1", "b2 c1", "missing: unknown: covered"},
	    {"a1; a2 <a1; b1; b2 <b1 +a2; c1 <a1", "b2", "missing: c1 unknown:"},
	    {"a1; a2 <a1; b1; b2 <b1 +a2; c1 <a1", "a2 b1", "missing: b2 c1 unknown: certain"},
	    {"a1 @left; a2 <a1; b1 +left", "b1", "missing: a2 unknown:"},
	    {"a1; a2 <a1 @left; b1 +left", "b1", "missing: unknown: covered"},
	    {"a @x @y; b +x +y", "b", "missing: unknown: covered"},
	    {"a; b <a +a", "b", "missing: unknown: covered"},
	};

	(void)state;
	assert_rows(rows, COUNT(rows));
}

static void unknown_rows_prove_nothing(void **state)
{
	static const struct row rows[] = {
	    {"a; b <a", "z", "missing: a b unknown: z"},
	    {"a; b <a", "b z", "missing: unknown: z covered"},
	    {"a; b <a", "a z", "missing: b unknown: z certain"},
	    {"a; b <a; c <a", "b z", "missing: c unknown: z"},
	    {"abcdef @left", "abcde left", "missing: abcdef unknown: abcde left"},
	    {"a", "A", "missing: a unknown: A"},
	};

	(void)state;
	assert_rows(rows, COUNT(rows));
}

/* By the bytes in which ids first differ; some have none there, some bytes are no ASCII. */
static void ids_that_begin_alike_are_told_apart(void **state)
{
	static const struct row rows[] = {
	    {"ab; ab1 <ab; ab12 <ab1", "ab1", "missing: ab12 unknown: certain"},
	    {"ab; ab1 <ab; ab12 <ab1", "ab a ab2 ab123 abc",
		"missing: ab1 ab12 unknown: a ab2 ab123 abc certain"},
	    {"0123456789a; 0123456789b <0123456789a", "0123456789a 0123456789",
		"missing: 0123456789b unknown: 0123456789 certain"},
	    {"x00000000a; x00000000b <x00000000a; x00000000bc <x00000000b; x1 <x00000000bc",
		"x00000000b", "missing: x00000000bc x1 unknown: certain"},
	    {"ab", "abc a b", "missing: ab unknown: abc a b"},
	    {"a\xc3\xbc; az <a\xc3\xbc; a\xc3\xa4 <az", "az",
		"missing: a\xc3\xa4 unknown: certain"},
	};

	(void)state;
	assert_rows(rows, COUNT(rows));
}

/* Those without an id could not be read. */
static void many_are_added_at_once(void **state)
{
	struct problems problems = {0};
	struct graph *graph = graph_create();
	char *reading;

	(void)state;
	for (int round = 0; round < 2; round++) {
		struct revision *revisions = xcalloc(3, sizeof(*revisions));

		revisions[0].id = xstrdup(round == 0 ? "a" : "c");
		revisions[2].id = xstrdup(round == 0 ? "b" : "d");
		strings_add(&revisions[2].down, round == 0 ? "a" : "b");
		graph_add_all(graph, revisions, 3);
	}
	assert_int_equal(graph_count(graph), 4);
	graph_link(graph, "history", &problems);
	assert_int_equal(problems.lines.count, 0);
	reading = reading_of(graph, "b");
	assert_string_equal(reading, "missing: c d unknown: certain");
	free(reading);
	graph_free(graph);
}

static void missing_revisions_come_oldest_first(void **state)
{
	static const struct row rows[] = {
	    {"c <b; b <a; a", "", "missing: a b c unknown:"},
	    {"d <c <b; c <a; b <a; a", "", "missing: a c b d unknown:"},
	    {"b +c; c", "", "missing: c b unknown:"},
	    {"b +l; z; c @l <z", "z", "missing: c b unknown: certain"},
	};

	(void)state;
	assert_rows(rows, COUNT(rows));
}

static void real_heads_are_what_nothing_builds_on(void **state)
{
	static const struct {
		const char *history;
		const char *heads;
	} rows[] = {
	    {"a", "heads: a"},
	    {"a; b <a", "heads: b"},
	    {"c <a; a; b <a", "heads: c b"},
	    {"a1; a2 <a1; b1; b2 <b1 +a2; c1 <a1", "heads: b2 c1"},
	    {"a @l; b +l", "heads: b"},
	    {"a; b", "heads: a b"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct problems problems = {0};
		struct graph *graph = graph_of(rows[i].history, &problems);
		struct text text = {0};

		add_words(&text, "heads", graph_heads(graph));
		assert_string_equal(text_string(&text), rows[i].heads);
		assert_int_equal(problems.lines.count, 0);
		text_done(&text);
		graph_free(graph);
	}
}

static void what_is_no_graph_is_reported_with_its_place(void **state)
{
	static const struct {
		const char *history;
		const char *problems;
	} rows[] = {
	    {"a; a", "a.py: revision \"a\" is there already as a revision in a.py; give one of "
		     "them another name\n"},
	    {"a @l; b @l; c @l",
		"b.py: branch label \"l\" is there already as a branch label in a.py; give one of "
		"them another name\n"
		"c.py: branch label \"l\" is there already as a branch label in a.py; give one of "
		"them another name\n"},
	    {"b @a; a", "b.py: branch label \"a\" is there already as a revision in a.py; give one "
			"of them another name\n"},
	    {"a <z", "a.py: revision \"a\" follows \"z\", which is not here; was its file, "
		     "directory or entry left out?\n"},
	    {"a +z <y", "a.py: revision \"a\" follows \"y\", which is not here; was its file, "
			"directory or entry left out?\n"
			"a.py: revision \"a\" depends on \"z\", which is not here; was its file, "
			"directory or entry left out?\n"},
	    {"a @l; b <l", "b.py: revision \"b\" follows the branch label \"l\", expected an id\n"},
	    {"abcdef; b <abcde",
		"b.py: revision \"b\" follows \"abcde\", which is not here; was its file, "
		"directory or entry left out?\n"},
	    {"a <a", "a.py: revision \"a\" builds on itself; one down_revision or depends_on of "
		     "these is wrong\n"},
	    {"a @l +l", "a.py: revision \"a\" builds on itself; one down_revision or depends_on of "
			"these is wrong\n"},
	    {"a <b; b +c; c <a; d <a",
		"a.py: revision \"a\" builds on itself by way of \"b\", \"c\"; one down_revision "
		"or depends_on of these is wrong\n"},
	    {"a; b <a <c; c <b; d <c",
		"b.py: revision \"b\" builds on itself by way of \"c\"; one down_revision or "
		"depends_on of these is wrong\n"},
	    {"1 <2; 2 <3; 3 <4; 4 <5; 5 <6; 6 <7; 7 <8; 8 <9; 9 <10; 10 <1",
		"1.py: revision \"1\" builds on itself by way of \"2\", \"3\", \"4\", \"5\", "
		"\"6\", \"7\", \"8\" and 2 more; one down_revision or depends_on of these is "
		"wrong\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct problems problems = {0};
		struct text text = {0};

		graph_free(graph_of(rows[i].history, &problems));
		for (size_t k = 0; k < problems.lines.count; k++)
			text_addf(&text, "%s\n", problems.lines.items[k]);
		assert_string_equal(text_string(&text), rows[i].problems);
		text_done(&text);
		problems_done(&problems);
	}
}

static void the_place_of_the_history_serves_where_a_revision_has_none(void **state)
{
	struct problems problems = {0};
	struct graph *graph = graph_create();
	struct revision revision = {.id = xstrdup("a")};

	(void)state;
	strings_add(&revision.down, "z");
	graph_add(graph, &revision);
	graph_link(graph, "settings", &problems);
	assert_int_equal(problems.lines.count, 1);
	assert_memory_equal(problems.lines.items[0], "settings: revision \"a\" follows", 30);
	problems_done(&problems);
	graph_free(graph);
}

static void an_empty_graph_is_covered_by_anything(void **state)
{
	struct problems problems = {0};
	struct graph *graph = graph_of("", &problems);
	char *reading = reading_of(graph, "z");

	(void)state;
	assert_int_equal(graph_count(graph), 0);
	assert_string_equal(reading, "missing: unknown: z covered");
	free(reading);
	graph_free(graph);
	graph_free(NULL);
}

#define MANY 50000

/* Adds revision number i on top of the given numbers; a negative one is none. */
static void add_number(struct graph *graph, long i, long first, long second)
{
	struct revision revision = {.id = xasprintf("r%ld", i)};

	if (first >= 0)
		strings_take(&revision.down, xasprintf("r%ld", first));
	if (second >= 0)
		strings_take(&revision.depends, xasprintf("r%ld", second));
	graph_add(graph, &revision);
}

static void assert_missing(struct graph *graph, const char *rows, size_t missing, size_t heads)
{
	struct problems problems = {0};
	struct strings list = words_of(rows);
	struct graph_reading reading;

	graph_link(graph, "history", &problems);
	assert_int_equal(problems.lines.count, 0);
	assert_int_equal(graph_count(graph), MANY);
	assert_int_equal(graph_heads(graph)->count, heads);
	reading = graph_read(graph, &list);
	assert_int_equal(reading.missing.count, missing);
	graph_reading_done(&reading);
	strings_done(&list);
	graph_free(graph);
}

/* Neither the stack nor the clock may feel the shape: newest first is the deepest walk. */
static void big_histories_are_no_burden(void **state)
{
	struct graph *line = graph_create();
	struct graph *fan = graph_create();
	struct graph *braid = graph_create();

	(void)state;
	for (long i = MANY - 1; i >= 0; i--)
		add_number(line, i, i - 1, -1);
	assert_missing(line, "r9", MANY - 10, 1);
	for (long i = 0; i < MANY; i++)
		add_number(fan, i, i > 0 ? 0 : -1, -1);
	assert_missing(fan, "r9", MANY - 2, MANY - 1);
	for (long i = MANY - 1; i >= 0; i--)
		add_number(braid, i, i - 1, i / 2 < i ? i / 2 : -1);
	assert_missing(braid, "r9", MANY - 10, 1);
}

/* Every revision follows every other of a few thousand before it: edges, not paths, must count. */
static void dense_histories_are_no_burden(void **state)
{
	struct problems problems = {0};
	struct graph *graph = graph_create();
	struct strings rows = words_of("r398");
	struct graph_reading reading;

	(void)state;
	for (long i = 0; i < 400; i++) {
		struct revision revision = {.id = xasprintf("r%ld", i)};

		for (long k = 0; k < i; k++)
			strings_take(&revision.down, xasprintf("r%ld", k));
		graph_add(graph, &revision);
	}
	graph_link(graph, "history", &problems);
	reading = graph_read(graph, &rows);
	assert_int_equal(reading.missing.count, 1);
	assert_true(reading.missing_is_certain);
	graph_reading_done(&reading);
	strings_done(&rows);
	graph_free(graph);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rows_cover_what_they_build_on),
	    cmocka_unit_test(dependencies_cover_as_parents_do),
	    cmocka_unit_test(unknown_rows_prove_nothing),
	    cmocka_unit_test(ids_that_begin_alike_are_told_apart),
	    cmocka_unit_test(many_are_added_at_once),
	    cmocka_unit_test(missing_revisions_come_oldest_first),
	    cmocka_unit_test(real_heads_are_what_nothing_builds_on),
	    cmocka_unit_test(what_is_no_graph_is_reported_with_its_place),
	    cmocka_unit_test(the_place_of_the_history_serves_where_a_revision_has_none),
	    cmocka_unit_test(an_empty_graph_is_covered_by_anything),
	    cmocka_unit_test(big_histories_are_no_burden),
	    cmocka_unit_test(dense_histories_are_no_burden),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
