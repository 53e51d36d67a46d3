/* Django's files: what a migration replaces, read without running it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../probes/xalloc.h"
#include "../support/manifest.h"
#include "../support/workplace.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define HEAD "from django.db import migrations\n\nclass Migration(migrations.Migration):\n"
#define INSTEAD                                                                                    \
	"; files are read without being run: write the expected migrations to a \"list\" "         \
	"instead\n"
#define NO_PAIRS "replaces is no literal list of pairs (\"app\", \"name\")" INSTEAD
#define OTHERWISE "replaces is set by something else than a plain assignment" INSTEAD
#define READ "\treplaces=s.1 s.2\n"

static void replaces_is_read_where_it_is_literal(void **state)
{
	static const struct {
		const char *source;
		const char *expected; /* behind "s.x" or "m/x.py:" */
	} rows[] = {
	    {HEAD "    replaces = [('s', '1'), ('s', '2')]\n", READ},
	    {HEAD "    replaces = [\n        (\"s\", \"1\"),  # one\n        (\"s\", \"2\",),\n    "
		  "]\n",
		READ},
	    {HEAD "    replaces: list = (('s', '1'), ['s', '2'])\n", READ},
	    {HEAD "    initial = True\n\n    replaces = [('s', '1'), ('s', '2')]\n    operations = "
		  "[]\n",
		READ},
	    {HEAD "    replaces = []\n", "\n"},
	    {HEAD "    replaces = [('x', '9')]\n    replaces = [('s', '1'), ('s', '2')]\n", READ},
	    {HEAD "    def f(self):\n        replaces = 1\n", "\n"},
	    {HEAD "    '''replaces = [('a', 'b')]'''\n", "\n"},
	    {HEAD "    x = 1  # replaces = [('a', 'b')]\n", "\n"},
	    {"# replaces\nx = dict(replaces=1)\n" HEAD "    pass\n", "\n"},
	    {"\xef\xbb\xbf" HEAD "    replaces = [('s', '1'),\r\n ('s', '2')]\r\n", READ},
	    {HEAD "    replaces = [('s', '1'), OTHER]\n", "4: " NO_PAIRS},
	    {HEAD "    replaces = names()\n", "4: " NO_PAIRS},
	    {HEAD "    replaces = [('s', f'1')]\n", "4: " NO_PAIRS},
	    {HEAD "    replaces = [('s', '1')] + OTHERS\n", "4: " NO_PAIRS},
	    {HEAD "    replaces += [('s', '1')]\n", "4: " OTHERWISE},
	    {HEAD "    if X:\n        replaces = [('s', '1')]\n", "5: " OTHERWISE},
	    {HEAD "    a = replaces = [('s', '1')]\n", "4: " OTHERWISE},
	    {HEAD "    pass\nMigration.replaces = [('s', '1')]\n", "5: " OTHERWISE},
	    {"class Migration: replaces = [('s', '1')]\n", "1: " OTHERWISE},
	    {HEAD "    replaces = [('s', '1')\n",
		"4: this is no Python; is the file whole?" INSTEAD},
	    {HEAD "    replaces = 'abc\n", "4: this is no Python; is the file whole?" INSTEAD},
	    {"x = 1\n", " has no class Migration, so that Django stops here; is it a migration?\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		bool is_problem = strchr("0123456789 ", rows[i].expected[0]) != NULL;
		char *expected =
		    xasprintf("%s%s", is_problem ? "m/x.py:" : "s.x", rows[i].expected);
		char *found;

		manifest_write("m/x.py", rows[i].source);
		found = manifest_of("django", "s=m");
		if (strcmp(found, expected) != 0)
			fail_msg("%s: found\n%s\nexpected\n%s", rows[i].source, found, expected);
		free(found);
		free(expected);
	}
	workplace_remove("m");
}

static void files_that_are_no_migrations_are_passed_over(void **state)
{
	static const char *const names[] = {"m/0001_a.py", "m/__init__.py", "m/_draft.py",
	    "m/~0002.py", "m/.#0003.py", "m/0004_b.pyc", "m/0005.py.orig", "m/sub/0006.py"};
	char *found;

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++)
		manifest_write(names[i], HEAD "    pass\n");
	found = manifest_of("django", "shop=m");
	assert_string_equal(found, "shop.0001_a\n");
	free(found);
	workplace_remove("m");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(replaces_is_read_where_it_is_literal),
	    cmocka_unit_test(files_that_are_no_migrations_are_passed_over),
	};

	return cmocka_run_group_tests(tests, workplace_enter, workplace_leave);
}
