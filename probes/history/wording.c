#include "wording.h"

#include <stdlib.h>

#include "../xalloc.h"

#define SHOWN_MAX 6

void id_list_add(struct id_list *list, const char *id)
{
	if (list->count == list->capacity) {
		list->capacity = list->capacity > 0 ? 2 * list->capacity : 16;
		list->items = xreallocarray(list->items, list->capacity, sizeof(*list->items));
	}
	list->items[list->count++] = id;
}

void id_list_done(struct id_list *list)
{
	free(list->items);
	*list = (struct id_list){0};
}

void text_add_ids(struct text *text, const char *const *ids, size_t count)
{
	for (size_t i = 0; i < count && i < SHOWN_MAX; i++) {
		text_add(text, i > 0 ? ", " : "");
		text_add_clean(text, ids[i]);
	}
	if (count > SHOWN_MAX)
		text_addf(text, " and %zu more", count - SHOWN_MAX);
}

void text_init_ids(struct text *text, const struct id_list *ids)
{
	text_init(text, WORDING_IDS_BYTES);
	text_add_ids(text, ids->items, ids->count);
}
