/* The command line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../probes/text.h"
#include "../../probes/xalloc.h"
#include "../../sidecar/commands/command.h"
#include "../../sidecar/config/options.h"
#include "../support/workplace.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define ARGUMENTS_MAX 8

/* ---- what a command line says ---- */

struct line {
	const char *arguments[ARGUMENTS_MAX];
	const char *told; /* the options, or the problems, a line each */
};

static void add_values(struct text *text, const char *name, const struct strings *values)
{
	for (size_t i = 0; i < values->count; i++) {
		text_add(text, name);
		text_add(text, values->items[i]);
	}
}

/* "COMMAND file=F flag=VALUE … json timeout=MS OPERAND …" */
static void add_options(struct text *text, const struct options *options)
{
	text_add(text, options->command->name);
	if (options->config_file != NULL)
		text_addf(text, " file=%s", options->config_file);
	for (size_t i = 0; settings[i].environment != NULL; i++)
		if (options->settings.values[i] != NULL)
			text_addf(text, " %s=%s", settings[i].pointer, options->settings.values[i]);
	if (options->json)
		text_add(text, " json");
	if (options->timeout_ms != -1)
		text_addf(text, " timeout=%lld", (long long)options->timeout_ms);
	add_values(text, " schema=", &options->values[OWN_SCHEMA]);
	add_values(text, " table=", &options->values[OWN_TABLE]);
	add_values(text, " without=", &options->values[OWN_WITHOUT]);
	if (options_value(options, OWN_PRIVILEGES_OF) != NULL)
		text_addf(text, " of=%s", options_value(options, OWN_PRIVILEGES_OF));
	for (int i = 0; i < options->operand_count; i++)
		text_addf(text, " %s", options->operands[i]);
}

static void add_problems(struct text *text, const struct problems *problems)
{
	for (size_t i = 0; i < problems->lines.count; i++)
		text_addf(text, "%s%s", i > 0 ? "\n" : "", problems->lines.items[i]);
}

/* free() releases it. */
static char *told(const char *const *arguments)
{
	struct strings copies = {0};
	struct problems problems = {0};
	struct options options;
	struct text text;

	while (copies.count < ARGUMENTS_MAX && arguments[copies.count] != NULL)
		strings_add(&copies, arguments[copies.count]);
	options_parse((int)copies.count, copies.items, &options, &problems);
	text_init(&text, 0);
	if (problems.lines.count == 0)
		add_options(&text, &options);
	else
		add_problems(&text, &problems);
	options_done(&options);
	problems_done(&problems);
	strings_done(&copies);
	return text_take(&text);
}

static void assert_lines(const struct line *lines, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char *found = told(lines[i].arguments);

		if (strcmp(found, lines[i].told) != 0)
			fail_msg("%s %s …: found\n%s\nexpected\n%s",
			    lines[i].arguments[0] != NULL ? lines[i].arguments[0] : "",
			    lines[i].arguments[1] != NULL ? lines[i].arguments[1] : "", found,
			    lines[i].told);
		free(found);
	}
}

/* ---- commands ---- */

static void every_command_is_known_by_its_name(void **state)
{
	(void)state;
	for (size_t i = 0; commands[i] != NULL; i++) {
		const char *arguments[ARGUMENTS_MAX] = {commands[i]->name};
		char *found = told(arguments);

		assert_string_equal(found, commands[i]->name);
		assert_ptr_equal(command_find(commands[i]->name), commands[i]);
		free(found);
	}
}

static void commands_are_sorted_and_helpful(void **state)
{
	(void)state;
	for (size_t i = 0; commands[i] != NULL; i++) {
		assert_true(i == 0 || strcmp(commands[i - 1]->name, commands[i]->name) < 0);
		assert_non_null(commands[i]->run);
		assert_true(commands[i]->help[0] != '\0');
		assert_non_null(commands[i]->synopsis);
		assert_true(commands[i]->operands_max <= OPERANDS_MAX);
	}
	assert_null(command_find(""));
	assert_null(command_find("serv"));
}

static void help_and_version_have_flags(void **state)
{
	static const struct line lines[] = {
	    {{"--help"}, "help"},
	    {{"-h"}, "help"},
	    {{"help", "serve"}, "help serve"},
	    {{"--version"}, "version"},
	    {{"serve", "--help"}, "help"},
	    {{"serve", "-h"}, "help"},
	    {{"check", "--json", "--help"}, "help json"},
	    {{"serve", "--help", "--listen", ":1"}, "help /listen=:1"},
	};

	(void)state;
	assert_lines(lines, COUNT(lines));
}

static void unknown_commands_are_told_with_the_nearest(void **state)
{
	static const struct line lines[] = {
	    {{NULL}, "schemalatch: no command, see schemalatch help"},
	    {{"sreve"}, "sreve: is not a command, did you mean serve?"},
	    {{"chek", "--json"}, "chek: is not a command, did you mean check?"},
	    {{"--config", "f"}, "--config: is not a command, did you mean config?"},
	    {{"frobnicate"}, "argument 1: is not a command, see schemalatch help"},
	    {{""}, "argument 1: is not a command, see schemalatch help"},
	};

	(void)state;
	assert_lines(lines, COUNT(lines));
}

/* ---- flags ---- */

static void flags_have_their_value_behind_a_sign_or_next(void **state)
{
	static const struct line lines[] = {
	    {{"serve", "--config=f.json"}, "serve file=f.json"},
	    {{"serve", "--config", "f.json"}, "serve file=f.json"},
	    {{"serve", "--listen=:1", "--mode", "observe"}, "serve /listen=:1 /mode=observe"},
	    {{"serve", "--listen=:1", "--listen=:2"}, "serve /listen=:2"},
	    {{"serve", "--database-url=postgresql://db/a?x=y"},
		"serve /databases/0/url=postgresql://db/a?x=y"},
	    {{"serve", "--listen", "--mode"}, "serve /listen=--mode"},
	    {{"serve", "--listen", ""}, "serve /listen="},
	    {{"check", "--json"}, "check json"},
	    {{"capture", "--schema", "a", "--table=t", "--schema=b,c", "--privileges-of", "x",
		 "--privileges-of=y"},
		"capture schema=a schema=b,c table=t of=y"},
	    {{"check", "--schema", "a"}, "--schema: unknown flag, see schemalatch help"},
	    {{"wait", "--timeout=5m"}, "wait timeout=300000"},
	    {{"wait", "--timeout", "1m30s"}, "wait timeout=90000"},
	    {{"wait", "--timeout=0"}, "wait timeout=0"},
	    {{"probe", "live", "--listen=:1"}, "probe /listen=:1 live"},
	    {{"probe", "--listen=:1", "live"}, "probe /listen=:1 live"},
	};

	(void)state;
	assert_lines(lines, COUNT(lines));
}

static void every_setting_has_its_flag(void **state)
{
	(void)state;
	for (size_t i = 0; settings[i].environment != NULL; i++) {
		const char *arguments[ARGUMENTS_MAX] = {"serve", NULL, "value"};
		char *flag;
		char *expected;
		char *found;

		if (settings[i].flag == NULL)
			continue;
		flag = xasprintf("--%s", settings[i].flag + strspn(settings[i].flag, "-"));
		expected = xasprintf("serve %s=value", settings[i].pointer);
		arguments[1] = flag;
		found = told(arguments);
		assert_string_equal(found, expected);
		free(found);
		free(expected);
		free(flag);
	}
}

static void flags_without_value_are_told(void **state)
{
	static const struct line lines[] = {
	    {{"serve", "--listen"}, "--listen: has no value, expected one"},
	    {{"serve", "--listen="}, "--listen: has no value, expected one"},
	    {{"serve", "--config"}, "--config: has no value, expected one"},
	    {{"serve", "--config="}, "--config: has no value, expected one"},
	    {{"wait", "--timeout"}, "--timeout: has no value, expected one"},
	    {{"check", "--json=1"}, "--json: takes no value"},
	    {{"check", "--json="}, "--json: takes no value"},
	};

	(void)state;
	assert_lines(lines, COUNT(lines));
}

static void timeouts_that_are_no_durations_are_told(void **state)
{
	static const struct line lines[] = {
	    {{"wait", "--timeout=5"},
		"--timeout: \"5\" is not valid, expected a duration with a unit, "
		"such as \"5m\""},
	    {{"wait", "--timeout=-5m"},
		"--timeout: \"-5m\" is not valid, expected a duration with a "
		"unit, such as \"5m\""},
	    {{"wait", "--timeout", ""},
		"--timeout: \"\" is not valid, expected a duration with a unit, such as \"5m\""},
	};

	(void)state;
	assert_lines(lines, COUNT(lines));
}

static void unknown_flags_are_told_with_the_nearest(void **state)
{
	static const struct line lines[] = {
	    {{"serve", "--lisen=:1"}, "--lisen: unknown flag, did you mean --listen?"},
	    {{"serve", "--log-fromat", "text"},
		"--log-fromat: unknown flag, did you mean --log-format?"},
	    {{"serve", "--conifg", "f"}, "--conifg: unknown flag, did you mean --config?"},
	    {{"wait", "--timout=5m"}, "--timout: unknown flag, did you mean --timeout?"},
	    {{"check", "--jsn"}, "--jsn: unknown flag, did you mean --json?"},
	    {{"serve", "--xyzzyx"}, "--xyzzyx: unknown flag, see schemalatch help"},
	    {{"serve", "-v"}, "-v: unknown flag, see schemalatch help"},
	    {{"serve", "--Listen=:1"}, "--Listen: unknown flag, did you mean --listen?"},
	};

	(void)state;
	assert_lines(lines, COUNT(lines));
}

/* A flag that the command does not take is never what it is told to write instead. */
static void flags_of_other_commands_are_unknown(void **state)
{
	static const char *const with_value[] = {"--timeout", "--json"};
	static const struct line lines[] = {
	    {{"version", "--config=f"}, "--config: unknown flag, see schemalatch help"},
	    {{"version", "--listen=:1"}, "--listen: unknown flag, see schemalatch help"},
	};

	(void)state;
	assert_lines(lines, COUNT(lines));
	for (size_t i = 0; i < COUNT(with_value); i++) {
		const char *arguments[ARGUMENTS_MAX] = {"serve", with_value[i]};
		char *own = xasprintf("did you mean %s?", with_value[i]);
		char *found = told(arguments);

		assert_memory_equal(found, with_value[i], strlen(with_value[i]));
		assert_non_null(strstr(found, ": unknown flag, "));
		assert_null(strstr(found, own));
		free(found);
		free(own);
	}
}

static void all_mistakes_are_told_at_once(void **state)
{
	static const struct line lines[] = {
	    {{"serve", "--lisen=:1", "--mode=", "live", "-x", "--timeout"},
		"--lisen: unknown flag, did you mean --listen?\n"
		"--mode: has no value, expected one\n"
		"argument 4: is one too many\n"
		"-x: unknown flag, see schemalatch help\n"
		"--timeout: unknown flag, see schemalatch help"},
	};

	(void)state;
	assert_lines(lines, COUNT(lines));
}

static void arguments_are_counted(void **state)
{
	static const struct line lines[] = {
	    {{"serve", "now"}, "argument 2: is one too many"},
	    {{"probe", "ready", "live"}, "argument 3: is one too many"},
	    {{"probe", "ready"}, "probe ready"},
	};

	(void)state;
	assert_lines(lines, COUNT(lines));
}

/* A mistyped flag in front of it must not bring a secret into the log. */
static void secrets_are_in_no_message(void **state)
{
	static const char *const lines[][ARGUMENTS_MAX] = {
	    {"serve", "--databse-url", "postgresql://app:hunter2@db/app"},
	    {"serve", "--databse-url=postgresql://app:hunter2@db/app"},
	    {"serve", "postgresql://app:hunter2@db/app"},
	    {"postgresql://app:hunter2@db/app"},
	    {"serve", "--password", "hunter2"},
	    {"version", "--database-url", "postgresql://app:hunter2@db/app"},
	    {"serve", "-d", "postgresql://app:hunter2@db/app"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++) {
		char *found = told(lines[i]);

		assert_non_null(strstr(found, ": "));
		if (strstr(found, "hunter2") != NULL)
			fail_msg("%s", found);
		free(found);
	}
}

/* ---- the file's name from the environment ---- */

static void the_file_may_be_named_by_a_variable(void **state)
{
	static const struct line variable[] = {
	    {{"serve"}, "serve file=variable.json"},
	    {{"serve", "--config=flag.json"}, "serve file=flag.json"},
	};
	static const struct line empty[] = {{{"serve"}, "serve"}};

	(void)state;
	setenv("SCHEMALATCH_CONFIG", "variable.json", 1);
	assert_lines(variable, COUNT(variable));
	setenv("SCHEMALATCH_CONFIG", "", 1);
	assert_lines(empty, COUNT(empty));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_command_is_known_by_its_name),
	    cmocka_unit_test(commands_are_sorted_and_helpful),
	    cmocka_unit_test(help_and_version_have_flags),
	    cmocka_unit_test(unknown_commands_are_told_with_the_nearest),
	    cmocka_unit_test(flags_have_their_value_behind_a_sign_or_next),
	    cmocka_unit_test(every_setting_has_its_flag),
	    cmocka_unit_test(flags_without_value_are_told),
	    cmocka_unit_test(timeouts_that_are_no_durations_are_told),
	    cmocka_unit_test(unknown_flags_are_told_with_the_nearest),
	    cmocka_unit_test(flags_of_other_commands_are_unknown),
	    cmocka_unit_test(all_mistakes_are_told_at_once),
	    cmocka_unit_test(arguments_are_counted),
	    cmocka_unit_test(secrets_are_in_no_message),
	    cmocka_unit_test(the_file_may_be_named_by_a_variable),
	};

	return cmocka_run_group_tests(tests, workplace_enter, workplace_leave);
}
