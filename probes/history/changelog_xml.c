#include "changelog.h"

#include <expat.h>
#include <stdbool.h>
#include <string.h>

/* databaseChangeLog, what is in it, and the preconditions of a changeset: no more is of use. */
#define DEPTH_USED 3

struct builder {
	XML_Parser parser;
	cJSON *list;
	cJSON *open[DEPTH_USED]; /* the attributes of the elements that are open */
	int depth;
	bool is_refused;
	struct error *err;
};

static void refuse(struct builder *builder, const char *what)
{
	if (!builder->is_refused)
		error_set(builder->err, "%lu: %s", XML_GetCurrentLineNumber(builder->parser), what);
	builder->is_refused = true;
	XML_StopParser(builder->parser, XML_FALSE);
}

/* Names may have a prefix of a namespace: "ext:". */
static const char *local_name(const char *name)
{
	const char *colon = strrchr(name, ':');

	return colon != NULL ? colon + 1 : name;
}

static cJSON *attributes_of(const struct builder *builder, const char **attributes)
{
	cJSON *object = cJSON_CreateObject();

	cJSON_AddNumberToObject(
	    object, CHANGELOG_LINE, (double)XML_GetCurrentLineNumber(builder->parser));
	for (; *attributes != NULL; attributes += 2)
		cJSON_AddStringToObject(object, attributes[0], attributes[1]);
	return object;
}

/* {"name": attributes} */
static void add_item(cJSON *list, const char *name, cJSON *attributes)
{
	cJSON *item = cJSON_CreateObject();

	cJSON_AddItemToObject(item, name, attributes);
	cJSON_AddItemToArray(list, item);
}

static void on_start(void *arg, const char *name, const char **attributes)
{
	struct builder *builder = arg;
	int depth = builder->depth++;
	cJSON *object;

	if (depth == 0 && strcmp(local_name(name), "databaseChangeLog") != 0) {
		refuse(builder, "is no changelog, expected databaseChangeLog");
		return;
	}
	if (depth >= DEPTH_USED)
		return;
	object = attributes_of(builder, attributes);
	builder->open[depth] = object;
	if (depth == 0)
		cJSON_AddItemToArray(builder->list, object); /* logicalFilePath */
	else if (depth == 1)
		add_item(builder->list, local_name(name), object);
	else
		cJSON_AddItemToObject(builder->open[1], local_name(name), object);
}

static void on_end(void *arg, const char *name)
{
	struct builder *builder = arg;

	(void)name;
	builder->depth--;
}

/* Without a document type there are no entities, and nothing to fetch. */
static void on_doctype(
    void *arg, const char *name, const char *system, const char *public, int has_subset)
{
	(void)name;
	(void)system;
	(void)public;
	(void)has_subset;
	refuse(arg, "has a DOCTYPE, expected none");
}

static void parse(struct builder *builder, const char *text, size_t length)
{
	XML_SetUserData(builder->parser, builder);
	XML_SetElementHandler(builder->parser, on_start, on_end);
	XML_SetStartDoctypeDeclHandler(builder->parser, on_doctype);
	if (XML_Parse(builder->parser, text, (int)length, XML_TRUE) != XML_STATUS_OK &&
	    !builder->is_refused)
		refuse(builder, XML_ErrorString(XML_GetErrorCode(builder->parser)));
}

cJSON *changelog_from_xml(const char *text, size_t length, struct error *err)
{
	cJSON *document = cJSON_CreateObject();
	struct builder builder = {
	    .parser = XML_ParserCreate(NULL),
	    .list = cJSON_AddArrayToObject(document, "databaseChangeLog"),
	    .err = err,
	};

	if (builder.parser != NULL)
		parse(&builder, text, length);
	XML_ParserFree(builder.parser);
	if (builder.parser != NULL && !builder.is_refused)
		return document;
	cJSON_Delete(document);
	return NULL;
}
