/* The configuration from file, variables and flags: what comes of it, and every mistake told. */
#include <cjson/cJSON.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../probes/text.h"
#include "../../probes/xalloc.h"
#include "../../sidecar/config/config.h"
#include "../support/golden.h"
#include "../support/workplace.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define GIVEN_MAX 5

/* ---- a start, and what comes of it ---- */

/* What a start is given besides a file: "NAME=value" is a variable, "--name=value" a flag. */
#define TOOLS                                                                                      \
	"\"alembic\", \"atlas\", \"dbmate\", \"diesel\", \"django\", \"drizzle\", \"ecto\", "      \
	"\"efcore\", \"flyway\", \"golang-migrate\", \"goose\", \"knex\", \"liquibase\", "         \
	"\"mikro-orm\", \"node-pg-migrate\", \"prisma\", \"rails\", \"refinery\", \"sequelize\", " \
	"\"sqitch\", \"sqlx\", \"typeorm\", \"yoyo\""

struct given {
	const char *items[GIVEN_MAX];
};

static void take_flag(struct setting_flags *flags, const char *item)
{
	const char *value = strchr(item, '=') + 1;

	for (size_t i = 0; settings[i].environment != NULL; i++) {
		const char *name = settings[i].flag;

		if (name == NULL)
			continue;
		name += strspn(name, "-");
		if (strlen(name) == (size_t)(value - item) - 3 &&
		    strncmp(item + 2, name, strlen(name)) == 0)
			flags->values[i] = value;
	}
}

static void set_variable(const char *item)
{
	char *name = xstrndup(item, strcspn(item, "="));

	assert_int_equal(setenv(name, strchr(item, '=') + 1, 1), 0);
	free(name);
}

static struct config *load(const char *file, const struct given *given, struct problems *problems)
{
	struct setting_flags flags = {{NULL}};
	struct config *config;

	workplace_clear_environment(NULL);
	for (size_t i = 0; given != NULL && i < GIVEN_MAX && given->items[i] != NULL; i++) {
		if (given->items[i][0] == '-')
			take_flag(&flags, given->items[i]);
		else
			set_variable(given->items[i]);
	}
	config = config_load(file, &flags, CONFIG_WHOLE, problems);
	workplace_clear_environment(NULL);
	return config;
}

/* The problems, a line each; empty where the configuration is good. free() releases them. */
static char *problems_of(const char *file, const struct given *given)
{
	struct problems problems = {0};
	struct config *config = load(file, given, &problems);
	struct text text;

	text_init(&text, 0);
	for (size_t i = 0; i < problems.lines.count; i++)
		text_addf(&text, "%s%s", i > 0 ? "\n" : "", problems.lines.items[i]);
	assert_int_equal(config == NULL, problems.lines.count > 0);
	config_free(config);
	problems_done(&problems);
	return text_take(&text);
}

/* The configuration in effect as one line of JSON; what is wrong where there is none. */
static char *effect_of(const char *file, const struct given *given)
{
	struct problems problems = {0};
	struct config *config = load(file, given, &problems);
	char *text = config != NULL ? config_print(config) : xstrdup(problems.lines.items[0]);

	if (config != NULL)
		cJSON_Minify(text);
	config_free(config);
	problems_done(&problems);
	return text;
}

static void assert_problems(
    const char *label, const char *file, const struct given *given, const char *expected)
{
	char *found = problems_of(file, given);

	if (strcmp(found, expected) != 0)
		fail_msg("%s: found\n%s\nexpected\n%s", label, found, expected);
	free(found);
}

/* ---- every mistake at once ---- */

static int enter_golden(void **state)
{
	(void)state;
	return chdir(GOLDEN_DIRECTORY "/config");
}

static int leave_golden(void **state)
{
	return chdir(*state);
}

static void all_mistakes_of_a_file_are_told_at_once(void **state)
{
	char *problems = problems_of("mistakes.json", NULL);
	char *again = problems_of("mistakes.json", NULL);
	char *file = xasprintf("%s\n", problems);

	(void)state;
	assert_string_equal(problems, again);
	golden_assert("config/mistakes.txt", file);
	free(file);
	free(again);
	free(problems);
}

static void mistakes_of_all_sources_are_told_at_once(void **state)
{
	static const struct given given = {{"SCHEMALATCH_TABLES=users", "SCHEMALATCH_MOED=gate",
	    "SCHEMALATCH_LOG_LEVEL=loud", "--listen=9000", "--database-url=postgresql://db/app"}};
	char *problems = problems_of("mistakes.json", &given);
	char *file = xasprintf("%s\n", problems);

	(void)state;
	golden_assert("config/mistakes_everywhere.txt", file);
	free(file);
	free(problems);
}

/* ---- one mistake is one problem ---- */

#define DATABASE(extra)                                                                            \
	"{\"databases\":[{" extra "\"checks\":[{\"kind\":\"tables\",\"tables\":\"t\"}]}]}"
#define CHECK(members) "{\"databases\":[{\"checks\":[{" members "}]}]}"

static const struct {
	const char *text;
	const char *problem;
} mistakes[] = {
    {"[]", "c.json: expected an object"},
    {"7", "c.json: expected an object"},
    {"null", "c.json: expected an object"},
    {"{}",
	"c.json: /databases: nothing is checked, expected an array of databases (without a file: "
	"SCHEMALATCH_TABLES, SCHEMALATCH_CONTRACT, SCHEMALATCH_MIGRATIONS or "
	"SCHEMALATCH_UPSTREAM)"},
    {DATABASE("\"perod\":\"5s\","),
	"c.json: /databases/0/perod: unknown key, did you mean \"period\"?"},
    {DATABASE("\"a/b~c\":1,"), "c.json: /databases/0/a~1b~0c: unknown key"},
    {DATABASE("\"period\":\"5s\",\"period\":\"6s\","),
	"c.json: /databases/0/period: stands there twice, expected once"},
    {DATABASE("\"period\":10,"),
	"c.json: /databases/0/period: 10 is not valid, expected a duration "
	"with a unit, such as \"10s\""},
    {DATABASE("\"period\":10,\"retryPeriod\":\"1s\","),
	"c.json: /databases/0/period: 10 is not valid, expected a duration with a unit, such as "
	"\"10s\""},
    {DATABASE("\"period\":\"1 week\","), "c.json: /databases/0/period: \"1 week\" is not valid, "
					 "expected a duration with a unit, such as \"10s\""},
    {DATABASE("\"period\":\"9ms\","),
	"c.json: /databases/0/period: \"9ms\" is out of range, expected 10ms to 1h"},
    {DATABASE("\"period\":\"61m\","),
	"c.json: /databases/0/period: \"61m\" is out of range, expected 10ms to 1h"},
    {DATABASE("\"retryPeriod\":\"11s\","),
	"c.json: /databases/0/retryPeriod: is longer than \"period\", expected at most that"},
    {DATABASE("\"timeout\":\"1m1ms\","),
	"c.json: /databases/0/timeout: \"1m1ms\" is out of range, expected 50ms to 1m"},
    {DATABASE("\"holdFor\":\"721h\","),
	"c.json: /databases/0/holdFor: \"721h\" is out of range, expected 0s to 720h"},
    {DATABASE("\"keepConnection\":true,"),
	"c.json: /databases/0/keepConnection: true is not known, "
	"expected one of \"auto\", \"always\", \"never\""},
    {DATABASE("\"name\":\"\","), "c.json: /databases/0/name: is empty, expected a string"},
    {DATABASE("\"name\":\"a b\","),
	"c.json: /databases/0/name: \"a b\" is not a name, expected 1 to "
	"63 letters, digits, '-', '_' or '.'"},
    {DATABASE("\"url\":\"host=a\",\"urlFile\":\"f\","),
	"c.json: /databases/0/urlFile: both \"url\" and \"urlFile\" are given, expected one"},
    {DATABASE("\"url\":[\"host=a\"],"),
	"c.json: /databases/0/url: the value is not valid, expected a string"},
    {"{\"log\":\"info\","
     "\"databases\":[{\"checks\":[{\"kind\":\"tables\",\"tables\":\"t\"}]}]}",
	"c.json: /log: expected an object"},
    {CHECK("\"kind\":\"tables\",\"tables\":[\"a\",\"\",\"b..c\"]"),
	"c.json: /databases/0/checks/0/tables/1: \"\" is not valid, expected a string\n"
	"c.json: /databases/0/checks/0/tables/2: \"b..c\" is not a table name: a part of the name "
	"is empty"},
    {CHECK("\"kind\":\"tables\",\"tables\":\"t\",\"gates\":[\"readynes\"]"),
	"c.json: /databases/0/checks/0/gates: \"readynes\" is not known, did you mean "
	"\"readiness\"? "
	"Expected one of \"startup\", \"readiness\""},
    {CHECK("\"kind\":\"tables\",\"tables\":\"t\",\"latch\":1"),
	"c.json: /databases/0/checks/0/latch: 1 is not valid, expected true or false"},
    {CHECK("\"kind\":\"contracts\""),
	"c.json: /databases/0/checks/0/kind: \"contracts\" is not a kind "
	"of check, expected one of \"contract\", \"migrations\", \"query\", \"tables\""},
    {CHECK("\"kind\":\"migrations\",\"revisions\":\"a\""),
	"c.json: /databases/0/checks/0/tool: is missing, expected one of " TOOLS},
    {CHECK("\"kind\":\"migrations\",\"tool\":\"alembic\",\"directory\":\"no/such\""),
	"c.json: /databases/0/checks/0/directory: the directory \"no/such\" cannot be read: No "
	"such file "
	"or directory"},
};

static void one_mistake_is_one_problem(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(mistakes); i++) {
		workplace_write("c.json", mistakes[i].text);
		assert_problems(mistakes[i].text, "c.json", NULL, mistakes[i].problem);
	}
}

static void names_are_bounded(void **state)
{
	(void)state;
	for (int length = 63; length <= 64; length++) {
		char *text = xasprintf(
		    "{\"databases\":[{\"name\":\"%0*d\",\"checks\":[{\"kind\":\"tables\",\"name\":"
		    "\"%0*d\",\"tables\":\"t\"}]}]}",
		    length, 1, length, 1);
		char *found;

		workplace_write("c.json", text);
		found = problems_of("c.json", NULL);
		assert_int_equal(
		    strstr(found, "c.json: /databases/0/name: \"000") != NULL, length > 63);
		assert_int_equal(
		    strstr(found, "\nc.json: /databases/0/checks/0/name: \"000") != NULL,
		    length > 63);
		free(found);
		free(text);
	}
}

static void elements_are_named_by_their_place_in_the_file(void **state)
{
	(void)state;
	workplace_write("c.json",
	    "{\"databases\":[{\"checks\":[7,{\"kind\":\"tables\",\"tables\":\"t\"},"
	    "{\"kind\":\"tables\",\"tables\":\"t\"}]},{\"checks\":[{\"kind\":\"tables\",\"tables\":"
	    "\"t\"}]}]}");
	assert_problems("names twice", "c.json", NULL,
	    "c.json: /databases/0/checks/0: expected an object\n"
	    "c.json: /databases/0/checks/2/name: \"tables\" is the name of two checks of this"
	    " database, expected one\n"
	    "c.json: /databases/1/name: \"main\" is the name of two databases, expected one");
}

/* The default of what was not given gives way. */
static void a_short_period_alone_is_no_mistake(void **state)
{
	char *found;

	(void)state;
	workplace_write("c.json", DATABASE("\"period\":\"100ms\","));
	found = effect_of("c.json", NULL);
	if (strstr(found, "\"period\":\"100ms\",\"retryPeriod\":\"100ms\"") == NULL)
		fail_msg("%s", found);
	free(found);
}

/* ---- what is no JSON ---- */

static void syntax_errors_have_line_and_column(void **state)
{
	static const struct {
		const char *text;
		const char *problem;
	} rows[] = {
	    {"", "c.json:1:1: is not JSON"},
	    {" \n\n ", "c.json:3:1: is not JSON"},
	    {"{", "c.json:1:1: is not JSON"},
	    {"{\"listen\" \":8484\"}", "c.json:1:11: is not JSON"},
	    {"{\n  \"listen\": \":8484\"\n  \"mode\": \"gate\"\n}", "c.json:3:3: is not JSON"},
	    {"{\n\t\"mode\": gate\n}", "c.json:2:10: is not JSON"},
	    {"{\"mode\": \"gate}", "c.json:1:11: is not JSON"},
	    {"{\"mode\": 'gate'}", "c.json:1:10: is not JSON"},
	    {"{\"a\": [1, 2", "c.json:1:11: is not JSON"},
	    {"{} {}", "c.json:1:4: text behind the end, expected nothing"},
	    {"{}\n\n,", "c.json:3:1: text behind the end, expected nothing"},
	    {"{}}", "c.json:1:3: text behind the end, expected nothing"},
	    {"{\"listen\":\":8484\\u0000\"}", "c.json:1:17: holds a NUL character"},
	    {"{\n\"\\\\\\u0000\":1}", "c.json:2:4: holds a NUL character"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char *found;

		workplace_write("c.json", rows[i].text);
		found = problems_of("c.json", NULL);
		if (strncmp(found, rows[i].problem, strlen(rows[i].problem)) != 0 ||
		    strchr(found, '\n') != NULL)
			fail_msg(
			    "%s: found\n%s\nexpected\n%s", rows[i].text, found, rows[i].problem);
		free(found);
	}
}

static void nul_bytes_are_refused_wherever_they_are(void **state)
{
	static const char inside[] = "{\"mode\":\"gate\0\"}";
	static const char behind[] = DATABASE("") "\0\0";

	(void)state;
	workplace_write_bytes("c.json", inside, sizeof(inside) - 1);
	assert_problems(
	    "inside", "c.json", NULL, "c.json:1:14: holds a NUL character, expected none");
	workplace_write_bytes("c.json", behind, sizeof(behind) - 1);
	assert_problems(
	    "behind", "c.json", NULL, "c.json:1:60: holds a NUL character, expected none");
}

/* What only looks like an escaped NUL. */
static void backslashes_are_counted(void **state)
{
	(void)state;
	workplace_write("c.json",
	    "{\"disabled\":\"\\\\u0000\",\"databases\":[{\"checks\":[{\"kind\":"
	    "\"tables\",\"tables\":\"t\"}]}]}");
	assert_problems("an escaped backslash", "c.json", NULL, "");
}

static void files_that_cannot_be_read_are_told(void **state)
{
	(void)state;
	assert_problems("gone", "no/such.json", NULL,
	    "no/such.json: cannot be read: No such file or directory");
	assert_problems("a folder", ".", NULL, ".: cannot be read: Is a directory");
	assert_problems(
	    "endless", "/dev/zero", NULL, "/dev/zero: cannot be read: it is larger than 8 MiB");
}

static void blanks_around_and_a_byte_order_mark_are_fine(void **state)
{
	(void)state;
	workplace_write("c.json", "\xef\xbb\xbf \r\n\t" DATABASE("") "\r\n \t\n");
	assert_problems("blanks", "c.json", NULL, "");
}

static void deep_nesting_is_refused(void **state)
{
	struct text text;
	char *found;

	(void)state;
	text_init(&text, 0);
	for (int i = 0; i < 100000; i++)
		text_add(&text, "[");
	workplace_write("c.json", text_string(&text));
	text_done(&text);
	found = problems_of("c.json", NULL);
	assert_memory_equal(found, "c.json:1:", 9);
	free(found);
}

/* ---- variables and flags ---- */

struct start {
	const char *label;
	const char *text; /* of the file; NULL: none */
	struct given given;
	const char *effect; /* stands in the configuration in effect */
};

static void assert_starts(const struct start *starts, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char *found;

		if (starts[i].text != NULL)
			workplace_write("c.json", starts[i].text);
		found = effect_of(starts[i].text != NULL ? "c.json" : NULL, &starts[i].given);
		if (strstr(found, starts[i].effect) == NULL)
			fail_msg(
			    "%s: expected %s in\n%s", starts[i].label, starts[i].effect, found);
		free(found);
	}
}

static void the_environment_alone_describes_one_database(void **state)
{
	static const struct start starts[] = {
	    {"its name", NULL, {{"SCHEMALATCH_TABLES=t"}}, "\"databases\":[{\"name\":\"main\","},
	    {"tables", NULL, {{"SCHEMALATCH_TABLES=users, billing.invoices,\"a,b\""}},
		"\"checks\":[{\"kind\":\"tables\",\"name\":\"tables\",\"gates\":[\"startup\","
		"\"readiness\"],\"latch\":false,\"tables\":[\"users\",\"billing.invoices\","
		"\"\\\"a,b\\\"\"]}]"},
	    {"ids", NULL, {{"SCHEMALATCH_MIGRATIONS=alembic@c3,d4"}},
		"\"tool\":\"alembic\",\"revisions\":[\"c3\",\"d4\"]"},
	    {"a folder", NULL, {{"SCHEMALATCH_MIGRATIONS=alembic:versions"}},
		"\"tool\":\"alembic\",\"directory\":[\"versions\"]"},
	    {"both checks", NULL, {{"SCHEMALATCH_MIGRATIONS=alembic@c3", "SCHEMALATCH_TABLES=t"}},
		"\"tables\":[\"t\"]},{\"kind\":\"migrations\","},
	    {"its URL", NULL,
		{{"SCHEMALATCH_TABLES=t", "SCHEMALATCH_DATABASE_URL=postgresql://db/app"}},
		"\"url\":\"host=db dbname=app\""},
	    {"the application's URL", NULL,
		{{"SCHEMALATCH_TABLES=t", "DATABASE_URL=postgresql://db/app"}},
		"\"url\":\"host=db dbname=app\""},
	    {"its own URL before the application's", NULL,
		{{"SCHEMALATCH_TABLES=t", "DATABASE_URL=postgresql://db/app",
		    "SCHEMALATCH_DATABASE_URL=postgresql://db/own"}},
		"\"url\":\"host=db dbname=own\""},
	    {"no URL: libpq's environment", NULL, {{"SCHEMALATCH_TABLES=t"}},
		"{\"name\":\"main\",\"period\":"},
	    {"a file of the URL", NULL,
		{{"SCHEMALATCH_TABLES=t", "SCHEMALATCH_DATABASE_URL_FILE=url"}},
		"\"urlFile\":\"url\""},
	    {"the schema of the URL", NULL,
		{{"SCHEMALATCH_TABLES=t", "DATABASE_URL=postgresql://db/app?schema=tenant"}},
		"\"schema\":\"tenant\""},
	    {"empty is unset", NULL,
		{{"SCHEMALATCH_TABLES=t", "SCHEMALATCH_DATABASE_URL=", "SCHEMALATCH_LISTEN=",
		    "SCHEMALATCH_DISABLED=", "DATABASE_URL="}},
		"{\"listen\":\":8484\",\"mode\":\"gate\",\"log\""},
	};

	(void)state;
	workplace_write("url", "postgresql://db/app\n");
	assert_int_equal(mkdir("versions", 0755), 0);
	workplace_write("versions/c3.py", "revision = 'c3'\ndown_revision = None\n");
	assert_starts(starts, COUNT(starts));
}

static void flags_come_before_variables_before_the_file(void **state)
{
	static const char file[] =
	    "{\"listen\":\":1\",\"mode\":\"observe\",\"disabled\":\"file\",\"log\":{\"level\":"
	    "\"error\",\"format\":\"text\"},\"databases\":[{\"url\":\"host=file\",\"checks\":[{"
	    "\"kind\":\"tables\",\"tables\":\"t\"}]}]}";
	static const struct start starts[] = {
	    {"listen: file", file, {{NULL}}, "\"listen\":\":1\""},
	    {"listen: variable", file, {{"SCHEMALATCH_LISTEN=:2"}}, "\"listen\":\":2\""},
	    {"listen: flag", file, {{"SCHEMALATCH_LISTEN=:2", "--listen=:3"}}, "\"listen\":\":3\""},
	    {"mode: file", file, {{NULL}}, "\"mode\":\"observe\""},
	    {"mode: variable", file, {{"SCHEMALATCH_MODE=gate"}}, "\"mode\":\"gate\""},
	    {"mode: flag", file, {{"SCHEMALATCH_MODE=gate", "--mode=observe"}},
		"\"mode\":\"observe\""},
	    {"disabled: file", file, {{NULL}}, "\"disabled\":\"file\""},
	    {"disabled: variable", file, {{"SCHEMALATCH_DISABLED=variable"}},
		"\"disabled\":\"variable\""},
	    {"level: file", file, {{NULL}}, "\"level\":\"error\""},
	    {"level: variable", file, {{"SCHEMALATCH_LOG_LEVEL=warn"}}, "\"level\":\"warn\""},
	    {"level: flag", file, {{"SCHEMALATCH_LOG_LEVEL=warn", "--log-level=debug"}},
		"\"level\":\"debug\""},
	    {"format: file", file, {{NULL}}, "\"format\":\"text\""},
	    {"format: variable", file, {{"SCHEMALATCH_LOG_FORMAT=json"}}, "\"format\":\"json\""},
	    {"format: flag", file, {{"SCHEMALATCH_LOG_FORMAT=json", "--log-format=text"}},
		"\"format\":\"text\""},
	    {"tables: flag", NULL, {{"SCHEMALATCH_TABLES=t", "--tables=u"}},
		"\"checks\":[{\"kind\":\"tables\",\"name\":\"tables\",\"gates\":[\"startup\","
		"\"readiness\"],\"latch\":false,\"tables\":[\"u\"]}]"},
	    {"migrations: flag", NULL,
		{{"SCHEMALATCH_MIGRATIONS=alembic@a", "--migrations=alembic@b"}},
		"\"revisions\":[\"b\"]"},
	    {"URL: flag", NULL,
		{{"--tables=t", "SCHEMALATCH_DATABASE_URL=host=a", "DATABASE_URL=host=b",
		    "--database-url=host=c"}},
		"\"url\":\"host=c\""},
	    {"the application's URL is its own beside a file", file, {{"DATABASE_URL=host=b"}},
		"\"url\":\"host=file\""},
	};

	(void)state;
	assert_starts(starts, COUNT(starts));
}

static void what_describes_a_database_is_refused_beside_a_file(void **state)
{
	static const char told[] = "describes the database of a start without file, but a file is"
				   " given; expected it in the file's \"databases\"";
	static const char *const items[] = {
	    "SCHEMALATCH_DATABASE_URL=host=a",
	    "SCHEMALATCH_DATABASE_URL_FILE=url",
	    "SCHEMALATCH_TABLES=t",
	    "SCHEMALATCH_MIGRATIONS=alembic@a",
	    "--database-url=host=a",
	    "--tables=t",
	    "--migrations=alembic@a",
	};

	(void)state;
	workplace_write("c.json", DATABASE(""));
	for (size_t i = 0; i < COUNT(items); i++) {
		struct given given = {{items[i]}};
		char *expected = xasprintf("%.*s: %s", (int)strcspn(items[i], "="), items[i], told);

		assert_problems(items[i], "c.json", &given, expected);
		free(expected);
	}
}

/* It is not in effect, so nothing that is wrong in the file is its fault. */
static void what_is_refused_takes_no_blame(void **state)
{
	static const struct given given = {
	    {"SCHEMALATCH_TABLES=t", "SCHEMALATCH_DATABASE_URL=host=a"}};
	char *found;

	(void)state;
	workplace_write("c.json", "{\"databases\":[{\"url\":7,\"checks\":[{\"kind\":\"tables\","
				  "\"tables\":\"a.b.c\"}]}]}");
	found = problems_of("c.json", &given);
	assert_non_null(strstr(found, "\nc.json: /databases/0/url: the value is not valid"));
	assert_non_null(strstr(
	    found, "\nc.json: /databases/0/checks/0/tables/0: \"a.b.c\" is not a table name"));
	free(found);
}

static const struct {
	struct given given;
	const char *problem;
} with_file[] = {
    {{{"SCHEMALATCH_LISTEN=8484"}}, "SCHEMALATCH_LISTEN: \"8484\" is not an address, "
				    "expected [HOST]:PORT with a port of 0 "
				    "to 65535"},
    {{{"--listen=8484"}}, "--listen: \"8484\" is not an address, expected [HOST]:PORT with a port "
			  "of 0 to 65535"},
    {{{"SCHEMALATCH_LISTEN=:1", "--listen=8484"}},
	"--listen: \"8484\" is not an address, expected [HOST]:PORT with a port of 0 to "
	"65535"},
    {{{"SCHEMALATCH_MODE=off"}},
	"SCHEMALATCH_MODE: \"off\" is not known, expected one of \"gate\", \"observe\""},
    {{{"--log-level=warning"}}, "--log-level: \"warning\" is not known, did you mean "
				"\"warn\"? Expected one of \"debug\", "
				"\"info\", \"warn\", \"error\""},
    {{{"SCHEMALATCH_LOG_FORMAT=xml"}},
	"SCHEMALATCH_LOG_FORMAT: \"xml\" is not known, expected one of \"json\", \"text\""},
};
static const struct {
	struct given given;
	const char *problem;
} without_file[] = {
    {{{"SCHEMALATCH_TABLES=t,a.b.c"}}, "SCHEMALATCH_TABLES: \"a.b.c\" is not a table name: more "
				       "than two parts, expected schema.table"},
    {{{"SCHEMALATCH_TABLES=t", "SCHEMALATCH_MIGRATIONS=alembic:no/such"}},
	"SCHEMALATCH_MIGRATIONS: the directory \"no/such\" cannot be read: No such file or "
	"directory"},
    {{{"SCHEMALATCH_TABLES=t", "--migrations=alembik:no/such"}},
	"--migrations: \"alembik\" is not known, did you mean \"alembic\"? Expected one "
	"of " TOOLS},
    {{{"SCHEMALATCH_TABLES=t", "SCHEMALATCH_MIGRATIONS=alembic"}},
	"SCHEMALATCH_MIGRATIONS: \"alembic\" is not valid, expected TOOL:DIRECTORY or "
	"TOOL@ID,ID"},
    {{{"SCHEMALATCH_TABLES=t", "--migrations=:versions"}},
	"--migrations: \":versions\" is not valid, expected TOOL:DIRECTORY or TOOL@ID,ID"},
    {{{"SCHEMALATCH_TABLES=t", "SCHEMALATCH_MIGRATIONS=alembic@"}},
	"SCHEMALATCH_MIGRATIONS: \"alembic@\" is not valid, expected TOOL:DIRECTORY or "
	"TOOL@ID,ID"},
    {{{NULL}}, "configuration: /databases: nothing is checked, expected an array of databases "
	       "(without a file: SCHEMALATCH_TABLES, SCHEMALATCH_CONTRACT, "
	       "SCHEMALATCH_MIGRATIONS or SCHEMALATCH_UPSTREAM)"},
    {{{"DATABASE_URL=postgresql://db/app"}},
	"configuration: /databases/0/checks: nothing is checked, expected an array of "
	"checks "
	"(without a file: SCHEMALATCH_TABLES, SCHEMALATCH_CONTRACT or "
	"SCHEMALATCH_MIGRATIONS)"},
};

static void mistakes_are_told_of_their_source(void **state)
{
	(void)state;
	workplace_write("c.json", DATABASE(""));
	for (size_t i = 0; i < COUNT(with_file); i++)
		assert_problems(
		    with_file[i].problem, "c.json", &with_file[i].given, with_file[i].problem);
	for (size_t i = 0; i < COUNT(without_file); i++)
		assert_problems(
		    without_file[i].problem, NULL, &without_file[i].given, without_file[i].problem);
}

static void unknown_variables_are_told(void **state)
{
	static const struct {
		const char *item;
		const char *problem;
	} rows[] = {
	    {"SCHEMALATCH_TABELS=t",
		"SCHEMALATCH_TABELS: unknown variable, did you mean SCHEMALATCH_TABLES?"},
	    {"SCHEMALATCH_LOGLEVEL=info",
		"SCHEMALATCH_LOGLEVEL: unknown variable, did you mean SCHEMALATCH_LOG_LEVEL?"},
	    {"SCHEMALATCH_CONFG=c.json",
		"SCHEMALATCH_CONFG: unknown variable, did you mean SCHEMALATCH_CONFIG?"},
	};

	(void)state;
	workplace_write("c.json", DATABASE(""));
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct given given = {{rows[i].item}};

		assert_problems(rows[i].item, "c.json", &given, rows[i].problem);
	}
}

static void other_variables_are_not_ours(void **state)
{
	static const struct given given = {
	    {"SCHEMALATCH_CONFIG=c.json", "SCHEMALATC=1", "MY_SCHEMALATCH_TABELS=1"}};

	(void)state;
	workplace_write("c.json", DATABASE(""));
	assert_problems("others", "c.json", &given, "");
	unsetenv("SCHEMALATC");
	unsetenv("MY_SCHEMALATCH_TABELS");
}

/* Of Services named "schemalatch" and "schemalatch-metrics", as the kubelet writes them. */
static void service_links_of_kubernetes_are_not_ours(void **state)
{
	static const char *const links[] = {
	    "SCHEMALATCH_SERVICE_HOST=10.0.0.1",
	    "SCHEMALATCH_SERVICE_PORT=8484",
	    "SCHEMALATCH_SERVICE_PORT_HTTP=8484",
	    "SCHEMALATCH_PORT=tcp://10.0.0.1:8484",
	    "SCHEMALATCH_PORT_8484_TCP=tcp://10.0.0.1:8484",
	    "SCHEMALATCH_PORT_8484_TCP_PROTO=tcp",
	    "SCHEMALATCH_PORT_8484_TCP_PORT=8484",
	    "SCHEMALATCH_PORT_8484_TCP_ADDR=10.0.0.1",
	    "SCHEMALATCH_METRICS_SERVICE_HOST=10.0.0.2",
	    "SCHEMALATCH_METRICS_SERVICE_PORT=8484",
	    "SCHEMALATCH_METRICS_PORT=tcp://10.0.0.2:8484",
	    "SCHEMALATCH_METRICS_PORT_8484_TCP_ADDR=10.0.0.2",
	};

	(void)state;
	workplace_write("c.json", DATABASE(""));
	for (size_t i = 0; i < COUNT(links); i++) {
		struct given given = {{links[i]}};

		assert_problems(links[i], "c.json", &given, "");
	}
}

/* ---- secrets ---- */

static void secrets_are_in_no_message(void **state)
{
	static const struct {
		const char *text;
		struct given given;
	} rows[] = {
	    {DATABASE("\"url\":\"mysql://app:hunter2@db/app\","), {{NULL}}},
	    {DATABASE("\"url\":\"postgresql://app:hunter2@db:none/app\","), {{NULL}}},
	    {DATABASE("\"url\":\"hunter2\","), {{NULL}}},
	    {DATABASE("\"url\":[\"hunter2\"],"), {{NULL}}},
	    {DATABASE("\"password\":\"hunter2\","), {{NULL}}},
	    {DATABASE("\"urlFile\":\"postgresql://app:hunter2@db/app\","), {{NULL}}},
	    {DATABASE("\"passwordFile\":\"hunter2\","), {{NULL}}},
	    {DATABASE("\"urlFile\":\"broken_url\","), {{NULL}}},
	    {DATABASE(""), {{"SCHEMALATCH_DATABASE_URL=postgresql://app:hunter2@db/app"}}},
	    {DATABASE(""), {{"--database-url=postgresql://app:hunter2@db/app"}}},
	    {DATABASE(""), {{"SCHEMALATCH_PASSWORD=hunter2"}}},
	    {NULL,
		{{"SCHEMALATCH_TABLES=t", "SCHEMALATCH_DATABASE_URL=mysql://app:hunter2@db/app"}}},
	    {NULL, {{"SCHEMALATCH_TABLES=t", "DATABASE_URL=postgresql://app:hunter2@[db/app"}}},
	    {NULL, {{"SCHEMALATCH_TABLES=t",
		       "SCHEMALATCH_DATABASE_URL_FILE=postgresql://app:hunter2@db/app"}}},
	};

	(void)state;
	workplace_write("broken_url", "mysql://app:hunter2@db/app");
	for (size_t i = 0; i < COUNT(rows); i++) {
		char *found;

		if (rows[i].text != NULL)
			workplace_write("c.json", rows[i].text);
		found = problems_of(rows[i].text != NULL ? "c.json" : NULL, &rows[i].given);
		if (found[0] == '\0')
			fail_msg("%s: no problem", rows[i].text);
		if (strstr(found, "hunter2") != NULL)
			fail_msg("%s", found);
		free(found);
	}
}

static void secrets_are_not_printed(void **state)
{
	static const struct start starts[] = {
	    {"URL", DATABASE("\"url\":\"postgresql://app:hunter2@db/app\","), {{NULL}},
		"\"url\":\"user=app password=*** host=db dbname=app\""},
	    {"pairs", DATABASE("\"url\":\"host=db password='hunter2'\","), {{NULL}},
		"\"url\":\"host=db password=***\""},
	    {"files", DATABASE("\"urlFile\":\"url\",\"passwordFile\":\"password\","), {{NULL}},
		"\"urlFile\":\"url\",\"passwordFile\":\"password\""},
	    {"variable", NULL,
		{{"SCHEMALATCH_TABLES=t", "DATABASE_URL=postgresql://app:hunter2@db/app"}},
		"\"url\":\"user=app password=*** host=db dbname=app\""},
	};

	(void)state;
	workplace_write("url", "postgresql://app:hunter2@db/app");
	workplace_write("password", "hunter2");
	assert_starts(starts, COUNT(starts));
	for (size_t i = 0; i < COUNT(starts); i++) {
		char *found;

		if (starts[i].text != NULL)
			workplace_write("c.json", starts[i].text);
		found = effect_of(starts[i].text != NULL ? "c.json" : NULL, &starts[i].given);
		assert_null(strstr(found, "hunter2"));
		free(found);
	}
}

/* ---- what is printed ---- */

static const char full[] =
    "{\"listen\":\"[::1]:9000\",\"mode\":\"observe\",\"disabled\":\"a \\\"reason\\\"\","
    "\"log\":{\"level\":\"warn\",\"format\":\"text\"},\"databases\":["
    "{\"name\":\"orders\",\"url\":\"postgresql://db:6432/orders?schema=shop&pool_timeout=3\","
    "\"period\":\"90s\",\"retryPeriod\":\"1.5s\",\"timeout\":\"750ms\",\"holdFor\":\"0\","
    "\"keepConnection\":\"never\",\"checks\":["
    "{\"kind\":\"tables\",\"name\":\"core\",\"gates\":[\"startup\"],\"latch\":true,"
    "\"tables\":[\"users\",\"\\\"We.ird\\\".\\\"a\\\"\\\"b\\\"\"]},"
    "{\"kind\":\"migrations\",\"tool\":\"alembic\",\"revisions\":[\"c3\",\"d4\"],\"table\":\"v\","
    "\"tableSchema\":\"meta\",\"rule\":\"exact\",\"unknownRevision\":\"ready\",\"gates\":[]}]},"
    "{\"name\":\"billing\",\"urlFile\":\"url\",\"passwordFile\":\"password\",\"schema\":\"b\","
    "\"checks\":[{\"kind\":\"migrations\",\"tool\":\"alembic\",\"list\":\"ids\"}]}]}";

static void everything_is_printed_as_kept(void **state)
{
	char *found;

	(void)state;
	workplace_write("url", "postgresql://db/billing");
	workplace_write("password", "hunter2");
	workplace_write("ids", "# heads\nc3\n");
	workplace_write("c.json", full);
	found = effect_of("c.json", NULL);
	golden_assert_json("config/full.json", found);
	free(found);
}

static void the_defaults_are_printed_as_kept(void **state)
{
	static const struct given given = {{"--log-format=json"}};
	char *found;

	(void)state;
	workplace_write("c.json", DATABASE(""));
	found = effect_of("c.json", &given);
	golden_assert_json("config/defaults.json", found);
	free(found);
}

static void what_is_printed_is_read_as_the_same(void **state)
{
	static const struct given given = {{"--log-format=json"}};
	static const char *const texts[] = {full, DATABASE("")};

	(void)state;
	workplace_write("url", "postgresql://db/billing");
	workplace_write("password", "hunter2");
	workplace_write("ids", "c3\n");
	for (size_t i = 0; i < COUNT(texts); i++) {
		char *once;
		char *twice;

		workplace_write("c.json", texts[i]);
		once = effect_of("c.json", &given);
		workplace_write("printed.json", once);
		twice = effect_of("printed.json", NULL);
		assert_string_equal(once, twice);
		free(twice);
		free(once);
	}
}

/* ---- listening ---- */

static void addresses_are_taken_apart(void **state)
{
	static const struct {
		const char *listen;
		const char *host;
		const char *port; /* NULL: refused */
	} rows[] = {
	    {":8484", "", "8484"},
	    {":0", "", "0"},
	    {":65535", "", "65535"},
	    {":080", "", "80"},
	    {"127.0.0.1:80", "127.0.0.1", "80"},
	    {"localhost:80", "localhost", "80"},
	    {"[::1]:80", "::1", "80"},
	    {"[::]:80", "::", "80"},
	    {"[fe80::1%eth0]:80", "fe80::1%eth0", "80"},
	    {"8484", NULL, NULL},
	    {":", NULL, NULL},
	    {"localhost", NULL, NULL},
	    {"localhost:", NULL, NULL},
	    {":65536", NULL, NULL},
	    {":99999999999999999999", NULL, NULL},
	    {":-1", NULL, NULL},
	    {":+1", NULL, NULL},
	    {": 1", NULL, NULL},
	    {":80x", NULL, NULL},
	    {":http", NULL, NULL},
	    {"::1:80", NULL, NULL},
	    {"[::1]", NULL, NULL},
	    {"[::1:80", NULL, NULL},
	    {"http://localhost:80", NULL, NULL},
	};

	(void)state;
	workplace_write("c.json", DATABASE(""));
	for (size_t i = 0; i < COUNT(rows); i++) {
		char *flag = xasprintf("--listen=%s", rows[i].listen);
		struct given given = {{flag}};
		struct problems problems = {0};
		struct config *config = load("c.json", &given, &problems);

		if ((config != NULL) != (rows[i].port != NULL))
			fail_msg("%s: %s", rows[i].listen, config != NULL ? "taken" : "refused");
		if (config != NULL) {
			assert_string_equal(config->address.host, rows[i].host);
			assert_string_equal(config->address.port, rows[i].port);
		}
		config_free(config);
		problems_done(&problems);
		free(flag);
	}
}

static void a_host_that_is_too_long_is_refused(void **state)
{
	char *flag = xasprintf("--listen=%0*d:80", 256, 0);
	struct given given = {{flag}};
	char *found;

	(void)state;
	workplace_write("c.json", DATABASE(""));
	found = problems_of("c.json", &given);
	assert_memory_equal(found, "--listen: \"000", 13);
	free(found);
	free(flag);
}

/* For the command that asks the running sidecar: its configuration may be as broken as it will. */
static void the_address_alone_is_read_whatever_else_is_wrong(void **state)
{
	static const struct {
		const char *label;
		const char *text;
		struct given given;
		const char *address; /* or the problem */
	} rows[] = {
	    {"default", NULL, {{NULL}}, "|8484"},
	    {"variable", NULL, {{"SCHEMALATCH_LISTEN=127.0.0.1:1"}}, "127.0.0.1|1"},
	    {"file", "{\"listen\":\"[::1]:2\"}", {{NULL}}, "::1|2"},
	    {"flag over file", "{\"listen\":\":2\"}", {{"--listen=:3"}}, "|3"},
	    {"other mistakes", "{\"listen\":\":2\",\"mode\":7,\"x\":1}", {{"SCHEMALATCH_X=1"}},
		"|2"},
	    {"not an object", "[]", {{NULL}}, "|8484"},
	    {"another type", "{\"listen\":7}", {{NULL}}, "|8484"},
	    {"no address", "{\"listen\":\"7\"}", {{NULL}},
		"listen: \"7\" is not an address, expected [HOST]:PORT"},
	    {"no JSON", "{", {{NULL}},
		"c.json:1:1: is not JSON, expected a value, a comma or a closing bracket here"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct setting_flags flags = {{NULL}};
		struct listen_address address = {"", ""};
		struct problems problems = {0};
		const char *item = rows[i].given.items[0];
		char *found;

		if (rows[i].text != NULL)
			workplace_write("c.json", rows[i].text);
		if (item != NULL && item[0] == '-')
			take_flag(&flags, item);
		else if (item != NULL)
			set_variable(item);
		config_load_address(
		    rows[i].text != NULL ? "c.json" : NULL, &flags, &address, &problems);
		workplace_clear_environment(NULL);
		found = problems.lines.count > 0 ? xstrdup(problems.lines.items[0])
						 : xasprintf("%s|%s", address.host, address.port);
		if (strcmp(found, rows[i].address) != 0)
			fail_msg("%s: %s", rows[i].label, found);
		free(found);
		problems_done(&problems);
	}
}

/* ---- files of secrets ---- */

/* "keyword=value …" of the database, or what is wrong. free() releases it. */
static char *reach(const struct database *database)
{
	struct error err;
	struct dsn dsn;
	struct text text;

	text_init(&text, 0);
	if (database_dsn(database, &dsn, &err) != 0)
		text_add(&text, err.text);
	else
		for (size_t i = 0; i < dsn.keywords.count; i++)
			text_addf(&text, " %s=%s", dsn.keywords.items[i], dsn.values.items[i]);
	dsn_done(&dsn);
	return text_take(&text);
}

static void assert_reach(const struct database *database, const char *expected)
{
	char *found = reach(database);

	assert_string_equal(found, expected);
	free(found);
}

static void secrets_are_read_anew_each_time(void **state)
{
	struct database database = {.url_file = "url", .password_file = "password"};

	(void)state;
	workplace_write("url", "postgresql://app@db/app\n");
	workplace_write("password", "one two\r\n");
	assert_reach(&database, " user=app host=db dbname=app password=one two");
	workplace_write("url", "postgresql://app:old@db/moved");
	workplace_write("password", " three");
	assert_reach(&database, " user=app password= three host=db dbname=moved");
}

static void files_that_hold_no_secret_are_told_by_their_key(void **state)
{
	struct database database = {.url = "postgresql://db", .password_file = "password"};
	char *large = xasprintf("%0*d", 70000, 0);

	(void)state;
	workplace_write("password", " \n");
	assert_reach(&database, "passwordFile is empty");
	workplace_write_bytes("password", "a\0b", 3);
	assert_reach(&database, "passwordFile holds a NUL byte");
	workplace_write("password", large);
	assert_reach(&database, "passwordFile cannot be read: it is larger than 64 KiB");
	remove("password");
	assert_reach(&database, "passwordFile cannot be read: No such file or directory");
	free(large);
}

static void a_changed_secret_changes_its_version(void **state)
{
	struct database database = {.url_file = "url", .password_file = "password"};
	uint64_t versions[4];

	(void)state;
	workplace_write("url", "postgresql://db");
	remove("password");
	versions[0] = database_secret_version(&database);
	assert_true(database_secret_version(&database) == versions[0]);
	workplace_write("password", "one");
	versions[1] = database_secret_version(&database);
	workplace_write("password", "two");
	versions[2] = database_secret_version(&database);
	workplace_write("url", "postgresql://other");
	versions[3] = database_secret_version(&database);
	for (int i = 0; i < 4; i++)
		for (int k = 0; k < i; k++)
			assert_true(versions[i] != versions[k]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		all_mistakes_of_a_file_are_told_at_once, enter_golden, leave_golden),
	    cmocka_unit_test_setup_teardown(
		mistakes_of_all_sources_are_told_at_once, enter_golden, leave_golden),
	    cmocka_unit_test(one_mistake_is_one_problem),
	    cmocka_unit_test(names_are_bounded),
	    cmocka_unit_test(elements_are_named_by_their_place_in_the_file),
	    cmocka_unit_test(a_short_period_alone_is_no_mistake),
	    cmocka_unit_test(syntax_errors_have_line_and_column),
	    cmocka_unit_test(nul_bytes_are_refused_wherever_they_are),
	    cmocka_unit_test(backslashes_are_counted),
	    cmocka_unit_test(files_that_cannot_be_read_are_told),
	    cmocka_unit_test(blanks_around_and_a_byte_order_mark_are_fine),
	    cmocka_unit_test(deep_nesting_is_refused),
	    cmocka_unit_test(the_environment_alone_describes_one_database),
	    cmocka_unit_test(flags_come_before_variables_before_the_file),
	    cmocka_unit_test(what_describes_a_database_is_refused_beside_a_file),
	    cmocka_unit_test(what_is_refused_takes_no_blame),
	    cmocka_unit_test(mistakes_are_told_of_their_source),
	    cmocka_unit_test(unknown_variables_are_told),
	    cmocka_unit_test(other_variables_are_not_ours),
	    cmocka_unit_test(service_links_of_kubernetes_are_not_ours),
	    cmocka_unit_test(secrets_are_in_no_message),
	    cmocka_unit_test(secrets_are_not_printed),
	    cmocka_unit_test(everything_is_printed_as_kept),
	    cmocka_unit_test(the_defaults_are_printed_as_kept),
	    cmocka_unit_test(what_is_printed_is_read_as_the_same),
	    cmocka_unit_test(addresses_are_taken_apart),
	    cmocka_unit_test(a_host_that_is_too_long_is_refused),
	    cmocka_unit_test(the_address_alone_is_read_whatever_else_is_wrong),
	    cmocka_unit_test(secrets_are_read_anew_each_time),
	    cmocka_unit_test(files_that_hold_no_secret_are_told_by_their_key),
	    cmocka_unit_test(a_changed_secret_changes_its_version),
	};

	return cmocka_run_group_tests(tests, workplace_enter, workplace_leave);
}
