#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../probes/json_file.h"
#include "../../probes/text.h"
#include "../../probes/xalloc.h"

#define FILE_LIMIT_MIB 8

const char *const mode_names[] = {[MODE_GATE] = "gate", [MODE_OBSERVE] = "observe", NULL};

const struct key config_keys[] = {
    {.name = "listen",
	.type = KEY_STRING,
	.offset = offsetof(struct config, listen),
	.fallback = ":8484",
	.help = "where probes are answered; without host: every address, IPv6 and IPv4"},
    {.name = "mode",
	.type = KEY_CHOICE,
	.offset = offsetof(struct config, mode),
	.choices = mode_names,
	.fallback = "gate",
	.help = "observe: every gate answers 200 and says what it would have answered"},
    {.name = "disabled",
	.type = KEY_STRING,
	.offset = offsetof(struct config, disabled),
	.help = "the reason why every gate is open and nothing is asked"},
    {.name = "stateDirectory",
	.type = KEY_STRING,
	.offset = offsetof(struct config, state_directory),
	.help = "where the last verdicts survive a restart of the sidecar"},
    {.name = "log", .type = KEY_NESTED, .help = "level and format"},
    {.name = "databases", .type = KEY_NESTED, .help = "what is checked"},
    {.name = "upstreams", .type = KEY_NESTED, .help = "services whose own health counts as well"},
    {.name = NULL},
};

const struct key config_log_keys[] = {
    {.name = "level",
	.type = KEY_CHOICE,
	.offset = offsetof(struct config, log_level),
	.choices = log_level_names,
	.fallback = "info",
	.help = "the least that is logged"},
    {.name = "format",
	.type = KEY_CHOICE,
	.offset = offsetof(struct config, log_format),
	.choices = log_format_names,
	.help = "default: text on a terminal, else json"},
    {.name = NULL},
};

/* "[HOST]:PORT", "HOST:PORT" or ":PORT". */
static int parse_listen(const char *text, struct listen_address *address)
{
	const char *colon = strrchr(text, ':');
	size_t length = colon != NULL ? (size_t)(colon - text) : 0;
	char *end;
	unsigned long port;

	if (colon == NULL || colon[1] < '0' || colon[1] > '9')
		return -1;
	port = strtoul(colon + 1, &end, 10);
	if (*end != '\0' || port > 65535)
		return -1;
	if (length >= 2 && text[0] == '[' && colon[-1] == ']') {
		text++;
		length -= 2;
	} else if (memchr(text, ':', length) != NULL) {
		return -1; /* an IPv6 address wants brackets */
	}
	if (length >= sizeof(address->host))
		return -1;
	snprintf(address->host, sizeof(address->host), "%.*s", (int)length, text);
	snprintf(address->port, sizeof(address->port), "%lu", port);
	return 0;
}

static void read_log(const cJSON *document, const struct json_place *place, struct config *config,
    struct problems *problems)
{
	const cJSON *log = cJSON_GetObjectItemCaseSensitive(document, "log");
	struct json_place here = json_place_key(place, "log");
	cJSON *empty = cJSON_CreateObject();

	keys_read(log != NULL ? log : empty, &here,
	    (struct key_target[]){{config_log_keys, config}}, 1, problems);
	cJSON_Delete(empty);
	if (config->log_format < 0)
		config->log_format = isatty(STDERR_FILENO) ? LOG_FORMAT_TEXT : LOG_FORMAT_JSON;
}

/* names are those of the elements of list, NULL where an element has none. */
static void check_names(const char *const *names, size_t count, const struct json_place *list,
    const char *what, struct problems *problems)
{
	for (size_t i = 0; i < count; i++) {
		struct json_place element = json_place_index(list, (int)i);
		struct json_place here = json_place_key(&element, "name");

		for (size_t k = 0; k < i && names[i] != NULL; k++)
			if (names[k] != NULL && strcmp(names[k], names[i]) == 0)
				json_problem(problems, &here,
				    "\"%s\" is the name of two %s, expected one", names[i], what);
	}
}

/* Nobody says which: the one of libpq's own environment. */
static void read_environment_database(
    const struct json_place *list, struct config *config, struct problems *problems)
{
	struct json_place here = json_place_index(list, 0);
	cJSON *empty = cJSON_CreateObject();

	config->databases = xcalloc(1, sizeof(*config->databases));
	config->database_count = 1;
	database_read(empty, &here, config->databases, problems);
	cJSON_Delete(empty);
}

static void read_databases(const cJSON *databases, const struct json_place *list,
    struct config *config, enum config_extent extent, struct problems *problems)
{
	size_t count = (size_t)cJSON_GetArraySize(databases);
	const char **names = xcalloc(count, sizeof(*names));
	const cJSON *element;

	config->databases = xcalloc(count, sizeof(*config->databases));
	cJSON_ArrayForEach(element, databases)
	{
		struct json_place here = json_place_index(list, (int)config->database_count);
		struct database *database = &config->databases[config->database_count];

		database_read(element, &here, database, problems);
		if (extent == CONFIG_WHOLE)
			database_read_checks(element, &here, database, problems);
		names[config->database_count++] = database->name;
	}
	check_names(names, count, list, "databases", problems);
	free(names);
}

static void read_upstreams(const cJSON *upstreams, const struct json_place *list,
    struct config *config, struct problems *problems)
{
	size_t count = (size_t)cJSON_GetArraySize(upstreams);
	const char **names = xcalloc(count, sizeof(*names));
	const cJSON *element;

	config->upstreams = xcalloc(count, sizeof(*config->upstreams));
	cJSON_ArrayForEach(element, upstreams)
	{
		struct json_place here = json_place_index(list, (int)config->upstream_count);
		struct upstream *upstream = &config->upstreams[config->upstream_count];

		upstream_read(element, &here, upstream, problems);
		names[config->upstream_count++] = upstream->name;
	}
	check_names(names, count, list, "upstreams", problems);
	free(names);
}

static bool is_filled_array(const cJSON *value)
{
	return cJSON_IsArray(value) && cJSON_GetArraySize(value) > 0;
}

static void read_subjects(const cJSON *document, const struct json_place *place,
    struct config *config, enum config_extent extent, struct problems *problems)
{
	const cJSON *databases = cJSON_GetObjectItemCaseSensitive(document, "databases");
	const cJSON *upstreams = cJSON_GetObjectItemCaseSensitive(document, "upstreams");
	struct json_place database_list = json_place_key(place, "databases");
	struct json_place upstream_list = json_place_key(place, "upstreams");

	if (upstreams != NULL && !is_filled_array(upstreams))
		json_problem(problems, &upstream_list, "expected an array of upstreams");
	if (is_filled_array(upstreams))
		read_upstreams(upstreams, &upstream_list, config, problems);
	if (is_filled_array(databases))
		read_databases(databases, &database_list, config, extent, problems);
	else if (databases == NULL && extent == CONFIG_WITHOUT_CHECKS)
		read_environment_database(&database_list, config, problems);
	else if (databases != NULL || upstreams == NULL)
		json_problem(problems, &database_list,
		    "nothing is checked, expected an array of databases"
		    " (without a file: SCHEMALATCH_TABLES, SCHEMALATCH_CONTRACT,"
		    " SCHEMALATCH_MIGRATIONS or SCHEMALATCH_UPSTREAM)");
}

/* The reason goes out on every road: clean, and of a length that leaves room for the rest. */
static void bound_reason(struct config *config)
{
	char clean[256];

	if (config->disabled == NULL)
		return;
	text_copy_clean(clean, sizeof(clean), config->disabled);
	free(config->disabled);
	config->disabled = xstrdup(clean);
}

static void read_document(const cJSON *document, const struct json_place *place,
    struct config *config, enum config_extent extent, struct problems *problems)
{
	struct json_place listen = json_place_key(place, "listen");

	keys_read(document, place, (struct key_target[]){{config_keys, config}}, 1, problems);
	if (!cJSON_IsObject(document))
		return;
	bound_reason(config);
	if (config->listen != NULL && parse_listen(config->listen, &config->address) != 0)
		json_problem(problems, &listen,
		    "\"%s\" is not an address, expected [HOST]:PORT with a port of 0 to 65535",
		    config->listen);
	read_log(document, place, config, problems);
	read_subjects(document, place, config, extent, problems);
}

static void add_paths(const struct config *config, struct strings *paths)
{
	for (size_t i = 0; i < config->database_count; i++) {
		const struct database *database = &config->databases[i];

		for (size_t k = 0; k < database->check_count; k++)
			if (database->checks[k] != NULL)
				check_add_inputs(database->checks[k], paths);
	}
}

/* Reads the files that checks name: all that takes long. */
static void prepare_checks(
    const struct json_place *place, struct config *config, struct problems *problems)
{
	struct json_place list = json_place_key(place, "databases");

	for (size_t i = 0; i < config->database_count; i++) {
		struct json_place here = json_place_index(&list, (int)i);

		database_prepare_checks(&here, &config->databases[i], problems);
	}
}

/* How a configuration is loaded. */
struct loading {
	enum config_extent extent;
	config_reachable_cb *on_reachable; /* or NULL */
	void *arg;
};

static struct config *load(const char *file, const struct setting_flags *flags,
    const struct loading *how, struct strings *paths, struct problems *problems)
{
	struct json_origin origins[SETTINGS_MAX + 1];
	struct json_place place = {
	    .source = file != NULL ? file : "configuration", .origins = origins};
	size_t problems_before = problems->lines.count;
	cJSON *document =
	    file != NULL ? json_file_read(file, FILE_LIMIT_MIB, problems) : cJSON_CreateObject();
	struct config *config;

	if (file != NULL)
		strings_add(paths, file);
	if (document == NULL)
		return NULL;
	config = xcalloc(1, sizeof(*config));
	atomic_init(&config->references, 1);
	if (cJSON_IsObject(document))
		settings_apply(document, file != NULL, flags, origins, problems);
	else
		origins[0] = (struct json_origin){NULL, NULL};
	read_document(document, &place, config, how->extent, problems);
	if (how->on_reachable != NULL && problems->lines.count == problems_before)
		how->on_reachable(config, how->arg);
	prepare_checks(&place, config, problems);
	cJSON_Delete(document);
	add_paths(config, paths);
	if (problems->lines.count == problems_before)
		return config;
	config_free(config);
	return NULL;
}

struct config *config_load_from(const char *file, const struct setting_flags *flags,
    enum config_extent extent, struct strings *paths, struct problems *problems)
{
	return load(file, flags, &(struct loading){.extent = extent}, paths, problems);
}

struct config *config_load(const char *file, const struct setting_flags *flags,
    enum config_extent extent, struct problems *problems)
{
	struct strings paths = {0};
	struct config *config = config_load_from(file, flags, extent, &paths, problems);

	strings_done(&paths);
	return config;
}

struct config *config_load_reaching(const char *file, const struct setting_flags *flags,
    config_reachable_cb *on_reachable, void *arg, struct problems *problems)
{
	struct strings paths = {0};
	struct config *config =
	    load(file, flags, &(struct loading){CONFIG_WHOLE, on_reachable, arg}, &paths, problems);

	strings_done(&paths);
	return config;
}

void config_load_address(const char *file, const struct setting_flags *flags,
    struct listen_address *address, struct problems *problems)
{
	struct json_origin origins[SETTINGS_MAX + 1];
	struct problems others = {0}; /* they are the running sidecar's to tell */
	cJSON *document =
	    file != NULL ? json_file_read(file, FILE_LIMIT_MIB, problems) : cJSON_CreateObject();
	const cJSON *listen;
	const char *text = ":8484";

	if (document == NULL)
		return;
	if (cJSON_IsObject(document))
		settings_apply(document, file != NULL, flags, origins, &others);
	listen = cJSON_GetObjectItemCaseSensitive(document, "listen");
	if (cJSON_IsString(listen))
		text = listen->valuestring;
	if (parse_listen(text, address) != 0)
		problems_add(
		    problems, "listen", "\"%s\" is not an address, expected [HOST]:PORT", text);
	cJSON_Delete(document);
	problems_done(&others);
}

bool config_opens_gates(const struct config *config)
{
	return config->disabled != NULL || config->mode == MODE_OBSERVE;
}

struct config *config_share(struct config *config)
{
	atomic_fetch_add(&config->references, 1);
	return config;
}

void config_free(struct config *config)
{
	if (config == NULL || atomic_fetch_sub(&config->references, 1) > 1)
		return;
	for (size_t i = 0; i < config->database_count; i++)
		database_done(&config->databases[i]);
	free(config->databases);
	for (size_t i = 0; i < config->upstream_count; i++)
		upstream_done(&config->upstreams[i]);
	free(config->upstreams);
	keys_free(config_keys, config);
	free(config);
}

static void print_upstreams(const struct config *config, cJSON *document)
{
	cJSON *upstreams;

	if (config->upstream_count == 0)
		return;
	upstreams = cJSON_AddArrayToObject(document, "upstreams");
	for (size_t i = 0; i < config->upstream_count; i++) {
		cJSON *upstream = cJSON_CreateObject();

		upstream_print(&config->upstreams[i], upstream);
		cJSON_AddItemToArray(upstreams, upstream);
	}
}

static void print_databases(const struct config *config, cJSON *document)
{
	cJSON *databases = cJSON_AddArrayToObject(document, "databases");

	for (size_t i = 0; i < config->database_count; i++) {
		cJSON *database = cJSON_CreateObject();

		database_print(&config->databases[i], database);
		cJSON_AddItemToArray(databases, database);
	}
}

char *config_print(const struct config *config)
{
	cJSON *document = cJSON_CreateObject();
	char *text;

	keys_print(document, (struct key_source[]){{config_keys, config}}, 1, NULL);
	keys_print(cJSON_AddObjectToObject(document, "log"),
	    (struct key_source[]){{config_log_keys, config}}, 1, NULL);
	if (config->database_count > 0)
		print_databases(config, document);
	print_upstreams(config, document);
	text = cJSON_Print(document);
	cJSON_Delete(document);
	return text;
}
