#include "command.h"

#include <string.h>

extern const struct command command_capture;
extern const struct command command_check;
extern const struct command command_config;
extern const struct command command_help;
extern const struct command command_manifest;
extern const struct command command_probe;
extern const struct command command_serve;
extern const struct command command_version;
extern const struct command command_wait;

const struct command *const commands[] = {
    &command_capture,
    &command_check,
    &command_config,
    &command_help,
    &command_manifest,
    &command_probe,
    &command_serve,
    &command_version,
    &command_wait,
    NULL,
};

const struct command *command_find(const char *name)
{
	for (const struct command *const *command = commands; *command != NULL; command++)
		if (strcmp((*command)->name, name) == 0)
			return *command;
	return NULL;
}
