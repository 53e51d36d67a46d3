#include "identity.h"

#include <string.h>

/* wanted is "name" or "name:C"; found is "name:C". */
static bool column_fits(const char *wanted, const char *found)
{
	size_t length = strlen(wanted);

	if (strncmp(wanted, found, length) != 0)
		return false;
	return found[length] == '\0' || (found[length] == ':' && strchr(wanted, ':') == NULL);
}

static bool has_column(const struct strings *columns, const char *wanted)
{
	for (size_t i = 0; i < columns->count; i++)
		if (column_fits(wanted, columns->items[i]))
			return true;
	return false;
}

bool identity_fits(const struct history_tool *tool, const struct strings *columns)
{
	for (const char *const *wanted = tool->columns; *wanted != NULL; wanted++)
		if (!has_column(columns, *wanted))
			return false;
	return true;
}

/* How many columns prove it; a single one proves something only where there is no other. */
static size_t proof(const struct history_tool *tool, const struct strings *columns)
{
	size_t count = 0;

	if (!identity_fits(tool, columns))
		return 0;
	while (tool->columns[count] != NULL)
		count++;
	return count > 1 || columns->count == 1 ? count : 0;
}

void identity_guess(const struct strings *columns, bool has_rails_metadata, struct text *text)
{
	size_t best = 1;
	const char *separator = "";

	for (const struct history_tool *tool = history_tools; tool->name != NULL; tool++)
		if (proof(tool, columns) > best)
			best = proof(tool, columns);
	for (const struct history_tool *tool = history_tools; tool->name != NULL; tool++) {
		if (proof(tool, columns) != best)
			continue;
		if (has_rails_metadata && strcmp(tool->default_table, "schema_migrations") == 0 &&
		    best == 1 && strcmp(tool->name, "rails") != 0)
			continue;
		text_addf(text, "%s%s", separator, tool->name);
		separator = " or ";
	}
}
