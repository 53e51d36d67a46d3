/* Whose table it is, by its columns. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../probes/history/identity.h"
#include "../../probes/xalloc.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct strings columns_of(const char *words)
{
	struct strings columns = {0};
	char *copy = xstrdup(words);
	char *rest = copy;
	const char *word;

	while ((word = strsep(&rest, " ")) != NULL)
		strings_add(&columns, word);
	free(copy);
	return columns;
}

static void the_shapes_of_schema_migrations_are_told_apart(void **state)
{
	static const struct {
		const char *columns;
		bool has_rails_metadata;
		const char *guess;
		const char *fits; /* of the four tools that share the name */
	} rows[] = {
	    {"version:N dirty:B", false, "golang-migrate", "golang-migrate "},
	    {"version:N inserted_at:D", false, "ecto", "ecto "},
	    {"version:S", true, "rails", "dbmate rails "},
	    {"version:S", false, "dbmate or rails", "dbmate rails "},
	    {"version:N", false, "", ""},
	    {"id:N migration:S batch:N", false, "", ""},
	    {"id:N name:S executed_at:D", false, "mikro-orm", ""},
	    {"id:N name:S run_on:D", false, "node-pg-migrate", ""},
	    {"name:S", false, "sequelize", ""},
	    {"name:S age:N", false, "", ""},
	    {"version_num:S", false, "alembic", ""},
	    {"MigrationId:S ProductVersion:S", false, "efcore", ""},
	};
	static const char *const sharing[] = {"dbmate", "ecto", "golang-migrate", "rails"};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct strings columns = columns_of(rows[i].columns);
		struct text guess = {0};
		struct text fits = {0};

		identity_guess(&columns, rows[i].has_rails_metadata, &guess);
		for (size_t k = 0; k < COUNT(sharing); k++)
			if (identity_fits(history_tool_find(sharing[k]), &columns))
				text_addf(&fits, "%s ", sharing[k]);
		if (strcmp(text_string(&guess), rows[i].guess) != 0 ||
		    strcmp(text_string(&fits), rows[i].fits) != 0)
			fail_msg("%s: found \"%s\" and \"%s\"", rows[i].columns,
			    text_string(&guess), text_string(&fits));
		text_done(&guess);
		text_done(&fits);
		strings_done(&columns);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_shapes_of_schema_migrations_are_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
