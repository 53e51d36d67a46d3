#include "read.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "../json_file.h"
#include "../json_place.h"
#include "../keys.h"
#include "../names.h"
#include "../xalloc.h"
#include "proof.h"
#include "types.h"

#define CONTRACT_LIMIT_MIB 64
#define CONTRACT_VERSION 1

struct reader {
	struct wanted *wanted;
	struct problems *problems;
	const char
	    *schema; /* that we are in, its pattern, and whether a privilege is wanted in it */
	char *pattern;
	bool privileges_in_schema;
};

/* The object that is being read, and where. */
struct reading {
	struct reader *reader;
	struct wanted_object object;
	struct proof keys;
};

/* A key of an object of the contract, and who reads its value. */
struct part {
	const char *name;
	void (*read)(struct reading *reading, const cJSON *value, const struct json_place *place);
};

#define PARTS_MAX 8

/* ---- values ---- */

static void problem(
    const struct reading *reading, const struct json_place *place, const char *expected)
{
	json_problem(reading->reader->problems, place, "expected %s", expected);
}

static bool check_name(const char *name, const struct json_place *place, struct problems *problems)
{
	if (*name == '\0')
		json_problem(problems, place, "an empty name, expected one of 1 to %d bytes",
		    NAME_MAX_BYTES);
	else if (strlen(name) > NAME_MAX_BYTES)
		json_problem(problems, place,
		    "%zu bytes are more than the %d that PostgreSQL keeps of a name", strlen(name),
		    NAME_MAX_BYTES);
	else
		return true;
	return false;
}

/* An array of strings into list; false with a problem where it is none. */
static bool read_list(const struct reading *reading, const cJSON *value,
    const struct json_place *place, struct strings *list)
{
	const cJSON *element;
	bool good = cJSON_IsArray(value) && cJSON_GetArraySize(value) > 0;
	int index = 0;

	if (!good)
		problem(reading, place, "an array of names");
	for (element = good ? value->child : NULL; element != NULL; element = element->next) {
		struct json_place here = json_place_index(place, index++);

		if (cJSON_IsString(element) && element->valuestring[0] != '\0') {
			strings_add(list, element->valuestring);
		} else {
			problem(reading, &here, "a name");
			good = false;
		}
	}
	return good;
}

static void read_list_facet(
    struct reading *reading, const cJSON *value, const struct json_place *place, enum facet facet)
{
	struct strings list = {0};

	if (read_list(reading, value, place, &list))
		reading->object.facets[facet] = facet_of(&list);
	strings_done(&list);
}

/* "true" and "false" as the server takes them, NULL where value is neither. */
static const char *flag_text(const cJSON *value)
{
	if (!cJSON_IsBool(value))
		return NULL;
	return cJSON_IsTrue(value) ? "t" : "f";
}

/* ---- maps from name to object ---- */

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Names that stand there twice. They are sorted for it: a map may have ten thousand. */
static void find_repeated(
    const cJSON *map, const struct json_place *place, struct problems *problems)
{
	size_t count = (size_t)cJSON_GetArraySize(map);
	const char **names = xcalloc(count + 1, sizeof(const char *));
	const cJSON *member;
	size_t i = 0;

	cJSON_ArrayForEach(member, map) names[i++] = member->string;
	qsort(names, count, sizeof(const char *), by_name);
	for (i = 1; i < count; i++) {
		struct json_place here = json_place_key(place, names[i]);

		if (strcmp(names[i - 1], names[i]) == 0)
			json_problem(problems, &here, "stands there twice, expected once");
	}
	free(names);
}

/* Whether value is a map with good names; its problems are told. */
static bool is_map(const cJSON *value, const struct json_place *place, struct problems *problems)
{
	if (!cJSON_IsObject(value)) {
		json_problem(problems, place, "expected an object");
		return false;
	}
	find_repeated(value, place, problems);
	return true;
}

/* Reads each member that parts knows; any other is a problem. */
static void read_parts(struct reading *reading, const cJSON *value, const struct json_place *place,
    const struct part *parts)
{
	const char *names[PARTS_MAX];
	size_t count = 0;

	if (!cJSON_IsObject(value)) {
		problem(reading, place, "an object");
		return;
	}
	for (; parts[count].name != NULL; count++)
		names[count] = parts[count].name;
	keys_find_strangers(value, place, names, count, reading->reader->problems);
	for (size_t i = 0; i < count; i++) {
		struct json_place here = json_place_key(place, names[i]);
		const cJSON *member = cJSON_GetObjectItemCaseSensitive(value, names[i]);

		if (member != NULL)
			parts[i].read(reading, member, &here);
	}
}

/* ---- privileges ---- */

static const char *const relation_privileges[] = {
    "DELETE", "INSERT", "REFERENCES", "SELECT", "TRIGGER", "TRUNCATE", "UPDATE", NULL};
static const char *const sequence_privileges[] = {"SELECT", "UPDATE", "USAGE", NULL};
static const char *const function_privileges[] = {"EXECUTE", NULL};
static const char *const type_privileges[] = {"USAGE", NULL};
static const char *const schema_privileges[] = {"CREATE", "USAGE", NULL};

static const struct {
	enum wanted_class class;
	const char *const *names;
} privileges[] = {
    {WANTED_TABLE, relation_privileges},
    {WANTED_VIEW, relation_privileges},
    {WANTED_MATERIALIZED_VIEW, relation_privileges},
    {WANTED_SEQUENCE, sequence_privileges},
    {WANTED_FUNCTION, function_privileges},
    {WANTED_ENUM, type_privileges},
    {WANTED_SCHEMA, schema_privileges},
};

static const char *const *privileges_of(enum wanted_class class)
{
	for (size_t i = 0; i < sizeof(privileges) / sizeof(privileges[0]); i++)
		if (privileges[i].class == class)
			return privileges[i].names;
	abort();
}

static bool is_one_of(const char *word, const char *const *names)
{
	for (; *names != NULL; names++)
		if (strcmp(*names, word) == 0)
			return true;
	return false;
}

static void check_privilege(
    const struct reading *reading, const char *privilege, const struct json_place *place)
{
	const char *const *names = privileges_of(reading->object.class);
	struct text expected;

	if (is_one_of(privilege, names))
		return;
	text_init(&expected, 0);
	for (; *names != NULL; names++)
		text_addf(&expected, "%s\"%s\"", expected.length > 0 ? ", " : "", *names);
	json_problem(reading->reader->problems, place,
	    "\"%s\" is no privilege of such an object, expected %s", privilege,
	    text_string(&expected));
	text_done(&expected);
}

static void read_privileges(
    struct reading *reading, const cJSON *value, const struct json_place *place)
{
	struct strings list = {0};
	const cJSON *element;
	int index = 0;

	if (read_list(reading, value, place, &list))
		reading->object.facets[FACET_PRIVILEGES] = facet_of(&list);
	reading->reader->privileges_in_schema = true;
	strings_done(&list);
	cJSON_ArrayForEach(element, value)
	{
		struct json_place here = json_place_index(place, index++);

		if (cJSON_IsString(element) && element->valuestring[0] != '\0')
			check_privilege(reading, element->valuestring, &here);
	}
}

/* ---- columns ---- */

/* One column while it is read. */
struct column {
	struct type_name type;
	const char *nullable;
};

/* What of columns goes into the object: lists of equal length, "" where a column says nothing. */
struct columns {
	struct strings names;
	struct strings types;
	struct strings opens;
	struct strings nullable;
};

static void read_type(const struct reading *reading, const cJSON *value,
    const struct json_place *place, struct type_name *type)
{
	struct error err;

	if (value == NULL)
		return;
	if (!cJSON_IsString(value))
		problem(reading, place, "a type such as \"numeric(12,2)\"");
	else if (type_read(value->valuestring, false, type, &err) != 0)
		json_problem(reading->reader->problems, place, "\"%s\" is not a type: %s",
		    value->valuestring, err.text);
}

static void read_column(const struct reading *reading, const cJSON *value,
    const struct json_place *place, struct columns *columns)
{
	static const char *const names[] = {"nullable", "type"};
	struct json_place type_place = json_place_key(place, "type");
	struct json_place null_place = json_place_key(place, "nullable");
	const cJSON *nullable = cJSON_GetObjectItemCaseSensitive(value, "nullable");
	struct type_name type = {NULL, NULL};

	if (!cJSON_IsObject(value)) {
		problem(reading, place, "an object such as {\"type\": \"bigint\"}");
		return;
	}
	keys_find_strangers(value, place, names, 2, reading->reader->problems);
	check_name(value->string, place, reading->reader->problems);
	read_type(reading, cJSON_GetObjectItemCaseSensitive(value, "type"), &type_place, &type);
	if (nullable != NULL && !cJSON_IsBool(nullable))
		problem(reading, &null_place, "true or false");
	strings_add(&columns->names, value->string);
	strings_take(&columns->types, type.text != NULL ? type.text : xstrdup(""));
	strings_take(&columns->opens, type.open != NULL ? type.open : xstrdup(""));
	strings_add(&columns->nullable,
	    nullable != NULL && flag_text(nullable) != NULL ? flag_text(nullable) : "");
}

static bool is_all_empty(const struct strings *list)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i][0] != '\0')
			return false;
	return true;
}

/* The list as a facet with NULL in place of ""; NULL where nothing is in it. */
static char *sparse_facet(const struct strings *list)
{
	struct text text;

	if (is_all_empty(list))
		return NULL;
	text_init(&text, 0);
	for (size_t i = 0; i < list->count; i++) {
		text_add(&text, i > 0 ? "," : "{");
		if (list->items[i][0] != '\0')
			text_add_element(&text, list->items[i]);
		else
			text_add(&text, "NULL");
	}
	text_add(&text, "}");
	return text_take(&text);
}

/* Nothing said of NULLs is taken for NULLs allowed: where that is wrong, it is just looked at
 * closer.
 */
static char *proof_of(const struct columns *columns)
{
	struct proof proof = {.is_open = false};

	for (size_t i = 0; i < columns->names.count; i++)
		proof_add_column(&proof, columns->types.items[i],
		    columns->nullable.items[i][0] == 'f', columns->names.items[i]);
	return proof_take(&proof);
}

static void read_columns(
    struct reading *reading, const cJSON *value, const struct json_place *place)
{
	struct columns columns = {.names = {0}};
	const cJSON *member;

	if (!is_map(value, place, reading->reader->problems))
		return;
	cJSON_ArrayForEach(member, value)
	{
		struct json_place here = json_place_key(place, member->string);

		read_column(reading, member, &here, &columns);
	}
	reading->object.facets[FACET_PARTS] = facet_of(&columns.names);
	reading->object.facets[FACET_TYPES] = sparse_facet(&columns.types);
	reading->object.facets[FACET_OPENS] = sparse_facet(&columns.opens);
	reading->object.facets[FACET_NULLABLE] = sparse_facet(&columns.nullable);
	reading->object.facets[FACET_PROOF] = proof_of(&columns);
	strings_done(&columns.names);
	strings_done(&columns.types);
	strings_done(&columns.opens);
	strings_done(&columns.nullable);
}

/* ---- the rest of a table ---- */

static void read_primary_key(
    struct reading *reading, const cJSON *value, const struct json_place *place)
{
	struct strings columns = {0};

	if (read_list(reading, value, place, &columns)) {
		reading->object.facets[FACET_PRIMARY_KEY] = facet_of(&columns);
		proof_add_primary_key(&reading->keys, &columns);
	}
	strings_done(&columns);
}

static void read_constraints(
    struct reading *reading, const cJSON *value, const struct json_place *place)
{
	static const struct part none[] = {{NULL, NULL}};
	struct strings names = {0};
	const cJSON *member;

	if (!is_map(value, place, reading->reader->problems))
		return;
	cJSON_ArrayForEach(member, value)
	{
		struct json_place here = json_place_key(place, member->string);

		check_name(member->string, &here, reading->reader->problems);
		read_parts(reading, member, &here, none);
		strings_add(&names, member->string);
	}
	reading->object.facets[FACET_CONSTRAINTS] = facet_of(&names);
	strings_done(&names);
}

struct indexes {
	struct strings names;
	struct strings unique;
	struct strings columns;
};

static void read_index(const struct reading *reading, const cJSON *value,
    const struct json_place *place, struct indexes *indexes)
{
	static const char *const names[] = {"columns", "unique"};
	struct json_place unique_place = json_place_key(place, "unique");
	struct json_place columns_place = json_place_key(place, "columns");
	const cJSON *unique = cJSON_GetObjectItemCaseSensitive(value, "unique");
	const cJSON *columns = cJSON_GetObjectItemCaseSensitive(value, "columns");
	struct strings list = {0};

	if (!cJSON_IsObject(value)) {
		problem(reading, place, "an object, {} for an index of whatever columns");
		return;
	}
	keys_find_strangers(value, place, names, 2, reading->reader->problems);
	check_name(value->string, place, reading->reader->problems);
	if (unique != NULL && !cJSON_IsBool(unique))
		problem(reading, &unique_place, "true or false");
	if (columns != NULL)
		read_list(reading, columns, &columns_place, &list);
	strings_add(&indexes->names, value->string);
	strings_add(
	    &indexes->unique, unique != NULL && flag_text(unique) != NULL ? flag_text(unique) : "");
	strings_take(&indexes->columns, list.count > 0 ? names_array(&list) : xstrdup(""));
	strings_done(&list);
}

static void read_indexes(
    struct reading *reading, const cJSON *value, const struct json_place *place)
{
	struct indexes indexes = {.names = {0}};
	const cJSON *member;

	if (!is_map(value, place, reading->reader->problems))
		return;
	cJSON_ArrayForEach(member, value)
	{
		struct json_place here = json_place_key(place, member->string);

		read_index(reading, member, &here, &indexes);
	}
	/* Nothing said is taken for not unique: where that is wrong, it is just looked at closer.
	 */
	for (size_t i = 0; i < indexes.names.count; i++)
		proof_add_index(
		    &reading->keys, indexes.names.items[i], indexes.unique.items[i][0] == 't');
	reading->keys.is_open = reading->keys.is_open || !is_all_empty(&indexes.columns);
	reading->object.facets[FACET_INDEXES] = facet_of(&indexes.names);
	reading->object.facets[FACET_UNIQUE] = sparse_facet(&indexes.unique);
	reading->object.facets[FACET_INDEX_COLUMNS] = sparse_facet(&indexes.columns);
	strings_done(&indexes.names);
	strings_done(&indexes.unique);
	strings_done(&indexes.columns);
}

static void read_row_security(
    struct reading *reading, const cJSON *value, const struct json_place *place)
{
	if (cJSON_IsBool(value))
		reading->object.facets[FACET_ROW_SECURITY] = xstrdup(flag_text(value));
	else
		problem(reading, place, "true or false");
}

/* ---- enums, functions, extensions ---- */

static void read_values(struct reading *reading, const cJSON *value, const struct json_place *place)
{
	read_list_facet(reading, value, place, FACET_PARTS);
}

/* Either the values alone, or an object that has privileges beside them. */
static void read_enum(struct reading *reading, const cJSON *value, const struct json_place *place)
{
	static const struct part parts[] = {
	    {"values", read_values}, {"privileges", read_privileges}, {NULL, NULL}};

	if (cJSON_IsArray(value))
		read_values(reading, value, place);
	else if (cJSON_IsObject(value))
		read_parts(reading, value, place, parts);
	else
		problem(reading, place, "an array of values");
}

/* The end of one argument: a comma or the closing parenthesis outside of brackets and quotes. */
static const char *argument_end(const char *c)
{
	bool quoted = false;
	int depth = 0;

	for (; *c != '\0'; c++) {
		if (*c == '"')
			quoted = !quoted;
		if (quoted)
			continue;
		if (depth == 0 && (*c == ',' || *c == ')'))
			break;
		depth += (*c == '(') - (*c == ')');
	}
	return c;
}

/* "integer, text)" into types; gives -1 with err where it is not that. */
static int read_arguments(
    const char *c, struct strings *types, struct strings *opens, struct error *err)
{
	if (strspn(c, " ") == strlen(c) - 1 && c[strlen(c) - 1] == ')')
		return 0;
	for (;; c++) {
		const char *end = argument_end(c);
		char *argument = xstrndup(c, (size_t)(end - c));
		struct type_name type;
		int result = type_read(argument, true, &type, err);

		free(argument);
		if (result != 0)
			return -1;
		strings_take(types, type.text);
		strings_take(opens, type.open != NULL ? type.open : xstrdup(""));
		c = end;
		if (*c == ')')
			return c[1] == '\0' ? 0 : error_set(err, "text behind the arguments");
		if (*c == '\0')
			return error_set(err, "expected name(argument types)");
	}
}

/* The name in front of the arguments, quoted where it has a parenthesis or a quote itself; moves
 * *cursor to what is behind the parenthesis. NULL where there is none. */
static char *function_name(const char **cursor)
{
	const char *c = *cursor;
	struct text name;
	bool quoted = *c == '"';

	text_init(&name, 0);
	for (c += quoted; *c != '\0' && (quoted || *c != '('); c++) {
		if (quoted && *c == '"' && *++c != '"')
			break;
		text_add_bytes(&name, c, 1);
	}
	if (*c != '(') {
		text_done(&name);
		return NULL;
	}
	*cursor = c + 1;
	return text_take(&name);
}

/* The key says name and arguments; gives the name, or NULL with a problem. free() releases it. */
static char *read_signature(
    struct reading *reading, const char *key, const struct json_place *place)
{
	struct strings types = {0};
	struct strings opens = {0};
	struct error err = {.text = "expected name(argument types)"};
	const char *c = key;
	char *name = function_name(&c);

	if (name == NULL || read_arguments(c, &types, &opens, &err) != 0) {
		json_problem(reading->reader->problems, place, "\"%s\" is not a function: %s", key,
		    err.text);
		free(name);
		name = NULL;
	} else {
		reading->object.facets[FACET_TYPES] = facet_of(&types);
		reading->object.facets[FACET_OPENS] = sparse_facet(&opens);
	}
	strings_done(&types);
	strings_done(&opens);
	return name;
}

static void read_version(
    struct reading *reading, const cJSON *value, const struct json_place *place)
{
	struct strings list = {0};

	if (cJSON_IsString(value) && strpbrk(value->valuestring, "0123456789") != NULL) {
		strings_add(&list, value->valuestring);
		reading->object.facets[FACET_TYPES] = facet_of(&list);
	} else {
		problem(reading, place, "a version such as \"1.6\"");
	}
	strings_done(&list);
}

/* ---- the classes of objects, and the key under which a schema holds them ---- */

static const struct part table_parts[] = {
    {"columns", read_columns},
    {"primaryKey", read_primary_key},
    {"indexes", read_indexes},
    {"constraints", read_constraints},
    {"privileges", read_privileges},
    {"rowSecurity", read_row_security},
    {NULL, NULL},
};
static const struct part view_parts[] = {
    {"columns", read_columns}, {"privileges", read_privileges}, {NULL, NULL}};
static const struct part materialized_view_parts[] = {{"columns", read_columns},
    {"indexes", read_indexes}, {"privileges", read_privileges}, {NULL, NULL}};
static const struct part plain_parts[] = {{"privileges", read_privileges}, {NULL, NULL}};
static const struct part extension_parts[] = {{"minVersion", read_version}, {NULL, NULL}};

static const struct class
{
	const char *key;
	enum wanted_class class;
	const struct part *parts; /* NULL: an enum */
} classes[] = {
    {"tables", WANTED_TABLE, table_parts},
    {"views", WANTED_VIEW, view_parts},
    {"materializedViews", WANTED_MATERIALIZED_VIEW, materialized_view_parts},
    {"sequences", WANTED_SEQUENCE, plain_parts},
    {"enums", WANTED_ENUM, NULL},
    {"functions", WANTED_FUNCTION, plain_parts},
};

#define CLASS_COUNT (sizeof(classes) / sizeof(classes[0]))

static void read_object(struct reader *reader, const struct class *class, const cJSON *value,
    const struct json_place *place)
{
	struct reading reading = {
	    .reader = reader,
	    .object = {.class = class->class, .pattern = reader->pattern, .schema = reader->schema},
	};
	char *name = class->class == WANTED_FUNCTION
			 ? read_signature(&reading, value->string, place)
			 : xstrdup(value->string);

	if (name != NULL)
		check_name(name, place, reader->problems);
	if (class->parts != NULL)
		read_parts(&reading, value, place, class->parts);
	else
		read_enum(&reading, value, place);
	reading.object.name = name != NULL ? name : "";
	reading.object.facets[FACET_KEYS] = proof_take(&reading.keys);
	wanted_add(reader->wanted, &reading.object);
	free(name);
}

static void read_class(struct reader *reader, const struct class *class, const cJSON *map,
    const struct json_place *place)
{
	const cJSON *member;

	if (!is_map(map, place, reader->problems))
		return;
	cJSON_ArrayForEach(member, map)
	{
		struct json_place here = json_place_key(place, member->string);

		read_object(reader, class, member, &here);
	}
}

/* ---- schemas and the whole ---- */

static void find_strangers_in_schema(
    const cJSON *schema, const struct json_place *place, struct problems *problems)
{
	const char *names[CLASS_COUNT + 1] = {"privileges"};

	for (size_t i = 0; i < CLASS_COUNT; i++)
		names[i + 1] = classes[i].key;
	keys_find_strangers(schema, place, names, CLASS_COUNT + 1, problems);
}

/* USAGE on its schema is needed for whatever else is allowed on an object. */
static void add_usage(struct reading *reading)
{
	if (reading->reader->privileges_in_schema &&
	    reading->object.facets[FACET_PRIVILEGES] == NULL)
		reading->object.facets[FACET_PRIVILEGES] = xstrdup("{USAGE}");
}

static void read_schema(struct reader *reader, const cJSON *schema, const struct json_place *place)
{
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(schema, "privileges");
	struct json_place list_place = json_place_key(place, "privileges");
	struct reading self = {.reader = reader, .object = {.class = WANTED_SCHEMA}};

	if (!cJSON_IsObject(schema)) {
		json_problem(reader->problems, place, "expected an object");
		return;
	}
	check_name(schema->string, place, reader->problems);
	find_strangers_in_schema(schema, place, reader->problems);
	reader->schema = schema->string;
	reader->pattern = wanted_pattern(schema->string);
	reader->privileges_in_schema = false;
	for (size_t i = 0; i < CLASS_COUNT; i++) {
		const cJSON *map = cJSON_GetObjectItemCaseSensitive(schema, classes[i].key);
		struct json_place here = json_place_key(place, classes[i].key);

		if (map != NULL)
			read_class(reader, &classes[i], map, &here);
	}
	if (list != NULL)
		read_privileges(&self, list, &list_place);
	add_usage(&self);
	self.object.schema = reader->schema;
	self.object.pattern = reader->pattern;
	wanted_add(reader->wanted, &self.object);
	free(reader->pattern);
}

static void read_schemas(
    struct reader *reader, const cJSON *schemas, const struct json_place *place)
{
	const cJSON *member;

	if (schemas == NULL || !is_map(schemas, place, reader->problems))
		return;
	cJSON_ArrayForEach(member, schemas)
	{
		struct json_place here = json_place_key(place, member->string);

		read_schema(reader, member, &here);
	}
}

static void read_extensions(
    struct reader *reader, const cJSON *extensions, const struct json_place *place)
{
	static const struct class class = {"extensions", WANTED_EXTENSION, extension_parts};

	reader->schema = NULL;
	reader->pattern = NULL;
	if (extensions != NULL)
		read_class(reader, &class, extensions, place);
}

static void check_version(
    const cJSON *document, const struct json_place *place, struct problems *problems)
{
	const cJSON *version = cJSON_GetObjectItemCaseSensitive(document, "schemalatch");
	struct json_place here = json_place_key(place, "schemalatch");

	if (version == NULL)
		json_problem(problems, &here, "is missing, expected the format's version, %d",
		    CONTRACT_VERSION);
	else if (!cJSON_IsNumber(version) || version->valuedouble != CONTRACT_VERSION)
		json_problem(problems, &here,
		    "is not a version of the format that this program"
		    " knows, expected %d",
		    CONTRACT_VERSION);
}

static void read_document(
    struct reader *reader, const cJSON *document, const struct json_place *place)
{
	static const char *const names[] = {"schemalatch", "extensions", "schemas"};
	struct json_place extensions = json_place_key(place, "extensions");
	struct json_place schemas = json_place_key(place, "schemas");

	if (!cJSON_IsObject(document)) {
		json_problem(reader->problems, place, "expected an object");
		return;
	}
	keys_find_strangers(document, place, names, 3, reader->problems);
	check_version(document, place, reader->problems);
	read_extensions(
	    reader, cJSON_GetObjectItemCaseSensitive(document, "extensions"), &extensions);
	read_schemas(reader, cJSON_GetObjectItemCaseSensitive(document, "schemas"), &schemas);
	if (reader->wanted->count == 0)
		json_problem(reader->problems, place,
		    "wants nothing, expected \"schemas\" or"
		    " \"extensions\" with something in it");
}

void contract_read(const char *path, struct wanted *wanted, struct problems *problems)
{
	struct json_place place = {.source = path};
	struct reader reader = {.wanted = wanted, .problems = problems};
	cJSON *document = json_file_read(path, CONTRACT_LIMIT_MIB, problems);

	if (document != NULL)
		read_document(&reader, document, &place);
	wanted_end(wanted);
	cJSON_Delete(document);
}
