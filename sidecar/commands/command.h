/* A command of the program: one file each, one const entry in it, one row in commands.c. */
#ifndef SCHEMALATCH_COMMANDS_COMMAND_H
#define SCHEMALATCH_COMMANDS_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

#include "../../probes/error.h"
#include "../config/options.h"

enum exit_code {
	EXIT_READY = 0,
	EXIT_NOT_READY = 1,
	EXIT_USAGE = 2,   /* or configuration */
	EXIT_UNKNOWN = 3, /* or no answer */
	EXIT_INTERNAL = 4 /* cannot listen, or a failure of our own */
};

struct command {
	const char *name;
	const char *synopsis; /* what stands behind the name */
	const char *help;     /* one line */
	unsigned flags;       /* bit per enum own_flag */
	int operands_max;
	bool takes_settings; /* of the configuration */
	bool is_container;   /* runs as a container's main process: its end leaves a message */

	/* Gives the exit code, with err filled wherever that is EXIT_INTERNAL. */
	int (*run)(const struct options *options, struct error *err);
};

/* All commands by name, ending in NULL. */
extern const struct command *const commands[];

const struct command *command_find(const char *name);

#endif
