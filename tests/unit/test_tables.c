/* The kind "tables": what it asks, and what it makes of each answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../support/conversation.h"
#include "../support/scene.h"
#include "../support/workplace.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define THREE "{\"kind\":\"tables\",\"tables\":[\"users\",\"billing.invoices\",\"\\\"A.b\\\".c\"]}"

static void names_go_as_arrays_whatever_their_number(void **state)
{
	struct conversation conversation;

	(void)state;
	conversation_begin(&conversation,
	    "{\"kind\":\"tables\",\"tables\":[\"users\",\"billing.invoices\",\"\\\"A.b\\\".c\","
	    "\"billing.d\"]}",
	    NULL);
	assert_int_equal(conversation.statement.parameter_count, 3);
	assert_string_equal(
	    conversation.statement.parameters[0], "{\"public\",\"billing\",\"A.b\"}");
	assert_string_equal(conversation.statement.parameters[1], "{1,2,3,2}");
	assert_string_equal(
	    conversation.statement.parameters[2], "{\"users\",\"invoices\",\"c\",\"d\"}");
	conversation_end(&conversation);
}

static void counts_decide(void **state)
{
	static const struct {
		const char *counts[3];
		enum reason reason;
		const char *message;
	} rows[] = {
	    {{"3", "3", NULL}, REASON_OK, "3 of 3 tables found"},
	    {{"2", "2", NULL}, REASON_ERROR, "the catalog answered for 2 of 3 tables"},
	    {{"3", "4", NULL}, REASON_ERROR, "the catalog answered for 3 of 3 tables"},
	    {{NULL, NULL, NULL}, REASON_ERROR, "the catalog answered for 0 of 3 tables"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct conversation conversation;

		conversation_begin(&conversation, THREE, NULL);
		conversation_rows(&conversation, "wanted found missing", 1, rows[i].counts);
		conversation_expect(&conversation, rows[i].reason, rows[i].message);
		conversation_end(&conversation);
	}
}

static void an_answer_of_another_shape_is_no_answer(void **state)
{
	struct conversation conversation;

	(void)state;
	conversation_begin(&conversation, THREE, NULL);
	conversation_rows(&conversation, "x", 1, (const char *const[]){"1"});
	conversation_expect(
	    &conversation, REASON_ERROR, "the catalog's answer has an unexpected shape");
	conversation_end(&conversation);
	conversation_begin(&conversation, THREE, NULL);
	conversation_rows(&conversation, "wanted found missing", 0, NULL);
	conversation_expect(
	    &conversation, REASON_ERROR, "the catalog's answer has an unexpected shape");
	conversation_end(&conversation);
}

static void a_missing_table_is_asked_about_once_more(void **state)
{
	struct conversation conversation;

	(void)state;
	conversation_begin(&conversation, THREE, NULL);
	conversation_rows(
	    &conversation, "wanted found missing", 1, (const char *const[]){"3", "0", "1,2,3"});
	assert_false(conversation.done);
	assert_string_equal(conversation.statement.parameters[3], "{1,2,3}");
	conversation_rows(&conversation, "position schema_exists other_kind elsewhere", 3,
	    (const char *const[]){
		"1", "t", "S", "x.users", "2", "f", NULL, NULL, "3", "t", NULL, "other.c"});
	conversation_expect(&conversation, REASON_MISSING,
	    "public.users (is a sequence), billing.invoices (its schema does not exist),"
	    " \"A.b\".c (found other.c); found 0 of 3 tables;"
	    " run this release's migrations, or correct the names");
	conversation_end(&conversation);
}

static void the_verdict_does_not_depend_on_the_details(void **state)
{
	struct conversation conversation;

	(void)state;
	conversation_begin(&conversation, THREE, NULL);
	conversation_rows(
	    &conversation, "wanted found missing", 1, (const char *const[]){"3", "1", "2,3"});
	conversation_refuse(&conversation, "57014");
	conversation_expect(&conversation, REASON_MISSING,
	    "billing.invoices, \"A.b\".c; found 1 of 3 tables;"
	    " run this release's migrations, or correct the names");
	conversation_end(&conversation);
}

static void a_refusal_is_no_answer(void **state)
{
	struct conversation conversation;

	(void)state;
	conversation_begin(&conversation, THREE, NULL);
	conversation_refuse(&conversation, "57014");
	assert_int_equal(conversation.verdict.reason, REASON_TIMEOUT);
	assert_int_equal(conversation.verdict.value, VERDICT_UNKNOWN);
	conversation_end(&conversation);
}

/* Ten names are shown, however many are missing. */
static void the_message_is_bounded(void **state)
{
	struct text json;
	struct conversation conversation;

	(void)state;
	text_init(&json, 0);
	text_add(&json, "{\"kind\":\"tables\",\"tables\":[");
	for (int i = 1; i <= 500; i++)
		text_addf(&json, "%s\"t%d\"", i > 1 ? "," : "", i);
	text_add(&json, "]}");
	conversation_begin(&conversation, text_string(&json), NULL);
	conversation_rows(&conversation, "wanted found missing", 1,
	    (const char *const[]){"500", "0", "1,2,3,4,5,6,7,8,9,10"});
	conversation_refuse(&conversation, "XX000");
	assert_non_null(strstr(conversation.verdict.message, "public.t10 and 490 more;"));
	assert_null(strstr(conversation.verdict.message, "public.t11"));
	conversation_end(&conversation);
	text_done(&json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names_go_as_arrays_whatever_their_number),
	    cmocka_unit_test(counts_decide),
	    cmocka_unit_test(an_answer_of_another_shape_is_no_answer),
	    cmocka_unit_test(a_missing_table_is_asked_about_once_more),
	    cmocka_unit_test(the_verdict_does_not_depend_on_the_details),
	    cmocka_unit_test(a_refusal_is_no_answer),
	    cmocka_unit_test(the_message_is_bounded),
	};

	return cmocka_run_group_tests(tests, workplace_enter, workplace_leave);
}
