#include "options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../probes/keys.h"
#include "../../probes/xalloc.h"
#include "../commands/command.h"
#include "../termination.h"
#include "config.h"

static const struct {
	const char *name;
	bool takes_value;
} own_flags[OWN_COUNT] = {
    [OWN_DATABASE] = {"database", true},
    [OWN_JSON] = {"json", false},
    [OWN_PRIVILEGES_OF] = {"privileges-of", true},
    [OWN_SCHEMA] = {"schema", true},
    [OWN_TABLE] = {"table", true},
    [OWN_TIMEOUT] = {"timeout", true},
    [OWN_WITHOUT] = {"without", true},
};

/* One argument as a flag: "--name" or "--name=value", the value else being the next argument. */
struct flag {
	char *name;
	const char *value; /* NULL: none given */
};

struct parser {
	char *const *arguments;
	int count;
	int next;
	struct options *options;
	struct problems *problems;
};

static void problem_unknown(struct parser *parser, const char *name)
{
	const struct command *command = parser->options->command;
	const char *names[SETTINGS_MAX + OWN_COUNT + 1] = {"config"};
	size_t count = command == NULL || command->takes_settings;
	char *place = xasprintf("--%s", name);
	const char *near;

	for (size_t i = 0; count > 0 && settings[i].environment != NULL; i++)
		if (settings[i].flag != NULL)
			names[count++] = settings[i].flag + 2;
	for (unsigned i = 0; i < OWN_COUNT; i++)
		if (command != NULL && (command->flags & (1u << i)) != 0)
			names[count++] = own_flags[i].name;
	near = strings_nearest(name, names, count);
	if (near != NULL)
		problems_add(parser->problems, place, "unknown flag, did you mean --%s?", near);
	else
		problems_add(parser->problems, place, "unknown flag, see schemalatch help");
	free(place);
}

/* The flag's value, from behind '=' or from the next argument; NULL with a problem. */
static const char *take_value(struct parser *parser, const struct flag *flag)
{
	char *place;

	if (flag->value != NULL && *flag->value != '\0')
		return flag->value;
	if (flag->value == NULL && parser->next < parser->count)
		return parser->arguments[parser->next++];
	place = xasprintf("--%s", flag->name);
	problems_add(parser->problems, place, "has no value, expected one");
	free(place);
	return NULL;
}

static void take_timeout(struct parser *parser, const char *value)
{
	parser->options->timeout_ms = duration_parse(value);
	if (parser->options->timeout_ms < 0)
		problems_add(parser->problems, "--timeout",
		    "\"%s\" is not valid, expected a duration with a unit, such as \"5m\"", value);
}

static void take_own_value(struct parser *parser, enum own_flag own, const char *value)
{
	if (value == NULL)
		return;
	strings_add(&parser->options->values[own], value);
	if (own == OWN_TIMEOUT)
		take_timeout(parser, value);
}

/* Flags without value: there is one. */
static void take_own_switch(struct parser *parser, const struct flag *flag)
{
	if (flag->value == NULL)
		parser->options->json = true;
	else
		problems_add(parser->problems, "--json", "takes no value");
}

/* A flag of the command itself. Gives whether it is one. */
static bool take_own(struct parser *parser, const struct flag *flag)
{
	const struct command *command = parser->options->command;

	for (unsigned i = 0; i < OWN_COUNT; i++) {
		if (strcmp(own_flags[i].name, flag->name) != 0 || command == NULL ||
		    (command->flags & (1u << i)) == 0)
			continue;
		if (own_flags[i].takes_value)
			take_own_value(parser, (enum own_flag)i, take_value(parser, flag));
		else
			take_own_switch(parser, flag);
		return true;
	}
	return false;
}

/* A flag of the configuration. Gives whether it is one. */
static bool take_setting(struct parser *parser, const struct flag *flag)
{
	if (parser->options->command != NULL && !parser->options->command->takes_settings)
		return false;
	if (strcmp(flag->name, "config") == 0) {
		parser->options->config_file = take_value(parser, flag);
		return true;
	}
	for (size_t i = 0; settings[i].environment != NULL; i++) {
		if (settings[i].flag == NULL || strcmp(settings[i].flag + 2, flag->name) != 0)
			continue;
		parser->options->settings.values[i] = take_value(parser, flag);
		return true;
	}
	return false;
}

/* What stands behind a mistyped flag is its value, no mistake of its own. */
static void skip_value(struct parser *parser, const struct flag *flag)
{
	if (flag->value == NULL && parser->next < parser->count &&
	    parser->arguments[parser->next][0] != '-')
		parser->next++;
}

static void take_flag(struct parser *parser, const char *argument)
{
	size_t length = strcspn(argument, "=");
	struct flag flag = {
	    .name = xstrndup(argument, length),
	    .value = argument[length] == '=' ? argument + length + 1 : NULL,
	};

	if (!take_own(parser, &flag) && !take_setting(parser, &flag)) {
		problem_unknown(parser, flag.name);
		skip_value(parser, &flag);
	}
	free(flag.name);
}

/* An argument that nobody expected may be a URL behind a mistyped flag: it is told by its number.
 */
static void problem_argument(struct parser *parser, const char *what)
{
	char *place = xasprintf("argument %d", parser->next);

	problems_add(parser->problems, place, "%s", what);
	free(place);
}

static void take_operand(struct parser *parser, const char *argument)
{
	struct options *options = parser->options;
	int most = options->command != NULL ? options->command->operands_max : 0;

	if (options->operand_count < most && options->operand_count < OPERANDS_MAX)
		options->operands[options->operand_count++] = argument;
	else
		problem_argument(parser, "is one too many");
}

static const char *command_word(const char *argument)
{
	static const struct {
		const char *flag;
		const char *command;
	} aliases[] = {{"--help", "help"}, {"-h", "help"}, {"--version", "version"}};

	for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++)
		if (strcmp(argument, aliases[i].flag) == 0)
			return aliases[i].command;
	return argument;
}

static void take_command(struct parser *parser)
{
	const char *names[32];
	size_t count = 0;
	const char *word = command_word(parser->arguments[parser->next++]);
	const char *near;

	parser->options->command = command_find(word);
	if (parser->options->command != NULL)
		return;
	while (commands[count] != NULL && count < 32) {
		names[count] = commands[count]->name;
		count++;
	}
	near = strings_nearest(word, names, count);
	if (near != NULL)
		problems_add(parser->problems, word, "is not a command, did you mean %s?", near);
	else
		problem_argument(parser, "is not a command, see schemalatch help");
}

/* Takes the next argument; gives whether it asks for help, which is given for any command. */
static bool take_argument(struct parser *parser, const char *argument)
{
	if (strcmp(argument, "-h") == 0 || strcmp(argument, "--help") == 0)
		return true;
	if (strncmp(argument, "--", 2) == 0)
		take_flag(parser, argument + 2);
	else if (argument[0] == '-' && argument[1] != '\0')
		problems_add(parser->problems, argument, "unknown flag, see schemalatch help");
	else
		take_operand(parser, argument);
	return false;
}

void options_parse(
    int count, char *const *arguments, struct options *options, struct problems *problems)
{
	struct parser parser = {
	    .arguments = arguments, .count = count, .options = options, .problems = problems};
	const char *file = getenv("SCHEMALATCH_CONFIG");
	bool wants_help = false;

	*options = (struct options){.timeout_ms = -1};
	if (file != NULL && *file != '\0')
		options->config_file = file;
	if (count == 0) {
		problems_add(problems, "schemalatch", "no command, see schemalatch help");
		return;
	}
	take_command(&parser);
	if (options->command == NULL)
		return;
	while (parser.next < count)
		wants_help = take_argument(&parser, arguments[parser.next++]) || wants_help;
	if (wants_help)
		options->command = command_find("help");
}

void options_done(struct options *options)
{
	for (size_t i = 0; i < OWN_COUNT; i++)
		strings_done(&options->values[i]);
}

const char *options_value(const struct options *options, enum own_flag flag)
{
	const struct strings *values = &options->values[flag];

	return values->count > 0 ? values->items[values->count - 1] : NULL;
}

static struct log problem_log(const struct options *options)
{
	const char *format = getenv("SCHEMALATCH_LOG_FORMAT");
	struct log log = {.level = LOG_LEVEL_INFO, .descriptor = STDERR_FILENO};

	/* The configuration that would tell is the one that has the problems. */
	for (size_t i = 0; settings[i].environment != NULL; i++)
		if (settings[i].flag != NULL && strcmp(settings[i].flag, "--log-format") == 0 &&
		    options->settings.values[i] != NULL)
			format = options->settings.values[i];
	log.format = isatty(STDERR_FILENO) ? LOG_FORMAT_TEXT : LOG_FORMAT_JSON;
	if (format != NULL && strcmp(format, "text") == 0)
		log.format = LOG_FORMAT_TEXT;
	else if (format != NULL && strcmp(format, "json") == 0)
		log.format = LOG_FORMAT_JSON;
	return log;
}

void options_tell_problems(const struct options *options, struct problems *problems)
{
	bool container = options->command != NULL && options->command->is_container;
	struct log log = problem_log(options);
	struct text all;

	text_init(&all, 0);
	for (size_t i = 0; i < problems->lines.count; i++) {
		if (container) {
			struct log_line line = log_begin(&log, LOG_LEVEL_ERROR, "config");

			log_end(&line, "%s", problems->lines.items[i]);
		} else {
			fprintf(stderr, "%s\n", problems->lines.items[i]);
		}
		text_addf(&all, "%s%s", i > 0 ? "\n" : "", problems->lines.items[i]);
	}
	if (container)
		termination_message(text_string(&all));
	text_done(&all);
	problems_done(problems);
}

static struct config *load(const struct options *options, enum config_extent extent)
{
	struct problems problems = {0};
	struct config *config =
	    config_load(options->config_file, &options->settings, extent, &problems);

	if (config == NULL)
		options_tell_problems(options, &problems);
	return config;
}

struct config *options_load_config(const struct options *options)
{
	return load(options, CONFIG_WHOLE);
}

struct config *options_load_config_reaching(
    const struct options *options, config_reachable_cb *on_reachable, void *arg)
{
	struct problems problems = {0};
	struct config *config = config_load_reaching(
	    options->config_file, &options->settings, on_reachable, arg, &problems);

	if (config == NULL)
		options_tell_problems(options, &problems);
	return config;
}

struct config *options_load_databases(const struct options *options)
{
	return load(options, CONFIG_WITHOUT_CHECKS);
}
