#include "python_module.h"

#include <stdlib.h>
#include <string.h>

#include "../text.h"
#include "../xalloc.h"
#include "python.h"

/* Formatters put one pair of brackets around a value; this many is no value any more. */
#define NESTING_MAX 16

/* Of a token that a message shows. */
#define SHOWN_MAX 40

struct parser {
	struct python_lexer lexer;
	struct python_token token; /* the next to be read */
	bool in_definition;        /* lines indented further are the body of a def or class */
	size_t definition_indent;
	const char *const *names;
	struct python_binding *bindings;
	size_t count;
};

void python_binding_done(struct python_binding *binding)
{
	free(binding->obstacle);
	strings_done(&binding->items);
	*binding = (struct python_binding){0};
}

static void advance(struct parser *parser)
{
	python_read(&parser->lexer, &parser->token);
}

/* To the end of the logical line, unless the token is that already. */
static void skip_line(struct parser *parser)
{
	if (parser->token.kind != PYTHON_NEWLINE && parser->token.kind != PYTHON_END)
		python_read_line_end(&parser->lexer, &parser->token);
}

static struct python_token peek(const struct parser *parser)
{
	struct python_lexer ahead = parser->lexer;

	return python_next(&ahead);
}

static bool is(const struct parser *parser, const char *spelling)
{
	return python_token_is(&parser->token, spelling);
}

static bool is_any(const struct python_token *token, const char *const *spellings)
{
	if (token->kind != PYTHON_NAME && token->kind != PYTHON_OPERATOR)
		return false;
	for (; *spellings != NULL; spellings++)
		if (python_token_is(token, *spellings))
			return true;
	return false;
}

static bool is_opening(const struct python_token *token)
{
	static const char *const brackets[] = {"(", "[", "{", NULL};

	return is_any(token, brackets);
}

static bool is_closing(const struct python_token *token)
{
	static const char *const brackets[] = {")", "]", "}", NULL};

	return is_any(token, brackets);
}

/* Outside of all brackets. */
static bool is_outer(const struct parser *parser, const char *spelling)
{
	return parser->token.depth == 0 && is(parser, spelling);
}

static bool at_line_end(const struct parser *parser)
{
	return parser->token.kind == PYTHON_NEWLINE || parser->token.kind == PYTHON_END;
}

static bool at_statement_end(const struct parser *parser)
{
	return at_line_end(parser) || is_outer(parser, ";");
}

/* The index of the name that the token is, or count where it is none of ours. */
static size_t name_of(const struct parser *parser, const struct python_token *token)
{
	size_t name = 0;

	if (token->kind != PYTHON_NAME)
		return parser->count;
	while (name < parser->count && !python_token_is(token, parser->names[name]))
		name++;
	return name;
}

static void set_not_literal(struct python_binding *binding, const char *found)
{
	binding->obstacle = xasprintf("is no literal (found %s)", found);
}

/* The token stands where a literal, or the end of one, should. */
static void set_unexpected(struct python_binding *binding, const struct python_token *token)
{
	char *found;

	if (token->kind == PYTHON_NEWLINE || token->kind == PYTHON_END)
		found = xstrdup("nothing");
	else if (token->kind == PYTHON_STRING)
		found = xstrdup("a string");
	else
		found = xasprintf("\"%.*s\"",
		    (int)(token->length < SHOWN_MAX ? token->length : SHOWN_MAX), token->start);
	set_not_literal(binding, found);
	free(found);
}

/* String literals side by side are one string. */
static void read_strings(struct parser *parser, struct python_binding *binding)
{
	const char *found = NULL;
	struct text value;

	text_init(&value, 0);
	for (; found == NULL && parser->token.kind == PYTHON_STRING; advance(parser))
		found = python_string_value(&parser->token, &value);
	/* What no message could show as it is can be no id. */
	if (found == NULL && !text_is_clean(text_string(&value)))
		found = "a string with control characters or bytes that are not UTF-8";
	if (found != NULL)
		set_not_literal(binding, found);
	else
		strings_take(&binding->items, text_take(&value));
	text_done(&value);
}

static bool read_items(
    struct parser *parser, struct python_binding *binding, const char *closing, unsigned nesting);

static bool read_brackets(struct parser *parser, struct python_binding *binding, unsigned nesting)
{
	const char *closing = is(parser, "(") ? ")" : is(parser, "[") ? "]" : "}";
	bool is_sequence;

	if (nesting == NESTING_MAX) {
		set_not_literal(binding, "too many brackets");
		return false;
	}
	advance(parser);
	is_sequence = read_items(parser, binding, closing, nesting + 1);
	if (binding->obstacle == NULL)
		advance(parser);
	return is_sequence;
}

/* Reads one value, or sets the obstacle. Returns whether it is a sequence. */
static bool read_value(struct parser *parser, struct python_binding *binding, unsigned nesting)
{
	if (is_opening(&parser->token))
		return read_brackets(parser, binding, nesting);
	if (parser->token.kind == PYTHON_STRING) {
		read_strings(parser, binding);
	} else if (is(parser, "None")) {
		binding->nones++;
		advance(parser);
	} else {
		set_unexpected(binding, &parser->token);
	}
	return false;
}

/* closing: the bracket, or NULL for the end of the statement. */
static bool at_items_end(const struct parser *parser, const char *closing)
{
	return closing != NULL ? is(parser, closing) : at_statement_end(parser);
}

/* Reads values with commas between them, up to closing, or sets the obstacle. Returns whether they
 * are a sequence: "a" and ("a") are none, "a", and ("a",) and ["a"] are. */
static bool read_items(
    struct parser *parser, struct python_binding *binding, const char *closing, unsigned nesting)
{
	bool is_sequence = closing != NULL && (*closing != ')' || is(parser, closing));
	bool has_inner = false;

	while (binding->obstacle == NULL && !at_items_end(parser, closing)) {
		has_inner = read_value(parser, binding, nesting) || has_inner;
		if (!is(parser, ","))
			break;
		is_sequence = true;
		advance(parser);
	}
	if (binding->obstacle == NULL && !at_items_end(parser, closing))
		set_unexpected(binding, &parser->token);
	if (binding->obstacle == NULL && is_sequence && has_inner)
		set_not_literal(binding, "a sequence in a sequence");
	return is_sequence || has_inner;
}

/* A new assignment, on that line; what was before it is forgotten. */
static struct python_binding *rebind(struct parser *parser, size_t name, unsigned long line)
{
	struct python_binding *binding = &parser->bindings[name];

	python_binding_done(binding);
	binding->line = line;
	return binding;
}

static void bind_otherwise(struct parser *parser, size_t name, unsigned long line)
{
	rebind(parser, name, line)->obstacle =
	    xstrdup("is set by something else than a plain assignment");
}

/* The token is the first behind "=". */
static void bind_value(struct parser *parser, size_t name, unsigned long line)
{
	struct python_binding *binding = rebind(parser, name, line);

	if (at_statement_end(parser))
		set_unexpected(binding, &parser->token);
	else
		binding->is_sequence = read_items(parser, binding, NULL, 0);
}

/* Looking through a statement for other ways in which it sets a name. */
struct scan {
	struct python_token before;
	bool binds;       /* names that come now are set: behind import, as, del, for … */
	unsigned targets; /* bits of names met so far, set once a "=" comes */
	bool annotates;   /* behind the colon of "a: b = c", where b is no target */
	size_t trailer; /* depth inside the outermost f(…) or x[…], where names are only used */
};

static const char *const binding_words[] = {"as", "del", "for", "import", NULL};

static void scan_name(struct parser *parser, struct scan *scan, size_t name)
{
	struct python_token next = peek(parser);

	if (python_token_is(&next, ":="))
		bind_otherwise(parser, name, parser->token.line);
	else if (scan->trailer > 0 || (scan->binds && python_token_is(&next, "as")))
		return;
	else if (scan->binds)
		bind_otherwise(parser, name, parser->token.line);
	else if (!scan->annotates)
		scan->targets |= 1u << name;
}

/* A bracket behind a value is a call or a subscript, otherwise it only groups. */
static void scan_opening(const struct parser *parser, struct scan *scan)
{
	const struct python_token *before = &scan->before;
	bool behind_word = is_any(before, binding_words) || python_token_is(before, "with");
	bool behind_value = before->kind == PYTHON_STRING || is_closing(before) ||
			    (before->kind == PYTHON_NAME && !behind_word);

	if (behind_value && scan->trailer == 0)
		scan->trailer = parser->token.depth + 1;
}

static void scan_equals(struct parser *parser, const struct scan *scan)
{
	for (size_t name = 0; name < parser->count; name++)
		if ((scan->targets & (1u << name)) != 0)
			bind_otherwise(parser, name, parser->token.line);
}

static void scan_word(struct parser *parser, struct scan *scan)
{
	const struct python_token *token = &parser->token;
	bool is_attribute = python_token_is(&scan->before, ".");
	size_t name = is_attribute ? parser->count : name_of(parser, token);

	if (name < parser->count)
		scan_name(parser, scan, name);
	else if (is_outer(parser, "in"))
		scan->binds = false;
	else if (is(parser, "as") || (token->depth == 0 && is_any(token, binding_words)))
		scan->binds = true;
}

static void scan_operator(struct parser *parser, struct scan *scan)
{
	const struct python_token *token = &parser->token;

	if (is_opening(token))
		scan_opening(parser, scan);
	else if (is_closing(token) && scan->trailer == token->depth + 1)
		scan->trailer = 0;
	else if (is_outer(parser, "="))
		scan_equals(parser, scan);
	else if (is_outer(parser, ":"))
		scan->annotates = true;
}

/* Looks a statement through, up to its end or, for the head of a block, up to the colon. */
static void scan_statement(struct parser *parser, bool is_head)
{
	struct scan scan = {.before = {.kind = PYTHON_NEWLINE}};

	while (!at_statement_end(parser) && !(is_head && is_outer(parser, ":"))) {
		if (parser->token.kind == PYTHON_NAME)
			scan_word(parser, &scan);
		else if (parser->token.kind == PYTHON_OPERATOR)
			scan_operator(parser, &scan);
		scan.before = parser->token;
		advance(parser);
	}
}

/* Reads name = "x" or name = None on a line of its own. Else the parser is where it was. */
static bool read_simple_binding(struct parser *parser, size_t name)
{
	const struct python_lexer lexer = parser->lexer;
	struct python_binding *binding;
	const char *start;
	size_t length;
	char *value;

	if (!python_skip_assignment(&parser->lexer, &start, &length))
		return false;
	value = start != NULL ? xstrndup(start, length) : NULL;
	if (value != NULL && !text_is_clean(value)) {
		free(value);
		parser->lexer = lexer;
		return false;
	}
	binding = rebind(parser, name, parser->token.line);
	if (value != NULL)
		strings_take(&binding->items, value);
	else
		binding->nones++;
	advance(parser);
	return true;
}

/* Reads a statement that sets our name to a literal and does nothing else, as nearly all do. Else
 * the parser is where it was. */
static bool read_plain_binding(struct parser *parser, size_t name)
{
	const struct python_lexer lexer = parser->lexer;
	const struct python_token token = parser->token;

	advance(parser);
	if (is(parser, ":"))
		while (!at_statement_end(parser) && !is_outer(parser, "=") && !is(parser, ":=") &&
		       name_of(parser, &parser->token) == parser->count)
			advance(parser);
	if (is(parser, "=")) {
		advance(parser);
		bind_value(parser, name, token.line);
		if (parser->bindings[name].obstacle == NULL)
			return true;
	}
	parser->lexer = lexer;
	parser->token = token;
	return false;
}

/*
 * A statement that begins with one of our names. One that is not plain is read twice, as it may set
 * others of them too (revision = depends_on = "x"). An annotation alone sets nothing.
 */
static void read_binding(struct parser *parser, size_t name, bool nested)
{
	unsigned long line = parser->token.line;
	struct python_lexer behind = parser->lexer;
	bool is_annotated;

	if (!nested && (read_simple_binding(parser, name) || read_plain_binding(parser, name)))
		return;
	scan_statement(parser, false);
	parser->lexer = behind;
	advance(parser);
	is_annotated = is(parser, ":");
	while (is_annotated && !at_statement_end(parser) && !is_outer(parser, "="))
		advance(parser);
	if (is_annotated && at_statement_end(parser))
		return;
	if (nested) {
		rebind(parser, name, line)->obstacle = xstrdup("is set inside a block");
	} else if (is(parser, "=")) {
		advance(parser);
		bind_value(parser, name, line);
	} else {
		bind_otherwise(parser, name, line);
	}
}

/* A def or class: what its body sets is its own. */
static void read_definition(struct parser *parser)
{
	size_t name;

	parser->in_definition = true;
	parser->definition_indent = parser->lexer.indent;
	advance(parser);
	name = name_of(parser, &parser->token);
	if (name < parser->count)
		bind_otherwise(parser, name, parser->token.line);
	skip_line(parser);
}

/* A statement that has none of our names, and no more than its line, can be no business of ours. */
static bool skip_statement(struct parser *parser)
{
	if (parser->token.kind != PYTHON_NAME ||
	    !python_skip_line_without(&parser->lexer, parser->names, parser->count))
		return false;
	advance(parser);
	return true;
}

/* Reads one statement, or the head of a block: what follows on the line is nested then. match and
 * case may be names as well, but then no colon follows. */
static void read_statement(struct parser *parser, bool *nested)
{
	static const char *const definitions[] = {"class", "def", NULL};
	static const char *const blocks[] = {"case", "elif", "else", "except", "finally", "for",
	    "if", "match", "try", "while", "with", NULL};
	size_t name = name_of(parser, &parser->token);

	if (name < parser->count) {
		read_binding(parser, name, *nested);
		while (!at_statement_end(parser))
			advance(parser);
	} else if (is_any(&parser->token, definitions)) {
		read_definition(parser);
	} else if (is_any(&parser->token, blocks)) {
		scan_statement(parser, true);
		if (is(parser, ":")) {
			*nested = true;
			advance(parser);
		}
	} else if (!skip_statement(parser)) {
		scan_statement(parser, false);
	}
}

/* A logical line at module level, or in a block that Python runs there. */
static void read_line(struct parser *parser)
{
	bool nested = parser->lexer.indent > 0;

	while (!at_line_end(parser)) {
		if (is(parser, ";") || is(parser, "async"))
			advance(parser);
		else
			read_statement(parser, &nested);
	}
}

static void read_module(struct parser *parser)
{
	advance(parser);
	while (parser->token.kind != PYTHON_END) {
		if (parser->in_definition && parser->lexer.indent <= parser->definition_indent)
			parser->in_definition = false;
		if (!parser->in_definition)
			read_line(parser);
		skip_line(parser);
		if (parser->in_definition)
			python_skip_body(&parser->lexer, parser->definition_indent);
		if (parser->token.kind == PYTHON_NEWLINE)
			advance(parser);
	}
}

const char *python_module_read(const char *text, size_t length, const char *const *names,
    struct python_binding *bindings, size_t count, unsigned long *line)
{
	struct parser parser = {.names = names, .bindings = bindings, .count = count};

	*line = 0;
	for (size_t i = 0; i < count; i++)
		bindings[i] = (struct python_binding){0};
	if (memchr(text, '\0', length) != NULL)
		return "it has a NUL byte";
	python_lexer_init(&parser.lexer, text, length);
	read_module(&parser);
	*line = parser.lexer.broken_line;
	return parser.lexer.broken;
}
