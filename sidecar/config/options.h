/* The command line. Main thread; pure but for the environment. */
#ifndef SCHEMALATCH_CONFIG_OPTIONS_H
#define SCHEMALATCH_CONFIG_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "../../probes/problems.h"
#include "config.h"
#include "settings.h"

struct command;

/* Flags that belong to a command, not to the configuration. */
enum own_flag {
	OWN_DATABASE,
	OWN_JSON,
	OWN_PRIVILEGES_OF,
	OWN_SCHEMA,
	OWN_TABLE,
	OWN_TIMEOUT,
	OWN_WITHOUT,
	OWN_COUNT
};

#define OPERANDS_MAX 64

struct options {
	const struct command *command; /* NULL: none was named */
	const char *config_file;       /* --config, else SCHEMALATCH_CONFIG, else NULL */
	struct setting_flags settings;
	bool json;
	int64_t timeout_ms;               /* -1: none */
	struct strings values[OWN_COUNT]; /* of the flags that take a value, as often as given */
	const char *operands[OPERANDS_MAX];
	int operand_count;
};

/* Parses the arguments behind the program's name; borrows them. Problems name the flag. */
void options_parse(
    int count, char *const *arguments, struct options *options, struct problems *problems);

/* Frees what options_parse filled. */
void options_done(struct options *options);

/* The last value that was given, or NULL. */
const char *options_value(const struct options *options, enum own_flag flag);

/* Loads the configuration that the options name; NULL with all problems on standard error, as log
 * lines for a command that is a container's, as plain lines else. config_free releases it. */
struct config *options_load_config(const struct options *options);

/* The same, calling on_reachable on the way; see config_load_reaching. */
struct config *options_load_config_reaching(
    const struct options *options, config_reachable_cb *on_reachable, void *arg);

/* The same for a command that needs the databases alone: no check of it is looked at. */
struct config *options_load_databases(const struct options *options);

/* Tells problems in the same way, and frees them. */
void options_tell_problems(const struct options *options, struct problems *problems);

#endif
