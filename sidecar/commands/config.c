/* Checks the configuration and prints it in effect. */
#include "../config/config.h"

#include <stdio.h>
#include <stdlib.h>

#include "command.h"

static int run(const struct options *options, struct error *err)
{
	struct config *config = options_load_config(options);
	char *text;

	(void)err;
	if (config == NULL)
		return EXIT_USAGE;
	text = config_print(config);
	printf("%s\n", text);
	free(text);
	config_free(config);
	return EXIT_READY;
}

const struct command command_config = {
    .name = "config",
    .synopsis = "",
    .help = "checks the configuration and prints it in effect, secrets hidden",
    .takes_settings = true,
    .run = run,
};
