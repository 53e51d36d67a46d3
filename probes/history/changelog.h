/*
 * Liquibase's changelogs as trees, whatever they are written in: XML, YAML or JSON becomes a cJSON
 * object {"databaseChangeLog": [{"changeSet": {…}}, {"include": {…}} …]}, as JSON and YAML
 * changelogs have it by themselves. Nothing is run, no entity or alias is followed, nothing is
 * fetched. Takes any bytes. Main thread; pure.
 *
 * Expat and libyaml do the parsing: both are small, and reading either language by rules of our own
 * would misread what these do not.
 */
#ifndef SCHEMALATCH_HISTORY_CHANGELOG_H
#define SCHEMALATCH_HISTORY_CHANGELOG_H

#include <cjson/cJSON.h>
#include <stddef.h>

#include "../error.h"

/* Of a mapping or element: the line that it began in, where the language has lines. */
#define CHANGELOG_LINE "@line"

/*
 * The tree of length bytes of text, which a NUL follows; cJSON_Delete releases it. NULL with err,
 * which begins with the line where there is one ("12: …"). A YAML scalar that could mean another
 * text than it shows (a number with leading zeros, a date, yes) is of type cJSON_Raw.
 */
cJSON *changelog_from_xml(const char *text, size_t length, struct error *err);
cJSON *changelog_from_yaml(const char *text, size_t length, struct error *err);
cJSON *changelog_from_json(const char *text, size_t length, struct error *err);

#endif
