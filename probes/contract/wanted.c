#include "wanted.h"

#include <stdlib.h>
#include <string.h>

#include "../array.h"
#include "../names.h"
#include "statement.h"

char *facet_of(const struct strings *list)
{
	return list->count > 0 ? names_array(list) : NULL;
}

static void add_facet(struct wanted *wanted, enum facet facet, const char *value)
{
	wanted->uses[facet] = wanted->uses[facet] || value != NULL;
	array_add(&wanted->facets[facet], value);
}

void wanted_add(struct wanted *wanted, struct wanted_object *object)
{
	const char class[] = {(char)object->class, '\0'};

	add_facet(wanted, FACET_CLASS, class);
	add_facet(wanted, FACET_PATTERN, object->pattern);
	add_facet(wanted, FACET_SCHEMA, object->schema);
	add_facet(wanted, FACET_NAME, object->name);
	for (enum facet facet = FACET_PARTS; facet < FACET_COUNT; facet++) {
		add_facet(wanted, facet, object->facets[facet]);
		free(object->facets[facet]);
		object->facets[facet] = NULL;
	}
	wanted->has_enums = wanted->has_enums || object->class == WANTED_ENUM;
	wanted->has_functions = wanted->has_functions || object->class == WANTED_FUNCTION;
	wanted->count++;
	wanted->named += object->class != WANTED_SCHEMA;
}

void wanted_end(struct wanted *wanted)
{
	for (enum facet facet = 0; facet < FACET_COUNT; facet++)
		array_end(&wanted->facets[facet]);
	/* Also where nothing of them can be proven: then all are looked at closer. */
	wanted->uses[FACET_KEYS] = wanted->uses[FACET_PRIMARY_KEY] || wanted->uses[FACET_INDEXES];
	wanted->sql = contract_sql(wanted);
	wanted->name = contract_name(wanted);
}

void wanted_done(struct wanted *wanted)
{
	for (enum facet facet = 0; facet < FACET_COUNT; facet++)
		text_done(&wanted->facets[facet]);
	free(wanted->sql);
	free(wanted->name);
	*wanted = (struct wanted){.count = 0};
}

char *wanted_pattern(const char *schema)
{
	struct text pattern;

	if (strpbrk(schema, "*?") == NULL)
		return NULL;
	text_init(&pattern, 0);
	for (; *schema != '\0'; schema++) {
		if (*schema == '*')
			text_add(&pattern, "%");
		else if (*schema == '?')
			text_add(&pattern, "_");
		else {
			if (strchr("%_\\", *schema) != NULL)
				text_add(&pattern, "\\");
			text_add_bytes(&pattern, schema, 1);
		}
	}
	return text_take(&pattern);
}
