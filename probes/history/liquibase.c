/*
 * Liquibase's changesets, as far as they can be told without running it: formatted SQL, and XML,
 * YAML or JSON, with what these include. Whether a changeset gets a row may hang on what is chosen
 * at run time (contexts, labels) or found in the database (preconditions that pass over it); such
 * changelogs are refused, and a list made by Liquibase itself is asked for.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "../text.h"
#include "../xalloc.h"
#include "changelog.h"
#include "hooks.h"
#include "liquibase.h"
#include "walk.h"

#define INCLUDES_MAX 32 /* of changelogs in changelogs */

bool id_is_changeset(const char *text)
{
	const char *first = strstr(text, "::");
	const char *second = first != NULL ? strstr(first + 2, "::") : NULL;

	return second != NULL && first > text && second > first + 2 && second[2] != '\0';
}

/* One changelog while it is read. */
struct changelog {
	struct file_reading *reading;
	const char *root; /* the folder that paths are relative to */
	const char *path; /* from there: what stands in the table */
	char *file;       /* on disk */
	char *logical;    /* what stands there instead; NULL: nothing */
	int includes;     /* how deep this one is included */
};

static void read_changelog(
    struct file_reading *reading, const char *root, const char *path, int includes);

static void refuse(const struct changelog *changelog, long line, const char *what)
{
	char *place =
	    line > 0 ? xasprintf("%s:%ld", changelog->file, line) : xstrdup(changelog->file);

	problems_add(changelog->reading->problems, place,
	    "%s; write the expected changesets to a \"list\" instead", what);
	free(place);
}

static void report(const struct changelog *changelog, const char *what)
{
	problems_add(changelog->reading->problems, changelog->file, "%s", what);
	changelog->reading->found++;
}

/* Cuts the last part off. */
static void drop_part(struct text *path)
{
	while (path->length > 0 && path->data[path->length - 1] != '/')
		path->length--;
	if (path->length > 0)
		path->length--;
	if (path->data != NULL)
		path->data[path->length] = '\0';
}

char *liquibase_path(const char *path)
{
	struct text clean;

	text_init(&clean, 0);
	if (strncasecmp(path, "classpath:", 10) == 0)
		path += 10;
	while (*path != '\0') {
		size_t length = strcspn(path, "/\\");

		if (length == 2 && memcmp(path, "..", 2) == 0)
			drop_part(&clean);
		else if (length > 0 && !(length == 1 && *path == '.'))
			text_addf(&clean, "%s%.*s", clean.length > 0 ? "/" : "", (int)length, path);
		path += length + (path[length] != '\0');
	}
	return text_take(&clean);
}

/* The path of a file that the changelog names. free() releases it. */
static char *path_of(const struct changelog *changelog, const char *name, bool is_relative)
{
	const char *slash = strrchr(changelog->path, '/');
	char *joined;
	char *path;

	if (!is_relative || slash == NULL)
		return liquibase_path(name);
	joined = xasprintf("%.*s/%s", (int)(slash - changelog->path), changelog->path, name);
	path = liquibase_path(joined);
	free(joined);
	return path;
}

void liquibase_add(const struct changelog *changelog, const struct changeset *set)
{
	const char *path = set->logical != NULL         ? set->logical
			   : changelog->logical != NULL ? changelog->logical
							: changelog->path;
	char *clean = liquibase_path(path);
	char *id = xasprintf("%s::%s::%s", clean, set->id, set->author);

	if (strstr(id, "${") != NULL)
		refuse(changelog, set->line, "a property stands in the name of a changeset");
	else
		files_add(changelog->reading, id, changelog->file);
	free(clean);
	free(id);
}

/* Whether a list such as "h2, postgresql" or "!mysql" has PostgreSQL in it. */
bool liquibase_dbms_is_ours(const char *list)
{
	bool has_others = false;
	bool is_ours = false;

	while (*list != '\0') {
		size_t length = strcspn(list, ", ");
		bool is_not = *list == '!';

		if (length == 0) {
			list++;
			continue;
		}
		if (strncasecmp(list + is_not, "postgresql", length - is_not) == 0 &&
		    length - is_not == strlen("postgresql"))
			return !is_not;
		is_ours = is_ours || is_not || (length == 3 && strncasecmp(list, "all", 3) == 0);
		has_others = true;
		list += length;
	}
	return is_ours || !has_others;
}

/* --- XML, YAML, JSON */

static long line_of(const cJSON *node)
{
	const cJSON *line = cJSON_GetObjectItemCaseSensitive(node, CHANGELOG_LINE);

	return cJSON_IsNumber(line) ? (long)line->valuedouble : 0;
}

/* The member as text, or NULL where there is none; *is_odd where its text cannot be told. free()
 * releases it. */
static char *member_text(const cJSON *object, const char *name, bool *is_odd)
{
	const cJSON *member = cJSON_GetObjectItemCaseSensitive(object, name);
	double number = cJSON_IsNumber(member) ? member->valuedouble : 0;

	if (cJSON_IsString(member))
		return xstrdup(member->valuestring);
	if (cJSON_IsNumber(member) && number >= 0 && number < 1e15 &&
	    number - (double)(long long)number == 0)
		return xasprintf("%lld", (long long)number);
	if (cJSON_IsBool(member))
		return xstrdup(cJSON_IsTrue(member) ? "true" : "false");
	*is_odd = *is_odd || member != NULL;
	return NULL;
}

static bool member_is(const cJSON *object, const char *name, const char *value)
{
	bool is_odd = false;
	char *text = member_text(object, name, &is_odd);
	bool is = text != NULL && strcasecmp(text, value) == 0;

	free(text);
	return is;
}

static bool has_text(const cJSON *object, const char *name)
{
	const cJSON *member = cJSON_GetObjectItemCaseSensitive(object, name);

	return member != NULL && !(cJSON_IsString(member) && *member->valuestring == '\0');
}

/* What no reader of files can know of a node; NULL: nothing is in the way. */
static const char *run_time_choice(const cJSON *node)
{
	static const char *const names[] = {"context", "contextFilter", "contexts", "labels"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (has_text(node, names[i]))
			return "contexts and labels are chosen at run time";
	return NULL;
}

/* Preconditions are an object of attributes, or a list of such objects. */
static bool may_pass_over(const cJSON *conditions)
{
	const cJSON *item;

	if (member_is(conditions, "onFail", "CONTINUE") ||
	    member_is(conditions, "onError", "CONTINUE"))
		return true;
	if (!cJSON_IsArray(conditions))
		return false;
	cJSON_ArrayForEach(item, conditions)
	{
		if (may_pass_over(item))
			return true;
	}
	return false;
}

#define PASSED_OVER "a precondition may pass over changesets without a trace"

static void read_changeset(const struct changelog *changelog, const cJSON *node)
{
	bool is_odd = false;
	char *id = member_text(node, "id", &is_odd);
	char *author = member_text(node, "author", &is_odd);
	char *logical = member_text(node, "logicalFilePath", &is_odd);
	char *dbms = member_text(node, "dbms", &is_odd);
	struct changeset set = {id, author, logical, line_of(node)};

	changelog->reading->found++;
	if (id == NULL || author == NULL || is_odd)
		refuse(changelog, set.line,
		    "a changeset without plain id and author (in YAML, put "
		    "numbers and dates in quotes)");
	else if (run_time_choice(node) != NULL)
		refuse(changelog, set.line, run_time_choice(node));
	else if (may_pass_over(cJSON_GetObjectItemCaseSensitive(node, "preConditions")))
		refuse(changelog, set.line, PASSED_OVER);
	else if ((dbms == NULL || liquibase_dbms_is_ours(dbms)) &&
		 !member_is(node, "ignore", "true"))
		liquibase_add(changelog, &set);
	free(id);
	free(author);
	free(logical);
	free(dbms);
}

static bool has_known_extension(const char *name)
{
	static const char *const extensions[] = {".xml", ".yaml", ".yml", ".json", ".sql", NULL};
	const char *dot = strrchr(name, '.');

	for (const char *const *extension = extensions; dot != NULL && *extension != NULL;
	     extension++)
		if (strcasecmp(dot, *extension) == 0)
			return walk_is_shown(name);
	return false;
}

/* All changelogs of a directory and of those in it, in the order of their paths. */
static void collect_all(
    const struct changelog *changelog, const char *path, int depth, struct strings *paths)
{
	char *folder = xasprintf("%s/%s", changelog->root, path);
	struct strings files = {0};
	struct strings folders = {0};
	struct error err;

	if (walk_list(folder, WALK_FILES, has_known_extension, &files, &err) < 0 ||
	    walk_list(folder, WALK_FOLDERS, walk_is_shown, &folders, &err) < 0)
		problems_add(changelog->reading->problems, folder, "%s", err.text);
	for (size_t i = 0; i < files.count; i++)
		strings_take(
		    paths, xasprintf("%s%s%s", path, *path != '\0' ? "/" : "", files.items[i]));
	for (size_t i = 0; depth < INCLUDES_MAX && i < folders.count; i++) {
		char *inner = xasprintf("%s%s%s", path, *path != '\0' ? "/" : "", folders.items[i]);

		collect_all(changelog, inner, depth + 1, paths);
		free(inner);
	}
	strings_done(&files);
	strings_done(&folders);
	free(folder);
}

static int compare_paths(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void read_include_all(const struct changelog *changelog, const cJSON *node)
{
	static const char *const choices[] = {"filter", "resourceFilter", "resourceComparator",
	    "endsWithFilter", "minDepth", "maxDepth", "ignore", "logicalFilePath"};
	bool is_odd = false;
	char *name = member_text(node, "path", &is_odd);
	struct strings paths = {0};
	char *path;

	for (size_t i = 0; i < sizeof(choices) / sizeof(choices[0]); i++)
		is_odd = is_odd || has_text(node, choices[i]);
	if (name == NULL || is_odd || run_time_choice(node) != NULL || strstr(name, "${") != NULL) {
		refuse(changelog, line_of(node), "an includeAll that is not plain");
		free(name);
		return;
	}
	path = path_of(changelog, name, member_is(node, "relativeToChangelogFile", "true"));
	collect_all(changelog, path, 0, &paths);
	if (paths.count > 0)
		qsort(paths.items, paths.count, sizeof(char *), compare_paths);
	for (size_t i = 0; i < paths.count; i++)
		read_changelog(
		    changelog->reading, changelog->root, paths.items[i], changelog->includes + 1);
	strings_done(&paths);
	free(path);
	free(name);
}

static void read_include(const struct changelog *changelog, const cJSON *node)
{
	bool is_odd = has_text(node, "logicalFilePath") || has_text(node, "ignore");
	char *name = member_text(node, "file", &is_odd);
	char *path;

	if (name == NULL || is_odd || run_time_choice(node) != NULL || strstr(name, "${") != NULL) {
		refuse(changelog, line_of(node), "an include that is not plain");
	} else {
		path = path_of(changelog, name, member_is(node, "relativeToChangelogFile", "true"));
		read_changelog(changelog->reading, changelog->root, path, changelog->includes + 1);
		free(path);
	}
	free(name);
}

static void read_preconditions(const struct changelog *changelog, const cJSON *node)
{
	if (may_pass_over(node))
		refuse(changelog, line_of(node), PASSED_OVER);
}

static void refuse_node(const struct changelog *changelog, const cJSON *node)
{
	refuse(changelog, line_of(node), "changesets are changed by what includes them");
}

/* What an element of databaseChangeLog means; others say nothing of what is recorded. */
static const struct {
	const char *name;
	void (*read)(const struct changelog *changelog, const cJSON *node);
} elements[] = {
    {"changeSet", read_changeset},
    {"include", read_include},
    {"includeAll", read_include_all},
    {"modifyChangeSets", refuse_node},
    {"preConditions", read_preconditions},
};

static void read_element(const struct changelog *changelog, const cJSON *item)
{
	for (size_t i = 0; i < sizeof(elements) / sizeof(elements[0]); i++) {
		const cJSON *node = cJSON_GetObjectItemCaseSensitive(item, elements[i].name);

		if (node != NULL)
			elements[i].read(changelog, node);
	}
}

static void read_tree(struct changelog *changelog, const cJSON *document)
{
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(document, "databaseChangeLog");
	const cJSON *item;
	bool is_odd = false;

	if (!cJSON_IsArray(list)) {
		report(changelog, "is no changelog, expected a list databaseChangeLog");
		return;
	}
	cJSON_ArrayForEach(item, list)
	{
		char *logical = member_text(item, "logicalFilePath", &is_odd);

		if (logical != NULL) {
			free(changelog->logical);
			changelog->logical = logical;
		}
	}
	if (is_odd)
		refuse(changelog, 0, "a logicalFilePath that is not plain");
	cJSON_ArrayForEach(item, list)
	{
		read_element(changelog, item);
	}
}

static const struct language {
	const char *extension;
	cJSON *(*parse)(const char *text, size_t length, struct error *err);
} languages[] = {
    {".json", changelog_from_json},
    {".sql", NULL},
    {".xml", changelog_from_xml},
    {".yaml", changelog_from_yaml},
    {".yml", changelog_from_yaml},
    {NULL, NULL},
};

static const struct language *language_of(const char *path)
{
	const char *dot = strrchr(path, '.');

	for (const struct language *language = languages; language->extension != NULL; language++)
		if (dot != NULL && strcasecmp(dot, language->extension) == 0)
			return language;
	return NULL;
}

static void parse(
    struct changelog *changelog, const struct language *language, const char *text, size_t length)
{
	struct error err = {0};
	cJSON *document;

	if (language->parse == NULL) {
		liquibase_sql(changelog, text);
		return;
	}
	document = language->parse(text, length, &err);
	if (document == NULL)
		report(changelog, err.text);
	else
		read_tree(changelog, document);
	cJSON_Delete(document);
}

static void parse_as(struct changelog *changelog, const char *text, size_t length)
{
	const struct language *language = language_of(changelog->path);

	if (language != NULL)
		parse(changelog, language, text, length);
	else
		report(changelog, "is no changelog, expected .xml, .yaml, .yml, .json or .sql");
	free(changelog->file);
	free(changelog->logical);
}

static void read_changelog(
    struct file_reading *reading, const char *root, const char *path, int includes)
{
	struct changelog changelog = {.reading = reading,
	    .root = root,
	    .path = path,
	    .file = xasprintf("%s/%s", root, path),
	    .includes = includes};
	size_t length = 0;
	char *text = NULL;

	if (includes > INCLUDES_MAX)
		report(&changelog, "is included too deeply: does it include itself?");
	else
		text = files_text(reading, changelog.file, &length);
	if (text != NULL) {
		parse_as(&changelog, text, length);
	} else {
		reading->found++; /* it is told already */
		free(changelog.file);
	}
	free(text);
}

void liquibase_text(struct file_reading *reading, const char *root, const char *path,
    const char *text, size_t length)
{
	struct changelog changelog = {
	    .reading = reading, .root = root, .path = path, .file = xasprintf("%s/%s", root, path)};

	parse_as(&changelog, text, length);
}

void liquibase_refuse(const struct changelog *changelog, long line, const char *what)
{
	refuse(changelog, line, what);
}

void liquibase_set_logical(struct changelog *changelog, const char *path)
{
	free(changelog->logical);
	changelog->logical = xstrdup(path);
}

/*
 * The value is a file, the root changelog. Liquibase records paths as they were given to it, from a
 * folder of its search path on; "/./" shows where that part begins, else it is the last one.
 */
void liquibase_directory(struct file_reading *reading, const char *directory)
{
	const char *mark = strstr(directory, "/./");
	const char *slash = mark != NULL ? mark : strrchr(directory, '/');
	const char *rest = mark != NULL ? mark + 3 : slash != NULL ? slash + 1 : directory;
	char *root =
	    slash != NULL ? xstrndup(directory, (size_t)(slash - directory)) : xstrdup(".");
	struct stat status;

	if (stat(directory, &status) == 0 && S_ISDIR(status.st_mode))
		problems_add(reading->problems, reading->place,
		    "\"%s\" is a directory, expected the file of the root changelog, as in "
		    "\"/app/./db/changelog.xml\" where Liquibase is given db/changelog.xml",
		    directory);
	else
		read_changelog(reading, root, rest, 0);
	free(root);
}
