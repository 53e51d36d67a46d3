/* Which files of a directory are migrations, tool by tool, and directories as they are in the wild.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../probes/text.h"
#include "../../probes/xalloc.h"
#include "../support/manifest.h"
#include "../support/workplace.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Empty files, names with blanks between them. */
static void write_all(const char *names)
{
	char *copy = xstrdup(names);
	char *rest = copy;
	const char *name;

	while ((name = strsep(&rest, " ")) != NULL) {
		char *path = xasprintf("m/%s", name);

		manifest_write(path, "");
		free(path);
	}
	free(copy);
}

static void assert_list(const char *tool, const char *names, const char *expected)
{
	char *found;

	write_all(names);
	found = manifest_of(tool, "m");
	workplace_remove("m");
	if (strcmp(found, expected) != 0)
		fail_msg("%s: %s: found\n%s\nexpected\n%s", tool, names, found, expected);
	free(found);
}

struct row {
	const char *tool;
	const char *names;
	const char *expected;
};

static void each_tool_has_its_names(void **state)
{
	static const struct row rows[] = {
	    {"atlas", "20240102_b.sql 20240101.sql atlas.sum x.sql.orig README.md",
		"20240101\n20240102\n"},
	    {"dbmate", "001_a.sql 1_b.sql 20240101.sql a.sql 2_c.sql~ .3_d.sql.swp schema.sql",
		"001\n1\n20240101\n"},
	    {"diesel",
		"2024-01-31-120000_a/up.sql 2024-01-31-120000_a/down.sql 0002_b/up.sql "
		"empty_c/x .hidden_d/up.sql diesel.toml",
		"0002\n20240131120000\n"},
	    {"ecto", "1_a.exs sub/2_b.exs 3_c.ex x.exs .formatter.exs", "1\n2\n"},
	    {"golang-migrate",
		"000001_a.up.sql 000001_a.down.sql 2_b.up.pgx.sql 3.up.sql 10_c.up.cypher "
		"x_4.up.sql",
		"000001\n2\n10\n"},
	    {"goose", "00001_a.sql 2_b.go 3_c_test.go notes.sql 4_d.sql.bak", "00001\n2\n"},
	    {"knex", "1_a.js 2_b.ts 3_c.mjs 4_d.cjs 1_a.d.ts 1_a.js.map",
		"1_a.js\n2_b.ts\n4_d.cjs\n"},
	    {"mikro-orm",
		"Migration1.ts Migration2.js Migration3.cjs Migration1.d.ts .snapshot.json",
		"Migration1\nMigration2\nMigration3.cjs\n"},
	    {"node-pg-migrate", "2_b.js 10_a.sql 3_c.up.sql noext .hidden.js",
		"noext\n2_b\n3_c.up\n10_a\n"},
	    {"prisma", "20240101_a/migration.sql 20240102_b/migration.sql migration_lock.toml",
		"20240101_a\tsum=e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n"
		"20240102_b\tsum="
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n"},
	    {"rails", "001_a.rb sub/20240101_b_c.rb 2_x.shop.rb lib.rb _3_d.rb 4_e.rb.swp",
		"001\n2\n20240101\n"},
	    {"refinery", "V1__a.sql sub/V10__b.rs U2__c.sql X3__d.sql V4_e.sql mod.rs",
		"1\n2\n10\n"},
	    {"sequelize", "1_a.js 2_b.ts 3_c.cts 1_a.d.ts 4_d.json", "1_a.js\n2_b.ts\n3_c.cts\n"},
	    {"yoyo", "1_a.py 2_b.sql 2_b.rollback.sql post-apply.py post-apply-x.sql __init__.py",
		"1_a\n2_b\n"},
	    {"flyway",
		"V1__a.sql sub/deep/V1_2__b.SQL V1.10__c.sql v2__d.sql U1__a.sql R__the_views.sql "
		"beforeMigrate.sql V1__a.sql.conf V3.sql .hidden/V9__x.sql",
		"1\tsum=0\n1.2\tsum=0\n1.10\tsum=0\n3\tsum=0\nR:the views\tsum=0\n"},
	    {"flyway", "V2__a.sql B1__base.sql B2__base.sql", "1\tsum=0\toptional\n2\tsum=0\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_list(rows[i].tool, rows[i].names, rows[i].expected);
}

static void what_the_tool_refuses_is_refused(void **state)
{
	static const struct row rows[] = {
	    {"rails", "1_Upper.rb 2_b.rb",
		"m/1_Upper.rb: is no name of a migration of rails, expected VERSION_name.rb in "
		"lower "
		"case\n"},
	    {"sqlx", "a_b.sql 1_c.sql",
		"m/a_b.sql: is no name of a migration of sqlx, expected VERSION_name.sql\n"},
	    {"refinery", "V1.5__a.sql V1__b.sql",
		"m/V1.5__a.sql: is no name of a migration of refinery, expected V1__name.sql\n"},
	    {"prisma", "a/x b/migration.sql",
		"m/a/migration.sql: is not there, expected in each migration\n"},
	    {"rails", "1_a.rb 01_b.rb",
		"m/1_a.rb: 1 is there already as 01 in m/01_b.rb; one of them must go or get "
		"another "
		"id\n"},
	    {"flyway", "V1__a.sql V1_0__b.sql",
		"m/V1__a.sql: 1 is there already as 1.0 in m/V1_0__b.sql; one of them must go or "
		"get "
		"another id\n"},
	    {"golang-migrate", "README.md 1_a.down.sql",
		"directory: the directory \"m\" has no migration of golang-migrate "
		"(VERSION_name.up.sql); is it mounted?\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_list(rows[i].tool, rows[i].names, rows[i].expected);
}

static void a_missing_or_empty_directory_is_an_error_for_every_tool(void **state)
{
	static const char *const tools[] = {"atlas", "dbmate", "diesel", "drizzle", "ecto",
	    "efcore", "flyway", "golang-migrate", "goose", "knex", "mikro-orm", "node-pg-migrate",
	    "prisma", "rails", "refinery", "sequelize", "sqlx", "typeorm", "yoyo", "alembic"};

	(void)state;
	mkdir("empty", 0755);
	for (size_t i = 0; i < COUNT(tools); i++) {
		char *missing = manifest_of(tools[i], "no/such");
		char *empty = manifest_of(tools[i], "empty");

		if (strstr(missing, "the directory \"no/such\" cannot be read: No such file") ==
		    NULL)
			fail_msg("%s: %s", tools[i], missing);
		if (strstr(empty, "the directory \"empty\" has no ") == NULL ||
		    strstr(empty, "is it mounted?") == NULL)
			fail_msg("%s: %s", tools[i], empty);
		free(missing);
		free(empty);
	}
	rmdir("empty");
}

/* As the kubelet lays out a ConfigMap: files are links through "..data", which is swapped. */
static void a_volume_of_kubernetes_is_read_once(void **state)
{
	static const char *const tools[] = {"rails", "dbmate"};

	(void)state;
	manifest_write("m/..2026_01_01/1_a.rb", "");
	manifest_write("m/..2026_01_01/1_a.sql", "");
	assert_int_equal(symlink("..2026_01_01", "m/..data"), 0);
	assert_int_equal(symlink("..data/1_a.rb", "m/1_a.rb"), 0);
	assert_int_equal(symlink("..data/1_a.sql", "m/1_a.sql"), 0);
	assert_int_equal(symlink("m", "mount"), 0);
	for (size_t i = 0; i < COUNT(tools); i++) {
		char *found = manifest_of(tools[i], "mount");

		assert_string_equal(found, "1\n");
		free(found);
	}
	unlink("mount");
	workplace_remove("m");
}

static void links_are_followed_and_circles_end(void **state)
{
	char *found;

	(void)state;
	manifest_write("m/1_a.rb", "");
	manifest_write("elsewhere/2_b.rb", "");
	assert_int_equal(symlink("../elsewhere", "m/engine"), 0);
	assert_int_equal(symlink("../elsewhere", "m/again"), 0);
	assert_int_equal(symlink("..", "m/circle"), 0);
	found = manifest_of("rails", "m");
	assert_string_equal(found, "1\n2\n");
	free(found);
	workplace_remove("m");
	workplace_remove("elsewhere");
}

/* Of what is read by name alone a broken link is a name; of what is read, a problem. */
static void a_link_that_leads_nowhere(void **state)
{
	char *found;

	(void)state;
	mkdir("m", 0755);
	assert_int_equal(symlink("nowhere", "m/1_a.sql"), 0);
	found = manifest_of("dbmate", "m");
	assert_string_equal(found, "1\n");
	free(found);
	found = manifest_of("sqlx", "m");
	assert_string_equal(found, "m/1_a.sql: cannot be read: No such file or directory\n");
	free(found);
	workplace_remove("m");
}

static void names_that_are_not_utf8(void **state)
{
	static const struct row rows[] = {
	    {"rails", "1_a.rb", "1\n"},
	    {"golang-migrate", "1_\xff.up.sql", "1\n"},
	    {"dbmate", "1_\xc3\x28.sql 2_\xc3\xa4.sql", "1\n2\n"},
	    {"knex", "1_\xff.js 2_\xc3\xa4.js",
		"m/1_?.js: the id \"1_?.js\" has control characters or bytes that are not UTF-8, "
		"which "
		"no history table could hold\n"},
	    {"knex", "2_\xc3\xa4.js", "2_\xc3\xa4.js\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_list(rows[i].tool, rows[i].names, rows[i].expected);
}

static void fifty_thousand_files(void **state)
{
	size_t lines = 0;
	char *found;

	(void)state;
	mkdir("m", 0755);
	for (int i = 1; i <= 50000; i++) {
		char *path = xasprintf("m/%d_step.up.sql", i);

		workplace_write(path, "");
		free(path);
	}
	found = manifest_of("golang-migrate", "m");
	for (const char *at = found; (at = strchr(at, '\n')) != NULL; at++)
		lines++;
	assert_int_equal(lines, 50000);
	assert_memory_equal(found, "1\n2\n3\n", 6);
	free(found);
	workplace_remove("m");
}

static void several_directories_are_one_release(void **state)
{
	char *found;

	(void)state;
	manifest_write("a/1_x.py", "class Migration: pass\n");
	found = manifest_of("django", "a");
	assert_string_equal(found, "directory: \"a\" has no label, expected {\"LABEL\": "
				   "\"DIRECTORY\"} or \"LABEL=DIRECTORY\"\n");
	free(found);
	found = manifest_of("django", "shop=a");
	assert_string_equal(found, "shop.1_x\n");
	free(found);
	workplace_remove("a");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_tool_has_its_names),
	    cmocka_unit_test(what_the_tool_refuses_is_refused),
	    cmocka_unit_test(a_missing_or_empty_directory_is_an_error_for_every_tool),
	    cmocka_unit_test(a_volume_of_kubernetes_is_read_once),
	    cmocka_unit_test(links_are_followed_and_circles_end),
	    cmocka_unit_test(a_link_that_leads_nowhere),
	    cmocka_unit_test(names_that_are_not_utf8),
	    cmocka_unit_test(fifty_thousand_files),
	    cmocka_unit_test(several_directories_are_one_release),
	};

	return cmocka_run_group_tests(tests, workplace_enter, workplace_leave);
}
