/* Liquibase's changelogs in four languages: what can be told of them, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../probes/history/liquibase.h"
#include "../../probes/xalloc.h"
#include "../support/manifest.h"
#include "../support/workplace.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define INSTEAD "; write the expected changesets to a \"list\" instead\n"
#define RUN_TIME "contexts and labels are chosen at run time" INSTEAD
#define PASSED_OVER "a precondition may pass over changesets without a trace" INSTEAD
#define XML(body)                                                                                  \
	"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<databaseChangeLog "                          \
	"xmlns=\"http://www.liquibase.org/xml/ns/dbchangelog\">\n" body "\n</databaseChangeLog>\n"
#define SQL "--liquibase formatted sql\n"
#define YAML "databaseChangeLog:\n"

struct row {
	const char *file;
	const char *source;
	const char *expected; /* the list; or the problem, behind "m/FILE" */
};

static void check(const struct row *row)
{
	char *path = xasprintf("m/%s", row->file);
	char *problem = xasprintf("%s%s", path, row->expected);
	char *found;

	manifest_write(path, row->source);
	found = manifest_of("liquibase", path);
	if (strcmp(found, *row->expected == ':' ? problem : row->expected) != 0)
		fail_msg("%s: found\n%s\nexpected\n%s", row->source, found, row->expected);
	free(found);
	free(problem);
	free(path);
	workplace_remove("m");
}

static void changesets_are_read_in_every_language(void **state)
{
	static const struct row rows[] = {
	    {"c.xml",
		XML("<changeSet id=\"1\" author=\"amy\"><createTable "
		    "tableName=\"t\"/></changeSet>\n"
		    "<!-- <changeSet id=\"x\" author=\"y\"/> -->\n<changeSet author=\"b&amp;b\" "
		    "id=\"2\" dbms=\"postgresql\"/>\n<changeSet id=\"3\" author=\"amy\" dbms=\"h2, "
		    "mysql\"/><changeSet id=\"4\" author=\"amy\" ignore=\"true\"/>\n<changeSet "
		    "id=\"5\" "
		    "author=\"amy\" logicalFilePath=\"/db/other.xml\"/><property name=\"a\" "
		    "value=\"b\"/>"),
		"c.xml::1::amy\nc.xml::2::b&b\ndb/other.xml::5::amy\n"},
	    {"c.xml",
		"<databaseChangeLog logicalFilePath=\"classpath:db/c.xml\"><changeSet id=\"1\" "
		"author=\"a\"><preConditions onFail=\"MARK_RAN\"/></changeSet></databaseChangeLog>",
		"db/c.xml::1::a\n"},
	    {"c.yaml",
		YAML
		"- changeSet:\n    id: 1\n    author: amy\n    changes:\n    - sql: |\n        - "
		"changeSet:\n            id: 9\n- changeSet: {id: \"0010\", author: bob, dbms: "
		"'!mysql'}\n- property: {name: x, value: y}\n",
		"c.yaml::1::amy\nc.yaml::0010::bob\n"},
	    {"c.yml",
		"databaseChangeLog:\n- logicalFilePath: x.yml\n- changeSet: {id: 1.5, author: a}\n",
		"x.yml::1.5::a\n"},
	    {"c.json",
		"{\"databaseChangeLog\": [{\"changeSet\": {\"id\": 1, \"author\": \"amy\"}}, "
		"{\"changeSet\": {\"id\": \"2\", \"author\": \"bob\", \"preConditions\": "
		"[{\"onFail\": "
		"\"HALT\"}]}}]}",
		"c.json::1::amy\nc.json::2::bob\n"},
	    {"c.sql",
		"-- LIQUIBASE FORMATTED SQL logicalFilePath:db/x.sql\n-- changeset amy:1\nselect "
		"1;\n--changeset bob:2 runOnChange:true dbms:postgresql\r\n--changeset bob:3 "
		"dbms:oracle\n--preconditions onFail:MARK_RAN\n--changesets are "
		"nice\n--ignoreLines:start\n--changeset x:9\n--ignoreLines:end\n--ignoreLines:1\n--"
		"changeset x:8\n--changeset amy:4 logicalFilePath:y.sql\n",
		"db/x.sql::1::amy\ndb/x.sql::2::bob\ny.sql::4::amy\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		check(&rows[i]);
}

static void what_cannot_be_told_is_refused(void **state)
{
	static const struct row rows[] = {
	    {"c.xml", XML("<changeSet id=\"1\" author=\"a\" context=\"test\"/>"), ":3: " RUN_TIME},
	    {"c.xml", XML("\n<changeSet id=\"1\" author=\"a\" labels=\"x\"/>"), ":4: " RUN_TIME},
	    {"c.xml",
		XML("<changeSet id=\"1\" author=\"a\"><preConditions "
		    "onFail=\"CONTINUE\"/></changeSet>"),
		":3: " PASSED_OVER},
	    {"c.xml",
		XML("<preConditions onError=\"CONTINUE\"/><changeSet id=\"1\" author=\"a\"/>"),
		":3: " PASSED_OVER},
	    {"c.xml", XML("<changeSet id=\"${v}\" author=\"a\"/>"),
		":3: a property stands in the name of a changeset" INSTEAD},
	    {"c.xml", XML("<changeSet author=\"a\"/>"),
		":3: a changeset without plain id and author (in YAML, put numbers and dates in "
		"quotes)" INSTEAD},
	    {"c.xml", XML("<modifyChangeSets/>"),
		":3: changesets are changed by what includes them" INSTEAD},
	    {"c.xml", XML("<include file=\"${x}.xml\"/>"),
		":3: an include that is not plain" INSTEAD},
	    {"c.xml", XML("<includeAll path=\".\" filter=\"x.Y\"/>"),
		":3: an includeAll that is not plain" INSTEAD},
	    {"c.xml", "<!DOCTYPE databaseChangeLog [<!ENTITY a \"b\">]>\n<databaseChangeLog/>",
		": 1: has a DOCTYPE, expected none\n"},
	    {"c.xml", "<databaseChangeLog>", ": 1: no element found\n"},
	    {"c.xml", "<project/>", ": 1: is no changelog, expected databaseChangeLog\n"},
	    {"c.yaml", YAML "- changeSet: {id: 0010, author: a}\n",
		":2: a changeset without plain id and author (in YAML, put numbers and dates in "
		"quotes)" INSTEAD},
	    {"c.yaml", YAML "- changeSet: {id: 2024-01-01, author: a}\n",
		":2: a changeset without plain id and author (in YAML, put numbers and dates in "
		"quotes)" INSTEAD},
	    {"c.yaml", YAML "- changeSet: {id: 1, author: a, contextFilter: x}\n", ":2: " RUN_TIME},
	    {"c.yaml",
		YAML "- changeSet:\n    id: 1\n    author: a\n    preConditions:\n    - onFail: "
		     "CONTINUE\n",
		":3: " PASSED_OVER},
	    {"c.yaml", "databaseChangeLog: &a\n- *a\n",
		": 2: an alias, expected what it stands for\n"},
	    {"c.yaml", "databaseChangeLog: {}\n",
		": is no changelog, expected a list databaseChangeLog\n"},
	    {"c.yaml", "a: [", ": 2: did not find expected node content\n"},
	    {"c.yaml", "", ": is empty\n"},
	    {"c.json", "{", ": is no JSON\n"},
	    {"c.sql", "create table t ();\n",
		": this is no formatted SQL (the first line is not \"--liquibase formatted sql\"): "
		"versions of Liquibase name what is in it differently" INSTEAD},
	    {"c.sql", SQL "--changeset amy:\"x y\"\n",
		":2: names in quotes are read differently by versions of Liquibase" INSTEAD},
	    {"c.sql", SQL "--changeset amy\n", ":2: a changeset without author:id" INSTEAD},
	    {"c.sql", SQL "--changeset amy:1 context:test\n", ":2: " RUN_TIME},
	    {"c.sql", SQL "--changeset amy:1\n--preconditions onFail:CONTINUE\n",
		":3: " PASSED_OVER},
	    {"c.groovy", "databaseChangeLog { }\n",
		": is no changelog, expected .xml, .yaml, .yml, .json or .sql\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		check(&rows[i]);
}

static void assert_manifest(const char *directory, const char *expected)
{
	char *found = manifest_of("liquibase", directory);

	if (strcmp(found, expected) != 0)
		fail_msg("%s: found\n%s\nexpected\n%s", directory, found, expected);
	free(found);
}

static void includes_are_followed_from_the_search_path(void **state)
{
	(void)state;
	manifest_write("app/db/root.xml",
	    XML("<include file=\"db/first.sql\"/>\n<include file=\"./sub/../second.yaml\" "
		"relativeToChangelogFile=\"true\"/>\n<includeAll path=\"all\" "
		"relativeToChangelogFile=\"true\"/>"));
	manifest_write("app/db/first.sql", SQL "--changeset a:1\n");
	manifest_write("app/db/second.yaml", YAML "- include: {file: classpath:/db/third.json}\n");
	manifest_write("app/db/third.json",
	    "{\"databaseChangeLog\": [{\"changeSet\": {\"id\": 3, \"author\": \"a\"}}]}");
	manifest_write("app/db/all/b.sql", SQL "--changeset a:5\n");
	manifest_write("app/db/all/a/c.sql", SQL "--changeset a:4\n");
	manifest_write("app/db/all/.b.sql.swp", "");
	manifest_write("app/db/all/notes.txt", "");
	assert_manifest("app/./db/root.xml",
	    "db/first.sql::1::a\ndb/third.json::3::a\ndb/all/a/c.sql::4::a\ndb/all/b.sql::5::a\n");
	assert_manifest("app/db",
	    "directory: \"app/db\" is a directory, expected the file of the root "
	    "changelog, as in \"/app/./db/changelog.xml\" where Liquibase is "
	    "given db/changelog.xml\n");
	manifest_write("app/db/root.xml", XML("<include file=\"db/gone.xml\"/>"));
	assert_manifest(
	    "app/./db/root.xml", "app/db/gone.xml: cannot be read: No such file or directory\n");
	manifest_write("app/db/root.xml", XML("<include file=\"db/root.xml\"/>"));
	assert_manifest("app/./db/root.xml",
	    "app/db/root.xml: is included too deeply: does it include itself?\n");
	workplace_remove("app");
}

static void paths_and_databases_are_read_as_liquibase_does(void **state)
{
	static const char *const paths[][2] = {
	    {"classpath:/db/a.xml", "db/a.xml"},
	    {"/db//./x/../a.xml", "db/a.xml"},
	    {"db\\a.xml", "db/a.xml"},
	    {"../../a.xml", "a.xml"},
	    {"", ""},
	};
	static const char *const ours[] = {
	    "postgresql", "h2, PostgreSQL", "all", "!mysql", "", "!h2,!oracle"};
	static const char *const others[] = {"mysql", "h2,oracle", "!postgresql", "none"};

	(void)state;
	for (size_t i = 0; i < COUNT(paths); i++) {
		char *found = liquibase_path(paths[i][0]);

		assert_string_equal(found, paths[i][1]);
		free(found);
	}
	for (size_t i = 0; i < COUNT(ours); i++)
		assert_true(liquibase_dbms_is_ours(ours[i]));
	for (size_t i = 0; i < COUNT(others); i++)
		assert_false(liquibase_dbms_is_ours(others[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(changesets_are_read_in_every_language),
	    cmocka_unit_test(what_cannot_be_told_is_refused),
	    cmocka_unit_test(includes_are_followed_from_the_search_path),
	    cmocka_unit_test(paths_and_databases_are_read_as_liquibase_does),
	};

	return cmocka_run_group_tests(tests, workplace_enter, workplace_leave);
}
