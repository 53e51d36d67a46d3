/*
 * A release's migrations from its directories: which files are migrations and what their ids are,
 * by a rule that each tool has. Names that begin with a dot are never migrations (editors, and the
 * folders that Kubernetes keeps beside the links of a volume); links are followed, and a directory
 * that can be reached twice is read once. May block (files); main thread.
 */
#ifndef SCHEMALATCH_HISTORY_FILES_H
#define SCHEMALATCH_HISTORY_FILES_H

#include <stdbool.h>
#include <stddef.h>

#include "../problems.h"
#include "../strings.h"
#include "../text.h"
#include "release.h"
#include "sums.h"

struct history_tool;

enum file_shape {
	FILES_FLAT,      /* files of the directory itself */
	FILES_RECURSIVE, /* and of all below it */
	FILES_FOLDERS    /* each directory in it is a migration */
};

/* While the directories of a release are read. */
struct file_reading {
	const struct history_tool *tool;
	struct release *release;
	struct problems *problems;
	const char *place;     /* of the configuration's value */
	const char *directory; /* whose files are considered now; NULL: none in particular */
	int opened;            /* the same, or -1 */
	const char *label;     /* what "LABEL=DIRECTORY" says of this directory; else NULL */
	size_t found;          /* migrations in it so far */
	struct patterns *patterns;
	struct visited *visited;
};

struct file_rule {
	enum file_shape shape;
	const char *accept;  /* extended regular expression; the first group that takes part is the
				id. NULL: directory reads all by itself */
	const char *exclude; /* names that are none all the same; may be NULL */
	const char *demand;  /* names that the tool itself refuses unless they are accepted, so that
				passing over them would hide a mistake; may be NULL */
	const char *holds;   /* FILES_FOLDERS: the file that makes a directory a migration */
	bool must_hold;      /* and whether one without it is a mistake */
	const char *shown;   /* what names look like, for people */
	bool has_labels;     /* directories are given as "LABEL=DIRECTORY" */
	bool includes;       /* a file is given, and names others beside it */
	enum sum_kind sum;   /* what of the file stands in the table's checksum */

	/* adjust and content may run on any thread, beside others of other files: they change
	 * nothing but the reading and the migration that they are given. */

	/* What else a name says: may change the migration. */
	void (*adjust)(struct migration *migration, const char *name);

	/* What a file's text says: adds the migrations itself. id: as by accept. text: length
	 * bytes and a NUL. */
	void (*content)(struct file_reading *reading, const char *path, const char *id,
	    const char *text, size_t length);

	/* Reads directory in place of the walker, and adds the migrations itself. */
	void (*directory)(struct file_reading *reading, const char *directory);

	/* When all is read, before it is linked. */
	void (*finish)(struct release *release);
};

/* Adds the path that value, of the configuration, stands for: what is read of it, whole folders
 * where files include others beside them. */
void files_add_input(const struct history_tool *tool, const char *value, struct strings *paths);

/* Adds a migration of that id that path stands for, and counts it. */
void files_add(struct file_reading *reading, const char *id, const char *path);
void files_add_migration(struct file_reading *reading, struct migration *migration);

/* Reads a file whole, as walk_read does, or adds the problem and gives NULL. free() releases it. */
char *files_text(struct file_reading *reading, const char *path, size_t *length);

/* What the engines that judge a release have in common; see struct history_engine. */
void *release_read_directories(const struct history_tool *tool, const struct strings *directories,
    const char *place, struct problems *problems);
void *release_read_items(const struct history_tool *tool, const struct strings *items,
    const char *place, struct problems *problems);
void release_print_items(const void *release, struct text *text);
void release_forget(void *release);
extern const char *const release_columns[];

#endif
