/* The kind "migrations" with Alembic: where the history is, whether it may be read, and the
 * README's decision table over its rows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../support/conversation.h"
#include "../support/workplace.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* a <- b <- c, and d beside b; heads c and d. */
#define TREE                                                                                       \
	"\"kind\":\"migrations\",\"tool\":\"alembic\",\"revisions\":"                              \
	"[\"a\",\"b <- a\",\"c <- b\",\"d <- a\"]"
#define LINE "\"kind\":\"migrations\",\"tool\":\"alembic\",\"revisions\":[\"a\",\"b <- a\"]"
#define PLACE_COLUMNS "schema readable columns database has_rails_metadata has_lock_table"
#define PLACE(schema, readable, columns) schema, readable, columns, "app", "f", "f"
#define OURS "version_num:S"
#define ROWS_MAX 4

static void find_table(struct conversation *conversation)
{
	conversation_rows(
	    conversation, PLACE_COLUMNS, 1, (const char *const[]){PLACE("public", "t", OURS)});
}

static int count_rows(const char *const *ids)
{
	int count = 0;

	while (count < ROWS_MAX && ids[count] != NULL)
		count++;
	return count;
}

/* ---- where the history is ---- */

static void the_table_is_looked_for_first(void **state)
{
	struct conversation conversation;

	(void)state;
	conversation_begin(&conversation, "{" LINE "}", NULL);
	assert_string_equal(conversation.statement.parameters[0], "alembic_version");
	assert_string_equal(conversation.statement.parameters[1], "");
	assert_string_equal(conversation.statement.parameters[2], "");
	find_table(&conversation);
	assert_string_equal(conversation.statement.sql,
	    "SELECT version_num::text AS id, 'A' AS st, NULL::text AS ord, NULL::text AS sum FROM "
	    "\"public\".\"alembic_version\"");
	conversation_end(&conversation);
}

static void a_configured_place_is_quoted(void **state)
{
	struct conversation conversation;

	(void)state;
	conversation_begin(
	    &conversation, "{" LINE ",\"table\":\"my \\\"t\",\"tableSchema\":\"S\"}", NULL);
	assert_string_equal(conversation.statement.parameters[0], "my \"t");
	assert_string_equal(conversation.statement.parameters[1], "S");
	conversation_rows(
	    &conversation, PLACE_COLUMNS, 1, (const char *const[]){PLACE("S", "t", OURS)});
	assert_non_null(strstr(conversation.statement.sql, " FROM \"S\".\"my \"\"t\""));
	conversation_end(&conversation);
}

static void what_the_place_tells(void **state)
{
	static const struct {
		int count;
		const char *rows[2 * 6];
		enum reason reason;
		const char *words;
	} rows[] = {
	    {0, {NULL}, REASON_UNMANAGED, "no schema has a table alembic_version"},
	    {1, {PLACE("public", "f", OURS)}, REASON_DENIED,
		"our role may not read public.alembic_version"},
	    {1, {PLACE("public", "t", "id:N\nname:U")}, REASON_MISMATCH,
		"other columns than alembic keeps"},
	    {1, {PLACE("public", "t", "version:N\ndirty:B")}, REASON_MISMATCH,
		"table public.alembic_version is of golang-migrate by its columns, and tool is "
		"\"alembic\""},
	    {2, {PLACE("a", "t", OURS), PLACE("b", "t", OURS)}, REASON_ERROR,
		"in several schemas: a, b"},
	    {1, {PLACE(NULL, "t", OURS)}, REASON_ERROR, "unexpected shape"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct conversation conversation;

		conversation_begin(&conversation, "{" LINE "}", NULL);
		conversation_rows(&conversation, PLACE_COLUMNS, rows[i].count, rows[i].rows);
		assert_true(conversation.done);
		if (conversation.verdict.reason != rows[i].reason ||
		    strstr(conversation.verdict.message, rows[i].words) == NULL)
			fail_msg("row %zu: %s: %s", i, reason_name(conversation.verdict.reason),
			    conversation.verdict.message);
		conversation_end(&conversation);
	}
}

/* A table of the same name that another application creates must not close our gate. */
static void the_schema_found_before_stays_chosen(void **state)
{
	struct check_memory memory = {0};
	struct conversation conversation;

	(void)state;
	conversation_begin(&conversation, "{" LINE "}", &memory);
	conversation_rows(
	    &conversation, PLACE_COLUMNS, 1, (const char *const[]){PLACE("ours", "t", OURS)});
	conversation_rows(&conversation, "id", 1, (const char *const[]){"b"});
	conversation_end(&conversation);
	conversation_begin(&conversation, "{" LINE "}", &memory);
	conversation_rows(&conversation, PLACE_COLUMNS, 2,
	    (const char *const[]){PLACE("another", "t", OURS), PLACE("ours", "t", OURS)});
	assert_non_null(strstr(conversation.statement.sql, "\"ours\".\"alembic_version\""));
	conversation_end(&conversation);
}

static void a_lock_is_no_answer(void **state)
{
	struct conversation conversation;

	(void)state;
	conversation_begin(&conversation, "{" LINE "}", NULL);
	find_table(&conversation);
	conversation_refuse(&conversation, "55P03");
	assert_int_equal(conversation.verdict.reason, REASON_LOCKED);
	assert_int_equal(conversation.verdict.value, VERDICT_UNKNOWN);
	assert_non_null(strstr(conversation.verdict.message, "public.alembic_version is held"));
	conversation_end(&conversation);
}

/* ---- what the rows tell ---- */

static void the_decision_table(void **state)
{
	static const struct {
		const char *extra; /* of the configuration */
		const char *rows[ROWS_MAX];
		enum reason reason;
		enum verdict_value value;
		long pending;
	} rows[] = {
	    {"", {"c", "d"}, REASON_OK, VERDICT_READY, 0},
	    {"", {"d", "c"}, REASON_OK, VERDICT_READY, 0},
	    {"", {"c", "d", "x"}, REASON_AHEAD, VERDICT_READY, 0},
	    {",\"rule\":\"exact\"", {"c", "d"}, REASON_OK, VERDICT_READY, 0},
	    {",\"rule\":\"exact\"", {"c", "d", "x"}, REASON_MISMATCH, VERDICT_NOT_READY, 0},
	    {"", {"c"}, REASON_BEHIND, VERDICT_NOT_READY, 1},
	    {"", {"a"}, REASON_BEHIND, VERDICT_NOT_READY, 3},
	    {"", {"b", "d"}, REASON_BEHIND, VERDICT_NOT_READY, 1},
	    {"", {NULL}, REASON_EMPTY, VERDICT_NOT_READY, 4},
	    {"", {"b", "x"}, REASON_DIVERGED, VERDICT_NOT_READY, 2},
	    {"", {"x"}, REASON_UNKNOWN_REVISION, VERDICT_NOT_READY, -1},
	    {"", {"c", "x"}, REASON_UNKNOWN_REVISION, VERDICT_NOT_READY, -1},
	    {",\"unknownRevision\":\"ready\"", {"x"}, REASON_UNKNOWN_REVISION, VERDICT_READY, 0},
	    {",\"unknownRevision\":\"not_ready\"", {"x"}, REASON_UNKNOWN_REVISION,
		VERDICT_NOT_READY, -1},
	    {",\"unknownRevision\":\"ready\",\"rule\":\"exact\"", {"x"}, REASON_UNKNOWN_REVISION,
		VERDICT_NOT_READY, -1},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char json[400];
		struct conversation conversation;

		snprintf(json, sizeof(json), "{" TREE "%s}", rows[i].extra);
		conversation_begin(&conversation, json, NULL);
		find_table(&conversation);
		conversation_rows(&conversation, "id", count_rows(rows[i].rows), rows[i].rows);
		assert_true(conversation.done);
		if (conversation.verdict.reason != rows[i].reason ||
		    conversation.verdict.value != rows[i].value ||
		    conversation.verdict.pending != rows[i].pending)
			fail_msg("row %zu: %s, %s, %ld pending: %s", i,
			    reason_name(conversation.verdict.reason),
			    verdict_value_name(conversation.verdict.value),
			    conversation.verdict.pending, conversation.verdict.message);
		conversation_end(&conversation);
	}
}

static void a_message_names_what_is_pending_and_what_to_run(void **state)
{
	struct conversation conversation;

	(void)state;
	conversation_begin(&conversation, "{" TREE "}", NULL);
	find_table(&conversation);
	conversation_rows(&conversation, "id", 1, (const char *const[]){"b"});
	conversation_expect(&conversation, REASON_BEHIND,
	    "2 pending: c, d; database at b, this release needs c, d; run `alembic upgrade heads`");
	assert_string_equal(conversation.verdict.expected, "c, d");
	assert_string_equal(conversation.verdict.actual, "b");
	conversation_end(&conversation);
}

/* ---- evidence for an unknown revision ---- */

static struct verdict look(struct check_memory *memory, bool objects_ready, const char *const *ids)
{
	struct conversation conversation;
	struct verdict verdict;

	conversation_begin(&conversation, "{" LINE "}", memory);
	find_table(&conversation);
	conversation.facts.objects_ready = objects_ready;
	conversation_rows(&conversation, "id", count_rows(ids), ids);
	verdict = conversation.verdict;
	conversation_end(&conversation);
	return verdict;
}

#define LOOK(memory, ...) look(memory, false, (const char *const[]){__VA_ARGS__, NULL}).reason

static void objects_that_are_there_are_evidence(void **state)
{
	struct check_memory memory = {0};

	(void)state;
	assert_int_equal(
	    look(&memory, true, (const char *const[]){"x", NULL}).reason, REASON_AHEAD);
	assert_int_equal(LOOK(&memory, "x"), REASON_UNKNOWN_REVISION);
}

static void having_seen_our_own_heads_is_evidence(void **state)
{
	struct check_memory memory = {0};

	(void)state;
	assert_int_equal(LOOK(&memory, "b"), REASON_OK);
	assert_int_equal(LOOK(&memory, "x"), REASON_AHEAD);
	assert_int_equal(LOOK(&memory, "y"), REASON_AHEAD);
}

static void a_table_that_went_back_is_evidence_no_more(void **state)
{
	static const char *const back[][ROWS_MAX] = {{"a"}, {NULL}};

	(void)state;
	for (size_t i = 0; i < COUNT(back); i++) {
		struct check_memory memory = {0};

		assert_int_equal(LOOK(&memory, "b"), REASON_OK);
		assert_int_equal(look(&memory, false, back[i]).value, VERDICT_NOT_READY);
		assert_int_equal(LOOK(&memory, "x"), REASON_UNKNOWN_REVISION);
	}
}

static void a_table_that_was_gone_is_evidence_no_more(void **state)
{
	struct check_memory memory = {0};
	struct conversation conversation;

	(void)state;
	assert_int_equal(LOOK(&memory, "b"), REASON_OK);
	conversation_begin(&conversation, "{" LINE "}", &memory);
	conversation_rows(&conversation, PLACE_COLUMNS, 0, NULL);
	assert_int_equal(conversation.verdict.reason, REASON_UNMANAGED);
	conversation_end(&conversation);
	assert_int_equal(LOOK(&memory, "x"), REASON_UNKNOWN_REVISION);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_table_is_looked_for_first),
	    cmocka_unit_test(a_configured_place_is_quoted),
	    cmocka_unit_test(what_the_place_tells),
	    cmocka_unit_test(the_schema_found_before_stays_chosen),
	    cmocka_unit_test(a_lock_is_no_answer),
	    cmocka_unit_test(the_decision_table),
	    cmocka_unit_test(a_message_names_what_is_pending_and_what_to_run),
	    cmocka_unit_test(objects_that_are_there_are_evidence),
	    cmocka_unit_test(having_seen_our_own_heads_is_evidence),
	    cmocka_unit_test(a_table_that_went_back_is_evidence_no_more),
	    cmocka_unit_test(a_table_that_was_gone_is_evidence_no_more),
	};

	return cmocka_run_group_tests(tests, workplace_enter, workplace_leave);
}
