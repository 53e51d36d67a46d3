/* Flyway's names of files, as its table has them. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "../xalloc.h"
#include "hooks.h"

/* The column of descriptions takes 200 characters; longer ones end in "...". */
#define DESCRIPTION_MAX 200
#define DESCRIPTION_KEPT 197

static void replace(char *text, char old, char new)
{
	for (; *text != '\0'; text++)
		if (*text == old)
			*text = new;
}

static size_t character_count(const char *text)
{
	size_t count = 0;

	for (; *text != '\0'; text++)
		count += ((unsigned char)*text & 0xC0) != 0x80;
	return count;
}

/* Where the character of that number begins. */
static size_t offset_of(const char *text, size_t number)
{
	size_t offset = 0;

	for (size_t i = 0; i < number && text[offset] != '\0'; i++) {
		offset++;
		while (((unsigned char)text[offset] & 0xC0) == 0x80)
			offset++;
	}
	return offset;
}

static char *description_id(const char *words)
{
	char *description = xstrdup(words);
	char *id;

	replace(description, '_', ' ');
	if (character_count(description) <= DESCRIPTION_MAX)
		id = xasprintf("R:%s", description);
	else
		id = xasprintf(
		    "R:%.*s...", (int)offset_of(description, DESCRIPTION_KEPT), description);
	free(description);
	return id;
}

void flyway_adjust(struct migration *migration, const char *name)
{
	char *id;

	if (*name == 'R') {
		id = description_id(migration->id);
		free(migration->id);
		migration->id = id;
		return;
	}
	replace(migration->id, '_', '.');
	migration->is_optional = *name == 'B';
}

/* Whether an ordinary migration of the release has the version of that baseline. */
static bool has_version(const struct release *release, const char *version)
{
	for (size_t i = 0; i < release->count; i++)
		if (release->migrations[i].id != NULL && !release->migrations[i].is_optional &&
		    id_compare_versions(release->migrations[i].id, version) == 0)
			return true;
	return false;
}

void flyway_finish(struct release *release)
{
	size_t kept = 0;

	for (size_t i = 0; i < release->count; i++) {
		struct migration *migration = &release->migrations[i];

		if (migration->is_optional && has_version(release, migration->id))
			migration_done(migration);
	}
	for (size_t i = 0; i < release->count; i++)
		if (release->migrations[i].id != NULL)
			release->migrations[kept++] = release->migrations[i];
	release->count = kept;
}
