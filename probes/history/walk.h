/*
 * Reading a migrations directory: which files are in it, and what is in a file. Both follow links,
 * as volumes of Kubernetes need it. May block (files). Any thread.
 */
#ifndef SCHEMALATCH_HISTORY_WALK_H
#define SCHEMALATCH_HISTORY_WALK_H

#include <stdbool.h>
#include <stddef.h>

#include "../error.h"
#include "../strings.h"

enum walk_what { WALK_FILES, WALK_FOLDERS };

/*
 * Fills names (empty before), in byte order, with what directory holds and accept takes: its
 * directories, or all else. A link counts as what it leads to, and one that leads nowhere as a
 * file: whoever reads it finds out and can name it. Returns 0, or -1 with err saying why the
 * directory cannot be read.
 */
int walk_list(const char *directory, enum walk_what what, bool (*accept)(const char *name),
    struct strings *names, struct error *err) __attribute__((warn_unused_result));

/* Accepts what does not begin with a dot: editors leave such names, and so does Kubernetes. */
bool walk_is_shown(const char *name);

/* DIRECTORY/NAME. free() releases it. */
char *walk_path(const char *directory, const char *name);

/* Opens a directory for walk_read_at; close() closes it. -1 with errno. */
int walk_open(const char *directory);

/*
 * Reads a file whole into *text (free() releases it) and *length; a NUL follows the last byte.
 * Returns 0, or -1 with err where it cannot be read, is no regular file, or has more than
 * limit_bytes; *text is NULL then. A pipe is refused, not waited for.
 */
int walk_read(const char *path, size_t limit_bytes, char **text, size_t *length, struct error *err)
    __attribute__((warn_unused_result));

/* The same by its name in an open directory: of thousands of files, without the way to each. */
int walk_read_at(int directory, const char *name, size_t limit_bytes, char **text, size_t *length,
    struct error *err) __attribute__((warn_unused_result));

#endif
