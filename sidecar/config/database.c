#include "database.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../probes/xalloc.h"

#define SECRET_LIMIT_BYTES (64 << 10)

static const char *const keep_names[] = {
    [KEEP_AUTO] = "auto", [KEEP_ALWAYS] = "always", [KEEP_NEVER] = "never", NULL};

static const char *const server_names[] = {
    [SERVER_ANY] = "any", [SERVER_PRIMARY] = "primary", NULL};

const struct key database_keys[] = {
    {.name = "name",
	.type = KEY_STRING,
	.offset = offsetof(struct database, name),
	.fallback = "main",
	.help = "its name on every road"},
    {.name = "url",
	.type = KEY_STRING,
	.offset = offsetof(struct database, url),
	.may_hold_secret = true,
	.help = "a database URL as applications write it; default: libpq's own environment"},
    {.name = "urlFile",
	.type = KEY_STRING,
	.offset = offsetof(struct database, url_file),
	.help = "a file that holds the URL, read anew at each connect"},
    {.name = "passwordFile",
	.type = KEY_STRING,
	.offset = offsetof(struct database, password_file),
	.help = "a file that holds the password, read anew at each connect"},
    {.name = "schema",
	.type = KEY_STRING,
	.offset = offsetof(struct database, schema),
	.identifier = true,
	.help = "where unqualified names live; default: the URL's, else public"},
    {.name = "role",
	.type = KEY_STRING,
	.offset = offsetof(struct database, role),
	.identifier = true,
	.help = "whose privileges a contract is judged by; default: the role we log in as"},
    {.name = "period",
	.type = KEY_DURATION,
	.offset = offsetof(struct database, period_ms),
	.fallback = "10s",
	.least = 10,
	.most = 3600000,
	.help = "time between rounds while ready"},
    {.name = "retryPeriod",
	.type = KEY_DURATION,
	.offset = offsetof(struct database, retry_period_ms),
	.fallback = "125ms",
	.least = 10,
	.most = 3600000,
	.help = "time between rounds while not ready"},
    {.name = "timeout",
	.type = KEY_DURATION,
	.offset = offsetof(struct database, timeout_ms),
	.fallback = "2s",
	.least = 50,
	.most = 60000,
	.help = "for a connect, and for a statement"},
    {.name = "holdFor",
	.type = KEY_DURATION,
	.offset = offsetof(struct database, hold_for_ms),
	.fallback = "5m",
	.least = 0,
	.most = (int64_t)30 * 24 * 3600000,
	.help = "how long a ready answer outlives silence"},
    {.name = "keepConnection",
	.type = KEY_CHOICE,
	.offset = offsetof(struct database, keep_connection),
	.choices = keep_names,
	.fallback = "auto",
	.help = "auto: kept while rounds come every 30 s or oftener"},
    {.name = "server",
	.type = KEY_CHOICE,
	.offset = offsetof(struct database, server),
	.choices = server_names,
	.fallback = "any",
	.help = "primary: a standby will not do; of several hosts the primary is looked for"},
    {.name = "notify",
	.type = KEY_STRING,
	.offset = offsetof(struct database, notify),
	.identifier = true,
	.help = "a channel: on each NOTIFY on it the database is looked at, at once"},
    {.name = "checks", .type = KEY_NESTED, .help = "what must be there"},
    {.name = NULL},
};

/* Trims a secret of length bytes that was just read; gives what is wrong with it, or NULL. */
static const char *trim_secret(FILE *file, char *text, size_t length)
{
	if (!feof(file) && !ferror(file))
		return "cannot be read: it is larger than 64 KiB";
	while (length > 0 && strchr(" \t\r\n", text[length - 1]) != NULL)
		text[--length] = '\0';
	if (length == 0)
		return "is empty";
	return strlen(text) != length ? "holds a NUL byte" : NULL;
}

/* The file's text without trailing line ends and blanks; NULL with err, which names the key alone:
 * where somebody wrote the secret itself in place of the path, it must not be told. */
static char *read_secret(const char *path, const char *key, struct error *err)
{
	FILE *file = fopen(path, "re");
	int failure = file == NULL ? errno : 0;
	char *text = xcalloc(SECRET_LIMIT_BYTES + 1, 1);
	const char *wrong = NULL;

	if (file != NULL) {
		wrong = trim_secret(file, text, fread(text, 1, SECRET_LIMIT_BYTES, file));
		failure = ferror(file) ? errno : 0;
		fclose(file);
	}
	if (failure == 0 && wrong == NULL)
		return text;
	if (failure != 0)
		error_set(err, "%s cannot be read: %s", key, strerror(failure));
	else
		error_set(err, "%s %s", key, wrong);
	free(text);
	return NULL;
}

static int add_password(const struct database *database, struct dsn *dsn, struct error *err)
{
	char *password;

	if (database->password_file == NULL)
		return 0;
	password = read_secret(database->password_file, "passwordFile", err);
	if (password == NULL)
		return -1;
	dsn_set(dsn, "password", password);
	free(password);
	return 0;
}

static int read_url(const struct database *database, struct dsn *dsn, struct error *err)
{
	char *url = xstrdup(database->url);
	int result = 0;

	*dsn = (struct dsn){0};
	if (database->url_file != NULL) {
		url = read_secret(database->url_file, "urlFile", err);
		if (url == NULL)
			return -1;
	}
	if (url != NULL)
		result = dsn_parse(url, dsn, err);
	free(url);
	return result;
}

int database_dsn(const struct database *database, struct dsn *dsn, struct error *err)
{
	return read_url(database, dsn, err) == 0 ? add_password(database, dsn, err) : -1;
}

static uint64_t add_to_version(uint64_t version, const char *path)
{
	FILE *file = path != NULL ? fopen(path, "re") : NULL;
	int byte;

	if (file == NULL)
		return version ^ (path != NULL);
	/* FNV-1a: a change is noticed, not proven. */
	for (long i = 0; i < SECRET_LIMIT_BYTES && (byte = getc(file)) != EOF; i++)
		version = (version ^ (uint64_t)byte) * 0x100000001b3u;
	fclose(file);
	return version;
}

uint64_t database_secret_version(const struct database *database)
{
	uint64_t version = 0xcbf29ce484222325u;

	version = add_to_version(version, database->url_file);
	return add_to_version(version, database->password_file);
}

/* Reads URL and password once, to tell what is wrong with them, and learns what the URL says. */
static void check_url(
    struct database *database, const struct json_place *place, struct problems *problems)
{
	struct json_place here =
	    json_place_key(place, database->url_file != NULL ? "urlFile" : "url");
	struct json_place password = json_place_key(place, "passwordFile");
	struct dsn dsn;
	struct error err;

	if (database->url != NULL && database->url_file != NULL) {
		json_problem(
		    problems, &here, "both \"url\" and \"urlFile\" are given, expected one");
		return;
	}
	if (read_url(database, &dsn, &err) != 0)
		json_problem(problems, &here, "%s", err.text);
	if (add_password(database, &dsn, &err) != 0)
		json_problem(problems, &password, "%s", err.text);
	if (database->schema == NULL)
		database->schema = xstrdup(dsn.schema);
	for (size_t i = 0; i < dsn.dropped.count; i++)
		strings_add(&database->dropped, dsn.dropped.items[i]);
	dsn_done(&dsn);
}

/* A retryPeriod that nobody asked for follows a shorter period. */
static void check_times(const cJSON *object, const struct json_place *place,
    struct database *database, struct problems *problems)
{
	struct json_place here = json_place_key(place, "retryPeriod");

	if (database->period_ms <= 0 || database->retry_period_ms <= database->period_ms)
		return;
	if (cJSON_HasObjectItem(object, "retryPeriod"))
		json_problem(problems, &here, "is longer than \"period\", expected at most that");
	else
		database->retry_period_ms = database->period_ms;
}

static void check_is_named_once(const struct database *database, const struct check *check,
    const struct json_place *place, struct problems *problems)
{
	struct json_place here = json_place_key(place, "name");

	for (size_t i = 0; i < database->check_count; i++)
		if (database->checks[i] != NULL &&
		    strcmp(database->checks[i]->name, check->name) == 0)
			json_problem(problems, &here,
			    "\"%s\" is the name of two checks of this database, expected one",
			    check->name);
}

void database_read_checks(const cJSON *object, const struct json_place *place,
    struct database *database, struct problems *problems)
{
	const cJSON *checks = cJSON_GetObjectItemCaseSensitive(object, "checks");
	struct json_place list = json_place_key(place, "checks");
	const cJSON *element;

	if (!cJSON_IsObject(object))
		return; /* told already */
	if (!cJSON_IsArray(checks) || cJSON_GetArraySize(checks) == 0) {
		json_problem(problems, &list,
		    "nothing is checked, expected an array of checks"
		    " (without a file: SCHEMALATCH_TABLES, SCHEMALATCH_CONTRACT or "
		    "SCHEMALATCH_MIGRATIONS)");
		return;
	}
	database->checks = xcalloc((size_t)cJSON_GetArraySize(checks), sizeof(struct check *));
	cJSON_ArrayForEach(element, checks)
	{
		struct json_place here = json_place_index(&list, (int)database->check_count);
		struct check *check =
		    check_read(element, &here, database->schema, database->role, problems);

		if (check != NULL)
			check_is_named_once(database, check, &here, problems);
		database->checks[database->check_count++] = check;
	}
}

void database_prepare_checks(
    const struct json_place *place, struct database *database, struct problems *problems)
{
	struct json_place list = json_place_key(place, "checks");

	for (size_t i = 0; i < database->check_count; i++) {
		struct json_place here = json_place_index(&list, (int)i);

		if (database->checks[i] != NULL)
			check_prepare(database->checks[i], &here, problems);
	}
}

void database_read(const cJSON *object, const struct json_place *place, struct database *database,
    struct problems *problems)
{
	keys_read(object, place, (struct key_target[]){{database_keys, database}}, 1, problems);
	if (!cJSON_IsObject(object))
		return;
	check_name(database->name, place, problems);
	check_url(database, place, problems);
	check_times(object, place, database, problems);
}

void database_print(const struct database *database, cJSON *object)
{
	cJSON *checks;

	keys_print(object, (struct key_source[]){{database_keys, database}}, 1, dsn_hide);
	checks = cJSON_AddArrayToObject(object, "checks");
	for (size_t i = 0; i < database->check_count; i++) {
		cJSON *check = cJSON_CreateObject();

		check_print(database->checks[i], check);
		cJSON_AddItemToArray(checks, check);
	}
}

void database_done(struct database *database)
{
	for (size_t i = 0; i < database->check_count; i++)
		check_free(database->checks[i]);
	free(database->checks);
	free(database->meanings);
	strings_done(&database->dropped);
	keys_free(database_keys, database);
}
