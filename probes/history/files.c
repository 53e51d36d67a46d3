#include "files.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../each.h"
#include "../xalloc.h"
#include "tool.h"
#include "walk.h"

#define FILE_LIMIT_BYTES ((size_t)16 * 1024 * 1024)
#define GROUPS_MAX 5
#define BATCH_MAX 2048 /* what is in between would leave holes in memory that stay */
#define DEPTH_MAX 32   /* of directories in directories */

/* The compiled expressions of a rule. */
struct patterns {
	regex_t accept;
	regex_t exclude;
	regex_t demand;
};

/* Directories that were read already, by what they are, not by how they are called. */
struct visited {
	struct identity {
		dev_t device;
		ino_t number;
	} * items;
	size_t count;
	size_t capacity;
};

static const struct file_rule *rule_of(const struct file_reading *reading)
{
	return &reading->tool->files;
}

/* Rules are constants, and a test compiles them all. */
static void compile(regex_t *compiled, const char *expression)
{
	if (expression != NULL && regcomp(compiled, expression, REG_EXTENDED) != 0)
		abort();
}

static void patterns_init(struct patterns *patterns, const struct file_rule *rule)
{
	compile(&patterns->accept, rule->accept);
	compile(&patterns->exclude, rule->exclude);
	compile(&patterns->demand, rule->demand);
}

static void patterns_done(struct patterns *patterns, const struct file_rule *rule)
{
	if (rule->accept != NULL)
		regfree(&patterns->accept);
	if (rule->exclude != NULL)
		regfree(&patterns->exclude);
	if (rule->demand != NULL)
		regfree(&patterns->demand);
}

/* What the first group that takes part holds; NULL where the name is no migration's. */
static char *accepted(const struct file_reading *reading, const char *name)
{
	regmatch_t groups[GROUPS_MAX];

	if (rule_of(reading)->exclude != NULL &&
	    regexec(&reading->patterns->exclude, name, 0, NULL, 0) == 0)
		return NULL;
	if (regexec(&reading->patterns->accept, name, GROUPS_MAX, groups, 0) != 0)
		return NULL;
	for (size_t i = 1; i < GROUPS_MAX; i++)
		if (groups[i].rm_so >= 0)
			return xstrndup(
			    name + groups[i].rm_so, (size_t)(groups[i].rm_eo - groups[i].rm_so));
	return xstrdup(name);
}

static bool is_demanded(const struct file_reading *reading, const char *name)
{
	const struct file_rule *rule = rule_of(reading);

	return rule->demand != NULL && regexec(&reading->patterns->demand, name, 0, NULL, 0) == 0 &&
	       (rule->exclude == NULL ||
		   regexec(&reading->patterns->exclude, name, 0, NULL, 0) != 0);
}

void files_add_migration(struct file_reading *reading, struct migration *migration)
{
	reading->found++;
	release_add(reading->release, migration);
}

void files_add(struct file_reading *reading, const char *id, const char *path)
{
	struct migration migration = {.id = xstrdup(id), .place = xstrdup(path)};

	files_add_migration(reading, &migration);
}

/* Whether path is that of a file in the directory whose files are considered now. */
static bool is_in_directory(const struct file_reading *reading, const char *path)
{
	size_t length = reading->directory != NULL ? strlen(reading->directory) : 0;

	return length > 0 && strncmp(path, reading->directory, length) == 0 && path[length] == '/';
}

static int read_text(const struct file_reading *reading, const char *path, char **text,
    size_t *length, struct error *err)
{
	if (reading->opened < 0 || !is_in_directory(reading, path))
		return walk_read(path, FILE_LIMIT_BYTES, text, length, err);
	return walk_read_at(reading->opened, path + strlen(reading->directory) + 1,
	    FILE_LIMIT_BYTES, text, length, err);
}

char *files_text(struct file_reading *reading, const char *path, size_t *length)
{
	struct error err;
	char *text;

	if (read_text(reading, path, &text, length, &err) == 0)
		return text;
	problems_add(reading->problems, path, "%s", err.text);
	return NULL;
}

static void add_sums(struct file_reading *reading, const char *path, struct migration *migration)
{
	size_t length;
	char *text = files_text(reading, path, &length);

	if (text != NULL)
		sums_of(rule_of(reading)->sum, text, length, &migration->sums);
	free(text);
}

static void add_by_content(struct file_reading *reading, const char *path, const char *id)
{
	size_t length;
	char *text = files_text(reading, path, &length);

	if (text != NULL)
		rule_of(reading)->content(reading, path, id, text, length);
	else
		reading->found++; /* it is told already */
	free(text);
}

/* id is what the name gave; path is the file that holds the migration. */
static void add_file(
    struct file_reading *reading, const char *name, const char *id, const char *path)
{
	const struct file_rule *rule = rule_of(reading);
	struct migration migration = {0};

	if (rule->content != NULL) {
		add_by_content(reading, path, id);
		return;
	}
	migration.id = xstrdup(id);
	migration.place = xstrdup(path);
	if (rule->sum != SUM_NONE)
		add_sums(reading, path, &migration);
	if (rule->adjust != NULL)
		rule->adjust(&migration, name);
	files_add_migration(reading, &migration);
}

static void read_found_file(
    struct file_reading *reading, const char *directory, const char *name, const char *id)
{
	char *path = walk_path(directory, name);

	add_file(reading, name, id, path);
	free(path);
}

static void read_found_folder(
    struct file_reading *reading, const char *directory, const char *name, const char *id)
{
	const struct file_rule *rule = rule_of(reading);
	char *path = xasprintf("%s/%s/%s", directory, name, rule->holds);
	struct stat status;

	if (stat(path, &status) == 0)
		add_file(reading, name, id, path);
	else if (rule->must_hold)
		problems_add(reading->problems, path, "is not there, expected in each migration");
	free(path);
}

/* Whether the directory is new; one that cannot be looked at is told by whoever opens it. */
static bool visit(struct visited *visited, const char *directory)
{
	struct stat status;

	if (stat(directory, &status) != 0)
		return true;
	for (size_t i = 0; i < visited->count; i++)
		if (visited->items[i].device == status.st_dev &&
		    visited->items[i].number == status.st_ino)
			return false;
	if (visited->count == visited->capacity) {
		visited->capacity = visited->capacity > 0 ? 2 * visited->capacity : 8;
		visited->items =
		    xreallocarray(visited->items, visited->capacity, sizeof(*visited->items));
	}
	visited->items[visited->count++] = (struct identity){status.st_dev, status.st_ino};
	return true;
}

/* A name of a directory, and what it comes to. */
struct candidate {
	char *id; /* NULL: it is no migration's */
	struct release release;
	struct problems problems;
	size_t found;
};

/* Names of a directory, of which several may be read at once. */
struct batch {
	const struct file_reading *reading;
	enum walk_what what;
	char *const *names;
	size_t count;
	struct candidate *candidates; /* one for each name */
};

/* Names are judged by one thread, as the C library lets only one at a time use an expression. */
static void judge_names(const struct batch *batch)
{
	const struct file_reading *reading = batch->reading;

	for (size_t i = 0; i < batch->count; i++) {
		const char *name = batch->names[i];
		struct candidate *candidate = &batch->candidates[i];
		char *path;

		candidate->id = accepted(reading, name);
		if (candidate->id != NULL || batch->what == WALK_FOLDERS ||
		    !is_demanded(reading, name))
			continue;
		path = walk_path(reading->directory, name);
		problems_add(&candidate->problems, path,
		    "is no name of a migration of %s, expected %s", reading->tool->name,
		    rule_of(reading)->shown);
		free(path);
	}
}

/* A task of each(): what a candidate adds and reports goes to itself. */
static void read_candidate(void *arg, size_t index)
{
	const struct batch *batch = arg;
	struct candidate *candidate = &batch->candidates[index];
	struct file_reading reading = *batch->reading;

	if (candidate->id == NULL)
		return;
	reading.release = &candidate->release;
	reading.problems = &candidate->problems;
	reading.found = 0;
	if (batch->what == WALK_FILES)
		read_found_file(&reading, reading.directory, batch->names[index], candidate->id);
	else
		read_found_folder(&reading, reading.directory, batch->names[index], candidate->id);
	candidate->found = reading.found;
}

/* In the order of the names, whatever the order was in which they were read. */
static void take_candidates(const struct batch *batch, struct file_reading *reading)
{
	for (size_t i = 0; i < batch->count; i++) {
		struct candidate *candidate = &batch->candidates[i];

		free(candidate->id);
		release_append(reading->release, &candidate->release);
		problems_append(reading->problems, &candidate->problems);
		reading->found += candidate->found;
	}
}

static void read_batch(struct batch *batch, struct file_reading *reading)
{
	batch->candidates = xcalloc(batch->count, sizeof(*batch->candidates));
	judge_names(batch);
	each(batch->count, read_candidate, batch);
	take_candidates(batch, reading);
	free(batch->candidates);
}

static void read_names(
    struct file_reading *reading, enum walk_what what, const struct strings *names)
{
	for (size_t from = 0; from < names->count; from += BATCH_MAX) {
		size_t left = names->count - from;
		struct batch batch = {.reading = reading,
		    .what = what,
		    .names = &names->items[from],
		    .count = left < BATCH_MAX ? left : BATCH_MAX};

		read_batch(&batch, reading);
	}
}

static void read_level(struct file_reading *reading, const char *directory, enum walk_what what)
{
	struct strings names = {0};
	struct error err;

	if (walk_list(directory, what, walk_is_shown, &names, &err) < 0) {
		problems_add(reading->problems, reading->place, "the directory \"%s\" %s",
		    directory, err.text);
		reading->found++; /* it is told already */
	}
	reading->directory = directory;
	reading->opened = walk_open(directory);
	read_names(reading, what, &names);
	if (reading->opened >= 0)
		close(reading->opened);
	reading->directory = NULL;
	reading->opened = -1;
	strings_done(&names);
}

static void read_tree(struct file_reading *reading, const char *directory, int depth)
{
	struct strings names = {0};
	struct error err;

	if (!visit(reading->visited, directory))
		return;
	read_level(reading, directory, WALK_FILES);
	if (depth == DEPTH_MAX ||
	    walk_list(directory, WALK_FOLDERS, walk_is_shown, &names, &err) < 0)
		return;
	for (size_t i = 0; i < names.count; i++) {
		char *path = xasprintf("%s/%s", directory, names.items[i]);

		read_tree(reading, path, depth + 1);
		free(path);
	}
	strings_done(&names);
}

static void walk(struct file_reading *reading, const char *directory)
{
	const struct file_rule *rule = rule_of(reading);

	if (rule->directory != NULL)
		rule->directory(reading, directory);
	else if (rule->shape == FILES_RECURSIVE)
		read_tree(reading, directory, 0);
	else if (rule->shape == FILES_FOLDERS)
		read_level(reading, directory, WALK_FOLDERS);
	else
		read_level(reading, directory, WALK_FILES);
}

/* A directory without any migration was hardly meant: nothing expected is no reason to be ready. */
static void read_directory(struct file_reading *reading, const char *directory)
{
	size_t before = reading->problems->lines.count;

	reading->found = 0;
	walk(reading, directory);
	if (reading->found == 0 && reading->problems->lines.count == before)
		problems_add(reading->problems, reading->place,
		    "the directory \"%s\" has no migration of %s (%s); is it mounted?", directory,
		    reading->tool->name, rule_of(reading)->shown);
}

/* Splits "LABEL=DIRECTORY". */
static void read_labelled(struct file_reading *reading, const char *value)
{
	const char *equals = strchr(value, '=');
	char *label;

	if (equals == NULL || equals == value || equals[1] == '\0') {
		problems_add(reading->problems, reading->place,
		    "\"%s\" has no label, expected {\"LABEL\": \"DIRECTORY\"} or "
		    "\"LABEL=DIRECTORY\"",
		    value);
		return;
	}
	label = xstrndup(value, (size_t)(equals - value));
	reading->label = label;
	read_directory(reading, equals + 1);
	reading->label = NULL;
	free(label);
}

static void read_all(struct file_reading *reading, const struct strings *directories)
{
	for (size_t i = 0; i < directories->count; i++) {
		if (rule_of(reading)->has_labels)
			read_labelled(reading, directories->items[i]);
		else
			read_directory(reading, directories->items[i]);
	}
}

/* Gives the linked release, or NULL where a problem is newer than before. */
static struct release *finish(struct file_reading *reading, size_t before)
{
	struct release *release = reading->release;

	if (reading->problems->lines.count == before) {
		if (rule_of(reading)->finish != NULL)
			rule_of(reading)->finish(release);
		release_link(release, reading->place, reading->problems);
	}
	if (reading->problems->lines.count == before)
		return release;
	release_free(release);
	return NULL;
}

void *release_read_directories(const struct history_tool *tool, const struct strings *directories,
    const char *place, struct problems *problems)
{
	struct patterns patterns;
	struct visited visited = {0};
	struct file_reading reading = {
	    .tool = tool,
	    .release = release_create(tool),
	    .problems = problems,
	    .place = place,
	    .patterns = &patterns,
	    .visited = &visited,
	    .opened = -1,
	};
	size_t before = problems->lines.count;

	patterns_init(&patterns, &tool->files);
	read_all(&reading, directories);
	patterns_done(&patterns, &tool->files);
	free(visited.items);
	return finish(&reading, before);
}

void *release_read_items(const struct history_tool *tool, const struct strings *items,
    const char *place, struct problems *problems)
{
	return release_read_list(tool, items, place, problems);
}

void release_print_items(const void *release, struct text *text)
{
	release_print(release, text);
}

void release_forget(void *release)
{
	release_free(release);
}

const char *const release_columns[] = {"id", "st", "ord", "sum", NULL};

void files_add_input(const struct history_tool *tool, const char *value, struct strings *paths)
{
	const char *equals = tool->files.has_labels ? strchr(value, '=') : NULL;
	const char *path = equals != NULL ? equals + 1 : value;
	const char *slash = strrchr(path, '/');

	if (!tool->files.includes)
		strings_add(paths, path);
	else if (slash == NULL)
		strings_add(paths, ".");
	else
		strings_take(paths, xstrndup(path, (size_t)(slash - path) + (slash == path)));
}
