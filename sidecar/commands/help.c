/* What there is, from the tables that it is made of. */
#include <stdio.h>
#include <string.h>

#include "../../probes/kinds.h"
#include "../config/config.h"
#include "command.h"

static void print_commands(void)
{
	printf("usage: schemalatch COMMAND [FLAGS]\n\ncommands\n");
	for (const struct command *const *command = commands; *command != NULL; command++)
		printf(
		    "  %-8s %-22s %s\n", (*command)->name, (*command)->synopsis, (*command)->help);
}

static void print_settings(void)
{
	printf("\nflags and variables (a flag wins over its variable, a variable over the file)\n");
	printf("  --config FILE\n      SCHEMALATCH_CONFIG\n      the configuration file\n");
	for (const struct setting *setting = settings; setting->environment != NULL; setting++) {
		if (setting->flag != NULL)
			printf("  %s %s\n", setting->flag, setting->value_help);
		printf("%s%s%s%s%s\n      %s%s\n", setting->flag != NULL ? "      " : "  ",
		    setting->environment, setting->flag != NULL ? "" : "=",
		    setting->flag != NULL ? "" : setting->value_help,
		    setting->fallback_environment != NULL ? ", else DATABASE_URL, else libpq's PG*"
							  : "",
		    setting->help, setting->alone ? " (not with a file)" : "");
	}
}

static void print_keys(const char *title, const struct key *keys)
{
	printf("\n%s\n", title);
	for (const struct key *key = keys; key->name != NULL; key++)
		printf("  %-16s %s%s%s%s\n", key->name, key->help,
		    key->fallback != NULL ? " (default " : "",
		    key->fallback != NULL ? key->fallback : "", key->fallback != NULL ? ")" : "");
}

static int run(const struct options *options, struct error *err)
{
	char title[64];

	(void)options;
	(void)err;
	print_commands();
	print_settings();
	print_keys("keys of the file", config_keys);
	print_keys("keys of \"log\"", config_log_keys);
	print_keys("keys of a database", database_keys);
	print_keys("keys of an upstream", upstream_keys);
	print_keys("keys of every check", check_keys);
	for (const struct check_kind *const *kind = check_kinds; *kind != NULL; kind++) {
		snprintf(title, sizeof(title), "keys of a check of kind \"%s\"", (*kind)->name);
		print_keys(title, (*kind)->keys);
	}
	return EXIT_READY;
}

const struct command command_help = {
    .name = "help",
    .synopsis = "",
    .help = "prints this",
    .operands_max = 1,
    .run = run,
};
