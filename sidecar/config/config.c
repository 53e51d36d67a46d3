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

/* The file's bytes, NUL-terminated, with their number; NULL and a problem. free() releases it. */
static char *read_file(const char *path, size_t *length, struct problems *problems)
{
	FILE *file = fopen(path, "re");
	char *text = NULL;

	if (file == NULL) {
		problems_add(problems, path, "cannot be read: %s", strerror(errno));
		return NULL;
	}
	text = xcalloc((size_t)FILE_LIMIT_BYTES + 1, 1);
	*length = fread(text, 1, (size_t)FILE_LIMIT_BYTES, file);
	if (ferror(file) || !feof(file)) {
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

static void read_databases(const cJSON *databases, const struct json_place *list,
    struct config *config, struct problems *problems)
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
    struct config *config, struct problems *problems)
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
		read_databases(databases, &database_list, config, problems);
	else if (databases != NULL || upstreams == NULL)
		json_problem(problems, &database_list,
		    "nothing is checked, expected an array of databases"
		    " (without a file: SCHEMALATCH_TABLES or SCHEMALATCH_MIGRATIONS)");
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
	read_subjects(document, place, config, problems);
}

struct config *config_load(
    const char *file, const struct setting_flags *flags, struct problems *problems)
{
	struct json_origin origins[SETTINGS_MAX + 1];
	struct json_place place = {
	    .source = file != NULL ? file : "configuration", .origins = origins};
	size_t problems_before = problems->lines.count;
	cJSON *document = file != NULL ? parse_file(file, problems) : cJSON_CreateObject();
	struct config *config;

	if (document == NULL)
		return NULL;
	config = xcalloc(1, sizeof(*config));
	if (cJSON_IsObject(document))
		settings_apply(document, file != NULL, flags, origins, problems);
	else
		origins[0] = (struct json_origin){NULL, NULL};
	read_document(document, &place, config, problems);
	cJSON_Delete(document);
	if (problems->lines.count == problems_before)
		return config;
	config_free(config);
	return NULL;
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

void config_free(struct config *config)
{
	if (config == NULL)
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
