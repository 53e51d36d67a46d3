#include "shown_array.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../probes/names.h"
#include "../../probes/xalloc.h"

#define TEXT_OID 25

struct cursor {
	const char *at;
	const char *end;
	bool is_broken;
};

static int32_t next_number(struct cursor *cursor)
{
	uint32_t number = 0;

	if (cursor->end - cursor->at < (ptrdiff_t)sizeof(number)) {
		cursor->is_broken = true;
		return 0;
	}
	memcpy(&number, cursor->at, sizeof(number));
	cursor->at += sizeof(number);
	return (int32_t)ntohl(number);
}

/* Whether it was NULL. */
static bool show_element(struct cursor *cursor, struct text *shown)
{
	int32_t length = next_number(cursor);
	char *element;

	if (length == -1) {
		text_add(shown, "NULL");
		return true;
	}
	if (cursor->is_broken || length < 0 || length > cursor->end - cursor->at) {
		cursor->is_broken = true;
		return false;
	}
	element = xstrndup(cursor->at, (size_t)length);
	text_add_element(shown, element);
	free(element);
	cursor->at += length;
	return false;
}

static void show(struct cursor *cursor, struct text *shown)
{
	int32_t dimensions = next_number(cursor);
	int32_t has_null = next_number(cursor);
	int32_t type = next_number(cursor);
	int32_t count = dimensions == 1 ? next_number(cursor) : 0;
	int32_t from = dimensions == 1 ? next_number(cursor) : 1;
	int32_t nulls = 0;

	for (int32_t i = 0; i < count && !cursor->is_broken; i++) {
		text_add(shown, i > 0 ? "," : "");
		nulls += show_element(cursor, shown);
	}
	if (dimensions < 0 || dimensions > 1 || has_null != (nulls > 0) || type != TEXT_OID ||
	    from != 1 || cursor->at != cursor->end)
		cursor->is_broken = true;
}

char *shown_array(const struct text *array)
{
	const char *bytes = text_string(array);
	struct cursor cursor = {bytes, bytes + array->length, false};
	struct text shown;

	text_init(&shown, 0);
	text_add(&shown, "{");
	show(&cursor, &shown);
	text_add(&shown, "}");
	if (!cursor.is_broken)
		return text_take(&shown);
	text_done(&shown);
	return NULL;
}
