/*
 * Migration tools: one row of a table each, judged by one of three engines. A row says where the
 * tool keeps its history and how to read it, how its files name migrations and how ids compare; an
 * engine says what a history of that shape means. What a row cannot say is a hook in a file named
 * for the tool.
 *
 * Facts are read in the tools' own sources and tried with the real tool where it can be had; the
 * README's table says which.
 */
#ifndef SCHEMALATCH_HISTORY_TOOL_H
#define SCHEMALATCH_HISTORY_TOOL_H

#include <libpq-fe.h>
#include <stdbool.h>

#include "../check.h"
#include "../problems.h"
#include "../strings.h"
#include "../verdict.h"
#include "files.h"
#include "ids.h"
#include "locks.h"

enum history_rule { RULE_AT_LEAST, RULE_EXACT };
enum unknown_policy { UNKNOWN_EVIDENCE, UNKNOWN_READY, UNKNOWN_NOT_READY };

struct history_tool;

/* Everything that a judge may use. */
struct history_question {
	const struct history_tool *tool;
	const void *expected; /* what the engine made of the release's files */
	const PGresult *rows; /* of the tool's SQL */
	const char *table;    /* where they came from, for people */
	enum history_rule rule;
	enum unknown_policy unknown_policy;
	struct check_memory *memory;
	const struct round_facts *facts;
};

struct history_engine {
	/* What this release expects, from its files or from a list of ids; NULL with problems
	 * added. May block (files); main thread. free releases it (NULL allowed). */
	void *(*read_directories)(const struct history_tool *tool,
	    const struct strings *directories, const char *place, struct problems *problems);
	void *(*read_list)(const struct history_tool *tool, const struct strings *ids,
	    const char *place, struct problems *problems);
	void (*free)(void *expected);

	/* Adds it as the lines of a list that read_list makes the same of. Pure. */
	void (*print)(const void *expected, struct text *text);

	/* Pure. columns: what it needs of the SQL's answer; ends in NULL. */
	const char *const *columns;
	struct verdict (*judge)(const struct history_question *question);

	bool leaves_open; /* the table may not tell: the policy on unknown revisions has a use */
};

/*
 * The SQL gives one row for each record of the history, all columns text:
 *   id     the migration, in the tool's own notation
 *   st     A applied, F failed or unfinished, X reverted, B baseline (what is not above it counts
 *          as applied), R repeatable; of several rows with one id the last stands
 *   ord    when or in which order it was recorded, NULL where the table does not know
 *   sum    its checksum, NULL where there is none
 *   other  Drizzle only: what a release of the other file format calls it
 * "{table}" and "{schema}" stand for the quoted names. The graph engine needs id alone.
 */
struct history_tool {
	const char *name;
	const char *default_schema; /* NULL: the tool goes by the connection */
	const char *default_table;
	const char *const *columns; /* that identify its table: "name", or "name:C" with the
				       category of its type in pg_type; ends in NULL */
	const char *sql;
	const char *advice; /* the tool's own command that applies what is pending */
	const char *repair; /* and the one to go on with after a failure */
	const struct history_engine *engine;
	id_compare *compare;
	id_check *is_id;        /* what an entry of a list can be */
	const char *id_shown;   /* and what that is, for people */
	bool keeps_order;       /* ids have no order of their own; that of the files stands */
	char scope;             /* ends the part of an id that says whose it is: rows of
				   others are no concern of ours; NUL: there is no such part */
	const char *repeatable; /* ids that begin so are no versions; NULL: there are none */
	void (*list_hook)(struct release *release); /* after a list was read; may be NULL */
	/* The id that a row's id stands for in this release, or that id itself; may be NULL. Pure.
	 */
	const char *(*resolve)(const struct release *release, const char *id);
	struct file_rule files;
	struct lock_rule lock;
};

/* All tools by name, ending in a row without name; and their names, ending in NULL. */
extern const struct history_tool history_tools[];
extern const char *const history_tool_names[];

/* The tool of that name, or NULL. */
const struct history_tool *history_tool_find(const char *name);

#endif
