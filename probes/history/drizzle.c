/* Drizzle 0.x keeps a journal of its migrations and calls each by the time it was made; 1.0 has a
 * folder for each and calls it by the folder's name. */
#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "../xalloc.h"
#include "hooks.h"
#include "walk.h"

static void add_migration(struct file_reading *reading, const char *id, const char *path)
{
	struct migration migration = {.id = xstrdup(id), .place = xstrdup(path)};
	size_t length;
	char *text = files_text(reading, path, &length);

	if (text != NULL)
		sums_of(SUM_SHA256, text, length, &migration.sums);
	free(text);
	files_add_migration(reading, &migration);
}

static void read_entry(
    struct file_reading *reading, const char *directory, const char *journal, const cJSON *entry)
{
	const cJSON *when = cJSON_GetObjectItemCaseSensitive(entry, "when");
	const cJSON *tag = cJSON_GetObjectItemCaseSensitive(entry, "tag");
	char id[24];
	char *path;

	if (!cJSON_IsNumber(when) || !cJSON_IsString(tag) || when->valuedouble < 0 ||
	    when->valuedouble > 9e15 || floor(when->valuedouble) < when->valuedouble) {
		problems_add(reading->problems, journal,
		    "an entry has no whole number \"when\" and no string \"tag\", expected both");
		return;
	}
	path = xasprintf("%s/%s.sql", directory, tag->valuestring);
	snprintf(id, sizeof(id), "%.0f", when->valuedouble);
	add_migration(reading, id, path);
	free(path);
}

static void read_journal(struct file_reading *reading, const char *directory, const char *journal)
{
	size_t length;
	char *text = files_text(reading, journal, &length);
	cJSON *document = text != NULL ? cJSON_ParseWithLength(text, length) : NULL;
	const cJSON *entries = cJSON_GetObjectItemCaseSensitive(document, "entries");
	const cJSON *entry;

	if (text != NULL && !cJSON_IsArray(entries))
		problems_add(reading->problems, journal,
		    "is no journal of Drizzle, expected an object with an array \"entries\"");
	cJSON_ArrayForEach(entry, entries)
	{
		read_entry(reading, directory, journal, entry);
	}
	cJSON_Delete(document);
	free(text);
}

static void read_folders(struct file_reading *reading, const char *directory)
{
	struct strings names = {0};
	struct error err;
	struct stat status;

	reading->release->uses_other_ids = true;
	if (walk_list(directory, WALK_FOLDERS, walk_is_shown, &names, &err) < 0)
		problems_add(reading->problems, reading->place, "the directory \"%s\" %s",
		    directory, err.text);
	for (size_t i = 0; i < names.count; i++) {
		char *path = xasprintf("%s/%s/migration.sql", directory, names.items[i]);

		if (stat(path, &status) == 0)
			add_migration(reading, names.items[i], path);
		free(path);
	}
	strings_done(&names);
}

void drizzle_directory(struct file_reading *reading, const char *directory)
{
	char *journal = xasprintf("%s/meta/_journal.json", directory);
	struct stat status;

	if (stat(journal, &status) == 0)
		read_journal(reading, directory, journal);
	else
		read_folders(reading, directory);
	free(journal);
}

void drizzle_list(struct release *release)
{
	for (size_t i = 0; i < release->count; i++)
		if (!id_is_number(release->migrations[i].id))
			release->uses_other_ids = true;
}

enum { STAMP_LENGTH = 14 };

/* What a name of 1.0 begins with, made of milliseconds since 1970 as text; false where the time is
 * none of these years. */
static bool stamp_of(const char *milliseconds, char stamp[STAMP_LENGTH + 1])
{
	time_t seconds = (time_t)(strtoll(milliseconds, NULL, 10) / 1000);
	struct tm utc;

	return gmtime_r(&seconds, &utc) != NULL &&
	       strftime(stamp, STAMP_LENGTH + 1, "%Y%m%d%H%M%S", &utc) == STAMP_LENGTH;
}

struct stamped {
	const struct release *release;
	const char *stamp;
};

static const char *name_at(const struct release *release, size_t rank)
{
	return release->migrations[release->by_id[rank]].id;
}

static int compare_stamp(const void *key, size_t rank)
{
	const struct stamped *stamped = key;

	return strncmp(stamped->stamp, name_at(stamped->release, rank), STAMP_LENGTH);
}

const char *drizzle_resolve(const struct release *release, const char *id)
{
	char stamp[STAMP_LENGTH + 1];
	const struct stamped stamped = {release, stamp};
	size_t rank;

	if (!release->uses_other_ids || !id_is_number(id) || !stamp_of(id, stamp))
		return id;
	rank = ids_search(&stamped, release->count, compare_stamp);
	if (rank == SIZE_MAX || (rank > 0 && compare_stamp(&stamped, rank - 1) == 0) ||
	    (rank + 1 < release->count && compare_stamp(&stamped, rank + 1) == 0))
		return id;
	return name_at(release, rank);
}
