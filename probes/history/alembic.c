#include "alembic.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../each.h"
#include "../error.h"
#include "../xalloc.h"
#include "python_module.h"
#include "walk.h"

#define FILE_LIMIT_BYTES ((size_t)4 * 1024 * 1024)

/* The module-level names that Alembic reads. */
enum slot { SLOT_REVISION, SLOT_DOWN, SLOT_LABELS, SLOT_DEPENDS, SLOT_COUNT };

static const char *const slot_names[SLOT_COUNT] = {
    [SLOT_REVISION] = "revision",
    [SLOT_DOWN] = "down_revision",
    [SLOT_LABELS] = "branch_labels",
    [SLOT_DEPENDS] = "depends_on",
};

/* A file that is being read. */
struct source {
	const struct origin *origin;
	struct python_binding bindings[SLOT_COUNT];
	struct problems *problems;
};

/* A problem with a line of it, 0: with the whole. */
__attribute__((format(printf, 3, 4))) static void report(
    const struct source *source, unsigned long line, const char *format, ...)
{
	char *place = origin_place(source->origin, line, NULL);
	va_list arguments;

	va_start(arguments, format);
	problems_vadd(source->problems, place, format, arguments);
	va_end(arguments);
	free(place);
}

/* A problem with the value of one name. */
static void report_binding(
    const struct source *source, enum slot slot, const char *what, const char *expected)
{
	report(source, source->bindings[slot].line, "%s %s; %s", slot_names[slot], what, expected);
}

static void report_obstacles(const struct source *source)
{
	for (enum slot slot = 0; slot < SLOT_COUNT; slot++)
		if (source->bindings[slot].obstacle != NULL)
			report_binding(source, slot, source->bindings[slot].obstacle,
			    "files are read without being run: configure the expected heads as "
			    "\"revisions\" or a \"list\" instead");
}

/* The id of a file that names none, from the time before Alembic 0.2; NULL where it is no id. */
static char *legacy_id(const char *file)
{
	const char *slash = strrchr(file, '/');
	const char *stem = slash != NULL ? slash + 1 : file;
	size_t length = strspn(stem, "0123456789abcdef");

	if (length == 0 || (stem[length] != '\0' && strcmp(stem + length, ".py") != 0))
		return NULL;
	return xstrndup(stem, length);
}

/* Of ids alone Alembic checks the characters; that 1.17.1 refuses ":" too is its own affair, as
 * databases of older ones may hold such ids. */
static void check_id(const struct revision *revision, const char *whole, struct problems *problems)
{
	const char *id = revision->id;
	size_t fine = strcspn(id, "@-+");
	char *place;

	if (*id != '\0' && id[fine] == '\0')
		return;
	place = origin_place(&revision->origin, revision->line, whole);
	if (*id == '\0')
		problems_add(problems, place, "revision is empty, expected an id");
	else
		problems_add(problems, place,
		    "revision \"%s\" has a \"%c\"; Alembic allows none of @ - + in an id", id,
		    id[fine]);
	free(place);
}

static bool is_one_string(const struct python_binding *binding)
{
	return !binding->is_sequence && binding->items.count == 1;
}

/* Takes the only string of list. */
static char *take_string(struct strings *list)
{
	list->count = 0;
	return list->items[0];
}

static void take_id(struct source *source, struct revision *revision)
{
	struct python_binding *binding = &source->bindings[SLOT_REVISION];

	if (binding->obstacle != NULL)
		return;
	if (binding->line > 0 && !is_one_string(binding)) {
		report_binding(source, SLOT_REVISION, "is not one string", "expected an id");
		return;
	}
	if (binding->line == 0)
		revision->id = legacy_id(source->origin->file);
	else
		revision->id = take_string(&binding->items);
	if (revision->id == NULL)
		report(source, 0,
		    "has no revision, and its name is not all hex digits, where Alembic stops with "
		    "\"Could not determine revision id\"; is it a revision file?");
	else
		check_id(revision, NULL, source->problems);
}

/* A lone None or "" stands for nothing, also in a tuple of its own, as templates write it. */
static bool is_nothing(const struct python_binding *binding)
{
	if (binding->items.count == 0)
		return binding->nones <= 1;
	return is_one_string(binding) && binding->items.items[0][0] == '\0';
}

/* Moves the strings of one name to list. */
static void take_strings(struct source *source, enum slot slot, struct strings *list)
{
	struct python_binding *binding = &source->bindings[slot];

	if (binding->obstacle != NULL || is_nothing(binding))
		return;
	if (binding->nones > 0) {
		report_binding(source, slot, "has a None among others", "expected strings");
		return;
	}
	*list = binding->items;
	binding->items = (struct strings){0};
}

static void take_revision(struct source *source, struct revision *revision)
{
	report_obstacles(source);
	revision->origin = *source->origin;
	revision->line = source->bindings[SLOT_REVISION].line;
	take_id(source, revision);
	if (source->bindings[SLOT_DOWN].line == 0)
		report(source, 0,
		    "has no down_revision, so that Alembic stops here; write down_revision = None "
		    "where it follows no other");
	take_strings(source, SLOT_DOWN, &revision->down);
	take_strings(source, SLOT_LABELS, &revision->labels);
	take_strings(source, SLOT_DEPENDS, &revision->depends);
}

int alembic_parse(const char *text, size_t length, const struct origin *origin,
    struct revision *revision, struct problems *problems)
{
	size_t before = problems->lines.count;
	struct source source = {.origin = origin, .problems = problems};
	const char *broken;
	unsigned long line;

	*revision = (struct revision){0};
	broken = python_module_read(text, length, slot_names, source.bindings, SLOT_COUNT, &line);
	if (broken != NULL)
		report(&source, line, "this is no Python: %s; is the file whole?", broken);
	else
		take_revision(&source, revision);
	for (enum slot slot = 0; slot < SLOT_COUNT; slot++)
		python_binding_done(&source.bindings[slot]);
	return problems->lines.count > before ? -1 : 0;
}

/* Links what was added. Where something could not be read, links would only lack what is there. */
static struct graph *finish(
    struct graph *graph, const char *place, struct problems *problems, size_t problems_before)
{
	if (problems->lines.count == problems_before && graph_count(graph) == 0)
		problems_add(problems, place, "names no revision");
	if (problems->lines.count == problems_before)
		graph_link(graph, place, problems);
	if (problems->lines.count == problems_before)
		return graph;
	graph_free(graph);
	return NULL;
}

static bool has_prefix(const char *string, const char *prefix)
{
	return strncmp(string, prefix, strlen(prefix)) == 0;
}

/* Kubernetes keeps folders that begin with ".." beside the links of a volume. */
static bool is_revision_file(const char *name)
{
	size_t length = strlen(name);

	return length >= 3 && strcmp(name + length - 3, ".py") == 0 &&
	       !has_prefix(name, "__init__") && !has_prefix(name, ".#") && !has_prefix(name, "..");
}

/* The folder with env.py is often given in place of the one with the revisions. */
static bool is_script_directory(const char *directory)
{
	char *environment = xasprintf("%s/env.py", directory);
	char *versions = xasprintf("%s/versions", directory);
	bool is_script = access(environment, F_OK) == 0 && access(versions, F_OK) == 0;

	free(environment);
	free(versions);
	return is_script;
}

/* A directory whose files are read, maybe several at once. */
struct folder {
	const char *directory;
	int opened;
	const struct strings *names;
	struct revision *revisions; /* of each name; without an id where there were problems */
	struct problems *problems;  /* likewise */
};

/* A task of each(). */
static void read_file(void *arg, size_t index)
{
	const struct folder *folder = arg;
	const struct origin origin = {folder->directory, folder->names->items[index]};
	const struct source source = {.origin = &origin, .problems = &folder->problems[index]};
	struct revision *revision = &folder->revisions[index];
	struct error err;
	size_t length;
	char *text;

	if (walk_read_at(folder->opened, origin.file, FILE_LIMIT_BYTES, &text, &length, &err) < 0)
		report(&source, 0, "%s", err.text);
	else if (alembic_parse(text, length, &origin, revision, source.problems) < 0)
		revision_done(revision);
	free(text);
}

static void read_files(struct graph *graph, const char *directory, const struct strings *names,
    const char *place, struct problems *problems)
{
	struct folder folder = {
	    .directory = directory, .opened = walk_open(directory), .names = names};

	if (folder.opened < 0) {
		problems_add(problems, place, "the directory \"%s\" cannot be read: %s", directory,
		    strerror(errno));
		return;
	}
	folder.revisions = xcalloc(names->count, sizeof(*folder.revisions));
	folder.problems = xcalloc(names->count, sizeof(*folder.problems));
	each(names->count, read_file, &folder);
	/* In the order of the names, whatever the order was in which they were read. */
	for (size_t i = 0; i < names->count; i++)
		problems_append(problems, &folder.problems[i]);
	graph_add_all(graph, folder.revisions, names->count);
	free(folder.problems);
	close(folder.opened);
}

/* names get those of its files, which the graph's revisions borrow. */
static void read_directory(struct graph *graph, const char *directory, struct strings *names,
    const char *place, struct problems *problems)
{
	struct error err;

	if (walk_list(directory, WALK_FILES, is_revision_file, names, &err) < 0)
		problems_add(problems, place, "the directory \"%s\" %s", directory, err.text);
	else if (is_script_directory(directory))
		problems_add(problems, place,
		    "\"%s\" is Alembic's script directory; the revisions are in \"%s/versions\"",
		    directory, directory);
	else if (names->count == 0)
		problems_add(problems, place,
		    "the directory \"%s\" has no revision file (*.py); is it mounted?", directory);
	else
		read_files(graph, directory, names, place, problems);
}

struct graph *alembic_read_directories(
    const struct strings *directories, const char *place, struct problems *problems)
{
	struct strings *names = xcalloc(directories->count, sizeof(*names));
	size_t before = problems->lines.count;
	struct graph *graph = graph_create();

	for (size_t i = 0; i < directories->count; i++)
		read_directory(graph, directories->items[i], &names[i], place, problems);
	graph = finish(graph, place, problems, before);
	for (size_t i = 0; i < directories->count; i++)
		strings_done(&names[i]);
	free(names);
	return graph;
}

#define BLANK " \t\r\n"

/* Cuts the next word off *rest; NULL at the end. */
static char *next_word(char **rest)
{
	return strtok_r(NULL, BLANK, rest);
}

/* Reads "ID" or "ID <- PARENT PARENT…"; words is cut up. */
static void read_item(char *words, struct revision *revision, const char *whole,
    struct problems *problems, const char *shown)
{
	char *rest = words;
	const char *id = next_word(&rest);
	const char *arrow = next_word(&rest);
	const char *parent;
	char *place;

	if (id == NULL || (arrow != NULL && strcmp(arrow, "<-") != 0)) {
		place = origin_place(&revision->origin, revision->line, whole);
		problems_add(problems, place,
		    "\"%s\" is no revision, expected \"ID\" or \"ID <- PARENT PARENT\"", shown);
		free(place);
		return;
	}
	revision->id = xstrdup(id);
	check_id(revision, whole, problems);
	while ((parent = next_word(&rest)) != NULL)
		strings_add(&revision->down, parent);
}

struct graph *alembic_read_list(
    const struct strings *items, const char *place, struct problems *problems)
{
	size_t before = problems->lines.count;
	struct graph *graph = graph_create();

	for (size_t i = 0; i < items->count; i++) {
		char *words = xstrdup(items->items[i]);
		struct revision revision = {.line = i + 1};

		read_item(words, &revision, place, problems, items->items[i]);
		if (revision.id != NULL)
			graph_add(graph, &revision);
		revision_done(&revision);
		free(words);
	}
	return finish(graph, place, problems, before);
}
