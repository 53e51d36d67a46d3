#include "dsn_reader.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../../probes/xalloc.h"

/* Another spelling of a value. */
struct spelling {
	const char *theirs; /* compared without case */
	const char *libpq;
};

/* A parameter that does not go to libpq as it is. */
struct parameter {
	const char *name;                 /* compared as dsn_name_equals does */
	const char *keyword;              /* libpq's, where it has one for this */
	const struct spelling *spellings; /* of the value; or NULL */
	bool spellings_only;              /* drop the parameter where its value is not among them */
	/* Instead of keyword; says whether it made sense of the value. */
	bool (*take)(struct dsn_reader *reader, const char *value);
};

bool dsn_name_equals(const char *a, const char *b)
{
	do {
		a += strspn(a, "-_");
		b += strspn(b, "-_");
		if (tolower((unsigned char)*a) != tolower((unsigned char)*b))
			return false;
	} while (*a++ != '\0' && *b++ != '\0');
	return true;
}

/* libpq's spelling of a name, or NULL for one that it does not know. */
static const char *libpq_keyword(const struct dsn_reader *reader, const char *name)
{
	for (const PQconninfoOption *option = reader->known; option->keyword != NULL; option++)
		if (dsn_name_equals(option->keyword, name))
			return option->keyword;
	return NULL;
}

static bool is_true(const char *value)
{
	static const char *const words[] = {"", "true", "1", "on", "yes", NULL};

	for (size_t i = 0; words[i] != NULL; i++)
		if (strcasecmp(words[i], value) == 0)
			return true;
	return false;
}

/* SQLAlchemy repeats the parameter for several hosts; the first one beats those before the path. */
static bool take_host(struct dsn_reader *reader, const char *value)
{
	char *list = reader->host_given ? xasprintf("%s,%s", dsn_get(reader->dsn, "host"), value)
					: xstrdup(value);

	dsn_set(reader->dsn, "host", list);
	reader->host_given = true;
	free(list);
	return true;
}

static bool take_port(struct dsn_reader *reader, const char *value)
{
	dsn_set(reader->dsn, "port", value);
	reader->port_given = true;
	return true;
}

/* libpq wants a number; R2DBC writes a duration (PT3S), and libpq would fail on it. */
static bool take_connect_timeout(struct dsn_reader *reader, const char *value)
{
	if (value[strspn(value, "0123456789")] != '\0')
		return false;
	dsn_set(reader->dsn, "connect_timeout", value);
	return true;
}

static bool take_search_path(struct dsn_reader *reader, const char *value)
{
	dsn_learn_schema(reader->dsn, value, true);
	return true;
}

static bool take_schema(struct dsn_reader *reader, const char *value)
{
	dsn_learn_schema(reader->dsn, value, false);
	return true;
}

static bool take_options(struct dsn_reader *reader, const char *value)
{
	dsn_set(reader->dsn, "options", value);
	dsn_learn_options(reader->dsn, value);
	return true;
}

static bool take_pgbouncer(struct dsn_reader *reader, const char *value)
{
	reader->dsn->pooler = is_true(value);
	return true;
}

static bool take_sslaccept(struct dsn_reader *reader, const char *value)
{
	bool strict = strcasecmp(value, "strict") == 0;

	reader->prisma = true;
	reader->certificate = strict ? DSN_CERTIFICATE_CHECKED : DSN_CERTIFICATE_UNCHECKED;
	return strict || strcasecmp(value, "accept_invalid_certs") == 0;
}

/* Other factories are classes that only a Java machine has. */
static bool take_sslfactory(struct dsn_reader *reader, const char *value)
{
	if (strcmp(value, "org.postgresql.ssl.NonValidatingFactory") != 0)
		return false;
	reader->certificate = DSN_CERTIFICATE_UNCHECKED;
	return true;
}

static const struct spelling gssencmodes[] = {{"allow", "prefer"}, {NULL, NULL}};
static const struct spelling keepalives[] = {{"true", "1"}, {"false", "0"}, {NULL, NULL}};
static const struct spelling requiressl[] = {{"1", "require"}, {"0", "prefer"}, {NULL, NULL}};
static const struct spelling sslmodes[] = {{"no-verify", "require"}, {NULL, NULL}};

static const struct spelling server_types[] = {
    {"any", "any"},
    {"master", "primary"},
    {"primary", "primary"},
    {"slave", "standby"},
    {"secondary", "standby"},
    {"preferSlave", "prefer-standby"},
    {"preferSecondary", "prefer-standby"},
    {NULL, NULL},
};

static const struct spelling ssl_switches[] = {
    {"", "require"},
    {"true", "require"},
    {"1", "require"},
    {"on", "require"},
    {"yes", "require"},
    {"required", "require"},
    {"no-verify", "require"},
    {"false", "disable"},
    {"0", "disable"},
    {"off", "disable"},
    {"no", "disable"},
    {NULL, NULL},
};

/* Whatever is neither here nor known to libpq concerns pools, caches and types of an application's
 * driver, and is dropped. */
static const struct parameter parameters[] = {
    {.name = "connectTimeout", .take = take_connect_timeout},
    {.name = "currentSchema", .take = take_search_path},
    {.name = "database", .keyword = "dbname"},
    {.name = "databaseName", .keyword = "dbname"},
    {.name = "gssEncMode", .keyword = "gssencmode", .spellings = gssencmodes},
    {.name = "host", .take = take_host},
    {.name = "kerberosServerName", .keyword = "krbsrvname"},
    {.name = "options", .take = take_options},
    {.name = "options[search_path]", .take = take_search_path},
    {.name = "pgbouncer", .take = take_pgbouncer},
    {.name = "port", .take = take_port},
    {.name = "requiressl", .keyword = "sslmode", .spellings = requiressl},
    {.name = "schema", .take = take_schema},
    {.name = "search_path", .take = take_search_path},
    {.name = "ssl", .keyword = "sslmode", .spellings = ssl_switches},
    {.name = "ssl-ca", .keyword = "sslrootcert"},
    {.name = "sslaccept", .take = take_sslaccept},
    {.name = "sslfactory", .take = take_sslfactory},
    {.name = "sslmode", .keyword = "sslmode", .spellings = sslmodes},
    {.name = "targetServerType",
	.keyword = "target_session_attrs",
	.spellings = server_types,
	.spellings_only = true},
    {.name = "tcpKeepAlive",
	.keyword = "keepalives",
	.spellings = keepalives,
	.spellings_only = true},
    {.name = "username", .keyword = "user"},
};

static const struct parameter *parameter_find(const char *name)
{
	for (size_t i = 0; i < sizeof(parameters) / sizeof(parameters[0]); i++)
		if (dsn_name_equals(parameters[i].name, name))
			return &parameters[i];
	return NULL;
}

/* libpq's spelling of a value, the value itself, or NULL where it has no meaning for libpq. */
static const char *libpq_value(const struct parameter *parameter, const char *value)
{
	const struct spelling *spelling = parameter->spellings;

	for (; spelling != NULL && spelling->theirs != NULL; spelling++)
		if (strcasecmp(spelling->theirs, value) == 0)
			return spelling->libpq;
	return parameter->spellings_only ? NULL : value;
}

/* Says whether the parameter means something to us. */
static bool parameter_take(
    struct dsn_reader *reader, const struct parameter *parameter, const char *value)
{
	if (parameter->take != NULL)
		return parameter->take(reader, value);
	value = libpq_value(parameter, value);
	if (value != NULL)
		dsn_set(reader->dsn, parameter->keyword, value);
	return value != NULL;
}

int dsn_read_parameter(
    struct dsn_reader *reader, const char *name, const char *value, struct error *err)
{
	const struct parameter *parameter = parameter_find(name);
	struct parameter plain = {.keyword = libpq_keyword(reader, name)};

	if (*name == '\0' || name[strspn(name, DSN_NAME_CHARACTERS)] != '\0')
		return error_set(err, "its name is none that a parameter can have"
				      " (in a password, & = ? are written %%26 %%3D %%3F)");
	if (parameter == NULL && plain.keyword != NULL)
		parameter = &plain;
	/* A lone word that nobody knows, unlike ?ssl, is rather the rest of a password with '&'. */
	if (parameter == NULL && value == NULL)
		return error_set(err, "no \"=\" follows its name (in a value, & is written %%26)");
	if (parameter != NULL && parameter_take(reader, parameter, value != NULL ? value : ""))
		return 0;
	if (!strings_has(&reader->dsn->dropped, name))
		strings_add(&reader->dsn->dropped, name);
	return 0;
}

/* Takes the ports out of the host parameters. */
static int settle_hosts(struct dsn_reader *reader, struct error *err)
{
	struct dsn_hosts hosts = {0};
	char *list;
	int result;

	if (!reader->host_given)
		return 0;
	list = xstrdup(dsn_get(reader->dsn, "host"));
	result = dsn_hosts_read(&hosts, list, false, err);
	if (result == 0)
		dsn_set(reader->dsn, "host", text_string(&hosts.names));
	if (result == 0 && hosts.has_port && !reader->port_given)
		dsn_set(reader->dsn, "port", text_string(&hosts.ports));
	dsn_hosts_done(&hosts);
	free(list);
	return result;
}

/* Certificate switches of drivers make sslmode stricter or laxer, but never turn TLS on. */
static void settle_sslmode(struct dsn_reader *reader)
{
	static const char *const outcomes[][2] = {
	    [DSN_CERTIFICATE_BY_SSLMODE] = {NULL, NULL},
	    [DSN_CERTIFICATE_UNCHECKED] = {"verify-", "require"},
	    [DSN_CERTIFICATE_CHECKED] = {"require", "verify-full"},
	};
	const char *mode = dsn_get(reader->dsn, "sslmode");
	const char *from = outcomes[reader->certificate][0];

	if (mode != NULL && from != NULL && strncmp(mode, from, strlen(from)) == 0)
		dsn_set(reader->dsn, "sslmode", outcomes[reader->certificate][1]);
}

/* Prisma's sslcert is what libpq calls sslrootcert; its own certificate is in sslidentity. */
static void settle_sslcert(struct dsn_reader *reader)
{
	struct dsn *dsn = reader->dsn;

	if (!reader->prisma || dsn_get(dsn, "sslcert") == NULL || dsn_get(dsn, "sslkey") != NULL)
		return;
	dsn_set(dsn, "sslrootcert", dsn_get(dsn, "sslcert"));
	dsn_set(dsn, "sslcert", NULL);
}

struct choice {
	const char *keyword;
	const char *const values[7];
};

/* Values that libpq would refuse only while connecting, and then quote. */
static const struct choice choices[] = {
    {"channel_binding", {"disable", "prefer", "require"}},
    {"gssencmode", {"disable", "prefer", "require"}},
    {"sslmode", {"disable", "allow", "prefer", "require", "verify-ca", "verify-full"}},
    {"target_session_attrs",
	{"any", "read-write", "read-only", "primary", "standby", "prefer-standby"}},
};

static int refuse_choice(const struct choice *choice, struct error *err)
{
	struct text expected = {0};

	for (size_t i = 0; choice->values[i] != NULL; i++)
		text_addf(&expected, i == 0 ? "%s" : ", %s", choice->values[i]);
	error_set(err, "%s: its value is unknown, expected one of %s", choice->keyword,
	    text_string(&expected));
	text_done(&expected);
	return -1;
}

static int settle_choice(struct dsn *dsn, const struct choice *choice, struct error *err)
{
	const char *value = dsn_get(dsn, choice->keyword);

	if (value == NULL || *value == '\0')
		return 0;
	for (size_t i = 0; choice->values[i] != NULL; i++) {
		if (strcasecmp(choice->values[i], value) == 0) {
			dsn_set(dsn, choice->keyword, choice->values[i]);
			return 0;
		}
	}
	return refuse_choice(choice, err);
}

/* psql takes a whole URL as database name. Here it would be a name that no server has, and that
 * shows a password to everybody who sees the name. */
static int check_database(const struct dsn *dsn, struct error *err)
{
	const char *name = dsn_get(dsn, "dbname");

	if (name != NULL && strstr(name, "://") != NULL)
		return error_set(err, "dbname holds a URL: expected the name of a database");
	return 0;
}

int dsn_settle(struct dsn_reader *reader, struct error *err)
{
	if (settle_hosts(reader, err) != 0)
		return -1;
	for (size_t i = 0; i < sizeof(choices) / sizeof(choices[0]); i++)
		if (settle_choice(reader->dsn, &choices[i], err) != 0)
			return -1;
	settle_sslmode(reader);
	settle_sslcert(reader);
	if (dsn_hosts_check(reader->dsn, err) != 0)
		return -1;
	return check_database(reader->dsn, err);
}
