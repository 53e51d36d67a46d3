/* A text[] in the protocol's binary form. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../probes/array.h"
#include "../support/shown_array.h"

static void assert_shown(struct text *array, const char *expected)
{
	char *shown;

	array_end(array);
	shown = shown_array(array);
	assert_non_null(shown);
	assert_string_equal(shown, expected);
	free(shown);
	text_done(array);
}

static void bytes_are_those_of_the_protocol(void **state)
{
	static const unsigned char expected[] = {0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 25, 0, 0, 0, 3, 0,
	    0, 0, 1, 0, 0, 0, 2, 'a', '"', 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0};
	struct text array = {0};

	(void)state;
	array_add(&array, "a\"");
	array_add(&array, NULL);
	array_add(&array, "");
	array_end(&array);
	assert_int_equal(array.length, sizeof(expected));
	assert_memory_equal(text_string(&array), expected, sizeof(expected));
	text_done(&array);
}

static void what_goes_in_comes_out(void **state)
{
	struct text empty = {0};
	struct text one = {0};
	struct text several = {0};

	(void)state;
	assert_shown(&empty, "{}");
	array_add(&one, "{\"a b\",c}");
	assert_shown(&one, "{\"{\\\"a b\\\",c}\"}");
	array_add(&several, NULL);
	array_add(&several, "NULL");
	array_add(&several, "\xc3\xbc");
	assert_shown(&several, "{NULL,\"NULL\",\"\xc3\xbc\"}");
}

/* More than 255 elements, one of more than 65,535 bytes: all four bytes of the numbers count. */
static void there_may_be_many(void **state)
{
	enum { count = 70000 };
	static char large[count + 1];
	struct text array = {0};
	char *shown;

	(void)state;
	memset(large, 'x', count);
	array_add(&array, large);
	for (size_t i = 1; i < count; i++)
		array_add(&array, "y");
	array_end(&array);
	shown = shown_array(&array);
	assert_non_null(shown);
	assert_int_equal(strlen(shown), 2 + count + 2 * (count - 1));
	free(shown);
	text_done(&array);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(bytes_are_those_of_the_protocol),
	    cmocka_unit_test(what_goes_in_comes_out),
	    cmocka_unit_test(there_may_be_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
