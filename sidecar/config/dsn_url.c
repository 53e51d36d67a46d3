#include "dsn_reader.h"

#include <string.h>
#include <strings.h>

/* Other names for PostgreSQL, as applications' drivers and frameworks take them. */
static const char *const schemes[] = {"postgresql", "postgres", "pgsql", "psql", "pg", "pgx",
    "pgx4", "pgx5", "postgis", "timescaledb", "timescale", "timescalegis", "ecto", "pdo_pgsql",
    "pdo-pgsql", NULL};

/* What Java puts before a URL. The longer stand first. */
static const char *const wrappers[] = {"jdbc:aws-wrapper:", "jdbc:", "r2dbc:pool:", "r2dbc:", NULL};

struct scheme {
	const char *name; /* without wrapper and driver, name_length bytes */
	size_t name_length;
	bool is_wrapped;
	bool has_driver;
	size_t length; /* of the whole scheme up to its colon */
};

static bool starts_with(const char *text, const char *start)
{
	return strncasecmp(text, start, strlen(start)) == 0;
}

static size_t wrapper_length(const char *text)
{
	for (size_t i = 0; wrappers[i] != NULL; i++)
		if (starts_with(text, wrappers[i]))
			return strlen(wrappers[i]);
	return 0;
}

/* Whether text begins with letters and a colon, and how. */
static bool scheme_read(const char *text, struct scheme *scheme)
{
	size_t wrapper = wrapper_length(text);
	size_t whole = strspn(text + wrapper, DSN_WORD_CHARACTERS "+");

	scheme->name = text + wrapper;
	scheme->name_length = strcspn(scheme->name, "+:");
	scheme->is_wrapped = wrapper > 0;
	scheme->has_driver = scheme->name_length < whole;
	scheme->length = wrapper + whole;
	return whole > 0 && text[scheme->length] == ':';
}

static bool scheme_is_known(const struct scheme *scheme)
{
	for (size_t i = 0; schemes[i] != NULL; i++)
		if (strlen(schemes[i]) == scheme->name_length &&
		    strncasecmp(schemes[i], scheme->name, scheme->name_length) == 0)
			return true;
	return false;
}

/* "user:password@host/database" without a scheme must not be taken for a URL of scheme "user". */
bool dsn_is_url(const char *text)
{
	struct scheme scheme;

	return scheme_read(text, &scheme) && (scheme.is_wrapped || scheme_is_known(&scheme) ||
						 starts_with(text + scheme.length, "://"));
}

static int refuse_scheme(const char *text, const struct scheme *scheme, struct error *err)
{
	struct text expected = {0};

	for (size_t i = 0; schemes[i] != NULL; i++)
		text_addf(&expected, i == 0 ? "%s" : ", %s", schemes[i]);
	error_set(err,
	    "the scheme %.*s is not PostgreSQL's: expected one of %s, or one of these"
	    " followed by +driver, or after jdbc:",
	    (int)(scheme->length < 32 ? scheme->length : 32), text, text_string(&expected));
	text_done(&expected);
	return -1;
}

static int hexadecimal(char digit)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	const char *found = digit != '\0' ? strchr(digits, digit) : NULL;

	return found != NULL ? (int)(found - digits) % 16 : -1;
}

/* The byte that %XX at escape stands for, or -1. */
static int escaped_byte(const char *escape)
{
	int high = hexadecimal(escape[1]);
	int low = high < 0 ? -1 : hexadecimal(escape[2]);

	return low < 0 ? -1 : high * 16 + low;
}

int dsn_decode(char *text, bool form, struct error *err)
{
	char *to = text;

	for (const char *from = text; *from != '\0'; from++) {
		int byte = (unsigned char)*from;

		if (*from == '+' && form)
			byte = ' ';
		if (*from == '%') {
			byte = escaped_byte(from);
			if (byte < 0)
				return error_set(err, "%% without two hexadecimal digits after it"
						      " (a literal %% is written %%25)");
			if (byte == 0)
				return error_set(err, "%%00, but no value can hold a NUL byte");
			from += 2;
		}
		*to++ = (char)byte;
	}
	*to = '\0';
	return 0;
}

/* Ends text at the first separator and returns what follows, or NULL where there is none. */
static char *cut(char *text, char separator)
{
	char *found = strchr(text, separator);

	if (found == NULL)
		return NULL;
	*found = '\0';
	return found + 1;
}

/*
 * The '?' before the parameters, or the end of text: it is followed by a name and that by one of
 * "=&#" or the end. Any other '?' stands in a password: many write it there without encoding it,
 * and libpq and SQLAlchemy understand them.
 */
static char *query_start(char *text)
{
	char *start = strchrnul(text, '?');

	while (*start != '\0') {
		const char *name = start + 1;

		/* strchr finds the NUL too. */
		if (strchr("=&#", name[strspn(name, DSN_NAME_CHARACTERS "%")]) != NULL)
			break;
		start = strchrnul(start + 1, '?');
	}
	return start;
}

struct url_parts {
	char *user; /* each NULL where absent */
	char *password;
	char *hosts;
	char *database;
	char *query;
	char *fragment;
};

/*
 * The last '@' that can end user and password, or NULL. A password goes to the last '@' before the
 * parameters, so that it may hold '@', '/' and '#' as they are: SQLAlchemy understands that. A user
 * name without a password may not, nor may a database name after a port.
 */
static char *user_end(char *text)
{
	char *limit = text + strcspn(text, ":/?#");

	if (*limit == ':')
		limit = query_start(text);
	return memrchr(text, '@', (size_t)(limit - text));
}

/* Splits what follows "//". JDBC knows no fragments, and has passwords among its parameters. */
static struct url_parts url_split(char *text, bool has_fragment)
{
	struct url_parts parts = {0};
	char *at = user_end(text);

	if (at != NULL) {
		*at = '\0';
		parts.user = text;
		parts.password = cut(text, ':');
		text = at + 1;
	}
	if (has_fragment)
		parts.fragment = cut(text, '#');
	parts.query = cut(text, '?');
	parts.database = cut(text, '/');
	parts.hosts = text;
	return parts;
}

/* Splits what follows "jdbc:postgresql:" without "//": a database on this host. */
static struct url_parts local_split(char *text)
{
	struct url_parts parts = {.query = cut(text, '?')};

	parts.database = text + strspn(text, "/");
	return parts;
}

/* A part that is one value; an empty one is as good as none. */
static int value_read(struct dsn *dsn, const char *keyword, char *part, struct error *err)
{
	if (part == NULL || *part == '\0')
		return 0;
	if (dsn_decode(part, false, err) != 0)
		return error_wrap(err, "%s", keyword);
	dsn_set(dsn, keyword, part);
	return 0;
}

static int hosts_read(struct dsn *dsn, char *part, struct error *err)
{
	struct dsn_hosts hosts = {0};
	int result = dsn_hosts_read(&hosts, part, true, err);

	if (result == 0 && hosts.names.length > 0)
		dsn_set(dsn, "host", text_string(&hosts.names));
	if (result == 0 && hosts.ports.length > 0)
		dsn_set(dsn, "port", text_string(&hosts.ports));
	dsn_hosts_done(&hosts);
	return result;
}

static int query_read(struct dsn_reader *reader, char *query, bool form, struct error *err)
{
	size_t number = 0;
	char *name;

	while ((name = strsep(&query, "&")) != NULL) {
		char *value = cut(name, '=');

		number++;
		if (*name == '\0' && value == NULL)
			continue;
		if (dsn_decode(name, false, err) != 0 ||
		    (value != NULL && dsn_decode(value, form, err) != 0) ||
		    dsn_read_parameter(reader, name, value, err) != 0)
			return error_wrap(err, "parameter %zu", number);
	}
	return 0;
}

/* form: whether + is a blank in parameters; for libpq it is not, for Java and SQLAlchemy it is. */
static int parts_read(
    struct dsn_reader *reader, const struct url_parts *parts, bool form, struct error *err)
{
	if (value_read(reader->dsn, "user", parts->user, err) != 0 ||
	    value_read(reader->dsn, "password", parts->password, err) != 0 ||
	    hosts_read(reader->dsn, parts->hosts, err) != 0 ||
	    value_read(reader->dsn, "dbname", parts->database, err) != 0)
		return -1;
	if (parts->fragment != NULL) /* its text may be the rest of a password */
		strings_add(&reader->dsn->dropped, "#fragment");
	return query_read(reader, parts->query, form, err);
}

int dsn_read_url(struct dsn_reader *reader, char *text, struct error *err)
{
	struct scheme scheme;
	struct url_parts parts;
	char *rest;

	if (!scheme_read(text, &scheme) || !scheme_is_known(&scheme))
		return refuse_scheme(text, &scheme, err);
	rest = text + scheme.length + 1;
	if (starts_with(rest, "//"))
		parts = url_split(rest + 2, !scheme.is_wrapped);
	else if (scheme.is_wrapped)
		parts = local_split(rest);
	else
		return error_set(
		    err, "\"//\" is expected after the scheme: postgresql://host/database");
	if (scheme.is_wrapped) /* Java has no Unix sockets, which are libpq's default */
		dsn_set(reader->dsn, "host", "localhost");
	return parts_read(reader, &parts, scheme.is_wrapped || scheme.has_driver, err);
}
