#include "types.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "../names.h"
#include "../strings.h"
#include "../text.h"
#include "../xalloc.h"

/* How a built-in type carries its modifier in print. */
enum modifier {
	MODIFIER_BEHIND,  /* "character varying(20)" */
	MODIFIER_ONE,     /* the same, and 1 where none is written: "bit" is "bit(1)" */
	MODIFIER_NUMERIC, /* the scale is always printed */
	MODIFIER_TIME,    /* inside: "time(3) with time zone" */
	MODIFIER_FLOAT,   /* chooses the type */
};

struct builtin {
	const char *written; /* words with one blank between */
	const char *printed; /* NULL: the same */
	enum modifier modifier;
};

static const struct builtin builtins[] = {
    {"bigint", NULL, 0},
    {"bigserial", "bigint", 0},
    {"bit", NULL, MODIFIER_ONE},
    {"bit varying", NULL, 0},
    {"bool", "boolean", 0},
    {"boolean", NULL, 0},
    {"bytea", NULL, 0},
    {"char", "character", MODIFIER_ONE},
    {"char varying", "character varying", 0},
    {"character", NULL, MODIFIER_ONE},
    {"character varying", NULL, 0},
    {"cidr", NULL, 0},
    {"date", NULL, 0},
    {"dec", "numeric", MODIFIER_NUMERIC},
    {"decimal", "numeric", MODIFIER_NUMERIC},
    {"double precision", NULL, 0},
    {"float", NULL, MODIFIER_FLOAT},
    {"float4", "real", 0},
    {"float8", "double precision", 0},
    {"inet", NULL, 0},
    {"int", "integer", 0},
    {"int2", "smallint", 0},
    {"int4", "integer", 0},
    {"int8", "bigint", 0},
    {"integer", NULL, 0},
    {"interval", NULL, 0},
    {"json", NULL, 0},
    {"jsonb", NULL, 0},
    {"macaddr", NULL, 0},
    {"money", NULL, 0},
    {"national char", "character", MODIFIER_ONE},
    {"national char varying", "character varying", 0},
    {"national character", "character", MODIFIER_ONE},
    {"national character varying", "character varying", 0},
    {"nchar", "character", MODIFIER_ONE},
    {"nchar varying", "character varying", 0},
    {"numeric", NULL, MODIFIER_NUMERIC},
    {"oid", NULL, 0},
    {"real", NULL, 0},
    {"serial", "integer", 0},
    {"serial2", "smallint", 0},
    {"serial4", "integer", 0},
    {"serial8", "bigint", 0},
    {"smallint", NULL, 0},
    {"smallserial", "smallint", 0},
    {"text", NULL, 0},
    {"time", "time without time zone", MODIFIER_TIME},
    {"time with time zone", NULL, MODIFIER_TIME},
    {"time without time zone", NULL, MODIFIER_TIME},
    {"timestamp", "timestamp without time zone", MODIFIER_TIME},
    {"timestamp with time zone", NULL, MODIFIER_TIME},
    {"timestamp without time zone", NULL, MODIFIER_TIME},
    {"timestamptz", "timestamp with time zone", MODIFIER_TIME},
    {"timetz", "time with time zone", MODIFIER_TIME},
    {"tsquery", NULL, 0},
    {"tsvector", NULL, 0},
    {"uuid", NULL, 0},
    {"varbit", "bit varying", 0},
    {"varchar", "character varying", 0},
    {"xml", NULL, 0},
};

/* A type name taken apart. */
struct parts {
	struct strings words; /* of a plain name, in lower case; of a qualified one: schema, name */
	bool qualified;
	bool quoted;    /* some part is: then it is no keyword */
	char *modifier; /* "(12,2)" without blanks, or NULL */
	bool is_array;
};

static void parts_done(struct parts *parts)
{
	strings_done(&parts->words);
	free(parts->modifier);
}

static const char *skip_blanks(const char *c)
{
	while (isspace((unsigned char)*c))
		c++;
	return c;
}

static bool is_word_byte(char byte)
{
	return isalnum((unsigned char)byte) || byte == '_' || byte == '$' ||
	       (unsigned char)byte >= 0x80;
}

/* A quoted identifier at *cursor, its closing quote included; NULL where that is missing. */
static char *read_quoted(const char **cursor)
{
	struct text word;
	const char *c = *cursor + 1;

	text_init(&word, 0);
	for (; *c != '\0'; c++) {
		if (*c == '"' && *++c != '"') {
			*cursor = c;
			return text_take(&word);
		}
		text_add_bytes(&word, c, 1);
	}
	text_done(&word);
	return NULL;
}

/* The next identifier, quoted or in lower case; NULL where there is none. */
static char *read_word(const char **cursor, bool *quoted)
{
	const char *start = *cursor;
	const char *c = start;
	char *word;

	if (*c == '"') {
		*quoted = true;
		return read_quoted(cursor);
	}
	while (is_word_byte(*c))
		c++;
	if (c == start)
		return NULL;
	*cursor = c;
	word = xstrndup(start, (size_t)(c - start));
	for (char *byte = word; *byte != '\0'; byte++)
		if (*byte >= 'A' && *byte <= 'Z')
			*byte = (char)(*byte - 'A' + 'a');
	return word;
}

/* "( 12, 2 )" without blanks. */
static int read_modifier(const char **cursor, struct parts *parts, struct error *err)
{
	struct text text;
	const char *c = *cursor;

	if (parts->modifier != NULL)
		return error_set(err, "two modifiers in parentheses, expected one");
	text_init(&text, 0);
	for (; *c != '\0' && *c != ')'; c++)
		if (!isspace((unsigned char)*c))
			text_add_bytes(&text, c, 1);
	if (*c != ')' || text.length < 2 || strchr(text_string(&text) + 1, '(') != NULL) {
		text_done(&text);
		return error_set(err, "expected a modifier such as (12,2)");
	}
	text_add(&text, ")");
	*cursor = skip_blanks(c + 1);
	parts->modifier = text_take(&text);
	return 0;
}

/* "[]", "[3][]": the server keeps neither bounds nor dimensions. */
static int read_dimensions(const char **cursor, struct parts *parts, struct error *err)
{
	const char *c = *cursor;

	while (*c == '[') {
		c = skip_blanks(c + 1);
		while (isdigit((unsigned char)*c))
			c++;
		c = skip_blanks(c);
		if (*c != ']')
			return error_set(err, "expected ']'");
		c = skip_blanks(c + 1);
		parts->is_array = true;
	}
	*cursor = c;
	return 0;
}

/* Words, and a modifier among or behind them ("timestamp (3) with time zone"), or schema.name. */
static int read_name(const char **cursor, struct parts *parts, struct error *err)
{
	const char *c = skip_blanks(*cursor);
	char *word;

	while (*c != '\0' && *c != '[') {
		if (*c == '(' && parts->words.count > 0) {
			if (read_modifier(&c, parts, err) != 0)
				return -1;
			continue;
		}
		word = read_word(&c, &parts->quoted);
		if (word == NULL || *word == '\0' || strlen(word) > NAME_MAX_BYTES) {
			free(word);
			return error_set(err, "expected the name of a type");
		}
		strings_take(&parts->words, word);
		if (*c == '.' && parts->words.count == 1) {
			parts->qualified = true;
			c++;
			continue;
		}
		c = skip_blanks(c);
	}
	*cursor = c;
	return parts->words.count > 0 ? 0 : error_set(err, "is empty, expected a type");
}

static int read_parts(const char *text, struct parts *parts, struct error *err)
{
	const char *c = text;

	if (read_name(&c, parts, err) != 0 || read_dimensions(&c, parts, err) != 0)
		return -1;
	if (*c != '\0')
		return error_set(err, "unexpected text behind the type");
	if (parts->qualified && parts->words.count != 2)
		return error_set(err, "expected schema.type");
	/* What PostgreSQL itself calls built in. */
	if (parts->qualified && !parts->quoted &&
	    strcmp(parts->words.items[0], "pg_catalog") == 0) {
		free(parts->words.items[0]);
		parts->words.items[0] = parts->words.items[1];
		parts->words.count = 1;
		parts->qualified = false;
	}
	if (parts->words.count > 1 &&
	    strcmp(parts->words.items[parts->words.count - 1], "array") == 0) {
		free(parts->words.items[--parts->words.count]);
		parts->is_array = true;
	}
	return 0;
}

static char *joined(const struct strings *words)
{
	struct text text;

	text_init(&text, 0);
	for (size_t i = 0; i < words->count; i++)
		text_addf(&text, "%s%s", i > 0 ? " " : "", words->items[i]);
	return text_take(&text);
}

/* "time(3) with time zone": the modifier stands behind the first word. */
static void add_inside(struct text *text, const char *printed, const char *modifier)
{
	size_t first = strcspn(printed, " ");

	text_add_bytes(text, printed, first);
	text_add(text, modifier);
	text_add(text, printed + first);
}

static void add_builtin(struct text *text, const struct builtin *builtin, const char *modifier)
{
	const char *printed = builtin->printed != NULL ? builtin->printed : builtin->written;

	if (modifier == NULL)
		modifier = "";
	if (builtin->modifier == MODIFIER_FLOAT)
		printed = *modifier != '\0' && strtol(modifier + 1, NULL, 10) <= 24
			      ? "real"
			      : "double precision";
	if (builtin->modifier == MODIFIER_TIME)
		add_inside(text, printed, modifier);
	else
		text_add(text, printed);
	if (builtin->modifier == MODIFIER_ONE && *modifier == '\0')
		text_add(text, "(1)");
	else if (builtin->modifier == MODIFIER_NUMERIC && *modifier != '\0' &&
		 strchr(modifier, ',') == NULL)
		text_addf(text, "%.*s,0)", (int)strlen(modifier) - 1, modifier);
	else if (builtin->modifier != MODIFIER_TIME && builtin->modifier != MODIFIER_FLOAT)
		text_add(text, modifier);
}

/* The server quotes what is not in lower case, and its keywords, which we do not know. */
static void add_guessed(struct text *text, const char *name, bool keyword)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz_0123456789";

	if (!keyword && strspn(name, plain) == strlen(name) && !isdigit((unsigned char)*name))
		text_add(text, name);
	else
		text_add_identifier(text, name);
}

static char *open_name(const struct parts *parts, const char *suffix)
{
	struct strings list = {0};
	char *open;

	strings_add(&list, parts->words.items[parts->words.count - 1]);
	strings_add(&list, parts->qualified ? parts->words.items[0] : "");
	strings_add(&list, suffix);
	open = names_array(&list);
	strings_done(&list);
	return open;
}

static void type_of_name(const struct parts *parts, bool is_argument, struct type_name *type)
{
	struct text text;
	char *suffix =
	    xasprintf("%s%s", parts->modifier != NULL && !is_argument ? parts->modifier : "",
		parts->is_array ? "[]" : "");

	text_init(&text, 0);
	for (size_t i = 0; i < parts->words.count; i++) {
		text_add(&text, i > 0 ? "." : "");
		/* Whoever quotes a plain name means one that would be a keyword else: "char". */
		add_guessed(&text, parts->words.items[i], parts->quoted && !parts->qualified);
	}
	text_add(&text, suffix);
	type->text = text_take(&text);
	type->open = open_name(parts, suffix);
	free(suffix);
}

/* An argument has no modifier, but for the one that chooses among types. */
static char *print_builtin(
    const struct parts *parts, const struct builtin *builtin, bool is_argument)
{
	const char *modifier = parts->modifier;
	struct builtin plain = *builtin;
	struct text text;

	if (is_argument && builtin->modifier != MODIFIER_FLOAT) {
		plain.modifier = MODIFIER_BEHIND;
		modifier = NULL;
	}
	text_init(&text, 0);
	add_builtin(&text, &plain, modifier);
	text_add(&text, parts->is_array ? "[]" : "");
	return text_take(&text);
}

/* The built-in type that parts name; words are borrowed by the one that is made of them. */
static bool is_builtin(
    const struct parts *parts, const char *words, bool is_argument, struct builtin *builtin)
{
	if (parts->quoted || parts->qualified)
		return false;
	if (parts->words.count > 1 && strcmp(parts->words.items[0], "interval") == 0) {
		*builtin =
		    (struct builtin){is_argument ? "interval" : words, NULL, MODIFIER_BEHIND};
		return true;
	}
	for (size_t i = 0; i < sizeof(builtins) / sizeof(builtins[0]); i++) {
		if (strcmp(builtins[i].written, words) == 0) {
			*builtin = builtins[i];
			return true;
		}
	}
	return false;
}

static int type_of(
    const struct parts *parts, bool is_argument, struct type_name *type, struct error *err)
{
	char *words = joined(&parts->words);
	struct builtin builtin;
	int result = 0;

	if (is_builtin(parts, words, is_argument, &builtin))
		type->text = print_builtin(parts, &builtin, is_argument);
	else if (parts->qualified || parts->words.count == 1)
		type_of_name(parts, is_argument, type);
	else
		result = error_set(err, "PostgreSQL has no such type");
	free(words);
	return result;
}

int type_read(const char *text, bool is_argument, struct type_name *type, struct error *err)
{
	struct parts parts = {.modifier = NULL};
	int result = read_parts(text, &parts, err);

	*type = (struct type_name){NULL, NULL};
	if (result == 0)
		result = type_of(&parts, is_argument, type, err);
	parts_done(&parts);
	return result;
}

void type_done(struct type_name *type)
{
	free(type->text);
	free(type->open);
	*type = (struct type_name){NULL, NULL};
}
