#include "python.h"

#include <string.h>

/* Python itself allows more, but nobody writes even three. */
#define NESTING_MAX 32

/* What each byte is: w of a word, b a blank, h the hash, c a closing bracket, o something else; and
 * in capitals what can mean something within a string too: N a newline, Q a quote, B the backslash,
 * O an opening bracket. Every byte of a character beyond ASCII is of a word: such names are
 * allowed, and none is ours. */
static const char byte_kinds[] = "ooooooooobNobNoooooooooooooooooo"
				 "boQhoooQOcoooooowwwwwwwwwwoooooo"
				 "owwwwwwwwwwwwwwwwwwwwwwwwwwOBcow"
				 "owwwwwwwwwwwwwwwwwwwwwwwwwwOocoo"
				 "wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww"
				 "wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww"
				 "wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww"
				 "wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww";

static char kind_of(char byte)
{
	return byte_kinds[(unsigned char)byte];
}

static bool is_one_of(const char *set, char byte)
{
	return byte != '\0' && strchr(set, byte) != NULL;
}

static bool is_newline(char byte)
{
	return byte == '\n' || byte == '\r';
}

static bool is_digit(char byte)
{
	return byte >= '0' && byte <= '9';
}

static bool is_word(char byte)
{
	return kind_of(byte) == 'w';
}

static bool is_quote(char byte)
{
	return byte == '"' || byte == '\'';
}

static bool is_opening(char byte)
{
	return kind_of(byte) == 'O';
}

static bool is_closing(char byte)
{
	return kind_of(byte) == 'c';
}

static bool at_end(const struct python_lexer *lexer)
{
	return lexer->at == lexer->end;
}

/* The byte that is offset further on, NUL behind the end. */
static char ahead(const struct python_lexer *lexer, size_t offset)
{
	return (size_t)(lexer->end - lexer->at) > offset ? lexer->at[offset] : '\0';
}

/* Gives up: what follows has no meaning any more. Returns false. */
static bool break_off(struct python_lexer *lexer, const char *why, unsigned long line)
{
	lexer->at = lexer->end;
	if (lexer->broken == NULL) {
		lexer->broken = why;
		lexer->broken_line = line;
	}
	return false;
}

/* Steps over \n, \r\n or a lone \r. */
static void next_line(struct python_lexer *lexer)
{
	lexer->at += ahead(lexer, 0) == '\r' && ahead(lexer, 1) == '\n' ? 2 : 1;
	lexer->line++;
}

static void skip_comment(struct python_lexer *lexer)
{
	const char *end = memchr(lexer->at, '\n', (size_t)(lexer->end - lexer->at));
	const char *lone;

	if (end == NULL)
		end = lexer->end;
	lone = memchr(lexer->at, '\r', (size_t)(end - lexer->at));
	lexer->at = lone != NULL ? lone : end;
}

/* Python's own rule for the columns of an indented line. */
static size_t indent_after(size_t indent, char byte)
{
	if (byte == '\t')
		return (indent / 8 + 1) * 8;
	return byte == '\f' ? 0 : indent + 1;
}

/* Steps over a newline that ends no logical line. */
static void skip_newline(struct python_lexer *lexer)
{
	next_line(lexer);
	if (!lexer->line_started)
		lexer->indent = 0;
}

static void skip_space(struct python_lexer *lexer)
{
	if (!lexer->line_started)
		lexer->indent = indent_after(lexer->indent, *lexer->at);
	lexer->at++;
}

/* Steps over all that is between tokens; stops at a newline only where it ends a logical line. */
static void skip_blank(struct python_lexer *lexer)
{
	while (!at_end(lexer)) {
		char kind = kind_of(*lexer->at);

		if (kind == 'b') {
			skip_space(lexer);
		} else if (kind == 'N' && (!lexer->line_started || lexer->depth > 0)) {
			skip_newline(lexer);
		} else if (kind == 'h') {
			skip_comment(lexer);
		} else if (kind == 'B' && is_newline(ahead(lexer, 1))) {
			lexer->at++;
			next_line(lexer);
		} else {
			return;
		}
	}
}

static bool is_string_prefix(const char *word, size_t length)
{
	if (length > 2)
		return false;
	for (size_t i = 0; i < length; i++)
		if (!is_one_of("rRuUbBfFtT", word[i]))
			return false;
	return true;
}

/* f-strings and t-strings, whose {…} hold expressions, and in those may be quotes of any kind. */
static bool has_fields(const char *prefix, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (is_one_of("fFtT", prefix[i]))
			return true;
	return false;
}

static bool skip_field(struct python_lexer *lexer);

/* Steps over a backslash and what it escapes; raw strings too keep a quote after a backslash. */
static void skip_escape(struct python_lexer *lexer, bool fields)
{
	lexer->at++;
	if (is_newline(ahead(lexer, 0)))
		next_line(lexer);
	else if (fields && ahead(lexer, 0) == 'N' && ahead(lexer, 1) == '{')
		lexer->at += 2;
	else if (!at_end(lexer) && !(fields && *lexer->at == '{'))
		lexer->at++;
}

/* Steps over one {…}, or over {{ which stands for a brace. */
static bool skip_brace(struct python_lexer *lexer)
{
	if (ahead(lexer, 1) != '{')
		return skip_field(lexer);
	lexer->at += 2;
	return true;
}

/* Steps over what means nothing in any string. */
static void skip_plain(struct python_lexer *lexer)
{
	const char *at = lexer->at;

	while (at < lexer->end && kind_of(*at) >= 'a')
		at++;
	lexer->at = at;
}

/* Steps over a string from its opening quote on. False where it does not end. */
static bool skip_string(struct python_lexer *lexer, bool fields)
{
	unsigned long line = lexer->line;
	char quote = *lexer->at;
	bool triple = ahead(lexer, 1) == quote && ahead(lexer, 2) == quote;
	bool fine = true;

	lexer->at += triple ? 3 : 1;
	while (fine && (skip_plain(lexer), !at_end(lexer))) {
		if (*lexer->at == quote &&
		    (!triple || (ahead(lexer, 1) == quote && ahead(lexer, 2) == quote))) {
			lexer->at += triple ? 3 : 1;
			return true;
		}
		if (*lexer->at == '\\')
			skip_escape(lexer, fields);
		else if (is_newline(*lexer->at) && !triple)
			break;
		else if (is_newline(*lexer->at))
			next_line(lexer);
		else if (fields && *lexer->at == '{')
			fine = skip_brace(lexer);
		else
			lexer->at++;
	}
	return fine && break_off(lexer, "a string is not closed", line);
}

/* Steps over a word, and over the string that it may be the prefix of. */
static enum python_kind skip_word(struct python_lexer *lexer)
{
	const char *start = lexer->at;
	const char *at = start;
	size_t length;

	while (at < lexer->end && is_word(*at))
		at++;
	lexer->at = at;
	length = (size_t)(at - start);
	if (!is_quote(ahead(lexer, 0)) || !is_string_prefix(start, length))
		return is_digit(*start) ? PYTHON_NUMBER : PYTHON_NAME;
	return skip_string(lexer, has_fields(start, length)) ? PYTHON_STRING : PYTHON_END;
}

/* Steps over what follows the colon of a field, "{value:>{width}}", up to its closing brace. */
static bool skip_format(struct python_lexer *lexer)
{
	while (!at_end(lexer) && *lexer->at != '}') {
		if (*lexer->at == '{') {
			if (!skip_field(lexer))
				return false;
		} else if (is_newline(*lexer->at)) {
			next_line(lexer);
		} else {
			lexer->at++;
		}
	}
	return true;
}

/* One step inside a field's expression; *brackets counts those open in it. */
static bool skip_expression_part(struct python_lexer *lexer, size_t *brackets)
{
	char byte = *lexer->at;

	if (is_quote(byte))
		return skip_string(lexer, false);
	if (is_word(byte))
		return skip_word(lexer) != PYTHON_END;
	if (byte == ':' && *brackets == 0)
		return skip_format(lexer);
	if (is_newline(byte)) {
		next_line(lexer);
		return true;
	}
	if (byte == '#') {
		skip_comment(lexer);
		return true;
	}
	if (is_opening(byte))
		++*brackets;
	else if (is_closing(byte) && *brackets > 0)
		--*brackets;
	lexer->at++;
	return true;
}

/* Steps over one replacement field, as PEP 701 has it: what was valid before reads the same. */
static bool skip_field(struct python_lexer *lexer)
{
	unsigned long line = lexer->line;
	size_t brackets = 0;

	if (++lexer->nesting > NESTING_MAX)
		return break_off(lexer, "strings are nested too deeply", line);
	lexer->at++;
	while (!at_end(lexer) && !(*lexer->at == '}' && brackets == 0))
		if (!skip_expression_part(lexer, &brackets))
			return false;
	if (at_end(lexer))
		return break_off(lexer, "a string is not closed", line);
	lexer->at++;
	lexer->nesting--;
	return true;
}

/* What matters is that a plain "=" is told from all the operators that end in one. */
static size_t operator_length(const struct python_lexer *lexer)
{
	char byte = *lexer->at;
	size_t length = 1;

	if (ahead(lexer, 1) == byte && is_one_of("*/<>", byte))
		length++;
	if (ahead(lexer, length) == '=' && is_one_of("=+-*/%@&|^<>!:", byte))
		length++;
	return length;
}

static void skip_operator(struct python_lexer *lexer, struct python_token *token)
{
	if (is_opening(*lexer->at)) {
		if (lexer->depth++ == 0)
			lexer->open_line = lexer->line;
	} else if (is_closing(*lexer->at) && lexer->depth > 0) {
		token->depth = --lexer->depth;
	}
	lexer->at += operator_length(lexer);
}

/* Steps over the newline that ends a logical line. */
static enum python_kind end_line(struct python_lexer *lexer)
{
	next_line(lexer);
	lexer->line_started = false;
	lexer->indent = 0;
	return PYTHON_NEWLINE;
}

static enum python_kind skip_token(struct python_lexer *lexer, struct python_token *token)
{
	if (at_end(lexer)) {
		if (lexer->depth > 0)
			break_off(lexer, "a bracket is not closed", lexer->open_line);
		return PYTHON_END;
	}
	if (is_newline(*lexer->at))
		return end_line(lexer);
	lexer->line_started = true;
	if (is_word(*lexer->at))
		return skip_word(lexer);
	if (is_quote(*lexer->at))
		return skip_string(lexer, false) ? PYTHON_STRING : PYTHON_END;
	skip_operator(lexer, token);
	return PYTHON_OPERATOR;
}

void python_lexer_init(struct python_lexer *lexer, const char *text, size_t length)
{
	static const char mark[] = "\xef\xbb\xbf";
	size_t skip = length >= 3 && memcmp(text, mark, 3) == 0 ? 3 : 0;

	*lexer = (struct python_lexer){.at = text + skip, .end = text + length, .line = 1};
}

void python_read(struct python_lexer *lexer, struct python_token *token)
{
	skip_blank(lexer);
	token->start = lexer->at;
	token->line = lexer->line;
	token->depth = lexer->depth;
	token->kind = skip_token(lexer, token);
	token->length = (size_t)(lexer->at - token->start);
}

/* Behind bytes that neither end a line nor change what the next ones mean. */
static const char *behind_inert(const struct python_lexer *lexer, const char *at)
{
	for (;;) {
		while (
		    at < lexer->end && (is_word(*at) || kind_of(*at) == 'b' || kind_of(*at) == 'o'))
			at++;
		if (lexer->end - at < 2 || at[0] != '(' || at[1] != ')')
			return at;
		at += 2;
	}
}

/* The word before a quote is left: it may be a prefix. */
static void skip_inert(struct python_lexer *lexer)
{
	const char *at = behind_inert(lexer, lexer->at);

	if (at < lexer->end && is_quote(*at))
		while (at > lexer->at && is_word(at[-1]))
			at--;
	lexer->at = at;
}

void python_read_line_end(struct python_lexer *lexer, struct python_token *token)
{
	do {
		if (lexer->line_started)
			skip_inert(lexer);
		python_read(lexer, token);
	} while (token->kind != PYTHON_NEWLINE && token->kind != PYTHON_END);
}

void python_skip_body(struct python_lexer *lexer, size_t indent)
{
	while (!at_end(lexer)) {
		const char *at = lexer->at;
		const char *end;
		size_t columns = 0;

		for (; at < lexer->end && kind_of(*at) == 'b'; at++)
			columns = indent_after(columns, *at);
		end = at < lexer->end && !is_newline(*at) && columns <= indent
			  ? at
			  : behind_inert(lexer, at);
		if (end == lexer->end || !is_newline(*end))
			return;
		lexer->at = end;
		next_line(lexer);
	}
}

static const char *behind_blanks(const struct python_lexer *lexer, const char *at)
{
	while (at < lexer->end && kind_of(*at) == 'b')
		at++;
	return at;
}

static const char *behind_word(const struct python_lexer *lexer, const char *at)
{
	while (at < lexer->end && is_word(*at))
		at++;
	return at;
}

static bool is_word_of(const char *word, size_t length, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (*words[i] == *word && strncmp(words[i], word, length) == 0 &&
		    words[i][length] == '\0')
			return true;
	return false;
}

bool python_skip_line_without(struct python_lexer *lexer, const char *const *words, size_t count)
{
	const char *at = lexer->at;

	while (at < lexer->end && !is_newline(*at)) {
		const char *start = at;

		at = behind_word(lexer, at);
		if (at > start && is_word_of(start, (size_t)(at - start), words, count))
			return false;
		if (at == start && *at != ';' && (kind_of(*at) == 'b' || kind_of(*at) == 'o'))
			at++;
		else if (at == start)
			return false;
	}
	lexer->at = at;
	return true;
}

/* The end of a plain string from its opening quote on, its closing quote; or NULL. */
static const char *plain_string_end(const struct python_lexer *lexer, const char *at)
{
	char quote = *at++;

	while (at < lexer->end && *at != quote && *at != '\\' && !is_newline(*at))
		at++;
	return at < lexer->end && *at == quote ? at : NULL;
}

/* Steps over the literal at at, which becomes *start and *length; NULL where there is none. */
static const char *behind_literal(
    const struct python_lexer *lexer, const char *at, const char **start, size_t *length)
{
	static const char *const none[] = {"None"};
	const char *end = behind_word(lexer, at);

	*start = NULL;
	if (end > at)
		return is_word_of(at, (size_t)(end - at), none, 1) ? end : NULL;
	end = at < lexer->end && is_quote(*at) ? plain_string_end(lexer, at) : NULL;
	if (end == NULL)
		return NULL;
	*start = at + 1;
	*length = (size_t)(end - *start);
	return end + 1;
}

bool python_skip_assignment(struct python_lexer *lexer, const char **start, size_t *length)
{
	const char *at = behind_blanks(lexer, lexer->at);

	if (at == lexer->end || *at != '=')
		return false;
	at = behind_literal(lexer, behind_blanks(lexer, at + 1), start, length);
	if (at == NULL)
		return false;
	at = behind_blanks(lexer, at);
	if (at < lexer->end && !is_newline(*at))
		return false;
	lexer->at = at;
	return true;
}

/* Of the escapes only those that an id can need: a quote, a backslash, a line that goes on. */
static const char *unescape(const char *body, const char *end, struct text *value)
{
	while (body < end) {
		const char *stop = memchr(body, '\\', (size_t)(end - body));

		if (stop == NULL)
			stop = end;
		text_add_bytes(value, body, (size_t)(stop - body));
		body = stop;
		if (body == end)
			break;
		if (is_quote(body[1]) || body[1] == '\\')
			text_add_bytes(value, body + 1, 1);
		else if (!is_newline(body[1]))
			return "a string with an escape";
		body += body[1] == '\r' && body[2] == '\n' ? 3 : 2;
	}
	return NULL;
}

const char *python_string_value(const struct python_token *token, struct text *value)
{
	const char *body = token->start;
	size_t width = 1;
	bool raw = false;

	for (; !is_quote(*body); body++) {
		if (has_fields(body, 1))
			return "an f-string";
		if (is_one_of("bB", *body))
			return "a bytes literal";
		raw = raw || is_one_of("rR", *body);
	}
	if ((size_t)(token->start + token->length - body) >= 6 && body[1] == *body &&
	    body[2] == *body)
		width = 3;
	body += width;
	if (!raw)
		return unescape(body, token->start + token->length - width, value);
	text_add_bytes(value, body, (size_t)(token->start + token->length - width - body));
	return NULL;
}
