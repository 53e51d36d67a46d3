#include "release.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../order.h"
#include "../xalloc.h"
#include "tool.h"

struct release *release_create(const struct history_tool *tool)
{
	struct release *release = xcalloc(1, sizeof(*release));

	release->tool = tool;
	return release;
}

void migration_done(struct migration *migration)
{
	free(migration->id);
	free(migration->place);
	strings_done(&migration->sums);
	strings_done(&migration->replaces);
	*migration = (struct migration){0};
}

void release_free(struct release *release)
{
	if (release == NULL)
		return;
	for (size_t i = 0; i < release->count; i++)
		migration_done(&release->migrations[i]);
	free(release->migrations);
	free(release->by_id);
	strings_done(&release->also);
	free(release);
}

void release_add(struct release *release, struct migration *migration)
{
	if (release->count == release->capacity) {
		/* Nearly all are of one file, and hold one. */
		release->capacity = release->capacity > 0 ? 2 * release->capacity : 1;
		release->migrations = xreallocarray(
		    release->migrations, release->capacity, sizeof(*release->migrations));
	}
	release->migrations[release->count++] = *migration;
	*migration = (struct migration){0};
}

void release_append(struct release *release, struct release *more)
{
	for (size_t i = 0; i < more->count; i++)
		release_add(release, &more->migrations[i]);
	free(more->migrations);
	*more = (struct release){0};
}

static int compare_migrations(const void *a, const void *b, void *arg)
{
	const struct release *release = arg;
	const struct migration *x = a;
	const struct migration *y = b;
	int result = release->tool->compare(x->id, y->id);

	return result != 0 ? result : strcmp(x->place, y->place);
}

static int compare_indices(const void *a, const void *b, void *arg)
{
	const struct release *release = arg;
	size_t x = *(const size_t *)a;
	size_t y = *(const size_t *)b;
	int result = release->tool->compare(release->migrations[x].id, release->migrations[y].id);

	return result != 0 ? result : (x > y) - (x < y);
}

static int compare_replaced(const void *a, const void *b, void *arg)
{
	const struct release *release = arg;

	return release->tool->compare(*(char *const *)a, *(char *const *)b);
}

static void check_id(const struct release *release, const struct migration *migration,
    const char *id, struct problems *problems)
{
	if (!text_is_clean(id))
		problems_add(problems, migration->place,
		    "the id \"%s\" has control characters or bytes that are not UTF-8, which no "
		    "history table could hold",
		    id);
	else if (!release->tool->is_id(id))
		problems_add(problems, migration->place, "\"%s\" is no id of %s, expected %s", id,
		    release->tool->name, release->tool->id_shown);
}

static void check_ids(const struct release *release, struct problems *problems)
{
	for (size_t i = 0; i < release->count; i++) {
		const struct migration *migration = &release->migrations[i];

		check_id(release, migration, migration->id, problems);
		for (size_t k = 0; k < migration->replaces.count; k++)
			check_id(release, migration, migration->replaces.items[k], problems);
	}
}

static void check_repeated(const struct release *release, struct problems *problems)
{
	for (size_t i = 1; i < release->count; i++) {
		const struct migration *first = &release->migrations[release->by_id[i - 1]];
		const struct migration *second = &release->migrations[release->by_id[i]];

		if (release->tool->compare(first->id, second->id) == 0)
			problems_add(problems, second->place,
			    "%s is there already as %s in %s; one of them must go or get another "
			    "id",
			    second->id, first->id, first->place);
	}
}

/* The ids that are replaced, in order. */
static void collect_replaced(struct release *release)
{
	for (size_t i = 0; i < release->count; i++) {
		const struct strings *replaces = &release->migrations[i].replaces;

		for (size_t k = 0; k < replaces->count; k++)
			strings_add(&release->also, replaces->items[k]);
	}
	put_in_order(
	    release->also.items, release->also.count, sizeof(char *), compare_replaced, release);
}

static void order_migrations(struct release *release)
{
	release->by_id = xcalloc(release->count + 1, sizeof(*release->by_id));
	for (size_t i = 0; i < release->count; i++)
		release->by_id[i] = i;
	if (!release->tool->keeps_order)
		put_in_order(release->migrations, release->count, sizeof(*release->migrations),
		    compare_migrations, release);
	else
		put_in_order(release->by_id, release->count, sizeof(*release->by_id),
		    compare_indices, release);
}

void release_link(struct release *release, const char *place, struct problems *problems)
{
	for (size_t i = 0; i < release->count; i++)
		if (release->migrations[i].place == NULL)
			release->migrations[i].place = xstrdup(place);
	order_migrations(release);
	collect_replaced(release);
	check_ids(release, problems);
	check_repeated(release, problems);
}

/* What is looked for in a release. */
struct wanted {
	const struct release *release;
	const char *id;
	size_t length; /* of the part of id that counts */
};

static const char *id_at(const struct release *release, size_t rank)
{
	return release->migrations[release->by_id[rank]].id;
}

static int compare_id(const void *key, size_t rank)
{
	const struct wanted *wanted = key;

	return wanted->release->tool->compare(wanted->id, id_at(wanted->release, rank));
}

size_t release_find(const struct release *release, const char *id)
{
	const struct wanted wanted = {release, id, 0};
	size_t rank = ids_search(&wanted, release->count, compare_id);

	return rank == SIZE_MAX ? rank : release->by_id[rank];
}

static int compare_also(const void *key, size_t rank)
{
	const struct wanted *wanted = key;

	return wanted->release->tool->compare(wanted->id, wanted->release->also.items[rank]);
}

bool release_replaces(const struct release *release, const char *id)
{
	const struct wanted wanted = {release, id, 0};

	return ids_search(&wanted, release->also.count, compare_also) != SIZE_MAX;
}

static int compare_scope(const void *key, size_t rank)
{
	const struct wanted *wanted = key;

	return strncmp(wanted->id, id_at(wanted->release, rank), wanted->length);
}

/* Ids of one scope stand together, as these are compared by bytes. */
bool release_has_scope(const struct release *release, const char *id)
{
	const char *end = strchr(id, release->tool->scope);
	const struct wanted wanted = {release, id, end != NULL ? (size_t)(end - id) + 1 : 0};

	return end != NULL && ids_search(&wanted, release->count, compare_scope) != SIZE_MAX;
}

static void split_words(const char *text, struct strings *words)
{
	for (;;) {
		size_t length = strcspn(text, " ");

		if (length > 0)
			strings_take(words, xstrndup(text, length));
		if (text[length] == '\0')
			return;
		text += length + 1;
	}
}

/* Reads what stands behind a tab. */
static void read_attribute(
    struct migration *migration, const char *attribute, struct problems *problems)
{
	if (strncmp(attribute, "sum=", 4) == 0)
		strings_add(&migration->sums, attribute + 4);
	else if (strncmp(attribute, "replaces=", 9) == 0)
		split_words(attribute + 9, &migration->replaces);
	else if (strcmp(attribute, "optional") == 0)
		migration->is_optional = true;
	else
		problems_add(problems, migration->place,
		    "\"%s\" is not known, expected \"sum=CHECKSUM\", \"replaces=ID ID\" or "
		    "\"optional\" behind a tab",
		    attribute);
}

/* place and number say where the item stands. */
static void read_item(struct release *release, const char *item, const char *place, size_t number,
    struct problems *problems)
{
	char *copy = xstrdup(item);
	char *rest = copy;
	struct migration migration = {
	    .id = xstrdup(strsep(&rest, "\t")),
	    .place = xasprintf("%s, entry %zu", place, number),
	};
	const char *attribute;

	while ((attribute = strsep(&rest, "\t")) != NULL)
		read_attribute(&migration, attribute, problems);
	release_add(release, &migration);
	free(copy);
}

struct release *release_read_list(const struct history_tool *tool, const struct strings *items,
    const char *place, struct problems *problems)
{
	size_t before = problems->lines.count;
	struct release *release = release_create(tool);

	for (size_t i = 0; i < items->count; i++)
		read_item(release, items->items[i], place, i + 1, problems);
	if (tool->list_hook != NULL)
		tool->list_hook(release);
	release_link(release, place, problems);
	if (problems->lines.count == before)
		return release;
	release_free(release);
	return NULL;
}

static void print_migration(const struct migration *migration, struct text *text)
{
	text_add(text, migration->id);
	for (size_t i = 0; i < migration->sums.count; i++)
		text_addf(text, "\tsum=%s", migration->sums.items[i]);
	for (size_t i = 0; i < migration->replaces.count; i++)
		text_addf(text, "%s%s", i == 0 ? "\treplaces=" : " ", migration->replaces.items[i]);
	text_addf(text, "%s\n", migration->is_optional ? "\toptional" : "");
}

void release_print(const struct release *release, struct text *text)
{
	for (size_t i = 0; i < release->count; i++)
		print_migration(&release->migrations[i], text);
}
