#include "settings.h"

#include <stdlib.h>
#include <string.h>

#include "../../probes/names.h"
#include "../../probes/text.h"
#include "../../probes/xalloc.h"

extern char **environ;

static void apply_tables(
    cJSON *document, const char *name, const char *value, struct problems *problems);
static void apply_contract(
    cJSON *document, const char *name, const char *value, struct problems *problems);
static void apply_migrations(
    cJSON *document, const char *name, const char *value, struct problems *problems);
static void apply_upstream(
    cJSON *document, const char *name, const char *value, struct problems *problems);

const struct setting settings[] = {
    {.environment = "SCHEMALATCH_DATABASE_URL",
	.fallback_environment = "DATABASE_URL",
	.flag = "--database-url",
	.pointer = "/databases/0/url",
	.alone = true,
	.value_help = "URL",
	.help = "the database, as the application writes it"},
    {.environment = "SCHEMALATCH_DATABASE_URL_FILE",
	.pointer = "/databases/0/urlFile",
	.alone = true,
	.value_help = "FILE",
	.help = "a file that holds the URL"},
    {.environment = "SCHEMALATCH_TABLES",
	.flag = "--tables",
	.pointer = "/databases/0/checks/-",
	.alone = true,
	.apply = apply_tables,
	.value_help = "NAME,NAME",
	.help = "tables that must be there: users,billing.invoices"},
    {.environment = "SCHEMALATCH_CONTRACT",
	.flag = "--contract",
	.pointer = "/databases/0/checks/-",
	.alone = true,
	.apply = apply_contract,
	.value_help = "FILE",
	.help = "the objects that must be there, as capture writes them"},
    {.environment = "SCHEMALATCH_MIGRATIONS",
	.flag = "--migrations",
	.pointer = "/databases/0/checks/-",
	.alone = true,
	.apply = apply_migrations,
	.value_help = "TOOL:DIR or TOOL@ID,ID",
	.help = "the migrations of this release: alembic:/migrations/versions"},
    {.environment = "SCHEMALATCH_UPSTREAM",
	.flag = "--upstream",
	.pointer = "/upstreams/0/url",
	.alone = true,
	.apply = apply_upstream,
	.value_help = "URL",
	.help = "the service whose own health counts as well: http://127.0.0.1:8000/health"},
    {.environment = "SCHEMALATCH_LISTEN",
	.flag = "--listen",
	.pointer = "/listen",
	.value_help = "[HOST]:PORT",
	.help = "where probes are answered"},
    {.environment = "SCHEMALATCH_MODE",
	.flag = "--mode",
	.pointer = "/mode",
	.value_help = "gate or observe",
	.help = "observe: every gate answers 200 and says what it would have answered"},
    {.environment = "SCHEMALATCH_DISABLED",
	.pointer = "/disabled",
	.value_help = "REASON",
	.help = "opens every gate and asks nothing; the reason is shown everywhere"},
    {.environment = "SCHEMALATCH_LOG_LEVEL",
	.flag = "--log-level",
	.pointer = "/log/level",
	.value_help = "debug, info, warn or error",
	.help = "the least that is logged"},
    {.environment = "SCHEMALATCH_LOG_FORMAT",
	.flag = "--log-format",
	.pointer = "/log/format",
	.value_help = "json or text",
	.help = "text on a terminal, else json"},
    {.environment = NULL},
};

/* Variables that are no row of the table: the file itself. */
static const char *const other_variables[] = {"SCHEMALATCH_CONFIG"};

/* The member of object, made where it is not there; is_array says of what kind. */
static cJSON *member(cJSON *object, const char *name, bool is_array)
{
	cJSON *found = cJSON_GetObjectItemCaseSensitive(object, name);

	if (found == NULL) {
		found = is_array ? cJSON_CreateArray() : cJSON_CreateObject();
		cJSON_AddItemToObject(object, name, found);
	}
	return found;
}

static cJSON *first_database(cJSON *document)
{
	cJSON *databases = member(document, "databases", true);

	if (cJSON_GetArraySize(databases) == 0)
		cJSON_AddItemToArray(databases, cJSON_CreateObject());
	return cJSON_GetArrayItem(databases, 0);
}

static cJSON *new_check(cJSON *document, const char *kind)
{
	cJSON *checks = member(first_database(document), "checks", true);
	cJSON *check = cJSON_CreateObject();

	cJSON_AddStringToObject(check, "kind", kind);
	cJSON_AddItemToArray(checks, check);
	return check;
}

static void add_list(cJSON *check, const char *key, const char *value)
{
	struct strings items = {0};

	names_split(value, &items);
	cJSON_AddItemToObject(check, key,
	    cJSON_CreateStringArray((const char *const *)items.items, (int)items.count));
	strings_done(&items);
}

static void apply_tables(
    cJSON *document, const char *name, const char *value, struct problems *problems)
{
	(void)name;
	(void)problems;
	add_list(new_check(document, "tables"), "tables", value);
}

static void apply_contract(
    cJSON *document, const char *name, const char *value, struct problems *problems)
{
	(void)name;
	(void)problems;
	cJSON_AddStringToObject(new_check(document, "contract"), "file", value);
}

static void apply_migrations(
    cJSON *document, const char *name, const char *value, struct problems *problems)
{
	size_t length = strcspn(value, ":@");
	char *tool = xstrndup(value, length);
	cJSON *check;

	if (value[length] == '\0' || value[length + 1] == '\0' || length == 0) {
		problems_add(problems, name,
		    "\"%s\" is not valid, expected TOOL:DIRECTORY or TOOL@ID,ID", value);
	} else {
		check = new_check(document, "migrations");
		cJSON_AddStringToObject(check, "tool", tool);
		add_list(
		    check, value[length] == ':' ? "directory" : "revisions", value + length + 1);
	}
	free(tool);
}

static void apply_upstream(
    cJSON *document, const char *name, const char *value, struct problems *problems)
{
	cJSON *upstream = cJSON_CreateObject();

	(void)name;
	(void)problems;
	cJSON_AddStringToObject(upstream, "url", value);
	cJSON_AddItemToArray(member(document, "upstreams", true), upstream);
}

static bool is_fallback(const char *name)
{
	for (size_t i = 0; settings[i].environment != NULL; i++)
		if (settings[i].fallback_environment == name)
			return true;
	return false;
}

/* The application's own variable names a database of which nothing is asked: where there is an
 * upstream to ask, that is the application's own business. */
static void forget_unasked_database(cJSON *document, const struct json_origin *origins)
{
	const cJSON *databases = cJSON_GetObjectItemCaseSensitive(document, "databases");

	if (!cJSON_HasObjectItem(document, "upstreams") ||
	    cJSON_HasObjectItem(cJSON_GetArrayItem(databases, 0), "checks"))
		return;
	for (; origins->pointer != NULL; origins++)
		if (strncmp(origins->pointer, "/databases/", 11) == 0 &&
		    !is_fallback(origins->name))
			return;
	cJSON_DeleteItemFromObjectCaseSensitive(document, "databases");
}

/* A string at a pointer of one or two names, or below the first database. */
static void apply_string(cJSON *document, const char *pointer, const char *value)
{
	const char *name = strrchr(pointer, '/') + 1;
	cJSON *object = document;

	if (strncmp(pointer, "/databases/", 11) == 0)
		object = first_database(document);
	else if (strncmp(pointer, "/log/", 5) == 0)
		object = member(document, "log", false);
	if (!cJSON_IsObject(object))
		return; /* the file has something else there, which is told by whoever reads it */
	cJSON_DeleteItemFromObjectCaseSensitive(object, name);
	cJSON_AddStringToObject(object, name, value);
}

/* An empty variable is an unset one, as shells and charts leave them. */
static const char *variable(const char *name)
{
	const char *value = name != NULL ? getenv(name) : NULL;

	return value != NULL && *value != '\0' ? value : NULL;
}

struct choice {
	const char *name;
	const char *value;
};

/* Flag, then variable, then the application's variable; a name that begins with "--" is a flag. */
static struct choice choose(const struct setting *setting, const char *flag, bool has_file)
{
	if (flag != NULL)
		return (struct choice){setting->flag, flag};
	if (variable(setting->environment) != NULL)
		return (struct choice){setting->environment, variable(setting->environment)};
	/* Beside a file the application's own variable is the application's own business. */
	if (!has_file && variable(setting->fallback_environment) != NULL)
		return (struct choice){
		    setting->fallback_environment, variable(setting->fallback_environment)};
	return (struct choice){NULL, NULL};
}

static void problem_beside_file(const struct choice *choice, struct problems *problems)
{
	problems_add(problems, choice->name,
	    "describes the database of a start without file, but a file is given; expected it in "
	    "the"
	    " file's \"databases\"");
}

static void apply(const struct setting *setting, const struct choice *choice, cJSON *document,
    struct problems *problems)
{
	if (setting->apply != NULL)
		setting->apply(document, choice->name, choice->value, problems);
	else
		apply_string(document, setting->pointer, choice->value);
}

/* The place of what a setting made: rows that append know only now which element it is. */
static const char *made_at(const struct setting *setting, const cJSON *document)
{
	static const char *const elements[] = {
	    "/databases/0/checks/0", "/databases/0/checks/1", "/databases/0/checks/2"};
	const cJSON *databases = cJSON_GetObjectItemCaseSensitive(document, "databases");
	const cJSON *checks =
	    cJSON_GetObjectItemCaseSensitive(cJSON_GetArrayItem(databases, 0), "checks");
	int count = cJSON_GetArraySize(checks);

	if (strstr(setting->pointer, "/-") == NULL)
		return setting->pointer;
	return count > 0 && count <= 3 ? elements[count - 1] : setting->pointer;
}

/*
 * Kubernetes gives each container the addresses of all Services of its namespace, so a Service
 * named "schemalatch" makes SCHEMALATCH_SERVICE_HOST, SCHEMALATCH_PORT_8484_TCP and the like.
 */
static bool is_service_link(const char *name)
{
	const char *rest = name + strlen("SCHEMALATCH_");

	return strstr(rest, "SERVICE_HOST") != NULL || strstr(rest, "SERVICE_PORT") != NULL ||
	       strcmp(rest, "PORT") == 0 || strncmp(rest, "PORT_", 5) == 0 ||
	       strstr(rest, "_PORT") != NULL;
}

static size_t known_variables(const char **names)
{
	size_t count = 0;

	for (const struct setting *setting = settings; setting->environment != NULL; setting++)
		names[count++] = setting->environment;
	for (size_t i = 0; i < sizeof(other_variables) / sizeof(other_variables[0]); i++)
		names[count++] = other_variables[i];
	return count;
}

static void find_strangers(struct problems *problems)
{
	const char *names[2 * SETTINGS_MAX];
	size_t count = known_variables(names);

	for (char **entry = environ; *entry != NULL; entry++) {
		char *name;
		const char *near;
		bool known = false;

		if (strncmp(*entry, "SCHEMALATCH_", 12) != 0)
			continue;
		name = xstrndup(*entry, strcspn(*entry, "="));
		for (size_t i = 0; i < count; i++)
			known = known || strcmp(names[i], name) == 0;
		near = strings_nearest(name, names, count);
		if (!known && !is_service_link(name))
			problems_add(problems, name,
			    near != NULL ? "unknown variable, did you mean %s?"
					 : "unknown variable%s",
			    near != NULL ? near : "");
		free(name);
	}
}

void settings_apply(cJSON *document, bool has_file, const struct setting_flags *flags,
    struct json_origin *origins, struct problems *problems)
{
	size_t count = 0;

	find_strangers(problems);
	for (size_t i = 0; settings[i].environment != NULL; i++) {
		struct choice choice = choose(&settings[i], flags->values[i], has_file);

		if (choice.value == NULL)
			continue;
		if (settings[i].alone && has_file) {
			problem_beside_file(&choice, problems);
			continue;
		}
		apply(&settings[i], &choice, document, problems);
		origins[count++] =
		    (struct json_origin){made_at(&settings[i], document), choice.name};
	}
	origins[count] = (struct json_origin){NULL, NULL};
	if (!has_file)
		forget_unasked_database(document, origins);
}
