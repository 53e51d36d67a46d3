/* Strings that grow within limits, and lists of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../probes/strings.h"
#include "../../probes/text.h"
#include "../../probes/xalloc.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void a_limit_cuts_at_a_character_and_says_so(void **state)
{
	static const struct {
		size_t limit;
		const char *result;
		bool truncated;
	} rows[] = {
	    {0, "abc\u00e9def", false},
	    {9, "abc\u00e9def", false},
	    {8, "abc\u00e9def", false},
	    {7, "abc\u2026", true}, /* the character before the mark would be half */
	    {6, "abc\u2026", true},
	    {5, "ab\u2026", true},
	    {3, "\u2026", true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct text text;

		text_init(&text, rows[i].limit);
		text_add(&text, "abc\u00e9");
		text_add(&text, "def");
		if (strcmp(text_string(&text), rows[i].result) != 0 ||
		    text.truncated != rows[i].truncated)
			fail_msg("limit %zu: \"%s\"", rows[i].limit, text_string(&text));
		text_done(&text);
	}
}

static void nothing_is_added_behind_a_cut(void **state)
{
	struct text text;
	char *taken;

	(void)state;
	text_init(&text, 8);
	text_add(&text, "123456789");
	text_add(&text, "0");
	text_addf(&text, "%d", 1);
	assert_string_equal(text_string(&text), "12345\u2026");
	taken = text_take(&text);
	assert_string_equal(taken, "12345\u2026");
	free(taken);
	assert_string_equal(text_string(&text), "");
	text_done(&text);
}

static void an_empty_text_is_a_string(void **state)
{
	struct text text;
	char *taken;

	(void)state;
	text_init(&text, 0);
	assert_string_equal(text_string(&text), "");
	taken = text_take(&text);
	assert_string_equal(taken, "");
	free(taken);
}

static void what_comes_from_outside_is_cleaned(void **state)
{
	static const struct {
		const char *source;
		const char *clean;
	} rows[] = {
	    {"plain \u00e9\u20ac\U0001f600", "plain \u00e9\u20ac\U0001f600"},
	    {"a\nb\tc\rd", "a?b?c?d"}, {"\x1b[2J", "?[2J"}, {"\x7f", "?"}, {"\xff\xfe", "??"},
	    {"\xc3", "?"}, {"\xc3(", "?("}, {"\xc0\xaf", "??"}, /* overlong */
	    {"\xed\xa0\x80", "???"},                            /* a surrogate */
	    {"\xf4\x90\x80\x80", "????"},                       /* beyond Unicode */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char buffer[64];

		text_copy_clean(buffer, sizeof(buffer), rows[i].source);
		assert_string_equal(buffer, rows[i].clean);
	}
}

static void a_copy_fits_its_buffer(void **state)
{
	char buffer[8];

	(void)state;
	text_copy_clean(buffer, sizeof(buffer), "1234567");
	assert_string_equal(buffer, "1234567");
	text_copy_clean(buffer, sizeof(buffer), "12345678");
	assert_string_equal(buffer, "1234\u2026");
}

/* ---- lists ---- */

static void a_list_keeps_copies_in_order(void **state)
{
	struct strings list = {0};
	char word[] = "a";

	(void)state;
	for (; word[0] <= 'z'; word[0]++)
		strings_add(&list, word);
	strings_take(&list, xstrdup("taken"));
	assert_int_equal(list.count, 27);
	assert_string_equal(list.items[0], "a");
	assert_string_equal(list.items[25], "z");
	assert_true(strings_has(&list, "taken"));
	assert_false(strings_has(&list, "take"));
	strings_done(&list);
	assert_int_equal(list.count, 0);
	assert_false(strings_has(&list, "a"));
	strings_add(&list, "usable");
	strings_done(&list);
}

static void the_nearest_word_is_named_only_where_it_is_near(void **state)
{
	static const char *const known[] = {"period", "retryPeriod", "timeout", "holdFor"};
	static const struct {
		const char *word;
		const char *nearest;
	} rows[] = {
	    {"perod", "period"},
	    {"Period", "period"},
	    {"timout", "timeout"},
	    {"hold_for", "holdFor"},
	    {"retryperiod", "retryPeriod"},
	    {"xyz", NULL},
	    {"", NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *nearest = strings_nearest(rows[i].word, known, COUNT(known));

		if (rows[i].nearest == NULL
			? nearest != NULL
			: nearest == NULL || strcmp(nearest, rows[i].nearest) != 0)
			fail_msg("%s: %s", rows[i].word, nearest != NULL ? nearest : "none");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_limit_cuts_at_a_character_and_says_so),
	    cmocka_unit_test(nothing_is_added_behind_a_cut),
	    cmocka_unit_test(an_empty_text_is_a_string),
	    cmocka_unit_test(what_comes_from_outside_is_cleaned),
	    cmocka_unit_test(a_copy_fits_its_buffer),
	    cmocka_unit_test(a_list_keeps_copies_in_order),
	    cmocka_unit_test(the_nearest_word_is_named_only_where_it_is_near),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
