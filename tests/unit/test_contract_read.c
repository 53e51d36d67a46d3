/* A contract file into what the database is asked for, and every mistake in it told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../probes/contract/read.h"
#include "../../probes/xalloc.h"
#include "../support/golden.h"
#include "../support/shown_array.h"
#include "../support/workplace.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The problems of a file, a line each. free() releases them. */
static char *problems_of(const char *file)
{
	struct wanted wanted = {.count = 0};
	struct problems problems = {0};
	struct text text;

	contract_read(file, &wanted, &problems);
	text_init(&text, 0);
	for (size_t i = 0; i < problems.lines.count; i++)
		text_addf(&text, "%s\n", problems.lines.items[i]);
	wanted_done(&wanted);
	problems_done(&problems);
	return text_take(&text);
}

static void all_mistakes_are_told_at_once_with_their_places(void **state)
{
	char here[4096];
	char *problems;

	assert_non_null(getcwd(here, sizeof(here)));
	assert_int_equal(chdir(GOLDEN_DIRECTORY "/contract"), 0);
	problems = problems_of("mistakes.json");
	assert_int_equal(chdir(here), 0);
	(void)state;
	golden_assert("contract/mistakes.txt", problems);
	free(problems);
}

static void one_mistake_is_one_problem(void **state)
{
	static const struct {
		const char *text;
		const char *problem;
	} rows[] = {
	    {"[]", "c.json: expected an object\n"},
	    {"{\"schemalatch\":1}", "c.json: wants nothing, expected \"schemas\" or \"extensions\""
				    " with something in it\n"},
	    {"{\"schemalatch\":1,\"schemas\":{}}",
		"c.json: wants nothing, expected \"schemas\" or \"extensions\" with something in"
		" it\n"},
	    {"{\"schemas\":{\"public\":{}}}",
		"c.json: /schemalatch: is missing, expected the format's version, 1\n"},
	    {"{\"schemalatch\":1,\"schemas\":{\"p\":{},\"p\":{}}}",
		"c.json: /schemas/p: stands there twice, expected once\n"},
	    {"{\"schemalatch\":1,", "c.json:1:17: is not JSON, expected a value, a comma or a"
				    " closing bracket here\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char *found;

		workplace_write("c.json", rows[i].text);
		found = problems_of("c.json");
		if (strcmp(found, rows[i].problem) != 0)
			fail_msg(
			    "%s: found\n%s\nexpected\n%s", rows[i].text, found, rows[i].problem);
		free(found);
	}
}

static void a_file_that_is_not_there_is_told(void **state)
{
	char *found = problems_of("nowhere.json");

	(void)state;
	assert_string_equal(found, "nowhere.json: cannot be read: No such file or directory\n");
	free(found);
}

static struct wanted read_good(const char *text)
{
	struct wanted wanted = {.count = 0};
	struct problems problems = {0};

	workplace_write("c.json", text);
	contract_read("c.json", &wanted, &problems);
	if (problems.lines.count > 0)
		fail_msg("%s", problems.lines.items[0]);
	problems_done(&problems);
	return wanted;
}

static void assert_facet(const struct wanted *wanted, enum facet facet, const char *expected)
{
	char *shown = shown_array(&wanted->facets[facet]);

	if (shown == NULL || strcmp(shown, expected) != 0)
		fail_msg("facet %d: found %s, expected %s", (int)facet,
		    shown != NULL ? shown : "no array", expected);
	free(shown);
}

/* Array literals within arrays that are shown as literals: backslashes double. */
static const char expected_types[] =
    "{\"{1.6}\",NULL,\"{bigint,citext,NULL}\",NULL,\"{integer,text[]}\","
    "NULL,NULL,NULL,NULL}";
static const char expected_opens[] =
    "{NULL,NULL,\"{NULL,\\\"{citext,\\\\\\\"\\\\\\\",\\\\\\\"\\\\\\\"}\\\","
    "NULL}\",NULL,NULL,NULL,NULL,NULL,NULL}";

static void what_is_wanted_is_one_row_an_object(void **state)
{
	struct wanted wanted = read_good(
	    "{\"schemalatch\":1,\"extensions\":{\"pg_trgm\":{\"minVersion\":\"1.6\"},\"x\":{}},"
	    "\"schemas\":{\"public\":{\"tables\":{\"orders\":{\"columns\":{\"id\":{\"type\":"
	    "\"int8\",\"nullable\":false},\"c\":{\"type\":\"citext\"},\"d\":{}},"
	    "\"primaryKey\":[\"id\",\"c\"],\"indexes\":{\"i\":{\"unique\":true},\"k\":{"
	    "\"columns\":[\"c\"]}},\"constraints\":{\"q\":{}},\"privileges\":[\"SELECT\"],"
	    "\"rowSecurity\":true}},\"enums\":{\"e\":[\"a b\",\"c\"]},"
	    "\"functions\":{\"f(int, text[])\":{},\"\\\"a(b\\\"()\":{}}},"
	    "\"tenant_*\":{\"views\":{\"v\":{}}}}}");
	static const char *const expected[FACET_COUNT] = {
	    [FACET_CLASS] = "{x,x,r,e,f,f,n,v,n}",
	    [FACET_PATTERN] =
		"{NULL,NULL,NULL,NULL,NULL,NULL,NULL,\"tenant\\\\_%\",\"tenant\\\\_%\"}",
	    [FACET_SCHEMA] = "{NULL,NULL,public,public,public,public,public,tenant_*,tenant_*}",
	    [FACET_NAME] = "{pg_trgm,x,orders,e,f,a(b,NULL,v,NULL}",
	    [FACET_PARTS] = "{NULL,NULL,\"{id,c,d}\",\"{\\\"a b\\\",c}\",NULL,NULL,NULL,NULL,NULL}",
	    [FACET_TYPES] = expected_types,
	    [FACET_OPENS] = expected_opens,
	    [FACET_NULLABLE] = "{NULL,NULL,\"{f,NULL,NULL}\",NULL,NULL,NULL,NULL,NULL,NULL}",
	    [FACET_PROOF] = "{NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL}",
	    [FACET_PRIMARY_KEY] = "{NULL,NULL,\"{id,c}\",NULL,NULL,NULL,NULL,NULL,NULL}",
	    [FACET_INDEXES] = "{NULL,NULL,\"{i,k}\",NULL,NULL,NULL,NULL,NULL,NULL}",
	    [FACET_UNIQUE] = "{NULL,NULL,\"{t,NULL}\",NULL,NULL,NULL,NULL,NULL,NULL}",
	    [FACET_KEYS] = "{NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL}",
	    [FACET_INDEX_COLUMNS] =
		"{NULL,NULL,\"{NULL,\\\"{c}\\\"}\",NULL,NULL,NULL,NULL,NULL,NULL}",
	    [FACET_CONSTRAINTS] = "{NULL,NULL,\"{q}\",NULL,NULL,NULL,NULL,NULL,NULL}",
	    [FACET_PRIVILEGES] = "{NULL,NULL,\"{SELECT}\",NULL,NULL,NULL,\"{USAGE}\",NULL,NULL}",
	    [FACET_ROW_SECURITY] = "{NULL,NULL,t,NULL,NULL,NULL,NULL,NULL,NULL}",
	};

	(void)state;
	for (enum facet facet = 0; facet < FACET_COUNT; facet++)
		assert_facet(&wanted, facet, expected[facet]);
	assert_int_equal(wanted.count, 9);
	assert_int_equal(wanted.named, 7);
	wanted_done(&wanted);
}

/* No type and name run together may look like another type and name. */
static void columns_are_proven_by_type_and_name(void **state)
{
	struct wanted wanted =
	    read_good("{\"schemalatch\":1,\"schemas\":{\"p\":{\"tables\":{\"t\":{\"columns\":{"
		      "\"id\":{\"type\":\"int\",\"nullable\":false},\"a b\":{\"type\":\"int8\"},"
		      "\"ü\":{\"type\":\"text\",\"nullable\":true}}},"
		      "\"u\":{\"columns\":{\"a\":{\"type\":\"int\"},\"b\":{}}},"
		      "\"v\":{\"columns\":{\"a\\u0003b\":{\"type\":\"int\"}}}}}}}");

	(void)state;
	assert_facet(
	    &wanted, FACET_PROOF, "{\"integer\2id\3bigint\1a b\3text\1ü\",NULL,NULL,NULL}");
	wanted_done(&wanted);
}

/* Neither may a key or an index look like another. */
static void keys_are_proven_by_their_names(void **state)
{
	struct wanted wanted = read_good(
	    "{\"schemalatch\":1,\"schemas\":{\"p\":{\"tables\":{"
	    "\"a\":{\"indexes\":{\"i\":{},\"u\":{\"unique\":true},\"n\":{\"unique\":false}},"
	    "\"primaryKey\":[\"id\"]},"
	    "\"b\":{\"primaryKey\":[\"x\",\"y\"]},"
	    "\"c\":{\"primaryKey\":[\"x\"],\"indexes\":{\"i\":{\"columns\":[\"x\"]}}},"
	    "\"d\":{\"indexes\":{\"i\\u0003j\":{}}},"
	    "\"e\":{}}}}}");

	(void)state;
	assert_facet(&wanted, FACET_KEYS,
	    "{\"\0041\4id\3\1i\3\2u\3\1n\",\"\0042\4x\4y\",NULL,NULL,NULL,NULL}");
	wanted_done(&wanted);
}

static void only_what_is_wanted_is_asked_for(void **state)
{
	struct wanted few =
	    read_good("{\"schemalatch\":1,\"schemas\":{\"p\":{\"tables\":{\"t\":{}}}}}");
	struct wanted enums =
	    read_good("{\"schemalatch\":1,\"schemas\":{\"p\":{\"enums\":{\"e\":[\"a\"]}}}}");

	(void)state;
	assert_null(strstr(few.sql, "pg_attribute"));
	assert_null(strstr(few.sql, "has_table_privilege"));
	assert_null(strstr(few.sql, "pg_enum"));
	assert_non_null(strstr(enums.sql, "pg_enum"));
	assert_null(strstr(enums.sql, "pg_proc"));
	wanted_done(&few);
	wanted_done(&enums);
}

static void patterns_are_for_LIKE(void **state)
{
	static const struct {
		const char *schema;
		const char *pattern;
	} rows[] = {
	    {"public", NULL},
	    {"tenant_1", NULL},
	    {"*", "%"},
	    {"tenant_*", "tenant\\_%"},
	    {"t?nant", "t_nant"},
	    {"100%*", "100\\%%"},
	    {"a\\*", "a\\\\%"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char *pattern = wanted_pattern(rows[i].schema);

		if (rows[i].pattern == NULL)
			assert_null(pattern);
		else
			assert_string_equal(pattern, rows[i].pattern);
		free(pattern);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(all_mistakes_are_told_at_once_with_their_places),
	    cmocka_unit_test(one_mistake_is_one_problem),
	    cmocka_unit_test(a_file_that_is_not_there_is_told),
	    cmocka_unit_test(what_is_wanted_is_one_row_an_object),
	    cmocka_unit_test(columns_are_proven_by_type_and_name),
	    cmocka_unit_test(keys_are_proven_by_their_names),
	    cmocka_unit_test(only_what_is_wanted_is_asked_for),
	    cmocka_unit_test(patterns_are_for_LIKE),
	};

	return cmocka_run_group_tests(tests, workplace_enter, workplace_leave);
}
