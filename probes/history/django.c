/* Django's migrations are named for their files. What one replaces, a class attribute, is read as a
 * literal list of pairs; files are never run. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "../text.h"
#include "../xalloc.h"
#include "hooks.h"
#include "python.h"

struct source {
	struct file_reading *reading;
	const char *path;
	struct python_lexer lexer;
	struct python_token token;
	struct strings replaces;
	bool in_class;      /* of class Migration */
	bool in_definition; /* of a def or class in it, whose names are its own */
	size_t body_indent; /* of the class's own lines; 0: none was met yet */
	bool is_refused;
};

static void advance(struct source *source)
{
	python_read(&source->lexer, &source->token);
}

static bool is(const struct source *source, const char *spelling)
{
	return python_token_is(&source->token, spelling);
}

static bool at_line_end(const struct source *source)
{
	return source->token.kind == PYTHON_NEWLINE || source->token.kind == PYTHON_END;
}

static void skip_line(struct source *source)
{
	if (!at_line_end(source))
		python_read_line_end(&source->lexer, &source->token);
}

static bool refuse_at(struct source *source, unsigned long line, const char *what)
{
	char *place = xasprintf("%s:%lu", source->path, line);

	if (!source->is_refused)
		problems_add(source->reading->problems, place,
		    "%s; files are read without being run: write the expected migrations to a "
		    "\"list\" instead",
		    what);
	source->is_refused = true;
	free(place);
	return false;
}

/* Where the text breaks off, that alone is told, once all is read. */
static bool refuse(struct source *source, const char *what)
{
	return source->lexer.broken == NULL && refuse_at(source, source->token.line, what);
}

#define NO_PAIRS "replaces is no literal list of pairs (\"app\", \"name\")"

/* Adjacent literals are one string. */
static bool read_string(struct source *source, struct text *value)
{
	if (source->token.kind != PYTHON_STRING)
		return refuse(source, NO_PAIRS);
	for (; source->token.kind == PYTHON_STRING; advance(source))
		if (python_string_value(&source->token, value) != NULL)
			return refuse(source, NO_PAIRS);
	return true;
}

static bool is_opening(const struct source *source)
{
	return is(source, "(") || is(source, "[");
}

static bool is_closing(const struct source *source)
{
	return is(source, ")") || is(source, "]");
}

static bool take(struct source *source, const char *sign)
{
	if (!is(source, sign))
		return refuse(source, NO_PAIRS);
	advance(source);
	return true;
}

/* ("app", "name") */
static bool read_pair(struct source *source)
{
	struct text id;
	bool fine;

	text_init(&id, 0);
	if (!is_opening(source))
		return refuse(source, NO_PAIRS);
	advance(source);
	fine = read_string(source, &id) && take(source, ",");
	text_add(&id, ".");
	fine = fine && read_string(source, &id);
	if (fine && is(source, ","))
		advance(source);
	if (fine && !is_closing(source))
		fine = refuse(source, NO_PAIRS);
	advance(source);
	if (fine)
		strings_take(&source->replaces, text_take(&id));
	text_done(&id);
	return fine;
}

/* The token is the first behind "=". The last assignment stands, as in Python. */
static void read_value(struct source *source)
{
	bool fine = is_opening(source) || refuse(source, NO_PAIRS);

	strings_done(&source->replaces);
	advance(source);
	while (fine && !is_closing(source)) {
		fine = read_pair(source);
		if (fine && !is_closing(source))
			fine = take(source, ",");
	}
	advance(source);
	if (fine && !at_line_end(source))
		refuse(source, NO_PAIRS);
}

/* The token is "replaces", at the start of a line of the class's own. */
static void read_assignment(struct source *source)
{
	advance(source);
	if (is(source, ":"))
		while (!at_line_end(source) && !(is(source, "=") && source->token.depth == 0))
			advance(source);
	if (!is(source, "=")) {
		refuse(source, "replaces is set by something else than a plain assignment");
		return;
	}
	advance(source);
	read_value(source);
}

/* Any other way in which the name may be set. */
static void look_through(struct source *source)
{
	for (; !at_line_end(source); advance(source))
		if (is(source, "replaces"))
			refuse(source, "replaces is set by something else than a plain assignment");
}

/* The token is the first of a line at module level. */
static void read_module_line(struct source *source)
{
	struct python_token first = source->token;

	source->in_class = false;
	advance(source);
	if (python_token_is(&first, "class") && is(source, "Migration")) {
		source->in_class = true;
		source->body_indent = 0;
		source->in_definition = false;
	}
	if (source->in_class || python_token_is(&first, "Migration"))
		look_through(source);
	else
		skip_line(source);
}

/* The token is the first of a line in the class. */
static void read_class_line(struct source *source)
{
	if (source->body_indent == 0)
		source->body_indent = source->lexer.indent;
	if (source->lexer.indent <= source->body_indent)
		source->in_definition = is(source, "def") || is(source, "class") ||
					is(source, "async") || is(source, "@");
	if (source->in_definition)
		skip_line(source);
	else if (source->lexer.indent == source->body_indent && is(source, "replaces"))
		read_assignment(source);
	else
		look_through(source);
}

static void read_lines(struct source *source)
{
	advance(source);
	while (source->token.kind != PYTHON_END) {
		if (source->lexer.indent == 0)
			read_module_line(source);
		else if (source->in_class)
			read_class_line(source);
		skip_line(source);
		if (source->token.kind == PYTHON_NEWLINE)
			advance(source);
	}
}

static void read_replaces(struct source *source, const char *text, size_t length)
{
	python_lexer_init(&source->lexer, text, length);
	read_lines(source);
	if (source->lexer.broken != NULL)
		refuse_at(
		    source, source->lexer.broken_line, "this is no Python; is the file whole?");
}

/* APP.NAME of a file NAME.py; a group in the expression would take longer than all the rest. */
static char *id_of(const char *label, const char *file)
{
	struct text id;

	text_init(&id, 0);
	text_add(&id, label);
	text_add(&id, ".");
	text_add_bytes(&id, file, strlen(file) - 3);
	return text_take(&id);
}

void django_content(
    struct file_reading *reading, const char *path, const char *id, const char *text, size_t length)
{
	struct source source = {.reading = reading, .path = path};
	struct migration migration = {.id = id_of(reading->label, id), .place = xstrdup(path)};

	if (memmem(text, length, "Migration", 9) == NULL)
		problems_add(reading->problems, path,
		    "has no class Migration, so that Django stops here; is it a migration?");
	else if (memmem(text, length, "replaces", 8) != NULL)
		read_replaces(&source, text, length);
	migration.replaces = source.replaces;
	files_add_migration(reading, &migration);
}
