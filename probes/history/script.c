#include "script.h"

#include <string.h>

static bool is_word(char byte)
{
	return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
	       (byte >= 'A' && byte <= 'Z') || byte == '_' || byte == '$' ||
	       (unsigned char)byte >= 0x80;
}

static bool starts_with(const struct script_lexer *lexer, const char *mark)
{
	size_t length = strlen(mark);

	return (size_t)(lexer->end - lexer->at) >= length && memcmp(lexer->at, mark, length) == 0;
}

static void step(struct script_lexer *lexer)
{
	lexer->line += *lexer->at == '\n';
	lexer->at++;
}

/* Steps behind the mark, or to the end. */
static void skip_until(struct script_lexer *lexer, const char *mark)
{
	while (lexer->at < lexer->end && !starts_with(lexer, mark))
		step(lexer);
	for (size_t i = strlen(mark); i > 0 && lexer->at < lexer->end; i--)
		step(lexer);
}

static void skip_blank(struct script_lexer *lexer)
{
	while (lexer->at < lexer->end) {
		if (starts_with(lexer, "//"))
			skip_until(lexer, "\n");
		else if (starts_with(lexer, "/*"))
			skip_until(lexer, "*/");
		else if (strchr(" \t\r\n\f\v", *lexer->at) != NULL && *lexer->at != '\0')
			step(lexer);
		else
			return;
	}
}

/* A quoted string ends with its line whatever it holds; only a template goes on. */
static void read_string(struct script_lexer *lexer, struct script_token *token)
{
	char quote = *lexer->at++;

	token->kind = SCRIPT_STRING;
	token->start = lexer->at;
	while (lexer->at < lexer->end && *lexer->at != quote) {
		if (*lexer->at == '\n' && quote != '`')
			break;
		if (*lexer->at == '\\' || (quote == '`' && starts_with(lexer, "${")))
			token->kind = SCRIPT_OPAQUE;
		if (*lexer->at == '\\' && lexer->at + 1 < lexer->end)
			step(lexer);
		step(lexer);
	}
	token->length = (size_t)(lexer->at - token->start);
	if (lexer->at < lexer->end && *lexer->at == quote)
		lexer->at++;
}

void script_lexer_init(struct script_lexer *lexer, const char *text, size_t length)
{
	*lexer = (struct script_lexer){.at = text, .end = text + length, .line = 1};
}

struct script_token script_next(struct script_lexer *lexer)
{
	struct script_token token;

	skip_blank(lexer);
	token = (struct script_token){.kind = SCRIPT_END, .start = lexer->at, .line = lexer->line};
	if (lexer->at == lexer->end)
		return token;
	if (strchr("'\"`", *lexer->at) != NULL && *lexer->at != '\0') {
		read_string(lexer, &token);
		return token;
	}
	token.kind = is_word(*lexer->at) ? SCRIPT_WORD : SCRIPT_SIGN;
	do
		lexer->at++;
	while (token.kind == SCRIPT_WORD && lexer->at < lexer->end && is_word(*lexer->at));
	token.length = (size_t)(lexer->at - token.start);
	return token;
}

bool script_token_is(const struct script_token *token, const char *spelling)
{
	return (token->kind == SCRIPT_WORD || token->kind == SCRIPT_SIGN) &&
	       strlen(spelling) == token->length &&
	       memcmp(token->start, spelling, token->length) == 0;
}
