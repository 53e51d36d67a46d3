/*
 * Migration tools: one row of a table each, judged by one of a few engines. A row says where the
 * tool keeps its history and how to read it; an engine says what a history of that shape means.
 */
#ifndef SCHEMALATCH_HISTORY_TOOL_H
#define SCHEMALATCH_HISTORY_TOOL_H

#include <libpq-fe.h>
#include <stdbool.h>

#include "../check.h"
#include "../problems.h"
#include "../strings.h"
#include "../verdict.h"

enum history_rule { RULE_AT_LEAST, RULE_EXACT };
enum unknown_policy { UNKNOWN_EVIDENCE, UNKNOWN_READY, UNKNOWN_NOT_READY };

struct history_tool;

/* Everything that a judge may use. */
struct history_question {
	const struct history_tool *tool;
	const void *expected; /* what the engine made of the release's files */
	const PGresult *rows; /* of the tool's SQL: a column "id" at least */
	const char *table;    /* where they came from, for people */
	enum history_rule rule;
	enum unknown_policy unknown_policy;
	struct check_memory *memory;
	const struct round_facts *facts;
};

struct history_engine {
	/* What this release expects, from its files or from a list of ids; NULL with problems
	 * added. May block (files); main thread. free releases it (NULL allowed). */
	void *(*read_directories)(
	    const struct strings *directories, const char *place, struct problems *problems);
	void *(*read_list)(const struct strings *ids, const char *place, struct problems *problems);
	void (*free)(void *expected);

	/* Pure. */
	struct verdict (*judge)(const struct history_question *question);
};

struct history_tool {
	const char *name;
	const char *default_table;
	const char *const *columns; /* that identify its table; ends in NULL */
	const char *sql;            /* with "{table}" once; gives column "id" */
	const char *advice;         /* the tool's own command that applies what is pending */
	const struct history_engine *engine;
};

/* All tools by name, ending in a row without name; and their names, ending in NULL. */
extern const struct history_tool history_tools[];
extern const char *const history_tool_names[];

#endif
