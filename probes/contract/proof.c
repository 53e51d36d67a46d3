#include "proof.h"

#include <string.h>

/* As statement.c has them; the separator is '\3'. */
enum { PLAIN = 1, STRICT = 2, SEPARATOR = 3, PRIMARY = 4 };

static void mark(struct proof *proof, char byte)
{
	text_add_bytes(&proof->items, &byte, 1);
}

static void begin(struct proof *proof)
{
	if (proof->items.length > 0)
		mark(proof, SEPARATOR);
}

/* Adds to the present item what may be any text. */
static void say(struct proof *proof, const char *text)
{
	if (strchr(text, SEPARATOR) != NULL)
		proof->is_open = true;
	text_add(&proof->items, text);
}

void proof_add_column(struct proof *proof, const char *type, bool is_not_null, const char *name)
{
	proof->is_open = proof->is_open || *type == '\0';
	begin(proof);
	say(proof, type);
	mark(proof, is_not_null ? STRICT : PLAIN);
	say(proof, name);
}

void proof_add_index(struct proof *proof, const char *name, bool is_unique)
{
	begin(proof);
	mark(proof, is_unique ? STRICT : PLAIN);
	say(proof, name);
}

void proof_add_primary_key(struct proof *proof, const struct strings *columns)
{
	begin(proof);
	mark(proof, PRIMARY);
	text_addf(&proof->items, "%zu", columns->count);
	for (size_t i = 0; i < columns->count; i++) {
		mark(proof, PRIMARY);
		say(proof, columns->items[i]);
	}
}

char *proof_take(struct proof *proof)
{
	char *items = proof->items.length > 0 && !proof->is_open ? text_take(&proof->items) : NULL;

	text_done(&proof->items);
	*proof = (struct proof){.is_open = false};
	return items;
}
