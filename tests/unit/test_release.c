/* Lists of what a release expects: read, refused, and written again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../probes/history/tool.h"
#include "../../probes/xalloc.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The list as it is written again, or the problems. free() releases it. */
static char *again(const char *tool_name, const char *items)
{
	const struct history_tool *tool = history_tool_find(tool_name);
	struct problems problems = {0};
	struct strings list = {0};
	struct text text = {0};
	char *copy = xstrdup(items);
	char *rest = copy;
	const char *item;
	struct release *release;

	while ((item = strsep(&rest, ";")) != NULL)
		strings_add(&list, item);
	release = release_read_list(tool, &list, "list", &problems);
	assert_int_equal(release == NULL, problems.lines.count > 0);
	if (release != NULL)
		release_print(release, &text);
	for (size_t i = 0; i < problems.lines.count; i++)
		text_addf(&text, "%s\n", problems.lines.items[i]);
	release_free(release);
	strings_done(&list);
	problems_done(&problems);
	free(copy);
	return text_take(&text);
}

static void a_list_is_read_and_written_in_order(void **state)
{
	static const struct {
		const char *tool;
		const char *items;
		const char *expected;
	} rows[] = {
	    {"rails", "10;2;001", "001\n2\n10\n"},
	    {"flyway", "R:v;1.10;1.9", "1.9\n1.10\nR:v\n"},
	    {"django", "b.2;a.1;b.3\treplaces=b.1 b.2", "b.2\na.1\nb.3\treplaces=b.1 b.2\n"},
	    {"prisma", "a\tsum=x\tsum=y", "a\tsum=x\tsum=y\n"},
	    {"atlas", "1;2\toptional", "1\n2\toptional\n"},
	    {"rails", "1;01",
		"list, entry 2: 01 is there already as 1 in list, entry 1; one of them must go or "
		"get another id\n"},
	    {"rails", "1;x", "list, entry 2: \"x\" is no id of rails, expected digits\n"},
	    {"django", "shop", "list, entry 1: \"shop\" is no id of django, expected APP.NAME\n"},
	    {"liquibase", "a::b",
		"list, entry 1: \"a::b\" is no id of liquibase, expected PATH::ID::AUTHOR\n"},
	    {"sqitch", "users",
		"list, entry 1: \"users\" is no id of sqitch, expected PROJECT:CHANGE\n"},
	    {"dbmate", "1\tsums=x",
		"list, entry 1: \"sums=x\" is not known, expected \"sum=CHECKSUM\", \"replaces=ID "
		"ID\" or \"optional\" behind a tab\n"},
	    {"yoyo", "a\xff",
		"list, entry 1: the id \"a?\" has control characters or bytes that are not UTF-8, "
		"which no history table could hold\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char *found = again(rows[i].tool, rows[i].items);

		if (strcmp(found, rows[i].expected) != 0)
			fail_msg("%s: %s: found\n%s\nexpected\n%s", rows[i].tool, rows[i].items,
			    found, rows[i].expected);
		free(found);
	}
}

static void what_is_there_is_found(void **state)
{
	struct problems problems = {0};
	struct strings list = {0};
	struct release *release;

	(void)state;
	strings_add(&list, "shop.2\treplaces=shop.0 shop.1");
	strings_add(&list, "auth.1");
	release = release_read_list(history_tool_find("django"), &list, "list", &problems);
	assert_int_equal(release_find(release, "shop.2"), 0);
	assert_int_equal(release_find(release, "auth.1"), 1);
	assert_true(release_find(release, "shop.1") == SIZE_MAX);
	assert_true(release_replaces(release, "shop.1"));
	assert_false(release_replaces(release, "shop.2"));
	assert_true(release_has_scope(release, "auth.99"));
	assert_false(release_has_scope(release, "au.1"));
	assert_false(release_has_scope(release, "shop"));
	release_free(release);
	strings_done(&list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_list_is_read_and_written_in_order),
	    cmocka_unit_test(what_is_there_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
