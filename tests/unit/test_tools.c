/* The table of tools: every row is whole, and the rows agree with each other. */
#include <regex.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../probes/history/tool.h"

static void names_are_sorted_and_unique_and_in_both_tables(void **state)
{
	size_t count = 0;

	(void)state;
	for (; history_tools[count].name != NULL; count++) {
		assert_string_equal(history_tools[count].name, history_tool_names[count]);
		assert_ptr_equal(
		    history_tool_find(history_tools[count].name), &history_tools[count]);
		if (count > 0)
			assert_true(
			    strcmp(history_tools[count - 1].name, history_tools[count].name) < 0);
	}
	assert_null(history_tool_names[count]);
	assert_null(history_tool_find("flywayy"));
	assert_int_equal(count, 23);
}

static void demand(bool fact, const struct history_tool *tool, const char *what)
{
	if (!fact)
		fail_msg("%s: %s", tool->name, what);
}

static void every_row_is_whole(void **state)
{
	(void)state;
	for (const struct history_tool *tool = history_tools; tool->name != NULL; tool++) {
		demand(tool->default_table != NULL && tool->advice != NULL && tool->repair != NULL,
		    tool, "names and commands");
		demand(tool->columns != NULL && tool->columns[0] != NULL, tool, "columns");
		demand(tool->compare != NULL && tool->is_id != NULL && tool->id_shown != NULL, tool,
		    "ids");
		demand(tool->engine != NULL && tool->engine->read_directories != NULL &&
			   tool->engine->read_list != NULL && tool->engine->print != NULL &&
			   tool->engine->free != NULL && tool->engine->judge != NULL,
		    tool, "engine");
		demand(tool->files.shown != NULL, tool, "what its files look like");
		demand((tool->files.shape == FILES_FOLDERS) == (tool->files.holds != NULL), tool,
		    "what a folder holds");
		demand(tool->files.must_hold ? tool->files.holds != NULL : true, tool, "must hold");
	}
}

/* A type goes with a column where the name alone is no proof. */
static void columns_have_at_most_a_category(void **state)
{
	(void)state;
	for (const struct history_tool *tool = history_tools; tool->name != NULL; tool++)
		for (const char *const *column = tool->columns; *column != NULL; column++) {
			const char *colon = strchr(*column, ':');

			demand(colon == NULL || (strchr("BNS", colon[1]) && colon[2] == '\0'), tool,
			    *column);
		}
}

static void sql_is_in_the_normal_form(void **state)
{
	static const char *const parts[] = {
	    "SELECT ", " AS id", " AS st", " AS ord", " AS sum", "{table}"};

	(void)state;
	for (const struct history_tool *tool = history_tools; tool->name != NULL; tool++) {
		for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
			demand(strstr(tool->sql, parts[i]) != NULL, tool, parts[i]);
		demand(strchr(tool->sql, ';') == NULL && strstr(tool->sql, "$1") == NULL, tool,
		    "one statement without parameters");
	}
}

static void locks_are_whole(void **state)
{
	(void)state;
	for (const struct history_tool *tool = history_tools; tool->name != NULL; tool++) {
		const struct lock_rule *lock = &tool->lock;

		demand((lock->key != 0) + (lock->key_of != NULL) + (lock->table != NULL) <= 1, tool,
		    "one kind of lock");
		demand((lock->table != NULL) == (lock->sql != NULL), tool, "a table and its SQL");
		demand(lock->table == NULL || (lock->absence != NULL && lock->release != NULL),
		    tool, "what to do");
		demand(lock->sql == NULL || (strstr(lock->sql, "{lock}") != NULL &&
						strstr(lock->sql, "'L' AS st") != NULL),
		    tool, "the lock's SQL");
	}
}

static void demand_compiles(const struct history_tool *tool, const char *expression)
{
	regex_t compiled;

	if (expression == NULL)
		return;
	demand(regcomp(&compiled, expression, REG_EXTENDED) == 0, tool, expression);
	demand(compiled.re_nsub < 5, tool, "more groups than are looked at");
	regfree(&compiled);
}

static void expressions_compile(void **state)
{
	(void)state;
	for (const struct history_tool *tool = history_tools; tool->name != NULL; tool++) {
		demand_compiles(tool, tool->files.accept);
		demand_compiles(tool, tool->files.exclude);
		demand_compiles(tool, tool->files.demand);
		demand(tool->files.accept != NULL || tool->files.directory != NULL ||
			   tool->engine->leaves_open,
		    tool, "nothing reads its files");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names_are_sorted_and_unique_and_in_both_tables),
	    cmocka_unit_test(every_row_is_whole),
	    cmocka_unit_test(columns_have_at_most_a_category),
	    cmocka_unit_test(sql_is_in_the_normal_form),
	    cmocka_unit_test(locks_are_whole),
	    cmocka_unit_test(expressions_compile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
