#include "dsn.h"

#include <stdlib.h>
#include <string.h>

#include <libpq-fe.h>

#include "../../probes/text.h"
#include "../../probes/xalloc.h"
#include "dsn_reader.h"

#define DSN_MAX_BYTES 8192 /* far above any URL in use; a file named by mistake ends here */

static const char hidden[] = "***";
static const char blanks[] = " \t\r\n\v\f";

/* The index of a keyword, or the number of keywords. */
static size_t keyword_index(const struct dsn *dsn, const char *keyword)
{
	size_t i = 0;

	while (i < dsn->keywords.count && strcmp(dsn->keywords.items[i], keyword) != 0)
		i++;
	return i;
}

static void string_remove(struct strings *list, size_t index)
{
	free(list->items[index]);
	list->count--;
	memmove(list->items + index, list->items + index + 1,
	    (list->count - index) * sizeof(*list->items));
}

const char *dsn_get(const struct dsn *dsn, const char *keyword)
{
	size_t i = keyword_index(dsn, keyword);

	return i < dsn->keywords.count ? dsn->values.items[i] : NULL;
}

void dsn_set(struct dsn *dsn, const char *keyword, const char *value)
{
	size_t i = keyword_index(dsn, keyword);
	char *copy = xstrdup(value); /* before anything goes: value may be one of ours */

	if (i == dsn->keywords.count && copy != NULL) {
		strings_add(&dsn->keywords, keyword);
		strings_take(&dsn->values, copy);
	} else if (copy != NULL) {
		free(dsn->values.items[i]);
		dsn->values.items[i] = copy;
	} else if (i < dsn->keywords.count) {
		string_remove(&dsn->keywords, i);
		string_remove(&dsn->values, i);
	}
}

void dsn_done(struct dsn *dsn)
{
	strings_done(&dsn->keywords);
	strings_done(&dsn->values);
	strings_done(&dsn->dropped);
	free(dsn->schema);
	*dsn = (struct dsn){0};
}

/* Ends name, and returns the start of its value, or NULL where no "=" follows. */
static char *value_start(char *name)
{
	char *end = name + strcspn(name, "= \t\r\n\v\f");
	char *equals = end + strspn(end, blanks);

	if (*equals != '=')
		return NULL;
	*end = '\0';
	return equals + 1 + strspn(equals + 1, blanks);
}

/* Takes quotes and backslashes off the value at *value, in place. Returns what follows it, or NULL
 * where its quote is not closed. */
static char *value_end(char **value)
{
	bool quoted = **value == '\'';
	const char *stops = quoted ? "'" : blanks;
	char *from = *value += quoted;
	char *to = from;

	/* strchr finds the NUL too. */
	while (strchr(stops, *from) == NULL) {
		if (*from == '\\' && *++from == '\0')
			break;
		*to++ = *from++;
	}
	if (quoted && *from == '\0')
		return NULL;
	if (*from != '\0')
		from++;
	*to = '\0';
	return from;
}

/* Reads the pair at *cursor and moves *cursor behind it. */
static int pair_read(struct dsn_reader *reader, char **cursor, struct error *err)
{
	char *name = *cursor;
	char *value = value_start(name);

	if (value == NULL)
		return error_set(err, "no \"=\" follows its name"
				      " (a value with blanks is written in 'quotes')");
	*cursor = value_end(&value);
	if (*cursor == NULL)
		return error_set(err, "the quote before its value is not closed");
	return dsn_read_parameter(reader, name, value, err);
}

/* libpq's "key = value key='quoted value'". Read here rather than by PQconninfoParse, which refuses
 * what other drivers add (pgx: pool_max_conns) and quotes what it refuses. */
static int pairs_read(struct dsn_reader *reader, char *text, struct error *err)
{
	for (size_t number = 1; *text != '\0'; number++) {
		if (pair_read(reader, &text, err) != 0)
			return error_wrap(err, "parameter %zu", number);
		text += strspn(text, blanks);
	}
	return 0;
}

static int text_read(struct dsn_reader *reader, char *text, struct error *err)
{
	if (*text == '\0')
		return error_set(err, "the database URL is empty");
	if (strlen(text) > DSN_MAX_BYTES)
		return error_set(err, "the database URL is longer than %d bytes", DSN_MAX_BYTES);
	if (dsn_is_url(text))
		return dsn_read_url(reader, text, err);
	if (strchr(text, '=') != NULL)
		return pairs_read(reader, text, err);
	return error_set(err, "the database URL is neither postgresql://user:password@host/database"
			      " nor libpq's host=name dbname=name");
}

/* A copy without the blanks around it: URLs come from files, with a newline at their end. */
static char *trimmed(const char *url)
{
	const char *start = url + strspn(url, blanks);
	size_t length = strlen(start);

	while (length > 0 && strchr(blanks, start[length - 1]) != NULL)
		length--;
	return xstrndup(start, length);
}

int dsn_parse(const char *url, struct dsn *dsn, struct error *err)
{
	/* Of an empty string libpq makes the list of its keywords, all unset; PQconndefaults would
	 * look into the environment and into the service file, and fail where that is damaged. */
	struct dsn_reader reader = {.dsn = dsn, .known = PQconninfoParse("", NULL)};
	char *text = trimmed(url);
	int result;

	*dsn = (struct dsn){0};
	if (reader.known == NULL)
		result = error_set(err, "libpq cannot list its keywords: out of memory");
	else
		result = text_read(&reader, text, err);
	if (result == 0)
		result = dsn_settle(&reader, err);
	PQconninfoFree(reader.known);
	free(text);
	return result;
}

static bool is_one_of(const char *const *words, const char *word)
{
	while (*words != NULL && strcmp(*words, word) != 0)
		words++;
	return *words != NULL;
}

/* Whether people may see the value. Whatever is not named here counts as a secret: passwords, but
 * also options (settings of an application's own) and what a later libpq brings. */
static bool is_shown(const char *keyword, const char *value)
{
	static const char *const addresses[] = {"host", "hostaddr", NULL};
	static const char *const words[] = {"application_name", "channel_binding",
	    "connect_timeout", "dbname", "gssencmode", "port", "service", "sslmode",
	    "target_session_attrs", "user", NULL};

	/* A colon in a word is user%3Apassword gone astray rather than part of a name. */
	return is_one_of(addresses, keyword) ||
	       (is_one_of(words, keyword) && strchr(value, ':') == NULL);
}

/* A value of the key=value form, in quotes where it needs them. */
static void text_add_value(struct text *text, const char *value)
{
	struct text clean = {0};

	text_add_clean(&clean, value);
	value = text_string(&clean);
	if (*value != '\0' && strpbrk(value, " '\\") == NULL) {
		text_add(text, value);
	} else {
		text_add(text, "'");
		for (; *value != '\0'; value++) {
			if (*value == '\'' || *value == '\\')
				text_add(text, "\\");
			text_add_bytes(text, value, 1);
		}
		text_add(text, "'");
	}
	text_done(&clean);
}

static void text_add_dsn(struct text *text, const struct dsn *dsn)
{
	for (size_t i = 0; i < dsn->keywords.count; i++) {
		const char *keyword = dsn->keywords.items[i];
		const char *value = dsn->values.items[i];

		text_addf(text, i == 0 ? "%s=" : " %s=", keyword);
		if (is_shown(keyword, value))
			text_add_value(text, value);
		else
			text_add(text, hidden);
	}
}

char *dsn_hide(const char *url)
{
	struct dsn dsn;
	struct text text = {0};

	if (dsn_parse(url, &dsn, NULL) != 0)
		text_add(&text, hidden);
	else if (dsn.keywords.count == 0)
		text_add(&text, "postgresql://"); /* valid: all is libpq's default */
	else
		text_add_dsn(&text, &dsn);
	dsn_done(&dsn);
	if (text.length > DSN_MAX_BYTES) { /* by quoting; nobody would read it anyway */
		text_done(&text);
		text_add(&text, hidden);
	}
	return text_take(&text);
}
