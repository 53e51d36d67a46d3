/*
 * The configuration: loaded whole, with all its problems, by one thread at a time (cJSON), and
 * immutable after. A reload makes another one; whoever works by one holds a reference to it.
 */
#ifndef SCHEMALATCH_CONFIG_CONFIG_H
#define SCHEMALATCH_CONFIG_CONFIG_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

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
	char *state_directory; /* or NULL */
	struct database *databases;
	size_t database_count; /* with an upstream, there may be none */
	struct upstream *upstreams;
	size_t upstream_count;
	struct digest digest; /* of all that it was read from; of meaning.h, zero before */
	uint64_t generation;  /* counts reloads; whoever reloads sets it before others see it */
	atomic_uint references;
};

/* How much is looked at: a command that asks something else needs no check, and may well be there
 * to write the file that a check names. */
enum config_extent { CONFIG_WHOLE, CONFIG_WITHOUT_CHECKS };

extern const struct key config_keys[];
extern const struct key config_log_keys[];

/*
 * Loads the file (NULL: none), variables and flags. Gives the configuration with one reference;
 * NULL when problems were added. May block (files).
 */
struct config *config_load(const char *file, const struct setting_flags *flags,
    enum config_extent extent, struct problems *problems);

/* Where nothing is wrong so far, and all is known but what is in the files that checks name: their
 * databases may be reached already, while no check can be asked. */
typedef void config_reachable_cb(struct config *config, void *arg);

/* config_load of all, calling on_reachable once on the way, unless there were problems before. It
 * may share config; when NULL is given after all, that is not to be used any further. */
struct config *config_load_reaching(const char *file, const struct setting_flags *flags,
    config_reachable_cb *on_reachable, void *arg, struct problems *problems);

/* config_load; fills paths with the files and directories that it is read from, also where it
 * cannot be. */
struct config *config_load_from(const char *file, const struct setting_flags *flags,
    enum config_extent extent, struct strings *paths, struct problems *problems);

/* One more reference; ends one, and with the last one the configuration (NULL allowed). Any thread.
 */
struct config *config_share(struct config *config);
void config_free(struct config *config);

/* Whether every gate answers 200 by it, whatever was found. */
bool config_opens_gates(const struct config *config);

/* The listen address alone, for a command that asks the running sidecar: nothing else of the
 * configuration is looked at, no other file is read. */
void config_load_address(const char *file, const struct setting_flags *flags,
    struct listen_address *address, struct problems *problems);

/* The configuration in effect as JSON, secrets hidden. free() releases it. */
char *config_print(const struct config *config);

#endif
