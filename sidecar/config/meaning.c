#include "meaning.h"

#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>

#include "../../probes/xalloc.h"
#include "inputs.h"

/* Keys of a database that say how it is watched, not which one it is; whatever is not named here
 * makes another database of it, and that errs on the safe side. */
static const char *const of_rhythm[] = {
    "name", "period", "retryPeriod", "holdFor", "keepConnection", NULL};
static const char *const of_the_way[] = {
    "url", "urlFile", "passwordFile", "timeout", "notify", NULL};

/* What names a database to libpq. */
static const char *const target_keywords[] = {
    "host", "hostaddr", "port", "dbname", "user", "service", NULL};

static char *as_it_is(const char *value)
{
	return xstrdup(value);
}

static void remove_keys(cJSON *object, const char *const *names)
{
	for (; names != NULL && *names != NULL; names++)
		cJSON_DeleteItemFromObjectCaseSensitive(object, *names);
}

/* Adds the object as text, and deletes it. */
static void add_object(struct digester *digester, cJSON *object)
{
	char *text = cJSON_PrintUnformatted(object);

	if (text == NULL)
		abort();
	digester_add_text(digester, text);
	free(text);
	cJSON_Delete(object);
}

/* Adds the values of keys, secrets as they are, but for those in the two lists (NULL allowed). */
static void add_keys(struct digester *digester, const struct key_source *source,
    const char *const *without, const char *const *or_without)
{
	cJSON *object = cJSON_CreateObject();

	keys_print(object, source, 1, as_it_is);
	remove_keys(object, without);
	remove_keys(object, or_without);
	add_object(digester, object);
}

static struct digest digest_check(const struct check *check, struct timespec *newest)
{
	struct digester *digester = digester_create();
	struct strings paths = {0};

	digester_add_text(digester, check->kind->name);
	digester_add_text(digester, check->schema);
	add_keys(digester, &(struct key_source){check->kind->keys, check->plan}, NULL, NULL);
	check_add_inputs(check, &paths);
	for (size_t i = 0; i < paths.count; i++)
		inputs_digest(paths.items[i], digester, newest);
	strings_done(&paths);
	return digester_end(digester);
}

static const char *option_value(const PQconninfoOption *option, const char *keyword)
{
	for (; option != NULL && option->keyword != NULL; option++)
		if (strcmp(option->keyword, keyword) == 0)
			return option->val;
	return NULL;
}

/* Where the URL leads now, which a file may say; the rest is libpq's environment and defaults. */
static void add_target(struct digester *digester, const struct database *database)
{
	PQconninfoOption *defaults = PQconndefaults();
	struct error err;
	struct dsn dsn;
	bool known = database_dsn(database, &dsn, &err) == 0;

	for (const char *const *keyword = target_keywords; *keyword != NULL; keyword++) {
		const char *value = known ? dsn_get(&dsn, *keyword) : NULL;

		digester_add_text(
		    digester, value != NULL ? value : option_value(defaults, *keyword));
	}
	PQconninfoFree(defaults);
	dsn_done(&dsn);
}

static struct digest digest_target(const struct database *database)
{
	struct digester *digester = digester_create();

	add_keys(digester, &(struct key_source){database_keys, database}, of_rhythm, of_the_way);
	add_target(digester, database);
	return digester_end(digester);
}

static struct digest digest_session(const struct database *database)
{
	struct digester *digester = digester_create();

	add_keys(digester, &(struct key_source){database_keys, database}, of_rhythm, NULL);
	digester_add_digest(digester, &database->target);
	return digester_end(digester);
}

static struct digest digest_database(const struct database *database)
{
	struct digester *digester = digester_create();

	add_keys(digester, &(struct key_source){database_keys, database}, NULL, NULL);
	digester_add_digest(digester, &database->target);
	for (size_t i = 0; i < database->check_count; i++) {
		add_keys(
		    digester, &(struct key_source){check_keys, database->checks[i]}, NULL, NULL);
		digester_add_digest(digester, &database->meanings[i]);
	}
	return digester_end(digester);
}

static void fill_database(struct database *database, struct timespec *newest)
{
	database->meanings = xcalloc(database->check_count, sizeof(*database->meanings));
	for (size_t i = 0; i < database->check_count; i++)
		database->meanings[i] = digest_check(database->checks[i], newest);
	database->target = digest_target(database);
	database->session = digest_session(database);
	database->whole = digest_database(database);
}

/* What says which gates it counts for, not what is asked of it. */
static const char *const of_gates[] = {"name", "gates", "latch", NULL};

static struct digest digest_upstream(const struct upstream *upstream)
{
	struct digester *digester = digester_create();

	add_keys(digester, &(struct key_source){upstream_keys, upstream}, of_gates, NULL);
	for (size_t i = 0; i < upstream->header_count; i++) {
		digester_add_text(digester, upstream->headers[i].name);
		digester_add_text(digester, upstream->headers[i].value);
	}
	return digester_end(digester);
}

static void fill_upstream(struct upstream *upstream, struct digester *all)
{
	upstream->meaning = digest_upstream(upstream);
	add_keys(all, &(struct key_source){upstream_keys, upstream}, NULL, NULL);
	digester_add_digest(all, &upstream->meaning);
}

static bool is_before(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec < b->tv_sec || (a->tv_sec == b->tv_sec && a->tv_nsec < b->tv_nsec);
}

bool meaning_fill(struct config *config, const char *file, const struct timespec *began)
{
	struct digester *digester = digester_create();
	struct timespec newest = {0};

	if (file != NULL)
		inputs_digest(file, digester, &newest);
	for (size_t i = 0; i < config->database_count; i++) {
		fill_database(&config->databases[i], &newest);
		digester_add_digest(digester, &config->databases[i].whole);
	}
	for (size_t i = 0; i < config->upstream_count; i++)
		fill_upstream(&config->upstreams[i], digester);
	config->digest = digester_end(digester);
	return is_before(&newest, began);
}

size_t meaning_find_name(const struct database *database, const char *check)
{
	for (size_t i = 0; i < database->check_count; i++)
		if (strcmp(database->checks[i]->name, check) == 0)
			return i;
	return MEANING_NONE;
}

size_t meaning_find_database(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->database_count; i++)
		if (strcmp(config->databases[i].name, name) == 0)
			return i;
	return MEANING_NONE;
}

size_t meaning_find_check(
    const struct database *former, const struct database *database, size_t check)
{
	size_t found = meaning_find_name(former, database->checks[check]->name);

	if (found == MEANING_NONE || !digest_same(&former->target, &database->target) ||
	    !digest_same(&former->meanings[found], &database->meanings[check]))
		return MEANING_NONE;
	return found;
}

size_t meaning_find_upstream(const struct config *former, const struct upstream *upstream)
{
	for (size_t i = 0; i < former->upstream_count; i++)
		if (strcmp(former->upstreams[i].name, upstream->name) == 0 &&
		    digest_same(&former->upstreams[i].meaning, &upstream->meaning))
			return i;
	return MEANING_NONE;
}
