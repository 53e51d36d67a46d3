/*
 * Reads Alembic's revision files without running them: the four module-level names revision,
 * down_revision, branch_labels and depends_on, as literals. What is not a literal is a problem that
 * names file and line and what to configure instead. May block (files); main thread.
 */
#ifndef SCHEMALATCH_HISTORY_ALEMBIC_H
#define SCHEMALATCH_HISTORY_ALEMBIC_H

#include <stddef.h>

#include "../problems.h"
#include "../strings.h"
#include "graph.h"

/*
 * Parses one file's text (length bytes, any bytes) into *revision, which revision_done frees in
 * every case. origin is where it is; the stem of the file is the id where the text names none and
 * the stem is all lower-case hex digits. An id may have any length: the 32 characters of Alembic's
 * own table are no limit where the column was widened. Returns 0, or -1 when problems were added.
 * Pure.
 */
int alembic_parse(const char *text, size_t length, const struct origin *origin,
    struct revision *revision, struct problems *problems);

/*
 * Reads all revision files of the directories (flat, every *.py but __init__*, .#* and ..*) into a
 * linked graph. place names the configuration's value for problems. A directory that is missing,
 * unreadable or without any such file is a problem, and so is a file of more than 4 MiB. Gives the
 * graph, graph_free releases it; NULL when there were problems.
 */
struct graph *alembic_read_directories(
    const struct strings *directories, const char *place, struct problems *problems);

/*
 * The same from a list instead of files: each item is "ID" or "ID <- PARENT PARENT…". Without any
 * parents each id is a head.
 */
struct graph *alembic_read_list(
    const struct strings *items, const char *place, struct problems *problems);

#endif
