#include "changelog.h"

#include <stdbool.h>
#include <string.h>
#include <yaml.h>

#define NESTING_MAX 64

struct builder {
	yaml_parser_t parser;
	struct error *err;
	int nesting;
};

static cJSON *refuse(struct builder *builder, const yaml_event_t *event, const char *what)
{
	error_set(builder->err, "%zu: %s", event->start_mark.line + 1, what);
	return NULL;
}

static bool next(struct builder *builder, yaml_event_t *event)
{
	if (yaml_parser_parse(&builder->parser, event) == 1)
		return true;
	error_set(builder->err, "%zu: %s", builder->parser.problem_mark.line + 1,
	    builder->parser.problem != NULL ? builder->parser.problem : "is no YAML");
	return false;
}

/* Whole numbers without leading zeros, and short decimals without trailing ones: what stands there
 * is what Liquibase makes of it. */
static bool is_plain_number(const char *text)
{
	size_t whole = strspn(text, "0123456789");
	size_t part = text[whole] == '.' ? strspn(text + whole + 1, "0123456789") : 0;

	if (whole == 0 || (text[0] == '0' && whole > 1))
		return false;
	if (text[whole] == '\0')
		return true;
	return part > 0 && text[whole + 1 + part] == '\0' && whole + part <= 7 &&
	       (part == 1 || text[whole + part] != '0');
}

/* What YAML 1.1 takes for a number, a time, a truth value or nothing, and writes otherwise. */
static bool is_ambiguous(const char *text)
{
	static const char *const words[] = {"", "~", "null", "Null", "NULL", "yes", "Yes", "YES",
	    "no", "No", "NO", "on", "On", "ON", "off", "Off", "OFF", "True", "TRUE", "False",
	    "FALSE", ".inf", ".Inf", ".INF", ".nan", ".NaN", ".NAN", NULL};

	for (const char *const *word = words; *word != NULL; word++)
		if (strcmp(*word, text) == 0)
			return true;
	return strchr("0123456789+-.", *text) != NULL && !is_plain_number(text) &&
	       text[strspn(text, "0123456789+-._:xXoOabcdefABCDEFtTzZ ")] == '\0';
}

static cJSON *scalar_of(const yaml_event_t *event)
{
	const char *text = (const char *)event->data.scalar.value;
	bool is_plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;

	if (strlen(text) != event->data.scalar.length)
		return cJSON_CreateRaw("null");
	return is_plain && is_ambiguous(text) ? cJSON_CreateRaw("null") : cJSON_CreateString(text);
}

static cJSON *node_of(struct builder *builder, const yaml_event_t *event);

/* Reads the node that comes next; NULL at the end of the collection too. */
static cJSON *next_node(struct builder *builder, yaml_event_type_t end, bool *at_end)
{
	yaml_event_t event;
	cJSON *node = NULL;

	if (!next(builder, &event))
		return NULL;
	*at_end = event.type == end;
	if (!*at_end)
		node = node_of(builder, &event);
	yaml_event_delete(&event);
	return node;
}

static cJSON *sequence_of(struct builder *builder)
{
	cJSON *list = cJSON_CreateArray();
	bool at_end = false;
	cJSON *node;

	while ((node = next_node(builder, YAML_SEQUENCE_END_EVENT, &at_end)) != NULL)
		cJSON_AddItemToArray(list, node);
	if (at_end)
		return list;
	cJSON_Delete(list);
	return NULL;
}

/* Takes key. */
static bool add_member(struct builder *builder, cJSON *object, cJSON *key)
{
	bool at_end = false;
	cJSON *value = next_node(builder, YAML_NO_EVENT, &at_end);

	if (value != NULL)
		cJSON_AddItemToObject(object, cJSON_IsString(key) ? key->valuestring : "?", value);
	cJSON_Delete(key);
	return value != NULL;
}

static cJSON *mapping_of(struct builder *builder, const yaml_event_t *event)
{
	cJSON *object = cJSON_CreateObject();
	bool at_end = false;
	cJSON *key;

	cJSON_AddNumberToObject(object, CHANGELOG_LINE, (double)event->start_mark.line + 1);
	while ((key = next_node(builder, YAML_MAPPING_END_EVENT, &at_end)) != NULL)
		if (!add_member(builder, object, key))
			break;
	if (at_end)
		return object;
	cJSON_Delete(object);
	return NULL;
}

static cJSON *node_of(struct builder *builder, const yaml_event_t *event)
{
	cJSON *node = NULL;

	if (++builder->nesting > NESTING_MAX)
		return refuse(builder, event, "is nested too deeply");
	if (event->type == YAML_SCALAR_EVENT)
		node = scalar_of(event);
	else if (event->type == YAML_SEQUENCE_START_EVENT)
		node = sequence_of(builder);
	else if (event->type == YAML_MAPPING_START_EVENT)
		node = mapping_of(builder, event);
	else
		refuse(builder, event, "an alias, expected what it stands for");
	builder->nesting--;
	return node;
}

/* The first document; Liquibase reads one. */
static cJSON *document_of(struct builder *builder)
{
	bool at_end = false;
	yaml_event_t event;
	cJSON *node;

	for (int i = 0; i < 2; i++) { /* the starts of the stream and of the document */
		if (!next(builder, &event))
			return NULL;
		at_end = event.type == YAML_STREAM_END_EVENT;
		yaml_event_delete(&event);
	}
	if (at_end) {
		error_set(builder->err, "is empty");
		return NULL;
	}
	node = next_node(builder, YAML_NO_EVENT, &at_end);
	return node;
}

cJSON *changelog_from_yaml(const char *text, size_t length, struct error *err)
{
	struct builder builder = {.err = err};
	cJSON *document;

	if (yaml_parser_initialize(&builder.parser) != 1) {
		error_set(err, "no memory to read it");
		return NULL;
	}
	yaml_parser_set_input_string(&builder.parser, (const unsigned char *)text, length);
	document = document_of(&builder);
	yaml_parser_delete(&builder.parser);
	return document;
}

cJSON *changelog_from_json(const char *text, size_t length, struct error *err)
{
	cJSON *document = cJSON_ParseWithLength(text, length);

	if (document == NULL)
		error_set(err, "is no JSON");
	return document;
}
