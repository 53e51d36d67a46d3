/* Names as people write them, and as SQL wants them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../probes/names.h"
#include "../../probes/xalloc.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define SIXTY_THREE "a23456789b23456789c23456789d23456789e23456789f23456789g23456789"

static void a_name_is_split_at_the_dot_outside_quotes(void **state)
{
	static const struct {
		const char *text;
		const char *schema;
		const char *table;
	} rows[] = {
	    {"users", "fallback", "users"},
	    {"billing.invoices", "billing", "invoices"},
	    {"Billing.Invoices", "Billing", "Invoices"}, /* never folded */
	    {"\"we.ird\".users", "we.ird", "users"},
	    {"a.\"b.c\"", "a", "b.c"},
	    {"\"a\"\"b\"", "fallback", "a\"b"},
	    {"with blank", "fallback", "with blank"},
	    {"gr\xc3\xb6\xc3\x9f"
	     "e",
		"fallback",
		"gr\xc3\xb6\xc3\x9f"
		"e"},
	    {SIXTY_THREE, "fallback", SIXTY_THREE},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char *schema;
		char *table;
		struct error err;

		if (name_parse(rows[i].text, "fallback", &schema, &table, &err) != 0)
			fail_msg("%s: %s", rows[i].text, err.text);
		assert_string_equal(schema, rows[i].schema);
		assert_string_equal(table, rows[i].table);
		free(schema);
		free(table);
	}
}

static void what_is_no_name_is_refused_with_the_reason(void **state)
{
	static const struct {
		const char *text;
		const char *reason;
	} rows[] = {
	    {"", "a part of the name is empty"},
	    {".users", "a part of the name is empty"},
	    {"public.", "a part of the name is empty"},
	    {"\"\"", "a part of the name is empty"},
	    {"\"open", "a quote is not closed"},
	    {"a.\"open", "a quote is not closed"},
	    {"\"a\"b", "expected a dot or the end behind a closing quote"},
	    {"a.b.c", "more than two parts, expected schema.table"},
	    {SIXTY_THREE "x", "64 bytes are more than the 63 that PostgreSQL keeps of a name"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char *schema;
		char *table;
		struct error err;

		if (name_parse(rows[i].text, "public", &schema, &table, &err) == 0)
			fail_msg("%s was taken for a name", rows[i].text);
		assert_string_equal(err.text, rows[i].reason);
	}
}

static void a_list_is_split_at_commas_outside_quotes(void **state)
{
	struct strings names = {0};

	(void)state;
	names_split(" users, billing.invoices ,\"a,b\".c,,d", &names);
	assert_int_equal(names.count, 5);
	assert_string_equal(names.items[0], "users");
	assert_string_equal(names.items[1], "billing.invoices");
	assert_string_equal(names.items[2], "\"a,b\".c");
	assert_string_equal(names.items[3], "");
	assert_string_equal(names.items[4], "d");
	strings_done(&names);
}

static void people_see_quotes_only_where_they_are_needed(void **state)
{
	static const struct {
		const char *schema;
		const char *table;
		const char *shown;
	} rows[] = {
	    {"public", "users", "public.users"},
	    {"we.ird", "users", "\"we.ird\".users"},
	    {"public", "a b", "public.\"a b\""},
	    {"public", "a\"b", "public.\"a\"\"b\""},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct text text;

		text_init(&text, 0);
		text_add_name(&text, rows[i].schema, rows[i].table);
		assert_string_equal(text_string(&text), rows[i].shown);
		text_done(&text);
	}
}

/* What is shown to people is read back as the same name. */
static void a_shown_name_parses_to_itself(void **state)
{
	static const char *const parts[] = {"users", "a.b", "a\"b", "a,b", " x ", "\"", "A"};

	(void)state;
	for (size_t i = 0; i < COUNT(parts); i++) {
		struct text text;
		char *schema;
		char *table;
		struct error err;

		text_init(&text, 0);
		text_add_name(&text, parts[i], parts[COUNT(parts) - 1 - i]);
		assert_int_equal(name_parse(text_string(&text), "none", &schema, &table, &err), 0);
		assert_string_equal(schema, parts[i]);
		assert_string_equal(table, parts[COUNT(parts) - 1 - i]);
		free(schema);
		free(table);
		text_done(&text);
	}
}

static void an_identifier_cannot_be_left(void **state)
{
	struct text text;

	(void)state;
	text_init(&text, 0);
	text_add_identifier(&text, "x\"; DROP TABLE y; --");
	assert_string_equal(text_string(&text), "\"x\"\"; DROP TABLE y; --\"");
	text_done(&text);
}

static void an_array_literal_escapes_what_it_must(void **state)
{
	struct strings names = {0};
	char *array;

	(void)state;
	array = names_array(&names);
	assert_string_equal(array, "{}");
	free(array);
	strings_add(&names, "plain");
	strings_add(&names, "a\"b\\c");
	strings_add(&names, "{x,NULL}");
	strings_add(&names, "");
	array = names_array(&names);
	assert_string_equal(array, "{\"plain\",\"a\\\"b\\\\c\",\"{x,NULL}\",\"\"}");
	free(array);
	strings_done(&names);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_name_is_split_at_the_dot_outside_quotes),
	    cmocka_unit_test(what_is_no_name_is_refused_with_the_reason),
	    cmocka_unit_test(a_list_is_split_at_commas_outside_quotes),
	    cmocka_unit_test(people_see_quotes_only_where_they_are_needed),
	    cmocka_unit_test(a_shown_name_parses_to_itself),
	    cmocka_unit_test(an_identifier_cannot_be_left),
	    cmocka_unit_test(an_array_literal_escapes_what_it_must),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
