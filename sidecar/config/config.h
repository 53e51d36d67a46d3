/*
 * The configuration: loaded whole, with all its problems, before any thread starts; immutable
 * after.
 */
#ifndef SCHEMALATCH_CONFIG_CONFIG_H
#define SCHEMALATCH_CONFIG_CONFIG_H

#include <stddef.h>

#include "../../probes/keys.h"
#include "../../probes/problems.h"
#include "../log.h"
#include "database.h"
#include "settings.h"
#include "upstream.h"

enum mode { MODE_GATE, MODE_OBSERVE };

/* Their names in configuration, ending in NULL. */
extern const char *const mode_names[];

struct listen_address {
	char host[256]; /* empty: every address, IPv6 and IPv4 */
	char port[8];
};

struct config {
	char *listen;
	struct listen_address address; /* listen, taken apart */
	int mode;
	char *disabled; /* the reason, or NULL */
	int log_level;
	int log_format;
	struct database *databases;
	size_t database_count; /* with an upstream, there may be none */
	struct upstream *upstreams;
	size_t upstream_count;
};

extern const struct key config_keys[];
extern const struct key config_log_keys[];

/*
 * Loads the file (NULL: none), variables and flags. Gives the configuration, config_free releases
 * it; NULL when problems were added. May block (files).
 */
struct config *config_load(
    const char *file, const struct setting_flags *flags, struct problems *problems);
void config_free(struct config *config);

/* The listen address alone, for a command that asks the running sidecar: nothing else of the
 * configuration is looked at, no other file is read. */
void config_load_address(const char *file, const struct setting_flags *flags,
    struct listen_address *address, struct problems *problems);

/* The configuration in effect as JSON, secrets hidden. free() releases it. */
char *config_print(const struct config *config);

#endif
