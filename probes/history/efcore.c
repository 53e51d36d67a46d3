/* EF Core calls a migration by its attribute [Migration("…")], in the sources' *.Designer.cs. */
#include <stdlib.h>

#include "../xalloc.h"
#include "hooks.h"
#include "script.h"

/* The tokens behind "[Migration" or ", Migration": "(" and a string. */
static void read_attribute(
    struct file_reading *reading, const char *path, struct script_lexer *lexer)
{
	struct script_token opening = script_next(lexer);
	struct script_token string;
	char *text;

	if (!script_token_is(&opening, "("))
		return;
	string = script_next(lexer);
	if (string.kind == SCRIPT_STRING) {
		text = xstrndup(string.start, string.length);
		files_add(reading, text, path);
	} else {
		text = xasprintf("%s:%lu", path, string.line);
		problems_add(reading->problems, text,
		    "the migration's id is no plain string; list the ids in a \"list\" instead");
	}
	free(text);
}

void efcore_content(
    struct file_reading *reading, const char *path, const char *id, const char *text, size_t length)
{
	struct script_lexer lexer;
	struct script_token before = {.kind = SCRIPT_END};
	struct script_token token;

	(void)id;
	script_lexer_init(&lexer, text, length);
	while ((token = script_next(&lexer)).kind != SCRIPT_END) {
		if (script_token_is(&token, "Migration") &&
		    (script_token_is(&before, "[") || script_token_is(&before, ",")))
			read_attribute(reading, path, &lexer);
		before = token;
	}
}
