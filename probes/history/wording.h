/* How histories speak of ids: few and bounded, whatever the database holds. Pure. */
#ifndef SCHEMALATCH_HISTORY_WORDING_H
#define SCHEMALATCH_HISTORY_WORDING_H

#include <stddef.h>

#include "../text.h"

/* Ids that somebody else owns, in order. */
struct id_list {
	const char **items;
	size_t count;
	size_t capacity;
};

void id_list_add(struct id_list *list, const char *id);
void id_list_done(struct id_list *list);

/* Room for ids in one message. */
#define WORDING_IDS_BYTES ((size_t)160)

/* Adds "a, b and 3 more". */
void text_add_ids(struct text *text, const char *const *ids, size_t count);

/* Makes text of at most WORDING_IDS_BYTES of it; text_done frees it. */
void text_init_ids(struct text *text, const struct id_list *ids);

#endif
