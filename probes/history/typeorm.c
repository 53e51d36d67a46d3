/* TypeORM calls a migration by its class, whose name ends in 13 digits, or by that class's property
 * "name". The file's name is a habit only. */
#include <stdlib.h>
#include <string.h>

#include "../xalloc.h"
#include "hooks.h"
#include "script.h"

#define TIME_DIGITS 13

struct source {
	struct file_reading *reading;
	const char *path;
	struct script_lexer lexer;
	struct script_token before[2]; /* the last, and the one before it */
	struct script_token token;
	size_t depth;       /* of braces */
	size_t class_depth; /* of the body of the class that was met last */
	char *id;           /* of that class; NULL: none, or it was added */
	bool is_found;
};

static bool ends_in_digits(const char *word, size_t length, size_t least)
{
	size_t digits = 0;

	while (
	    digits < length && word[length - 1 - digits] >= '0' && word[length - 1 - digits] <= '9')
		digits++;
	return digits >= least;
}

static void advance(struct source *source)
{
	source->before[1] = source->before[0];
	source->before[0] = source->token;
	source->token = script_next(&source->lexer);
}

static bool is(const struct source *source, const char *spelling)
{
	return script_token_is(&source->token, spelling);
}

static void finish_class(struct source *source)
{
	if (source->id != NULL)
		files_add(source->reading, source->id, source->path);
	free(source->id);
	source->id = NULL;
}

/* "class X1690000000000", or what TypeScript makes of it for old engines: a function. */
static void read_class(struct source *source)
{
	advance(source);
	if (source->token.kind != SCRIPT_WORD ||
	    !ends_in_digits(source->token.start, source->token.length, TIME_DIGITS))
		return;
	finish_class(source);
	source->id = xstrndup(source->token.start, source->token.length);
	source->class_depth = source->depth + 1;
	source->is_found = true;
}

static void refuse_name(struct source *source)
{
	char *place = xasprintf("%s:%lu", source->path, source->token.line);

	problems_add(source->reading->problems, place,
	    "name is no plain string; files are read without being run: list the names of the "
	    "migrations in a \"list\" instead");
	free(place);
}

/* The token is "name": of the class's own, unless it is a variable further in. */
static void read_name(struct source *source)
{
	bool of_this =
	    script_token_is(&source->before[0], ".") && script_token_is(&source->before[1], "this");

	if (source->id == NULL || (!of_this && source->depth != source->class_depth))
		return;
	advance(source);
	if (is(source, ":")) { /* a type */
		advance(source);
		advance(source);
	}
	if (!is(source, "="))
		return;
	advance(source);
	if (source->token.kind != SCRIPT_STRING) {
		refuse_name(source);
		return;
	}
	free(source->id);
	source->id = xstrndup(source->token.start, source->token.length);
}

static void read_token(struct source *source)
{
	if (is(source, "{"))
		source->depth++;
	else if (is(source, "}") && source->depth > 0)
		source->depth--;
	else if (is(source, "class") || is(source, "function"))
		read_class(source);
	else if (is(source, "name"))
		read_name(source);
}

static bool is_named_like_one(const char *stem)
{
	size_t digits = strspn(stem, "0123456789");

	return digits >= TIME_DIGITS || ends_in_digits(stem, strlen(stem), TIME_DIGITS);
}

void typeorm_content(
    struct file_reading *reading, const char *path, const char *id, const char *text, size_t length)
{
	struct source source = {.reading = reading, .path = path};

	script_lexer_init(&source.lexer, text, length);
	for (advance(&source); source.token.kind != SCRIPT_END; advance(&source))
		read_token(&source);
	finish_class(&source);
	if (!source.is_found && is_named_like_one(id))
		problems_add(reading->problems, path,
		    "has no class whose name ends in 13 digits, as migrations do; where the code "
		    "is bundled or minified, list their names in a \"list\" instead");
}
