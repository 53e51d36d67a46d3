#include "graph.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../order.h"
#include "../string_key.h"
#include "../xalloc.h"

/* A cycle is shown by its first members. */
#define CYCLE_SHOWN_MAX 8

enum name_kind { NAME_ID, NAME_LABEL };

/* What a revision can be called. Borrows the text from the revision. */
struct name {
	const char *text;
	uint64_t key; /* of text behind what all names begin with */
	enum name_kind kind;
	size_t node;
};

/* Revisions are nodes, known by their index in the order of graph_add. */
struct graph {
	struct revision *revisions;
	size_t count;
	size_t capacity;
	struct name *names; /* sorted */
	size_t name_count;
	size_t name_common; /* bytes with which all of them begin */
	size_t *parents;    /* of node i: from first_parent[i] up to first_parent[i + 1] */
	size_t *first_parent;
	size_t *order; /* all nodes, each after its parents */
	struct strings heads;
};

struct graph *graph_create(void)
{
	return xcalloc(1, sizeof(struct graph));
}

void revision_done(struct revision *revision)
{
	free(revision->id);
	strings_done(&revision->down);
	strings_done(&revision->depends);
	strings_done(&revision->labels);
	*revision = (struct revision){0};
}

void graph_free(struct graph *graph)
{
	if (graph == NULL)
		return;
	for (size_t i = 0; i < graph->count; i++)
		revision_done(&graph->revisions[i]);
	free(graph->revisions);
	free(graph->names);
	free(graph->parents);
	free(graph->first_parent);
	free(graph->order);
	strings_done(&graph->heads);
	free(graph);
}

void graph_add(struct graph *graph, struct revision *revision)
{
	if (graph->count == graph->capacity) {
		graph->capacity = graph->capacity > 0 ? 2 * graph->capacity : 64;
		graph->revisions =
		    xreallocarray(graph->revisions, graph->capacity, sizeof(*graph->revisions));
	}
	graph->revisions[graph->count++] = *revision;
	*revision = (struct revision){0};
}

static size_t squeeze(struct revision *revisions, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++)
		if (revisions[i].id != NULL)
			revisions[kept++] = revisions[i];
	return kept;
}

void graph_add_all(struct graph *graph, struct revision *revisions, size_t count)
{
	size_t kept = squeeze(revisions, count);

	if (graph->count == 0) {
		free(graph->revisions);
		graph->revisions = revisions;
		graph->count = kept;
		graph->capacity = count;
		return;
	}
	for (size_t i = 0; i < kept; i++)
		graph_add(graph, &revisions[i]);
	free(revisions);
}

size_t graph_count(const struct graph *graph)
{
	return graph->count;
}

const struct strings *graph_heads(const struct graph *graph)
{
	return &graph->heads;
}

/* While it is linked. */
struct linking {
	struct graph *graph;
	const char *place; /* of the whole history */
	struct problems *problems;
};

char *origin_place(const struct origin *origin, unsigned long line, const char *whole)
{
	char *path;
	char *place;

	if (origin->file == NULL)
		return line > 0 ? xasprintf("%s, entry %lu", whole, line) : xstrdup(whole);
	if (origin->directory == NULL)
		return place_text(origin->file, line);
	path = xasprintf("%s/%s", origin->directory, origin->file);
	place = place_text(path, line);
	free(path);
	return place;
}

/* free() releases it. */
static char *place_of(const struct linking *linking, size_t node)
{
	const struct revision *revision = &linking->graph->revisions[node];

	return origin_place(&revision->origin, revision->line, linking->place);
}

/* A problem with a revision. */
__attribute__((format(printf, 3, 4))) static void report(
    const struct linking *linking, size_t node, const char *format, ...)
{
	va_list arguments;
	char *place = place_of(linking, node);

	va_start(arguments, format);
	problems_vadd(linking->problems, place, format, arguments);
	va_end(arguments);
	free(place);
}

static int compare_texts(const void *a, const void *b)
{
	const struct name *x = a;
	const struct name *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return strcmp(x->text, y->text);
}

/* By text, ids before labels, in the order of the files: the first of equals is the one that
 * stands. */
static int compare_names(const void *a, const void *b, void *arg)
{
	const struct name *x = a;
	const struct name *y = b;
	int result = compare_texts(x, y);

	(void)arg;
	if (result == 0)
		result = (x->kind > y->kind) - (x->kind < y->kind);
	return result != 0 ? result : (x->node > y->node) - (x->node < y->node);
}

static void set_keys(struct graph *graph)
{
	struct name *names = graph->names;

	graph->name_common = graph->name_count > 0 ? strlen(names[0].text) : 0;
	for (size_t i = 1; i < graph->name_count; i++)
		graph->name_common =
		    string_common(names[0].text, names[i].text, graph->name_common);
	for (size_t i = 0; i < graph->name_count; i++)
		names[i].key = string_key(names[i].text + graph->name_common);
}

static void collect_names(struct graph *graph)
{
	size_t count = graph->count;
	struct name *next;

	for (size_t i = 0; i < graph->count; i++)
		count += graph->revisions[i].labels.count;
	graph->names = next = xcalloc(count, sizeof(*graph->names));
	graph->name_count = count;
	for (size_t i = 0; i < graph->count; i++) {
		const struct revision *revision = &graph->revisions[i];

		*next++ = (struct name){.text = revision->id, .kind = NAME_ID, .node = i};
		for (size_t k = 0; k < revision->labels.count; k++)
			*next++ = (struct name){
			    .text = revision->labels.items[k], .kind = NAME_LABEL, .node = i};
	}
	set_keys(graph);
	/* Files were read in the order of their names, which mostly begin with the id. */
	put_in_order(graph->names, count, sizeof(*graph->names), compare_names, NULL);
}

static const char *name_kind_text(const struct name *name)
{
	return name->kind == NAME_ID ? "revision" : "branch label";
}

static void report_repeated(
    const struct linking *linking, const struct name *first, const struct name *second)
{
	char *place = place_of(linking, first->node);

	report(linking, second->node,
	    "%s \"%s\" is there already as a %s in %s; give one of them another name",
	    name_kind_text(second), second->text, name_kind_text(first), place);
	free(place);
}

/* Alembic warns of an id that is there twice and takes either; it refuses a label that is. */
static void report_repeated_names(const struct linking *linking)
{
	const struct graph *graph = linking->graph;
	const struct name *first = graph->names;

	for (const struct name *name = first + 1; name < graph->names + graph->name_count; name++) {
		if (compare_texts(name, first) != 0) {
			first = name;
			continue;
		}
		report_repeated(linking, first, name);
	}
}

static const struct name *find_name(const struct graph *graph, const char *text)
{
	struct name wanted = {.text = text};

	if (graph->name_count == 0 || strncmp(text, graph->names[0].text, graph->name_common) != 0)
		return NULL;
	wanted.key = string_key(text + graph->name_common);
	return bsearch(
	    &wanted, graph->names, graph->name_count, sizeof(*graph->names), compare_texts);
}

/* Reports a reference that leads nowhere. */
static void report_stranger(
    const struct linking *linking, size_t node, const char *verb, const char *text)
{
	report(linking, node,
	    "revision \"%s\" %s \"%s\", which is not here; was its file, directory or entry left "
	    "out?",
	    linking->graph->revisions[node].id, verb, text);
}

/* Alembic looks these up among ids alone; here as in depends_on a part of an id is none. */
static void add_down(const struct linking *linking, size_t node, const char *text, size_t *end)
{
	const struct name *name = find_name(linking->graph, text);

	if (name == NULL)
		report_stranger(linking, node, "follows", text);
	else if (name->kind == NAME_LABEL)
		report(linking, node,
		    "revision \"%s\" follows the branch label \"%s\", expected an id",
		    linking->graph->revisions[node].id, text);
	else
		linking->graph->parents[(*end)++] = name->node;
}

static void add_depends(const struct linking *linking, size_t node, const char *text, size_t *end)
{
	const struct name *name = find_name(linking->graph, text);

	if (name == NULL)
		report_stranger(linking, node, "depends on", text);
	else
		linking->graph->parents[(*end)++] = name->node;
}

static void resolve_parents(const struct linking *linking)
{
	struct graph *graph = linking->graph;
	size_t most = 0;
	size_t end = 0;

	for (size_t i = 0; i < graph->count; i++)
		most += graph->revisions[i].down.count + graph->revisions[i].depends.count;
	graph->parents = xcalloc(most, sizeof(*graph->parents));
	graph->first_parent = xcalloc(graph->count + 1, sizeof(*graph->first_parent));
	for (size_t i = 0; i < graph->count; i++) {
		const struct revision *revision = &graph->revisions[i];

		for (size_t k = 0; k < revision->down.count; k++)
			add_down(linking, i, revision->down.items[k], &end);
		for (size_t k = 0; k < revision->depends.count; k++)
			add_depends(linking, i, revision->depends.items[k], &end);
		graph->first_parent[i + 1] = end;
	}
}

/* Where a node is in a descent: not met yet, done with, or else its place on the stack from 1. */
#define UNSEEN 0
#define FINISHED SIZE_MAX

/* A walk from a node to all it builds on. The stack is our own, as histories may be deep. */
struct descent {
	size_t *position;
	size_t *cursor; /* the next of the node's parents to look at */
	size_t *stack;
	size_t depth;
	size_t finished; /* nodes in graph->order */
};

static void descent_push(const struct graph *graph, struct descent *descent, size_t node)
{
	descent->stack[descent->depth++] = node;
	descent->position[node] = descent->depth;
	descent->cursor[node] = graph->first_parent[node];
}

/* The cycle is what lies on the stack from the node in position upwards. */
static void report_cycle(
    const struct linking *linking, const struct descent *descent, size_t position)
{
	const size_t *member = &descent->stack[position - 1];
	size_t length = descent->depth - position + 1;
	struct text way;

	text_init(&way, 0);
	for (size_t i = 1; i < length && i < CYCLE_SHOWN_MAX; i++)
		text_addf(&way, "%s\"%s\"", i > 1 ? ", " : " by way of ",
		    linking->graph->revisions[member[i]].id);
	if (length > CYCLE_SHOWN_MAX)
		text_addf(&way, " and %zu more", length - CYCLE_SHOWN_MAX);
	report(linking, member[0],
	    "revision \"%s\" builds on itself%s; one down_revision or depends_on of these is wrong",
	    linking->graph->revisions[member[0]].id, text_string(&way));
	text_done(&way);
}

static void descend(const struct linking *linking, struct descent *descent, size_t start)
{
	struct graph *graph = linking->graph;

	descent_push(graph, descent, start);
	while (descent->depth > 0) {
		size_t node = descent->stack[descent->depth - 1];
		size_t parent;

		if (descent->cursor[node] == graph->first_parent[node + 1]) {
			descent->position[node] = FINISHED;
			descent->depth--;
			graph->order[descent->finished++] = node;
			continue;
		}
		parent = graph->parents[descent->cursor[node]++];
		if (descent->position[parent] == UNSEEN)
			descent_push(graph, descent, parent);
		else if (descent->position[parent] != FINISHED)
			report_cycle(linking, descent, descent->position[parent]);
	}
}

static void sort_oldest_first(const struct linking *linking)
{
	struct graph *graph = linking->graph;
	struct descent descent = {
	    .position = xcalloc(graph->count, sizeof(*descent.position)),
	    .cursor = xcalloc(graph->count, sizeof(*descent.cursor)),
	    .stack = xcalloc(graph->count, sizeof(*descent.stack)),
	};

	graph->order = xcalloc(graph->count, sizeof(*graph->order));
	for (size_t i = 0; i < graph->count; i++)
		if (descent.position[i] == UNSEEN)
			descend(linking, &descent, i);
	free(descent.position);
	free(descent.cursor);
	free(descent.stack);
}

static void find_heads(struct graph *graph)
{
	bool *is_parent = xcalloc(graph->count, sizeof(*is_parent));

	for (size_t i = 0; i < graph->first_parent[graph->count]; i++)
		is_parent[graph->parents[i]] = true;
	for (size_t i = 0; i < graph->count; i++)
		if (!is_parent[i])
			strings_add(&graph->heads, graph->revisions[i].id);
	free(is_parent);
}

/* Whoever lent them may free them now. */
static void forget_origins(struct graph *graph)
{
	for (size_t i = 0; i < graph->count; i++)
		graph->revisions[i].origin = (struct origin){NULL, NULL};
}

void graph_link(struct graph *graph, const char *place, struct problems *problems)
{
	const struct linking linking = {graph, place, problems};

	collect_names(graph);
	report_repeated_names(&linking);
	resolve_parents(&linking);
	sort_oldest_first(&linking);
	find_heads(graph);
	forget_origins(graph);
}

void graph_print(const struct graph *graph, struct text *text)
{
	for (size_t i = 0; i < graph->count; i++) {
		size_t node = graph->order[i];

		text_add(text, graph->revisions[node].id);
		for (size_t k = graph->first_parent[node]; k < graph->first_parent[node + 1]; k++)
			text_addf(text, "%s%s", k == graph->first_parent[node] ? " <- " : " ",
			    graph->revisions[graph->parents[k]].id);
		text_add(text, "\n");
	}
}

/* A set of nodes that is closed downwards: with a node all that it builds on. */
struct closure {
	const struct graph *graph;
	bool *has;
	size_t *stack; /* every node is on it at most once, as has is set when it is pushed */
	size_t depth;
};

static struct closure closure_create(const struct graph *graph)
{
	return (struct closure){
	    .graph = graph,
	    .has = xcalloc(graph->count, sizeof(bool)),
	    .stack = xcalloc(graph->count, sizeof(size_t)),
	};
}

static void closure_free(struct closure *closure)
{
	free(closure->has);
	free(closure->stack);
}

static void closure_push(struct closure *closure, size_t node)
{
	if (closure->has[node])
		return;
	closure->has[node] = true;
	closure->stack[closure->depth++] = node;
}

static void closure_add(struct closure *closure, size_t start)
{
	const struct graph *graph = closure->graph;

	closure_push(closure, start);
	while (closure->depth > 0) {
		size_t node = closure->stack[--closure->depth];

		for (size_t i = graph->first_parent[node]; i < graph->first_parent[node + 1]; i++)
			closure_push(closure, graph->parents[i]);
	}
}

/* The revision of that very id, or NULL. */
static const struct name *find_id(const struct graph *graph, const char *text)
{
	const struct name *name = find_name(graph, text);

	return name != NULL && name->kind == NAME_ID ? name : NULL;
}

/* Sorts the rows into known and unknown; applied gets the known ones and all they build on. */
static void read_rows(
    struct graph_reading *reading, struct closure *applied, const struct strings *rows)
{
	for (size_t i = 0; i < rows->count; i++) {
		const struct name *name = find_id(applied->graph, rows->items[i]);

		if (name == NULL) {
			strings_add(&reading->unknown, rows->items[i]);
			continue;
		}
		reading->known_count++;
		closure_add(applied, name->node);
	}
}

/* below: everything under the heads that are not applied, and these heads, which are no rows. */
static bool has_row_below(const struct closure *below, const struct strings *rows)
{
	for (size_t i = 0; i < rows->count; i++) {
		const struct name *name = find_id(below->graph, rows->items[i]);

		if (name != NULL && below->has[name->node])
			return true;
	}
	return false;
}

static void judge_heads(
    struct graph_reading *reading, const struct closure *applied, const struct strings *rows)
{
	const struct graph *graph = applied->graph;
	struct closure below = closure_create(graph);

	reading->heads_covered = true;
	for (size_t i = 0; i < graph->heads.count; i++) {
		size_t head = find_id(graph, graph->heads.items[i])->node;

		if (applied->has[head])
			continue;
		reading->heads_covered = false;
		closure_add(&below, head);
	}
	reading->missing_is_certain = has_row_below(&below, rows);
	closure_free(&below);
}

struct graph_reading graph_read(const struct graph *graph, const struct strings *rows)
{
	struct graph_reading reading = {0};
	struct closure applied = closure_create(graph);

	read_rows(&reading, &applied, rows);
	judge_heads(&reading, &applied, rows);
	for (size_t i = 0; i < graph->count; i++)
		if (!applied.has[graph->order[i]])
			strings_add(&reading.missing, graph->revisions[graph->order[i]].id);
	closure_free(&applied);
	return reading;
}

void graph_reading_done(struct graph_reading *reading)
{
	strings_done(&reading->unknown);
	strings_done(&reading->missing);
	*reading = (struct graph_reading){0};
}
