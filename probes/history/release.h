/*
 * What a release expects of a history that has a row for each migration, or one for the last: its
 * migrations by id. Read from its files or from a list; once linked it is never changed, and any
 * thread may read it.
 */
#ifndef SCHEMALATCH_HISTORY_RELEASE_H
#define SCHEMALATCH_HISTORY_RELEASE_H

#include <stdbool.h>
#include <stddef.h>

#include "../problems.h"
#include "../strings.h"
#include "../text.h"

struct history_tool;

struct migration {
	char *id;                /* in the tool's own notation, as its SQL gives them */
	char *place;             /* file or entry, for problems; may be NULL */
	struct strings sums;     /* any of these is right as its checksum; empty: not known */
	struct strings replaces; /* ids that it stands for once all of them are applied (Django) */
	bool is_optional;        /* known, but need not be applied (a checkpoint of Atlas) */
};

struct release {
	const struct history_tool *tool;
	struct migration *migrations; /* once linked: in the tool's order */
	size_t count;
	size_t capacity;
	size_t *by_id;       /* once linked: indices in the order of the tool's comparison */
	struct strings also; /* once linked: ids that some migration replaces, in that order too */
	bool uses_other_ids; /* the release names its migrations as the SQL's column "other" does */
};

/* An empty release; release_free releases it (NULL allowed). */
struct release *release_create(const struct history_tool *tool);
void release_free(struct release *release);

/* Adds what migration holds: takes its strings and leaves it empty. */
void release_add(struct release *release, struct migration *migration);

/* Moves the migrations of more, not linked yet and zeroed before its first, to the end of release;
 * more is zeroed again. */
void release_append(struct release *release, struct release *more);

/*
 * Call once after the last release_add: puts the migrations in order, and reports ids that are
 * there twice, are no id of the tool or could not be shown. place names the whole for problems.
 */
void release_link(struct release *release, const char *place, struct problems *problems);

/* The index of the migration of that id, or SIZE_MAX. */
size_t release_find(const struct release *release, const char *id);

/* Whether a migration of the release replaces that id. */
bool release_replaces(const struct release *release, const char *id);

/* Whether some id of the release has the same scope (see struct history_tool) as this one. */
bool release_has_scope(const struct release *release, const char *id);

/*
 * The release of a list: each item is an id, behind a tab "sum=CHECKSUM", "replaces=ID ID" or
 * "optional", any number of these with tabs between them. Gives the linked release, or NULL with
 * problems.
 */
struct release *release_read_list(const struct history_tool *tool, const struct strings *items,
    const char *place, struct problems *problems);

/* Adds the lines of a list that release_read_list reads as this release. */
void release_print(const struct release *release, struct text *text);

void migration_done(struct migration *migration);

#endif
