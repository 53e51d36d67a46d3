/* Tools whose ids stand in what a file says: TypeORM, EF Core, Drizzle, Sqitch, Atlas. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../probes/xalloc.h"
#include "../support/manifest.h"
#include "../support/workplace.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct row {
	const char *tool;
	const char *file;
	const char *source;
	const char *expected;
};

static void check(const struct row *row)
{
	char *path = xasprintf("m/%s", row->file);
	char *found;

	manifest_write(path, row->source);
	found = manifest_of(row->tool, "m");
	workplace_remove("m");
	if (strcmp(found, row->expected) != 0)
		fail_msg("%s: %s: found\n%s\nexpected\n%s", row->tool, row->source, found,
		    row->expected);
	free(found);
	free(path);
}

#define NO_MIGRATION(tool, shown)                                                                  \
	"directory: the directory \"m\" has no migration of " tool " (" shown "); is it "          \
	"mounted?\n"

static void classes_of_typeorm(void **state)
{
	static const struct row rows[] = {
	    {"typeorm", "1700000000001-A.ts",
		"// class X1600000000000\nexport class A1700000000001 implements "
		"MigrationInterface "
		"{\n  name = 'A1700000000001'\n  async up() { const name = `class Y1600000000000`; "
		"}\n}\n",
		"A1700000000001\n"},
	    {"typeorm", "x.ts",
		"class A1700000000001 { public readonly name: string = \"Other\"; }", "Other\n"},
	    {"typeorm", "x.js",
		"var A1700000000001 = (function () { function A1700000000001() { this.name = "
		"'B1700000000001'; } return A1700000000001; }());",
		"B1700000000001\n"},
	    {"typeorm", "x.js", "class A1700000000001 {}\nclass B1700000000002 {}\nclass Helper {}",
		"A1700000000001\nB1700000000002\n"},
	    {"typeorm", "x.ts", "class A1700000000001 {\n  name = PREFIX + 'x';\n}",
		"m/x.ts:2: name is no plain string; files are read without being run: list the "
		"names "
		"of the migrations in a \"list\" instead\n"},
	    {"typeorm", "1700000000001-A.js", "(()=>{var e={};})();",
		"m/1700000000001-A.js: has no class whose name ends in 13 digits, as migrations "
		"do; "
		"where the code is bundled or minified, list their names in a \"list\" instead\n"},
	    {"typeorm", "index.ts", "export const x = 1;\n",
		NO_MIGRATION("typeorm", "TIMESTAMP-Name.js")},
	    {"typeorm", "x.d.ts", "class A1700000000001 {}",
		NO_MIGRATION("typeorm", "TIMESTAMP-Name.js")},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		check(&rows[i]);
}

static void attributes_of_ef_core(void **state)
{
	static const struct row rows[] = {
	    {"efcore", "1_A.Designer.cs",
		"// "
		"[Migration(\"9_Gone\")]\n[DbContext(typeof(Shop))]\n[Migration(\"1_A\")]\npartial "
		"class A { string s = \"[Migration(\\\"8_X\\\")]\"; }",
		"1_A\n"},
	    {"efcore", "1.cs", "[DbContext(typeof(S)), Migration(\"1_A\")] class A : Migration {}",
		"1_A\n"},
	    {"efcore", "1.cs", "[Migration(Ids.First)] class A {}",
		"m/1.cs:1: the migration's id is no plain string; list the ids in a \"list\" "
		"instead\n"},
	    {"efcore", "1.cs", "class ShopModelSnapshot : ModelSnapshot {}",
		NO_MIGRATION("efcore", "*.cs with [Migration(\"\xe2\x80\xa6\")]")},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		check(&rows[i]);
}

static void plans_of_sqitch(void **state)
{
	static const struct row rows[] = {
	    {"sqitch", "sqitch.plan",
		"%syntax-version=1.0.0\r\n%project=shop\r\n\r\n# note\na 2024-01-01T00:00:00Z A "
		"<a@b> "
		"# n\nb [a] 2024-01-01T00:00:00Z A <a@b>\n@v1 2024-01-01T00:00:00Z A <a@b>\n+ "
		"a[a@v1] "
		"2024-01-01T00:00:00Z A <a@b>\n  c 2024-01-01T00:00:00Z A <a@b>\na x\n",
		"shop:a\nshop:b\nshop:a#2\nshop:c\nshop:a#3\n"},
	    {"sqitch", "sqitch.plan", "a 2024-01-01T00:00:00Z A <a@b>\n",
		"m/sqitch.plan:1: there is no %project before the first change\n"},
	    {"sqitch", "sqitch.plan", "% project = p\n- a\n",
		"m/sqitch.plan:2: the plan reverts a change; list what is expected in a \"list\" "
		"instead\n"},
	    {"sqitch", "sqitch.plan", "%project=p\n", NO_MIGRATION("sqitch", "sqitch.plan")},
	    {"sqitch", "sqitch.conf", "",
		"m/sqitch.plan: cannot be read: No such file or directory\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		check(&rows[i]);
}

#define EMPTY_SUM "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static void journals_and_folders_of_drizzle(void **state)
{
	static const char journal[] = "m/meta/_journal.json";
	char *found;

	(void)state;
	manifest_write("m/0000_a.sql", "");
	manifest_write(journal, "{\"version\": \"7\", \"entries\": [{\"idx\": 0, \"when\": "
				"1700000000001, \"tag\": \"0000_a\", \"breakpoints\": true}]}");
	found = manifest_of("drizzle", "m");
	assert_string_equal(found, "1700000000001\tsum=" EMPTY_SUM "\n");
	free(found);

	manifest_write(journal,
	    "{\"entries\": [{\"when\": \"soon\", \"tag\": \"0000_a\"}, "
	    "{\"when\": 1.5, \"tag\": \"0000_a\"}, {\"when\": 5, \"tag\": \"x\"}]}");
	found = manifest_of("drizzle", "m");
	assert_string_equal(found,
	    "m/meta/_journal.json: an entry has no whole number \"when\" and no string \"tag\", "
	    "expected both\n"
	    "m/meta/_journal.json: an entry has no whole number \"when\" and no string \"tag\", "
	    "expected both\n"
	    "m/x.sql: cannot be read: No such file or directory\n");
	free(found);

	manifest_write(journal, "[]");
	found = manifest_of("drizzle", "m");
	assert_string_equal(found,
	    "m/meta/_journal.json: is no journal of Drizzle, expected an object "
	    "with an array \"entries\"\n");
	free(found);
	workplace_remove("m");

	manifest_write("m/20240101120000_a/migration.sql", "");
	manifest_write("m/20240101120000_a/snapshot.json", "");
	manifest_write("m/other/x", "");
	found = manifest_of("drizzle", "m");
	assert_string_equal(found, "20240101120000_a\tsum=" EMPTY_SUM "\n");
	free(found);
	workplace_remove("m");
}

static void checkpoints_of_atlas(void **state)
{
	static const struct row rows[] = {
	    {"atlas", "1_a.sql", "-- atlas:checkpoint\n\ncreate table t ();\n", "1\toptional\n"},
	    {"atlas", "1_a.sql", "-- a\n\n-- atlas:checkpoint v1\nselect 1;\n", "1\toptional\n"},
	    {"atlas", "1_a.sql", "select 1;\n-- atlas:checkpoint\n", "1\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		check(&rows[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(classes_of_typeorm),
	    cmocka_unit_test(attributes_of_ef_core),
	    cmocka_unit_test(plans_of_sqitch),
	    cmocka_unit_test(journals_and_folders_of_drizzle),
	    cmocka_unit_test(checkpoints_of_atlas),
	};

	return cmocka_run_group_tests(tests, workplace_enter, workplace_leave);
}
