/* The path and query of a request, taken apart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../probes/text.h"
#include "../../probes/xalloc.h"
#include "../../sidecar/answer/target.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* "PATH", " verbose" where it is set, and " -NAME" for each exclusion; "refused". */
static char *told(const char *uri)
{
	struct target target;
	struct text text;

	text_init(&text, 0);
	if (target_parse(uri, &target) != 0) {
		text_add(&text, "refused");
	} else {
		text_addf(&text, "%s%s", target.path, target.verbose ? " verbose" : "");
		for (size_t i = 0; i < target.exclude.count; i++)
			text_addf(&text, " -%s", target.exclude.items[i]);
	}
	target_done(&target);
	return text_take(&text);
}

struct row {
	const char *uri;
	const char *told;
};

static void assert_rows(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char *found = told(rows[i].uri);

		if (strcmp(found, rows[i].told) != 0)
			fail_msg(
			    "%s: found \"%s\", expected \"%s\"", rows[i].uri, found, rows[i].told);
		free(found);
	}
}

static void paths_end_where_the_query_begins(void **state)
{
	static const struct row rows[] = {
	    {"/", "/"},
	    {"/readyz", "/readyz"},
	    {"/readyz?", "/readyz"},
	    {"/readyz#", "/readyz"},
	    {"/readyz#top?verbose", "/readyz"},
	    {"/readyz?#verbose", "/readyz"},
	    {"/readyz?verbose#top", "/readyz verbose"},
	    {"/readyz/main/tables?verbose", "/readyz/main/tables verbose"},
	    {"//readyz/", "//readyz/"},
	    {"/a=b&c", "/a=b&c"},
	};

	(void)state;
	assert_rows(rows, COUNT(rows));
}

static void what_is_no_path_is_refused(void **state)
{
	static const struct row rows[] = {
	    {"", "refused"},
	    {"?verbose", "refused"},
	    {"readyz", "refused"},
	    {"*", "refused"},
	    {"http://127.0.0.1/readyz", "refused"},
	};

	(void)state;
	assert_rows(rows, COUNT(rows));
}

static void escapes_are_undone_once(void **state)
{
	static const struct row rows[] = {
	    {"/%72eadyz", "/readyz"},
	    {"/readyz%2Fmain%2ftables", "/readyz/main/tables"},
	    {"/%3Fverbose", "/?verbose"},
	    {"/%23", "/#"},
	    {"/%2525", "/%25"},
	    {"/a%20b", "/a b"},
	    {"/a+b", "/a+b"},
	    {"/%c3%A4", "/\xc3\xa4"},
	    {"/%ff", "/\xff"},
	    {"/%01%7f", "/\x01\x7f"},
	    {"/readyz?exclude=main%2Ftables", "/readyz -main/tables"},
	    {"/readyz?exclude=a%26exclude%3Db", "/readyz -a&exclude=b"},
	};

	(void)state;
	assert_rows(rows, COUNT(rows));
}

static void broken_escapes_and_nul_are_refused(void **state)
{
	static const struct row rows[] = {
	    {"/%", "refused"},
	    {"/%2", "refused"},
	    {"/%2?verbose", "refused"},
	    {"/%2g", "refused"},
	    {"/%g2", "refused"},
	    {"/%%32", "refused"},
	    {"/% 2", "refused"},
	    {"/%-1", "refused"},
	    {"/%0x", "refused"},
	    {"/%00", "refused"},
	    {"/readyz%00.html", "refused"},
	    {"/%\x14\x11", "refused"},
	    {"/%4\x11", "refused"},
	    {"/%\xb4\xb1", "refused"},
	    {"/readyz?exclude=%", "refused"},
	    {"/readyz?exclude=%4", "refused"},
	    {"/readyz?exclude=%4&exclude=41", "refused"},
	    {"/readyz?exclude=%4#1", "refused"},
	    {"/readyz?exclude=a%00b", "refused"},
	    {"/readyz?verbose&exclude=%zz", "refused"},
	};

	(void)state;
	assert_rows(rows, COUNT(rows));
}

static void verbose_is_a_flag_with_any_value(void **state)
{
	static const struct row rows[] = {
	    {"/readyz?verbose", "/readyz verbose"},
	    {"/readyz?verbose=", "/readyz verbose"},
	    {"/readyz?verbose=true", "/readyz verbose"},
	    {"/readyz?verbose=%zz", "/readyz verbose"},
	    {"/readyz?verbose&verbose", "/readyz verbose"},
	    {"/readyz?&&verbose&", "/readyz verbose"},
	    {"/readyz?a=1&verbose", "/readyz verbose"},
	    {"/readyz?Verbose", "/readyz"},
	    {"/readyz?verbosely", "/readyz"},
	    {"/readyz?verbos", "/readyz"},
	    {"/readyz?x=verbose", "/readyz"},
	};

	(void)state;
	assert_rows(rows, COUNT(rows));
}

static void exclude_may_be_repeated(void **state)
{
	static const struct row rows[] = {
	    {"/readyz?exclude=a", "/readyz -a"},
	    {"/readyz?exclude=a&exclude=b&verbose&exclude=a", "/readyz verbose -a -b -a"},
	    {"/readyz?exclude=a=b", "/readyz -a=b"},
	    {"/readyz?exclude=a?exclude=b", "/readyz -a?exclude=b"},
	    {"/readyz?exclude", "/readyz"},
	    {"/readyz?exclude=", "/readyz"},
	    {"/readyz?exclude=&exclude=b", "/readyz -b"},
	    {"/readyz?exclude=a#&exclude=b", "/readyz -a"},
	    {"/readyz?excluded=a", "/readyz"},
	    {"/readyz?exclud=e", "/readyz"},
	};

	(void)state;
	assert_rows(rows, COUNT(rows));
}

static void what_means_nothing_is_ignored(void **state)
{
	static const struct row rows[] = {
	    {"/readyz?timeout=5s", "/readyz"},
	    {"/readyz?=", "/readyz"},
	    {"/readyz?=exclude", "/readyz"},
	    {"/readyz?a=%zz", "/readyz"},
	    {"/readyz?%65xclude=a", "/readyz"},
	};

	(void)state;
	assert_rows(rows, COUNT(rows));
}

static void many_exclusions_are_kept_in_order(void **state)
{
	struct text uri;
	struct target target;

	(void)state;
	text_init(&uri, 0);
	text_add(&uri, "/readyz?");
	for (int i = 0; i < 1000; i++)
		text_addf(&uri, "&exclude=main/%d", i);
	assert_int_equal(target_parse(text_string(&uri), &target), 0);
	assert_int_equal(target.exclude.count, 1000);
	assert_string_equal(target.exclude.items[0], "main/0");
	assert_string_equal(target.exclude.items[999], "main/999");
	target_done(&target);
	target_done(&target);
	text_done(&uri);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(paths_end_where_the_query_begins),
	    cmocka_unit_test(what_is_no_path_is_refused),
	    cmocka_unit_test(escapes_are_undone_once),
	    cmocka_unit_test(broken_escapes_and_nul_are_refused),
	    cmocka_unit_test(verbose_is_a_flag_with_any_value),
	    cmocka_unit_test(exclude_may_be_repeated),
	    cmocka_unit_test(what_means_nothing_is_ignored),
	    cmocka_unit_test(many_exclusions_are_kept_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
