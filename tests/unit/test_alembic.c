/* Alembic's revision files: one by one, in directories, and as a list. */
#include <errno.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../probes/history/alembic.h"
#include "../../probes/text.h"
#include "../../probes/xalloc.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define INSTEAD                                                                                    \
	"; files are read without being run: configure the expected heads as \"revisions\" or a "  \
	"\"list\" instead\n"

static void add_words(struct text *text, const char *mark, const struct strings *list)
{
	for (size_t i = 0; i < list->count; i++)
		text_addf(text, " %s%s", mark, list->items[i]);
}

static void add_lines(struct text *text, const struct strings *list)
{
	for (size_t i = 0; i < list->count; i++)
		text_addf(text, "%s\n", list->items[i]);
}

/* "id <down +depends @label", or the problems. free() releases it. */
static char *reading_of(const char *source, size_t length, const char *file)
{
	struct problems problems = {0};
	struct revision revision;
	struct text text = {0};
	int result =
	    alembic_parse(source, length, &(struct origin){.file = file}, &revision, &problems);

	assert_int_equal(result, problems.lines.count > 0 ? -1 : 0);
	if (result == 0) {
		text_add(&text, revision.id);
		add_words(&text, "<", &revision.down);
		add_words(&text, "+", &revision.depends);
		add_words(&text, "@", &revision.labels);
	}
	add_lines(&text, &problems.lines);
	revision_done(&revision);
	problems_done(&problems);
	return text_take(&text);
}

struct row {
	const char *source;
	const char *reading;
};

static void assert_rows(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char *found = reading_of(rows[i].source, strlen(rows[i].source), "v/x.py");

		if (strcmp(found, rows[i].reading) != 0)
			fail_msg("%s\nis \"%s\",\nexpected \"%s\"", rows[i].source, found,
			    rows[i].reading);
		free(found);
	}
}

static void a_file_of_the_template_is_read(void **state)
{
	static const struct row rows[] = {
	    {"\"\"\"merge\n\nRevision ID: ae1027a6acf\nRevises: 27c6a30d7c24, 1975ea83b712\n"
	     "Create Date: 2026-01-01 10:00:00.000000\n\n\"\"\"\n"
	     "from typing import Sequence, Union\n\nfrom alembic import op\n"
	     "import sqlalchemy as sa\n\n\n# revision identifiers, used by Alembic.\n"
	     "revision: str = 'ae1027a6acf'\n"
	     "down_revision: Union[str, Sequence[str], None] = ('27c6a30d7c24', '1975ea83b712')\n"
	     "branch_labels: Union[str, Sequence[str], None] = None\n"
	     "depends_on: Union[str, Sequence[str], None] = None\n\n\n"
	     "def upgrade() -> None:\n    op.execute(\"\"\"\nrevision = 'no'\n\"\"\")\n\n\n"
	     "def downgrade() -> None:\n    pass\n",
		"ae1027a6acf <27c6a30d7c24 <1975ea83b712"},
	    {"revision = 'a'\ndown_revision = None\nbranch_labels = ('x', 'y')\ndepends_on = 'l'",
		"a +l @x @y"},
	};

	(void)state;
	assert_rows(rows, COUNT(rows));
}

static void nothing_is_written_in_many_ways(void **state)
{
	static const struct row rows[] = {
	    {"revision = 'a'; down_revision = None", "a"},
	    {"revision = 'a'; down_revision = ()", "a"},
	    {"revision = 'a'; down_revision = []", "a"},
	    {"revision = 'a'; down_revision = ''", "a"},
	    {"revision = 'a'; down_revision = (None,)", "a"},
	    {"revision = 'a'; down_revision = None; depends_on = None; branch_labels = None", "a"},
	    {"revision = 'a'; down_revision = None; depends_on = {}; branch_labels = ()", "a"},
	};

	(void)state;
	assert_rows(rows, COUNT(rows));
}

static void what_alembic_would_stop_at_is_a_problem(void **state)
{
	static const struct row rows[] = {
	    {"", "v/x.py: has no revision, and its name is not all hex digits, where Alembic stops "
		 "with \"Could not determine revision id\"; is it a revision file?\n"
		 "v/x.py: has no down_revision, so that Alembic stops here; write down_revision = "
		 "None where it follows no other\n"},
	    {"revision = 'a'", "v/x.py: has no down_revision, so that Alembic stops here; write "
			       "down_revision = None where it follows no other\n"},
	    {"down_revision = None\nrevision = 'a-b'",
		"v/x.py:2: revision \"a-b\" has a \"-\"; Alembic allows none of @ - + in an id\n"},
	    {"down_revision = None\nrevision = ''",
		"v/x.py:2: revision is empty, expected an id\n"},
	    {"down_revision = None\nrevision = None",
		"v/x.py:2: revision is not one string; expected an id\n"},
	    {"down_revision = None\nrevision = ('a',)",
		"v/x.py:2: revision is not one string; expected an id\n"},
	    {"revision = 'a'\ndown_revision = 'b', None",
		"v/x.py:2: down_revision has a None among others; expected strings\n"},
	    {"revision = 'a'\ndown_revision = (None, None)",
		"v/x.py:2: down_revision has a None among others; expected strings\n"},
	    {"revision = 'a'\ndown_revision = ('b'",
		"v/x.py:2: this is no Python: a bracket is not closed; is the file whole?\n"},
	};

	(void)state;
	assert_rows(rows, COUNT(rows));
}

static void what_cannot_be_read_says_what_to_do(void **state)
{
	static const struct row rows[] = {
	    {"revision = 'a'\ndown_revision = f()",
		"v/x.py:2: down_revision is no literal (found \"f\")" INSTEAD},
	    {"revision = x\n\ndown_revision = f'{a}'\ndepends_on = 'a' + 'b'\nif a:\n"
	     "  branch_labels = 'b'",
		"v/x.py:1: revision is no literal (found \"x\")" INSTEAD
		"v/x.py:3: down_revision is no literal (found an f-string)" INSTEAD
		"v/x.py:6: branch_labels is set inside a block" INSTEAD
		"v/x.py:4: depends_on is no literal (found \"+\")" INSTEAD},
	    {"revision, down_revision = 'a', None",
		"v/x.py:1: revision is set by something else than a plain assignment" INSTEAD
		"v/x.py:1: down_revision is set by something else than a plain assignment" INSTEAD},
	};

	(void)state;
	assert_rows(rows, COUNT(rows));
}

static void a_hex_file_name_stands_in_for_the_id(void **state)
{
	static const struct {
		const char *file;
		const char *reading;
	} rows[] = {
	    {"/v/0a1b.py", "0a1b"},
	    {"0a1b.py", "0a1b"},
	    {"0a1b", "0a1b"},
	    {"/v/0A1B.py", NULL},
	    {"/v/0a1b_x.py", NULL},
	    {"/v/.py", NULL},
	    {"/0a1b/x.py", NULL},
	    {"/v/0a.py.py", NULL},
	};
	static const char source[] = "down_revision = None";

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char *found = reading_of(source, sizeof(source) - 1, rows[i].file);

		if (rows[i].reading != NULL)
			assert_string_equal(found, rows[i].reading);
		else
			assert_non_null(strstr(found, "is it a revision file?"));
		free(found);
	}
}

static void ids_may_be_longer_than_the_usual_column(void **state)
{
	char source[400];
	char *found;

	(void)state;
	snprintf(source, sizeof(source), "revision = '%0200d'; down_revision = None", 7);
	found = reading_of(source, strlen(source), "x.py");
	assert_int_equal(strlen(found), 200);
	free(found);
}

/* A folder that is gone with all in it after the test. */
struct scratch {
	char path[256];
};

static int scratch_make(void **state)
{
	struct scratch *scratch = xcalloc(1, sizeof(*scratch));
	const char *parent = getenv("TMPDIR");

	snprintf(scratch->path, sizeof(scratch->path), "%s/test_alembic.XXXXXX",
	    parent != NULL ? parent : P_tmpdir);
	*state = scratch;
	return mkdtemp(scratch->path) == NULL || chdir(scratch->path) < 0 ? -1 : 0;
}

static int remove_entry(const char *path, const struct stat *status, int flag, struct FTW *walk)
{
	(void)status;
	(void)flag;
	(void)walk;
	return remove(path);
}

static int scratch_remove(void **state)
{
	struct scratch *scratch = *state;
	int result = chdir("/") | nftw(scratch->path, remove_entry, 8, FTW_DEPTH | FTW_PHYS);

	free(scratch);
	return result;
}

/* Writes a file below the scratch folder, with its folder. */
static void write_file(const char *path, const char *text)
{
	char *folder = xstrdup(path);
	char *slash = strrchr(folder, '/');
	FILE *file;

	if (slash != NULL) {
		*slash = '\0';
		assert_true(mkdir(folder, 0755) == 0 || errno == EEXIST);
	}
	free(folder);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

/* "b3 c4" (the heads, in order), or the problems, for directories with blanks between them. */
static char *heads_of(
    struct graph *(*read)(const struct strings *, const char *, struct problems *),
    const char *words, const char *separator)
{
	struct strings list = {0};
	struct problems problems = {0};
	struct text text = {0};
	char *copy = xstrdup(words);
	char *rest = copy;
	struct graph *graph;
	const char *word;

	while ((word = strtok_r(NULL, separator, &rest)) != NULL)
		strings_add(&list, word);
	graph = read(&list, "settings", &problems);
	assert_true((graph == NULL) == (problems.lines.count > 0));
	if (graph != NULL)
		add_words(&text, "", graph_heads(graph));
	add_lines(&text, &problems.lines);
	graph_free(graph);
	strings_done(&list);
	problems_done(&problems);
	free(copy);
	return text_take(&text);
}

static void assert_directories(const char *directories, const char *expected)
{
	char *found = heads_of(alembic_read_directories, directories, " ");

	if (strcmp(found, expected) != 0)
		fail_msg("%s\nare \"%s\",\nexpected \"%s\"", directories, found, expected);
	free(found);
}

#define BASE "revision = 'a'; down_revision = None"

static void directories_are_read_together_in_order_of_names(void **state)
{
	(void)state;
	write_file("v/b.py", "revision = 'b'; down_revision = 'a'");
	write_file("v/a.py", "revision = 'c'; down_revision = 'a'");
	write_file("w/c.py", BASE);
	assert_directories("v w", " c b");
	assert_directories("w v/", " c b");
}

static void only_revision_files_are_read(void **state)
{
	static const char *const others[] = {"v/__init__.py", "v/__init__x.py", "v/.#b.py",
	    "v/..c.py", "v/b.pyc", "v/b.py~", "v/README", "v/b.PY", "v/b.py.mako"};

	(void)state;
	write_file("v/a.py", BASE);
	for (size_t i = 0; i < COUNT(others); i++)
		write_file(others[i], "not Python (");
	assert_int_equal(mkdir("v/d.py", 0755), 0);
	assert_int_equal(mkdir("v/__pycache__", 0755), 0);
	assert_int_equal(symlink("d.py", "v/e.py"), 0);
	assert_directories("v", " a");
}

/* As a ConfigMap is mounted: files are links through ..data into a folder of that moment. */
static void links_to_files_are_followed(void **state)
{
	(void)state;
	write_file("v/a.py", BASE);
	assert_int_equal(rename("v/a.py", "a"), 0);
	assert_int_equal(mkdir("v/..2026", 0755), 0);
	assert_int_equal(rename("a", "v/..2026/a.py"), 0);
	assert_int_equal(symlink("..2026", "v/..data"), 0);
	assert_int_equal(symlink("..data/a.py", "v/a.py"), 0);
	assert_int_equal(symlink("v", "w"), 0);
	assert_directories("v", " a");
	assert_directories("w", " a");
}

static void a_file_that_is_there_twice_is_a_problem(void **state)
{
	(void)state;
	write_file("v/a.py", BASE);
	write_file("w/b.py", "revision = 'b'; down_revision = 'a'");
	assert_int_equal(symlink("../v/a.py", "w/c.py"), 0);
	assert_directories("v w", "w/c.py:1: revision \"a\" is there already as a revision in "
				  "v/a.py:1; give one of them another name\n");
}

static void directories_without_revisions_are_named(void **state)
{
	(void)state;
	write_file("empty/__init__.py", "");
	write_file("file", "");
	write_file("scripts/env.py", "");
	write_file("scripts/versions/a.py", BASE);
	assert_int_equal(symlink("loop", "loop"), 0);
	assert_directories("gone empty file loop scripts",
	    "settings: the directory \"gone\" cannot be read: No such file or directory\n"
	    "settings: the directory \"empty\" has no revision file (*.py); is it mounted?\n"
	    "settings: the directory \"file\" cannot be read: Not a directory\n"
	    "settings: the directory \"loop\" cannot be read: Too many levels of symbolic links\n"
	    "settings: \"scripts\" is Alembic's script directory; the revisions are in "
	    "\"scripts/versions\"\n");
	assert_directories("scripts/versions", " a");
}

static void directories_without_permission_are_named(void **state)
{
	uid_t user = geteuid();
	const struct scratch *scratch = *state;

	write_file("v/a.py", BASE);
	assert_int_equal(chmod(scratch->path, 0755) | chmod("v", 0), 0);
	assert_int_equal(user == 0 ? seteuid(65534) : 0, 0);
	assert_directories(
	    "v", "settings: the directory \"v\" cannot be read: Permission denied\n");
	assert_int_equal(user == 0 ? seteuid(user) : 0, 0);
	assert_int_equal(chmod("v", 0755), 0);
}

static void files_that_cannot_be_read_are_all_named(void **state)
{
	(void)state;
	write_file("v/ok.py", BASE);
	write_file("v/odd.py", "\xff\xfer");
	assert_int_equal(mkfifo("v/pipe.py", 0600), 0);
	assert_int_equal(symlink("nowhere", "v/dangling.py"), 0);
	write_file("v/large.py", BASE);
	assert_int_equal(truncate("v/large.py", 4L * 1024 * 1024 + 1), 0);
	write_file("v/\xff.py", "revision = 'a");
	assert_directories("v",
	    "v/dangling.py: cannot be read: No such file or directory\n"
	    "v/large.py: is larger than 4194304 bytes\n"
	    "v/odd.py: has no revision, and its name is not all hex digits, where Alembic stops "
	    "with \"Could not determine revision id\"; is it a revision file?\n"
	    "v/odd.py: has no down_revision, so that Alembic stops here; write down_revision = "
	    "None where it follows no other\n"
	    "v/pipe.py: is not a file\n"
	    "v/?.py:1: this is no Python: a string is not closed; is the file whole?\n");
}

static void a_nul_byte_is_no_python(void **state)
{
	char *found = reading_of("r\0e\0v\0", 6, "x.py");

	(void)state;
	assert_string_equal(
	    found, "x.py: this is no Python: it has a NUL byte; is the file whole?\n");
	free(found);
}

static void problems_of_the_graph_name_file_and_line(void **state)
{
	(void)state;
	write_file("v/a.py", "\n\n" BASE);
	write_file("v/b.py", "revision = 'b'; down_revision = 'z'");
	assert_directories("v", "v/b.py:1: revision \"b\" follows \"z\", which is not here; was "
				"its file, directory or entry left out?\n");
}

static void lists_are_read(void **state)
{
	static const struct row rows[] = {
	    {"a", " a"},
	    {"a|b", " a b"},
	    {"a|b <- a", " b"},
	    {"c <- a b|a|b", " c"},
	    {" a |\tb\t<-\ta\r", " b"},
	    {"a <-", " a"},
	    {"", "settings: names no revision\n"},
	    {" ", "settings, entry 1: \" \" is no revision, expected \"ID\" or \"ID <- PARENT "
		  "PARENT\"\n"},
	    {"a b", "settings, entry 1: \"a b\" is no revision, expected \"ID\" or \"ID <- PARENT "
		    "PARENT\"\n"},
	    {"a|a", "settings, entry 2: revision \"a\" is there already as a revision in settings, "
		    "entry 1; give one of them another name\n"},
	    {"a|b <- z", "settings, entry 2: revision \"b\" follows \"z\", which is not here; was "
			 "its file, directory or entry left out?\n"},
	    {"a@head", "settings, entry 1: revision \"a@head\" has a \"@\"; Alembic allows none of "
		       "@ - + in an id\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char *found = heads_of(alembic_read_list, rows[i].source, "|");

		if (strcmp(found, rows[i].reading) != 0)
			fail_msg("\"%s\" is \"%s\", expected \"%s\"", rows[i].source, found,
			    rows[i].reading);
		free(found);
	}
}

#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_make, scratch_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_file_of_the_template_is_read),
	    cmocka_unit_test(nothing_is_written_in_many_ways),
	    cmocka_unit_test(what_alembic_would_stop_at_is_a_problem),
	    cmocka_unit_test(what_cannot_be_read_says_what_to_do),
	    cmocka_unit_test(a_hex_file_name_stands_in_for_the_id),
	    cmocka_unit_test(ids_may_be_longer_than_the_usual_column),
	    cmocka_unit_test(a_nul_byte_is_no_python),
	    cmocka_unit_test(lists_are_read),
	    IN_SCRATCH(directories_are_read_together_in_order_of_names),
	    IN_SCRATCH(only_revision_files_are_read),
	    IN_SCRATCH(links_to_files_are_followed),
	    IN_SCRATCH(a_file_that_is_there_twice_is_a_problem),
	    IN_SCRATCH(directories_without_revisions_are_named),
	    IN_SCRATCH(directories_without_permission_are_named),
	    IN_SCRATCH(files_that_cannot_be_read_are_all_named),
	    IN_SCRATCH(problems_of_the_graph_name_file_and_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
