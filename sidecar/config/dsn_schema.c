#include "dsn_reader.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static const char blanks[] = " \t\r\n";

/* Adds the element of a search path at *cursor to name, and moves *cursor to what follows it. */
static void element_read(const char **cursor, bool folds, struct text *name)
{
	bool quoted = false;
	const char *at = *cursor;

	for (; *at != '\0' && (quoted || *at != ','); at++) {
		char letter = *at;

		if (folds && !quoted)
			letter = (char)tolower((unsigned char)letter);
		if (*at == '"' && quoted && at[1] == '"')
			text_add_bytes(name, at++, 1);
		else if (*at == '"')
			quoted = !quoted;
		else if (quoted || strchr(blanks, *at) == NULL)
			text_add_bytes(name, &letter, 1);
	}
	*cursor = *at == ',' ? at + 1 : at;
}

void dsn_learn_schema(struct dsn *dsn, const char *path, bool folds)
{
	char *schema = NULL;

	while (schema == NULL && *path != '\0') {
		struct text name = {0};

		element_read(&path, folds, &name);
		if (name.length > 0 && strcmp(text_string(&name), "$user") != 0)
			schema = text_take(&name);
		text_done(&name);
	}
	free(dsn->schema);
	dsn->schema = schema;
}

/* The word of options at *cursor, as the server splits them: at blanks, with a backslash before
 * what is to be taken as it is. NULL at the end. free() releases it. */
static char *option_word(const char **cursor)
{
	struct text word = {0};
	const char *at = *cursor + strspn(*cursor, blanks);

	if (*at == '\0')
		return NULL;
	/* strchr finds the NUL too. */
	for (; strchr(blanks, *at) == NULL; at++) {
		if (*at == '\\' && at[1] != '\0')
			at++;
		text_add_bytes(&word, at, 1);
	}
	*cursor = at;
	return text_take(&word);
}

/* setting is "name=value" and is changed. */
static void learn_setting(struct dsn *dsn, char *setting)
{
	char *equals = strchr(setting, '=');

	if (equals == NULL)
		return;
	*equals = '\0';
	if (dsn_name_equals(setting, "search_path"))
		dsn_learn_schema(dsn, equals + 1, true);
}

void dsn_learn_options(struct dsn *dsn, const char *options)
{
	bool after_c = false;
	char *word;

	while ((word = option_word(&options)) != NULL) {
		if (after_c)
			learn_setting(dsn, word);
		else if (strncmp(word, "-c", 2) == 0 || strncmp(word, "--", 2) == 0)
			learn_setting(dsn, word + 2);
		after_c = !after_c && strcmp(word, "-c") == 0;
		free(word);
	}
}
