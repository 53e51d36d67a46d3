/* That it cannot be told from the result in which order, and by how many, files were read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../probes/each.h"
#include "../../probes/text.h"
#include "../../probes/xalloc.h"
#include "../../sidecar/workers.h"
#include "../support/manifest.h"
#include "../support/workplace.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define MANY (WORKERS_WORTH + WORKERS_WORTH / 8)

/* The worst that a runner with threads may do. */
static void run_backwards(size_t count, each_task *task, void *arg)
{
	while (count > 0)
		task(arg, --count);
}

static void write_file(char *path, char *text)
{
	manifest_write(path, text);
	free(path);
	free(text);
}

static void write_alembic(size_t number, bool is_broken)
{
	write_file(xasprintf("m/%03zu.py", number),
	    is_broken ? xasprintf("revision = f(%zu)\n", number)
		      : xasprintf("revision = '%03zu'\ndown_revision = None\n", number));
}

static void write_django(size_t number, bool is_broken)
{
	write_file(xasprintf("m/%03zu_a.py", number),
	    is_broken ? xasprintf("class Migration:\n    replaces = f(%zu)\n", number)
		      : xasprintf("class Migration:\n    replaces = [('a', 'b%zu')]\n", number));
}

static void write_efcore(size_t number, bool is_broken)
{
	write_file(xasprintf("m/%03zu_A.cs", number),
	    is_broken ? xasprintf("[Migration(Id%zu)]", number)
		      : xasprintf("[Migration(\"%03zu_A\")]", number));
}

static void write_prisma(size_t number, bool is_broken)
{
	write_file(xasprintf("m/%03zu_a/%s.sql", number, is_broken ? "other" : "migration"),
	    xasprintf("select %zu;\n", number));
}

static void write_sqlx(size_t number, bool is_broken)
{
	write_file(xasprintf("m/%s%03zu_a.sql", is_broken ? "x" : "", number),
	    xasprintf("select %zu;\n", number));
}

static const struct row {
	const char *tool;
	const char *directory; /* as it is given to the tool */
	void (*write)(size_t number, bool is_broken);
} rows[] = {
    {"alembic", "m", write_alembic},
    {"django", "shop=m", write_django},
    {"efcore", "m", write_efcore},
    {"prisma", "m", write_prisma},
    {"sqlx", "m", write_sqlx},
};

static char *found_by(const struct row *row, each_runner *runner)
{
	char *found;

	each_set_runner(runner);
	found = manifest_of(row->tool, row->directory);
	each_set_runner(NULL);
	return found;
}

static size_t line_count(const char *text)
{
	size_t count = 0;

	for (; *text != '\0'; text++)
		count += *text == '\n';
	return count;
}

/* One file in broken_each is broken, none where it is 0. */
static void assert_same(const struct row *row, size_t broken_each, size_t lines)
{
	static each_runner *const runners[] = {run_backwards, workers_run};
	char *expected;

	for (size_t i = 0; i < MANY; i++)
		row->write(i, broken_each > 0 && i % broken_each == 0);
	expected = found_by(row, NULL);
	if (line_count(expected) != lines)
		fail_msg("%s: %zu lines expected:\n%s", row->tool, lines, expected);
	for (size_t i = 0; i < COUNT(runners); i++) {
		char *found = found_by(row, runners[i]);

		if (strcmp(found, expected) != 0)
			fail_msg("%s: found\n%s\nexpected\n%s", row->tool, found, expected);
		free(found);
	}
	free(expected);
	workplace_remove("m");
}

static void a_release_is_the_same_however_its_files_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_same(&rows[i], 0, MANY);
}

static void problems_are_the_same_however_files_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_same(&rows[i], 4, i == 0 ? 2 * MANY / 4 : MANY / 4);
}

/* More than are read at a time; links, as they are made faster. */
static void thousands_of_files_are_all_taken(void **state)
{
	enum { count = 2050 };
	char *found;

	(void)state;
	manifest_write("m/0000_a.py", "class Migration: pass\n");
	for (size_t i = 1; i < count; i++) {
		char *path = xasprintf("m/%04zu_a.py", i);

		assert_int_equal(link("m/0000_a.py", path), 0);
		free(path);
	}
	found = manifest_of("django", "shop=m");
	assert_int_equal(line_count(found), count);
	free(found);
	workplace_remove("m");
}

static void put_into(void *arg, size_t index)
{
	struct text *text = arg;

	text_addf(text, "%zu ", index);
}

static void without_a_runner_all_is_done_in_order(void **state)
{
	struct text text = {0};

	(void)state;
	each(4, put_into, &text);
	each(0, put_into, &text);
	each_set_runner(run_backwards);
	each(3, put_into, &text);
	each_set_runner(NULL);
	each(2, put_into, &text);
	assert_string_equal(text_string(&text), "0 1 2 3 2 1 0 0 1 ");
	text_done(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(without_a_runner_all_is_done_in_order),
	    cmocka_unit_test(a_release_is_the_same_however_its_files_are_read),
	    cmocka_unit_test(problems_are_the_same_however_files_are_read),
	    cmocka_unit_test(thousands_of_files_are_all_taken),
	};

	return cmocka_run_group_tests(tests, workplace_enter, workplace_leave);
}
