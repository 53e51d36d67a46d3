/*
 * Settings outside the file: variables and flags, one row each, and where their value goes in the
 * configuration document. Main thread.
 */
#ifndef SCHEMALATCH_CONFIG_SETTINGS_H
#define SCHEMALATCH_CONFIG_SETTINGS_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "../../probes/json_place.h"
#include "../../probes/problems.h"

struct setting {
	const char *environment;
	const char *fallback_environment; /* of the application; read where the first is not set */
	const char *flag;                 /* with its dashes; NULL: none */
	const char *pointer;              /* of the part of the document that it makes */
	bool alone; /* describes the one database of a start without file: an error beside one */
	/* Puts value into the document; NULL: as a string at pointer. */
	void (*apply)(
	    cJSON *document, const char *name, const char *value, struct problems *problems);
	const char *value_help;
	const char *help;
};

/* Ends in a row without environment. */
extern const struct setting settings[];

#define SETTINGS_MAX 16

/* The values of flags, one a row of the table, NULL where not given. */
struct setting_flags {
	const char *values[SETTINGS_MAX];
};

/*
 * Puts flags and environment over document, which came from a file (has_file) or is empty. Fills
 * origins (SETTINGS_MAX + 1 places, ended by pointer NULL) with what came from where; borrows from
 * the table. Variables that begin with SCHEMALATCH_ and mean nothing are problems.
 */
void settings_apply(cJSON *document, bool has_file, const struct setting_flags *flags,
    struct json_origin *origins, struct problems *problems);

#endif
