#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../probes/text.h"
#include "../../probes/xalloc.h"

#define FILE_LIMIT_BYTES (8L << 20)

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

/* The file's bytes as far as the limit, with their number. A buffer for the worst case would be
 * resident for good once it had been used. free() releases it. */
static char *read_growing(FILE *file, size_t *length)
{
	size_t size = 16 << 10;
	char *text = xcalloc(size, 1);

	*length = 0;
	while (*length < (size_t)FILE_LIMIT_BYTES) {
		size_t room = size - 1 - *length;
		size_t got = fread(text + *length, 1, room, file);

		*length += got;
		if (got < room)
			break;
		size *= 2;
		text = xreallocarray(text, size, 1);
	}
	text[*length] = '\0';
	return text;
}

/* The file's bytes, NUL-terminated, with their number; NULL and a problem. free() releases it. */
static char *read_file(const char *path, size_t *length, struct problems *problems)
{
	FILE *file = fopen(path, "re");
	char *text = NULL;

	if (file == NULL) {
		problems_add(problems, path, "cannot be read: %s", strerror(errno));
		return NULL;
	}
	text = read_growing(file, length);
	if (ferror(file) || !feof(file) || *length > (size_t)FILE_LIMIT_BYTES) {
		problems_add(problems, path, "cannot be read: %s",
		    ferror(file) ? strerror(errno) : "it is larger than 8 MiB");
		free(text);
		text = NULL;
	}
	fclose(file);
	return text;
}

/* "file:line:column" of a place in text. free() releases it. */
static char *position(const char *path, const char *text, const char *at)
{
	int line = 1;
	int column = 1;

	for (const char *c = text; c < at; c++) {
		column = *c == '\n' ? 1 : column + 1;
		line += *c == '\n';
	}
	return xasprintf("%s:%d:%d", path, line, column);
}

/* Where text has a NUL, raw or as an escape; cJSON would end the string there in silence. */
static const char *find_nul(const char *text, size_t length)
{
	for (const char *c = text; c < text + length; c++) {
		if (*c == '\0' || strncmp(c, "\\u0000", 6) == 0)
			return c;
		if (*c == '\\')
			c++; /* what it escapes begins nothing */
	}
	return NULL;
}

static void problem_at(
    const char *path, const char *text, const char *at, const char *what, struct problems *problems)
{
	char *where = position(path, text, at);

	problems_add(problems, where, "%s", what);
	free(where);
}

static cJSON *parse_text(
    const char *path, const char *text, size_t length, struct problems *problems)
{
	const char *nul = find_nul(text, length);
	const char *end = text;
	cJSON *document;

	if (nul != NULL) {
		problem_at(path, text, nul, "holds a NUL character, expected none", problems);
		return NULL;
	}
	document = cJSON_ParseWithLengthOpts(text, length, &end, false);
	while (document != NULL && end < text + length && strchr(" \t\r\n", *end) != NULL)
		end++;
	if (document != NULL && end == text + length)
		return document;
	problem_at(path, text, end,
	    document == NULL ? "is not JSON, expected a value, a comma or a closing bracket here"
			     : "text behind the end, expected nothing",
	    problems);
	cJSON_Delete(document);
	return NULL;
}

static cJSON *parse_file(const char *path, struct problems *problems)
{
	size_t length = 0;
	char *text = read_file(path, &length, problems);
	cJSON *document = text != NULL ? parse_text(path, text, length, problems) : NULL;

	free(text);
	return document;
}

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

static void check_database_names(
    const struct config *config, const struct json_place *list, struct problems *problems)
{
	for (size_t i = 0; i < config->database_count; i++) {
		struct json_place element = json_place_index(list, (int)i);
		struct json_place here = json_place_key(&element, "name");
		const char *name = config->databases[i].name;

		for (size_t k = 0; k < i && name != NULL; k++)
			if (config->databases[k].name != NULL &&
			    strcmp(config->databases[k].name, name) == 0)
				json_problem(problems, &here,
				    "\"%s\" is the name of two databases, expected one", name);
	}
}

static void read_databases(const cJSON *document, const struct json_place *place,
    struct config *config, struct problems *problems)
{
	const cJSON *databases = cJSON_GetObjectItemCaseSensitive(document, "databases");
	struct json_place list = json_place_key(place, "databases");
	const cJSON *element;

	if (!cJSON_IsArray(databases) || cJSON_GetArraySize(databases) == 0) {
		json_problem(problems, &list,
		    "nothing is checked, expected an array of databases"
		    " (without a file: SCHEMALATCH_TABLES or SCHEMALATCH_MIGRATIONS)");
		return;
	}
	config->databases =
	    xcalloc((size_t)cJSON_GetArraySize(databases), sizeof(*config->databases));
	cJSON_ArrayForEach(element, databases)
	{
		struct json_place here = json_place_index(&list, (int)config->database_count);

		database_read(
		    element, &here, &config->databases[config->database_count++], problems);
	}
	check_database_names(config, &list, problems);
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
    struct config *config, struct problems *problems)
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
	read_databases(document, place, config, problems);
}

static void add_paths(const struct config *config, struct strings *paths)
{
	for (size_t i = 0; i < config->database_count; i++) {
		const struct database *database = &config->databases[i];

		for (size_t k = 0; k < database->check_count; k++)
			keys_paths(
			    database->checks[k]->kind->keys, database->checks[k]->plan, paths);
	}
}

struct config *config_load_from(const char *file, const struct setting_flags *flags,
    struct strings *paths, struct problems *problems)
{
	struct json_origin origins[SETTINGS_MAX + 1];
	struct json_place place = {
	    .source = file != NULL ? file : "configuration", .origins = origins};
	size_t problems_before = problems->lines.count;
	cJSON *document = file != NULL ? parse_file(file, problems) : cJSON_CreateObject();
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
	read_document(document, &place, config, problems);
	cJSON_Delete(document);
	add_paths(config, paths);
	if (problems->lines.count == problems_before)
		return config;
	config_free(config);
	return NULL;
}

struct config *config_load(
    const char *file, const struct setting_flags *flags, struct problems *problems)
{
	struct strings paths = {0};
	struct config *config = config_load_from(file, flags, &paths, problems);

	strings_done(&paths);
	return config;
}

void config_load_address(const char *file, const struct setting_flags *flags,
    struct listen_address *address, struct problems *problems)
{
	struct json_origin origins[SETTINGS_MAX + 1];
	struct problems others = {0}; /* they are the running sidecar's to tell */
	cJSON *document = file != NULL ? parse_file(file, problems) : cJSON_CreateObject();
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
	keys_free(config_keys, config);
	free(config);
}

char *config_print(const struct config *config)
{
	cJSON *document = cJSON_CreateObject();
	cJSON *databases;
	char *text;

	keys_print(document, (struct key_source[]){{config_keys, config}}, 1, NULL);
	keys_print(cJSON_AddObjectToObject(document, "log"),
	    (struct key_source[]){{config_log_keys, config}}, 1, NULL);
	databases = cJSON_AddArrayToObject(document, "databases");
	for (size_t i = 0; i < config->database_count; i++) {
		cJSON *database = cJSON_CreateObject();

		database_print(&config->databases[i], database);
		cJSON_AddItemToArray(databases, database);
	}
	text = cJSON_Print(document);
	cJSON_Delete(document);
	return text;
}
