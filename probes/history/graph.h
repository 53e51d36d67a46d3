/*
 * The graph engine: a history whose table holds only the heads of what is applied (Alembic). Nodes
 * are revisions, edges lead to what a revision builds on.
 *
 * Facts: migration-tool behaviour as read in Alembic 1.8 to 1.20 (`script/revision.py`,
 * `runtime/migration.py`) and tried with the real program.
 *
 * Built by one thread; once linked it is never changed, and any thread may read it. Pure.
 */
#ifndef SCHEMALATCH_HISTORY_GRAPH_H
#define SCHEMALATCH_HISTORY_GRAPH_H

#include <stdbool.h>
#include <stddef.h>

#include "../problems.h"
#include "../strings.h"
#include "../text.h"

/* Where a revision stands, for problems. Borrowed until graph_link, which is the last to tell any:
 * of thousands of files, no path is put together but for that. */
struct origin {
	const char *directory; /* NULL: file says it all */
	const char *file;      /* NULL: an entry of a list, and line is its number */
};

/* One revision as its file describes it. */
struct revision {
	char *id;
	struct strings down;    /* ids it follows; empty: a base */
	struct strings depends; /* ids or labels it needs besides */
	struct strings labels;  /* names of its branch */
	struct origin origin;
	unsigned long line; /* there; 0: the whole */
};

struct graph;

/* The place of a line of it, as problems name places; whole is that of the history. free()
 * releases it. */
char *origin_place(const struct origin *origin, unsigned long line, const char *whole);

/* An empty graph; graph_free releases it (NULL allowed). */
struct graph *graph_create(void);
void graph_free(struct graph *graph);

/* Adds what revision holds: takes its strings and leaves it empty. */
void graph_add(struct graph *graph, struct revision *revision);

/* Adds, in their order, those of count revisions that have an id; takes the array, from calloc. */
void graph_add_all(struct graph *graph, struct revision *revisions, size_t count);

/*
 * Call once after the last graph_add: resolves ids and labels (in depends_on a branch label stands
 * for the very revision that carries it, as in Alembic), finds the real heads, and reports ids and
 * labels given twice, unknown ids, and cycles. place names the whole history for problems that
 * belong to no one file. Where it reports problems, the graph is good for graph_free only.
 */
void graph_link(struct graph *graph, const char *place, struct problems *problems);

size_t graph_count(const struct graph *graph);

/* The real heads: no other revision builds on them, by down_revision or depends_on. Borrowed. */
const struct strings *graph_heads(const struct graph *graph);

/* Adds a line "ID <- PARENT PARENT" a revision, each after what it builds on: the list that
 * alembic_read_list makes the same graph of. */
void graph_print(const struct graph *graph, struct text *text);

/* What the rows of the version table say about the graph. Free with graph_reading_done. */
struct graph_reading {
	struct strings unknown; /* rows that no revision of ours has */
	struct strings
	    missing;        /* our revisions that are not applied, each after what it builds on */
	size_t known_count; /* rows that are ours */
	bool heads_covered; /* every real head is applied */
	/* A row is a proper ancestor of a head that is not applied, so that this head cannot have
	 * been reached another way: what has descendants applied is no row any more. (Alembic
	 * breaks that rule only when it downgrades past a revision of whose parents one is above
	 * another, and then refuses to upgrade.) */
	bool missing_is_certain;
};

/* Rows are whole ids; a label or a part of an id is unknown. Time and memory grow with the graph.
 */
struct graph_reading graph_read(const struct graph *graph, const struct strings *rows);
void graph_reading_done(struct graph_reading *reading);

/* Frees what revision owns and zeroes it. */
void revision_done(struct revision *revision);

#endif
