/*
 * Configuration keys as data: a table says name, type, bounds, default and help of each key of one
 * JSON object, and where its value goes in a struct. Reading, printing, --help and the test of the
 * README all work from the table. Pure.
 */
#ifndef SCHEMALATCH_KEYS_H
#define SCHEMALATCH_KEYS_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "json_place.h"
#include "problems.h"
#include "strings.h"

enum key_type {
	KEY_STRING,   /* char *, owned; NULL where absent and without default */
	KEY_BOOL,     /* bool */
	KEY_DURATION, /* int64_t, milliseconds */
	KEY_INTEGER,  /* int64_t */
	KEY_CHOICE,   /* int: index into choices; -1: absent without default, or not valid */
	KEY_SET, /* unsigned: bit i for choices[i]; an array of names in JSON. The default is one
		    name; without one, all of them */
	KEY_STRINGS, /* struct strings; an array of strings, or one string. "" stands where a
			problem was told */
	KEY_AMOUNT,  /* struct amount: a whole number, or a share such as "1%" */
	KEY_NESTED,  /* whoever owns the table reads it; keys_read only knows that it exists */
};

struct amount {
	double value; /* a number, or per cent */
	bool is_share;
};

struct key {
	const char *name;
	enum key_type type;
	size_t offset;        /* of the member in the struct that the table fills */
	const char *fallback; /* default, written as in the file without quotes; NULL: none */
	int64_t least;        /* KEY_DURATION, in milliseconds, KEY_INTEGER: bounds */
	int64_t most;
	const char *const *choices; /* KEY_CHOICE, KEY_SET: ends in NULL */
	bool required;              /* its absence is a problem */
	bool identifier;            /* KEY_STRING: a name in the database, bounded as these are */
	bool labelled;        /* KEY_STRINGS: may be an object of strings, "name=value" each */
	bool is_path;         /* KEY_STRING, KEY_STRINGS: files or directories that are read */
	bool secret;          /* never printed */
	bool may_hold_secret; /* KEY_STRING: a URL, printed without its secret parts */
	const char *help;
};

/* One table, ended by a key without name, and the struct that it fills, or shows. */
struct key_target {
	const struct key *keys;
	void *values;
};

struct key_source {
	const struct key *keys;
	const void *values;
};

/* Adds a problem for each member of object that is none of names, naming the nearest, and for each
 * known one that stands there twice (cJSON would take the first in silence). */
void keys_find_strangers(const cJSON *object, const struct json_place *place,
    const char *const *names, size_t count, struct problems *problems);

/*
 * Reads object into the targets' structs, which start zeroed; absent keys get their defaults. All
 * targets together are what the object may hold: any other key is a problem that names the nearest
 * known one, and so are repeated keys, wrong types and values out of bounds. Strings are copied.
 */
void keys_read(const cJSON *object, const struct json_place *place,
    const struct key_target *targets, size_t target_count, struct problems *problems);

/* Adds what the sources hold to object, secrets as "***". hide (may be NULL) gives the printable
 * form of a string that may hold a secret; free() releases it. */
void keys_print(cJSON *object, const struct key_source *sources, size_t source_count,
    char *(*hide)(const char *value));

/* Adds the files and directories that values name in keys with is_path. */
void keys_paths(const struct key *keys, const void *values, struct strings *paths);

/* Frees what keys_read put into values. */
void keys_free(const struct key *keys, void *values);

/* "250ms", "10s", "5m", "1h" into milliseconds; -1 where it is not a duration. The number may have
 * a decimal fraction; the unit is required, except for 0. */
int64_t duration_parse(const char *text);

/* Milliseconds as a person writes them, "1m30s"; borrows and returns buffer. */
const char *duration_format(int64_t milliseconds, char *buffer, size_t size);

#endif
