/* Database URLs into libpq's keywords. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <libpq-fe.h>

#include "../../probes/text.h"
#include "../../probes/xalloc.h"
#include "../../sidecar/config/dsn.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* keyword=value|keyword=value. free() releases it. */
static char *keywords_of(const struct dsn *dsn)
{
	struct text text = {0};

	for (size_t i = 0; i < dsn->keywords.count; i++)
		text_addf(&text, "%s%s=%s", i > 0 ? "|" : "", dsn->keywords.items[i],
		    dsn->values.items[i]);
	return text_take(&text);
}

/* name,name. free() releases it. */
static char *names_of(const struct strings *names)
{
	struct text text = {0};

	for (size_t i = 0; i < names->count; i++)
		text_addf(&text, "%s%s", i > 0 ? "," : "", names->items[i]);
	return text_take(&text);
}

struct good {
	const char *url;
	const char *keywords;
	const char *schema;  /* NULL: none */
	const char *dropped; /* NULL: nothing */
	bool pooler;
};

static void assert_text(const char *url, const char *what, const char *found, const char *expected)
{
	if (strcmp(found, expected) != 0)
		fail_msg("%s: %s is \"%s\", expected \"%s\"", url, what, found, expected);
}

static void assert_good(const struct good *row)
{
	struct error err = {"untouched"};
	struct dsn dsn;
	char *keywords;
	char *dropped;

	if (dsn_parse(row->url, &dsn, &err) != 0)
		fail_msg("%s: refused: %s", row->url, err.text);
	keywords = keywords_of(&dsn);
	dropped = names_of(&dsn.dropped);
	assert_text(row->url, "the list of keywords", keywords, row->keywords);
	assert_text(row->url, "schema", dsn.schema != NULL ? dsn.schema : "",
	    row->schema != NULL ? row->schema : "");
	assert_text(
	    row->url, "the list of the dropped", dropped, row->dropped != NULL ? row->dropped : "");
	if (dsn.pooler != row->pooler)
		fail_msg("%s: pooler is wrong", row->url);
	assert_text(row->url, "the error", err.text, "untouched");
	free(keywords);
	free(dropped);
	dsn_done(&dsn);
}

static void assert_all_good(const struct good *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		assert_good(&rows[i]);
}

#define ASSERT_ALL_GOOD(rows) assert_all_good(rows, COUNT(rows))

static void schemes_of_applications_are_understood(void **state)
{
	static const char *const schemes[] = {"postgres", "postgresql", "pgsql", "psql", "pg",
	    "pgx", "pgx5", "postgis", "timescaledb", "timescale", "timescalegis", "ecto",
	    "pdo_pgsql", "pdo-pgsql", "PostgreSQL", "postgresql+asyncpg", "postgresql+psycopg2",
	    "postgresql+psycopg", "postgresql+pg8000", "postgresql+psycopg2cffi",
	    "postgres+asyncpg", "POSTGRESQL+AsyncPG", "jdbc:postgresql", "JDBC:postgresql",
	    "jdbc:pgsql", "jdbc:aws-wrapper:postgresql", "r2dbc:postgresql",
	    "r2dbc:pool:postgresql"};

	(void)state;
	for (size_t i = 0; i < COUNT(schemes); i++) {
		char *url = xasprintf("%s://db/app", schemes[i]);

		assert_good(&(struct good){.url = url, .keywords = "host=db|dbname=app"});
		free(url);
	}
}

static void parts_become_keywords(void **state)
{
	static const struct good rows[] = {
	    {"postgresql://app:secret@db:5432/orders",
		.keywords = "user=app|password=secret|host=db|port=5432|dbname=orders"},
	    {"postgresql://", .keywords = ""},
	    {"postgresql:///", .keywords = ""},
	    {"postgresql:///orders", .keywords = "dbname=orders"},
	    {"postgresql://db", .keywords = "host=db"},
	    {"postgresql://db/", .keywords = "host=db"},
	    {"postgresql://db?", .keywords = "host=db"},
	    {"postgresql://db/?", .keywords = "host=db"},
	    {"postgresql://:5433/orders", .keywords = "port=5433|dbname=orders"},
	    {"postgresql://app@", .keywords = "user=app"},
	    {"postgresql://app:@db", .keywords = "user=app|host=db"},
	    {"postgresql://:secret@db", .keywords = "password=secret|host=db"},
	    {"  postgresql://db/orders \r\n", .keywords = "host=db|dbname=orders"},
	    {"postgresql://db/orders#top", .keywords = "host=db|dbname=orders",
		.dropped = "#fragment"},
	    {"postgresql://db/orders?sslmode=require#top",
		.keywords = "host=db|dbname=orders|sslmode=require", .dropped = "#fragment"},
	};

	(void)state;
	ASSERT_ALL_GOOD(rows);
}

static void percent_encoding_is_undone(void **state)
{
	static const struct good rows[] = {
	    {"postgresql://a%40b:p%3A%2f%25@db/my%20db",
		.keywords = "user=a@b|password=p:/%|host=db|dbname=my db"},
	    {"postgresql://db/d%C3%A9p%C3%B4t", .keywords = "host=db|dbname=dépôt"},
	    {"postgresql://db?%75ser=a%26b", .keywords = "host=db|user=a&b"},
	    /* libpq leaves + as it is; JDBC and SQLAlchemy decode parameters as forms. */
	    {"postgresql://a+b:c+d@db?application_name=e+f",
		.keywords = "user=a+b|password=c+d|host=db|application_name=e+f"},
	    {"postgresql+psycopg2://a+b:c+d@db?application_name=e+f",
		.keywords = "user=a+b|password=c+d|host=db|application_name=e f"},
	    {"jdbc:postgresql://db/?ApplicationName=e+f%2B",
		.keywords = "host=db|application_name=e f+"},
	};

	(void)state;
	ASSERT_ALL_GOOD(rows);
}

/* Passwords are often generated, and pasted into the URL as they are. */
static void raw_characters_in_a_password_are_understood(void **state)
{
	static const struct good rows[] = {
	    {"postgresql://app:p@ss@db/x", .keywords = "user=app|password=p@ss|host=db|dbname=x"},
	    {"postgresql://app:p/ss@db/x", .keywords = "user=app|password=p/ss|host=db|dbname=x"},
	    {"postgresql://app:1/ss@db/x", .keywords = "user=app|password=1/ss|host=db|dbname=x"},
	    {"postgresql://app:p#ss@db/x", .keywords = "user=app|password=p#ss|host=db|dbname=x"},
	    {"postgresql://app:p?ss@db/x", .keywords = "user=app|password=p?ss|host=db|dbname=x"},
	    {"postgresql://app:p:ss@db/x", .keywords = "user=app|password=p:ss|host=db|dbname=x"},
	    {"postgresql://app:?@db?sslmode=require",
		.keywords = "user=app|password=?|host=db|sslmode=require"},
	    {"postgresql://app:[p@db/x", .keywords = "user=app|password=[p|host=db|dbname=x"},
	    {"postgresql://app:p,q@db/x", .keywords = "user=app|password=p,q|host=db|dbname=x"},
	    {"postgresql://db:5432/x?user=app@tenant",
		.keywords = "host=db|port=5432|dbname=x|user=app@tenant"},
	    {"postgresql://db?user=app@tenant", .keywords = "host=db|user=app@tenant"},
	    {"jdbc:postgresql://db/x?user=u&password=p#s",
		.keywords = "host=db|dbname=x|user=u|password=p#s"},
	};

	(void)state;
	ASSERT_ALL_GOOD(rows);
}

static void several_hosts_and_sockets_are_understood(void **state)
{
	static const struct good rows[] = {
	    {"postgresql://h1:5432,h2:5433/x", .keywords = "host=h1,h2|port=5432,5433|dbname=x"},
	    {"postgresql://h1,h2:5433/x", .keywords = "host=h1,h2|port=,5433|dbname=x"},
	    {"postgresql://h1,h2/x", .keywords = "host=h1,h2|port=,|dbname=x"},
	    {"postgresql://h1%2Ch2:5433/x", .keywords = "host=h1,h2|port=5433|dbname=x"},
	    {"postgresql://,h2/x", .keywords = "host=,h2|port=,|dbname=x"},
	    {"postgresql://[::1]:5432/x", .keywords = "host=::1|port=5432|dbname=x"},
	    {"postgresql://u:p@[2001:db8::1],h2:1/x",
		.keywords = "user=u|password=p|host=2001:db8::1,h2|port=,1|dbname=x"},
	    {"postgresql://[fe80::1%25eth0]/x", .keywords = "host=fe80::1%eth0|dbname=x"},
	    {"postgresql://[::ffff:10.0.0.1]/x", .keywords = "host=::ffff:10.0.0.1|dbname=x"},
	    {"postgresql://%2Fvar%2Frun%2Fpostgresql/x",
		.keywords = "host=/var/run/postgresql|dbname=x"},
	    {"postgresql://%2Ftmp:5433/x", .keywords = "host=/tmp|port=5433|dbname=x"},
	    {"postgresql://%40abstract/x", .keywords = "host=@abstract|dbname=x"},
	    {"postgresql:///x?host=/var/run/postgresql",
		.keywords = "dbname=x|host=/var/run/postgresql"},
	    {"postgresql+asyncpg://u:p@/x?host=/tmp/.s",
		.keywords = "user=u|password=p|dbname=x|host=/tmp/.s"},
	    {"postgresql:///x?host=/tmp/a:b&port=5", .keywords = "dbname=x|host=/tmp/a:b|port=5"},
	    {"postgresql+psycopg2://u@/x?host=h1:5432&host=h2:5433",
		.keywords = "user=u|dbname=x|host=h1,h2|port=5432,5433"},
	    {"postgresql+psycopg2:///x?host=h1:5432&host=h2&host=h3",
		.keywords = "dbname=x|host=h1,h2,h3|port=5432,,"},
	    {"postgresql+psycopg2:///x?host=h1,h2&port=5432,5433",
		.keywords = "dbname=x|host=h1,h2|port=5432,5433"},
	    {"postgresql:///x?host=h1:1&port=2", .keywords = "dbname=x|host=h1|port=2"},
	    {"postgresql:///x?host=::1", .keywords = "dbname=x|host=::1"},
	    {"postgresql:///x?host=[::1]:7", .keywords = "dbname=x|host=::1|port=7"},
	    {"postgresql://h1:1/x?host=h2", .keywords = "host=h2|port=1|dbname=x"},
	    {"postgresql://h1:1/x?host=h2:2", .keywords = "host=h2|port=2|dbname=x"},
	    {"postgresql://h1,h2:2/x?hostaddr=10.0.0.1,10.0.0.2",
		.keywords = "host=h1,h2|port=,2|dbname=x|hostaddr=10.0.0.1,10.0.0.2"},
	};

	(void)state;
	ASSERT_ALL_GOOD(rows);
}

static void jdbc_forms_are_understood(void **state)
{
	static const struct good rows[] = {
	    {"jdbc:postgresql:orders", .keywords = "host=localhost|dbname=orders"},
	    {"jdbc:postgresql:", .keywords = "host=localhost"},
	    {"jdbc:postgresql:/", .keywords = "host=localhost"},
	    {"jdbc:postgresql:?user=u", .keywords = "host=localhost|user=u"},
	    {"jdbc:postgresql://", .keywords = "host=localhost"},
	    {"jdbc:postgresql:///orders", .keywords = "host=localhost|dbname=orders"},
	    {"jdbc:postgresql://:5433/orders",
		.keywords = "host=localhost|port=5433|dbname=orders"},
	    {"jdbc:postgresql://db/orders?user=u&password=p",
		.keywords = "host=db|dbname=orders|user=u|password=p"},
	    {"jdbc:postgresql://h1:1,h2:2/x?targetServerType=preferSecondary",
		.keywords = "host=h1,h2|port=1,2|dbname=x|target_session_attrs=prefer-standby"},
	    {"jdbc:postgresql://db/x?ssl&ApplicationName=a&currentSchema=s&loginTimeout=3"
	     "&socketTimeout=3&reWriteBatchedInserts=true&stringtype=unspecified"
	     "&prepareThreshold=0&tcpKeepAlive=true&gssEncMode=allow&channelBinding=require",
		.keywords = "host=db|dbname=x|sslmode=require|application_name=a|keepalives=1"
			    "|gssencmode=prefer|channel_binding=require",
		.schema = "s",
		.dropped = "loginTimeout,socketTimeout,reWriteBatchedInserts,stringtype,"
			   "prepareThreshold"},
	};

	(void)state;
	ASSERT_ALL_GOOD(rows);
}

static void key_value_form_is_understood(void **state)
{
	static const struct good rows[] = {
	    {"host=db dbname=orders user=u password=p",
		.keywords = "host=db|dbname=orders|user=u|password=p"},
	    {"user = 'a b'\tpassword = 'it\\'s \\\\ \"x\"'",
		.keywords = "user=a b|password=it's \\ \"x\""},
	    {"user=a\\ b password=''", .keywords = "user=a b|password="},
	    {"user='a'password=b", .keywords = "user=a|password=b"},
	    {"user=a\\", .keywords = "user=a"},
	    {"user= password=p",
		.keywords = "user=password=p"}, /* libpq, too, goes on to the next word */
	    {"\n dbname=x\n sslmode=verify-full\n", .keywords = "dbname=x|sslmode=verify-full"},
	    {"host=h1,h2 port=1,2", .keywords = "host=h1,h2|port=1,2"},
	    {"host=db pool_max_conns=10 pool_max_conns=11", .keywords = "host=db",
		.dropped = "pool_max_conns"},
	    {"dbname=x options='-c search_path=app,public'",
		.keywords = "dbname=x|options=-c search_path=app,public", .schema = "app"},
	    {"service=orders", .keywords = "service=orders"},
	};

	(void)state;
	ASSERT_ALL_GOOD(rows);
}

static void tls_parameters_become_sslmode(void **state)
{
	static const struct {
		const char *query;
		const char *keywords;
		const char *dropped;
	} rows[] = {
	    {"ssl=true", "sslmode=require", ""},
	    {"ssl", "sslmode=require", ""},
	    {"ssl=", "sslmode=require", ""},
	    {"ssl=1", "sslmode=require", ""},
	    {"ssl=TRUE", "sslmode=require", ""},
	    {"ssl=require", "sslmode=require", ""},
	    {"ssl=prefer", "sslmode=prefer", ""},
	    {"ssl=verify-full", "sslmode=verify-full", ""},
	    {"ssl=no-verify", "sslmode=require", ""},
	    {"ssl=false", "sslmode=disable", ""},
	    {"ssl=0", "sslmode=disable", ""},
	    {"sslmode=no-verify", "sslmode=require", ""},
	    {"sslmode=Verify-Full", "sslmode=verify-full", ""},
	    {"sslMode=verify-ca", "sslmode=verify-ca", ""},
	    {"ssl-mode=verify-ca", "sslmode=verify-ca", ""},
	    {"sslmode=", "sslmode=", ""},
	    {"sslmode", "sslmode=", ""},
	    {"requiressl=1", "sslmode=require", ""},
	    {"requiressl=0", "sslmode=prefer", ""},
	    {"ssl=require&sslmode=disable", "sslmode=disable", ""},
	    {"sslmode=disable&ssl=require", "sslmode=require", ""},
	    {"sslrootcert=/r&sslcert=/c&sslkey=/k", "sslrootcert=/r|sslcert=/c|sslkey=/k", ""},
	    {"sslRootCert=/r&ssl-ca=/s", "sslrootcert=/s", ""},
	    {"sslmode=require&sslaccept=strict", "sslmode=verify-full", ""},
	    {"sslaccept=strict", "", ""},
	    {"sslmode=require&sslaccept=accept_invalid_certs", "sslmode=require", ""},
	    {"sslmode=require&sslaccept=maybe", "sslmode=require", "sslaccept"},
	    {"sslmode=require&sslcert=/ca&sslaccept=strict&sslidentity=/i",
		"sslmode=verify-full|sslrootcert=/ca", "sslidentity"},
	    {"ssl=true&sslfactory=org.postgresql.ssl.NonValidatingFactory", "sslmode=require", ""},
	    {"sslmode=verify-full&sslfactory=org.postgresql.ssl.NonValidatingFactory",
		"sslmode=require", ""},
	    {"sslfactory=org.postgresql.ssl.NonValidatingFactory", "", ""},
	    {"sslfactory=org.postgresql.ssl.DefaultJavaSSLFactory", "", "sslfactory"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char *url = xasprintf("postgresql://?%s", rows[i].query);

		assert_good(&(struct good){
		    .url = url, .keywords = rows[i].keywords, .dropped = rows[i].dropped});
		free(url);
	}
}

static void parameters_of_drivers_are_mapped_or_dropped(void **state)
{
	static const struct good rows[] = {
	    {"postgresql://?username=u&database=d&password=p",
		.keywords = "user=u|dbname=d|password=p"},
	    {"postgresql://u:p@db/d?user=v&password=q&dbname=e",
		.keywords = "user=v|password=q|host=db|dbname=e"},
	    {"postgresql://?user=u&user=v&username=w", .keywords = "user=w"},
	    {"postgresql://?application-name=a", .keywords = "application_name=a"},
	    {"postgresql://?connect_timeout=10", .keywords = "connect_timeout=10"},
	    {"postgresql://?connectTimeout=PT3S", .keywords = "", .dropped = "connectTimeout"},
	    {"postgresql://?pgbouncer=true&connection_limit=1&pool_timeout=0", .keywords = "",
		.dropped = "connection_limit,pool_timeout", .pooler = true},
	    {"postgresql://?pgbouncer=false", .keywords = ""},
	    {"postgresql://?pgbouncer=true&pgbouncer=false", .keywords = ""},
	    {"postgresql://?targetServerType=primary", .keywords = "target_session_attrs=primary"},
	    {"postgresql://?targetServerType=master", .keywords = "target_session_attrs=primary"},
	    {"postgresql://?targetServerType=slave", .keywords = "target_session_attrs=standby"},
	    {"postgresql://?targetServerType=preferPrimary", .keywords = "",
		.dropped = "targetServerType"},
	    {"postgresql://?target_session_attrs=read-write",
		.keywords = "target_session_attrs=read-write"},
	    {"postgresql://?tcpKeepAlive=maybe", .keywords = "", .dropped = "tcpKeepAlive"},
	    {"postgresql://?kerberosServerName=pg", .keywords = "krbsrvname=pg"},
	    {"postgresql://?charset=utf8&encoding=utf8&serverVersion=15&pool=5&charset=x&x-a=b",
		.keywords = "", .dropped = "charset,encoding,serverVersion,pool,x-a"},
	    {"postgresql+asyncpg://?prepared_statement_cache_size=0&async_fallback=true"
	     "&statement_cache_size=0",
		.keywords = "",
		.dropped = "prepared_statement_cache_size,async_fallback,statement_cache_size"},
	    {"postgresql://?&&user=u&", .keywords = "user=u"},
	    {"postgresql://?user==u=", .keywords = "user==u="},
	};

	(void)state;
	ASSERT_ALL_GOOD(rows);
}

static void schema_is_learnt(void **state)
{
	static const struct {
		const char *query;
		const char *schema;
	} rows[] = {
	    {"schema=billing", "billing"},
	    {"schema=Billing", "Billing"},
	    {"currentSchema=billing,public", "billing"},
	    {"search_path=Billing", "billing"},
	    {"search_path=%22Billing%22", "Billing"},
	    {"search_path=%22a,%22%22b%22", "a,\"b"},
	    {"search_path=%22$user%22,%20public", "public"},
	    {"search_path=$user", NULL},
	    {"search_path=%20,%20a", "a"},
	    {"search_path=", NULL},
	    {"schema=a&search_path=b", "b"},
	    {"schema=a&schema=", NULL},
	    {"options[search_path]=a", "a"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char *url = xasprintf("postgresql://?%s", rows[i].query);

		assert_good(&(struct good){.url = url, .keywords = "", .schema = rows[i].schema});
		free(url);
	}
}

static void schema_is_learnt_from_options(void **state)
{
	static const struct {
		const char *options;
		const char *schema;
	} rows[] = {
	    {"-c search_path=x", "x"},
	    {"-csearch_path=x", "x"},
	    {"--search_path=x", "x"},
	    {"--search-path=x", "x"},
	    {"-c SEARCH_PATH=x", "x"},
	    {"-c geqo=off  -c search_path=x,y -c jit=off", "x"},
	    {"-c search_path=x -c search_path=y", "y"},
	    {"-c search_path=\\\"$user\\\",\\ y", "y"},
	    {"-c search_path", NULL},
	    {"-c", NULL},
	    {"search_path=x", NULL},
	    {"-c -csearch_path=x", NULL},
	    {"-c -c search_path=x", NULL},
	    {"endpoint=ep-1", NULL},
	    {"-c statement_timeout=5s \\", NULL},
	    {"", NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char *url = xasprintf("postgresql://?options=%s", rows[i].options);
		char *keywords = xasprintf("options=%s", rows[i].options);

		assert_good(
		    &(struct good){.url = url, .keywords = keywords, .schema = rows[i].schema});
		free(keywords);
		free(url);
	}
}

/* What the messages say after the place. */
#define SAYS_ENCODE " (in user and password, @ : / % are written %40 %3A %2F %25)"
#define SAYS_NOT_A_NAME                                                                            \
	": its name is none that a parameter can have (in a password, & = ? are written %26 %3D "  \
	"%3F)"
#define SAYS_PERCENT ": % without two hexadecimal digits after it (a literal % is written %25)"
#define SAYS_NUL ": %00, but no value can hold a NUL byte"
#define SAYS_FORM                                                                                  \
	"the database URL is neither postgresql://user:password@host/database nor libpq's"         \
	" host=name dbname=name"
#define SAYS_SLASHES "\"//\" is expected after the scheme: postgresql://host/database"
#define SAYS_SCHEMES                                                                               \
	" is not PostgreSQL's: expected one of postgresql, postgres, pgsql, psql, pg, pgx, pgx4,"  \
	" pgx5, postgis, timescaledb, timescale, timescalegis, ecto, pdo_pgsql, pdo-pgsql, or one" \
	" of these followed by +driver, or after jdbc:"
#define SAYS_NO_HOST " is no host name, address or path of a socket" SAYS_ENCODE
#define SAYS_NO_PORT " is not a number from 1 to 65535" SAYS_ENCODE
#define SAYS_EXPECTED ": its value is unknown, expected one of "
#define SAYS_SSLMODES                                                                              \
	"sslmode" SAYS_EXPECTED "disable, allow, prefer, require, verify-ca, verify-full"
#define SAYS_COUNTS "2 ports do not fit 1 hosts: expected one port for all, or one for each"
#define SAYS_NOT_CLOSED "parameter 2: the quote before its value is not closed"

struct bad {
	const char *url;
	const char *message;
};

static void assert_all_bad(const struct bad *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct error err = {""};
		struct dsn dsn;

		if (dsn_parse(rows[i].url, &dsn, &err) == 0)
			fail_msg("%s: accepted", rows[i].url);
		assert_text(rows[i].url, "the error", err.text, rows[i].message);
		dsn_done(&dsn);
	}
}

#define ASSERT_ALL_BAD(rows) assert_all_bad(rows, COUNT(rows))

static void other_schemes_and_forms_are_refused(void **state)
{
	static const struct bad rows[] = {
	    {"", "the database URL is empty"},
	    {" \r\n", "the database URL is empty"},
	    {"mysql://u:p@h/d", "the scheme mysql" SAYS_SCHEMES},
	    {"http://db/", "the scheme http" SAYS_SCHEMES},
	    {"cockroachdb+psycopg2://db/", "the scheme cockroachdb+psycopg2" SAYS_SCHEMES},
	    {"jdbc:mysql://db/", "the scheme jdbc:mysql" SAYS_SCHEMES},
	    {"postgres-of-somebody-with-a-very-long-name://db/",
		"the scheme postgres-of-somebody-with-a-very" SAYS_SCHEMES},
	    {"orders", SAYS_FORM},
	    {"db/orders", SAYS_FORM},
	    {"app:pw@db/orders", SAYS_FORM},
	    {"//db/orders", SAYS_FORM},
	    {"://db/orders", SAYS_FORM},
	    {"postgresql:db", SAYS_SLASHES},
	    {"postgresql:/db", SAYS_SLASHES},
	    {"postgresql+asyncpg:/db/x?ssl=require", SAYS_SLASHES},
	};

	(void)state;
	ASSERT_ALL_BAD(rows);
}

static void bad_percent_encoding_is_refused(void **state)
{
	static const struct bad rows[] = {
	    {"postgresql://a%4:p@db", "user" SAYS_PERCENT},
	    {"postgresql://a:p%zz@db", "password" SAYS_PERCENT},
	    {"postgresql://a:p%@db", "password" SAYS_PERCENT},
	    {"postgresql://a:p%00@db", "password" SAYS_NUL},
	    {"postgresql://h1,h%2/x", "host 2" SAYS_PERCENT},
	    {"postgresql://db/x%", "dbname" SAYS_PERCENT},
	    {"postgresql://db?a=b&c=%f", "parameter 2" SAYS_PERCENT},
	    {"postgresql://db?%00=b", "parameter 1" SAYS_NUL},
	    {"postgresql://db?a=%00", "parameter 1" SAYS_NUL},
	};

	(void)state;
	ASSERT_ALL_BAD(rows);
}

static void impossible_hosts_and_ports_are_refused(void **state)
{
	static const struct bad rows[] = {
	    {"postgresql://[::1/x", "host 1: the [ before its address has no ]"},
	    {"postgresql://?host=[::1", "host 1: the [ before its address has no ]"},
	    {"postgresql://h1,[]/x", "host 2: no address between [ and ]"},
	    {"postgresql://[::1]1/x", "host 1: only a colon and a port can follow [address]"},
	    {"postgresql://db:x/d", "the port of host 1" SAYS_NO_PORT},
	    {"postgresql://h1:1,h2:0/d", "the port of host 2" SAYS_NO_PORT},
	    {"postgresql://db:65536/d", "the port of host 1" SAYS_NO_PORT},
	    {"postgresql://db:4294967297/d", "the port of host 1" SAYS_NO_PORT},
	    {"postgresql://db?port=+1", "the port of host 1" SAYS_NO_PORT},
	    {"postgresql://h1,my%20host/d", "host 2" SAYS_NO_HOST},
	    {"postgresql://a%3Ab%40db/d", "host 1" SAYS_NO_HOST},
	    {"postgresql://h%C3%A9/d", "host 1" SAYS_NO_HOST},
	    {"postgresql://[fe80::1%25]x%25/d",
		"host 1: only a colon and a port can follow [address]"},
	    {"postgresql://[::1%25e%20h]/d", "host 1" SAYS_NO_HOST},
	    {"postgresql://[fe80:]/d", "host 1" SAYS_NO_HOST},
	    {"postgresql://db:5432:1/d", "host 1" SAYS_NO_HOST},
	    {"postgresql://[1111:2222:3333:4444:5555:6666:7777:8888:9999:0000]/d",
		"host 1" SAYS_NO_HOST},
	    {"postgresql://h1:1,h2:2/x?host=/tmp", SAYS_COUNTS},
	    {"postgresql://?port=1,2", SAYS_COUNTS},
	};

	(void)state;
	ASSERT_ALL_BAD(rows);
}

static void values_that_libpq_does_not_know_are_refused(void **state)
{
	static const struct bad rows[] = {
	    {"postgresql://?sslmode=maybe", SAYS_SSLMODES},
	    {"postgresql://?ssl=maybe", SAYS_SSLMODES},
	    {"postgresql://?sslmode=true", SAYS_SSLMODES},
	    {"postgresql://?channelBinding=maybe",
		"channel_binding" SAYS_EXPECTED "disable, prefer, require"},
	    {"postgresql://?gssencmode=maybe",
		"gssencmode" SAYS_EXPECTED "disable, prefer, require"},
	    {"postgresql://?target_session_attrs=master",
		"target_session_attrs" SAYS_EXPECTED
		"any, read-write, read-only, primary, standby, prefer-standby"},
	    {"dbname=postgresql://u:p@db/x", "dbname holds a URL: expected the name of a database"},
	};

	(void)state;
	ASSERT_ALL_BAD(rows);
}

static void malformed_parameters_are_refused(void **state)
{
	static const struct bad rows[] = {
	    {"postgresql://db?a=b&b%20c=d", "parameter 2" SAYS_NOT_A_NAME},
	    {"postgresql://db?=d", "parameter 1" SAYS_NOT_A_NAME},
	    {"postgresql://db?password=a&b",
		"parameter 2: no \"=\" follows its name (in a value, & is written %26)"},
	    {"host=db password", "parameter 2: no \"=\" follows its name"
				 " (a value with blanks is written in 'quotes')"},
	    {"host=db password='x", SAYS_NOT_CLOSED},
	    {"host=db password='x\\'", SAYS_NOT_CLOSED},
	    {"host=db password='x\\", SAYS_NOT_CLOSED},
	    {"app:pw@db/orders?ssl=true", "parameter 1" SAYS_NOT_A_NAME},
	    {"=x", "parameter 1" SAYS_NOT_A_NAME},
	};

	(void)state;
	ASSERT_ALL_BAD(rows);
}

static void length_is_limited(void **state)
{
	struct error err = {""};
	struct dsn dsn;
	char *url = xcalloc(8192 + 2, 1);

	(void)state;
	memset(url, 'a', 8192);
	memcpy(url, "postgresql:///", sizeof("postgresql:///") - 1);
	assert_int_equal(dsn_parse(url, &dsn, &err), 0);
	dsn_done(&dsn);
	url[8192] = 'a';
	assert_int_equal(dsn_parse(url, &dsn, &err), -1);
	assert_string_equal(err.text, "the database URL is longer than 8192 bytes");
	dsn_done(&dsn);
	free(url);
}

static void get_and_set_work_by_keyword(void **state)
{
	struct dsn dsn;

	(void)state;
	assert_int_equal(dsn_parse("postgresql://u@db:5432/x", &dsn, NULL), 0);
	assert_string_equal(dsn_get(&dsn, "host"), "db");
	assert_null(dsn_get(&dsn, "password"));
	dsn_set(&dsn, "password", "p");
	dsn_set(&dsn, "user", dsn_get(&dsn, "user"));
	dsn_set(&dsn, "host", "other");
	dsn_set(&dsn, "port", NULL);
	dsn_set(&dsn, "port", NULL);
	assert_null(dsn_get(&dsn, "port"));

	char *keywords = keywords_of(&dsn);

	assert_string_equal(keywords, "user=u|host=other|dbname=x|password=p");
	free(keywords);
	dsn_done(&dsn);
	assert_int_equal(dsn.keywords.count, 0);
}

static void hidden_form_shows_what_is_no_secret(void **state)
{
	static const char *const rows[][2] = {
	    {"postgresql://app:secret@db:5432/orders?sslmode=require",
		"user=app password=*** host=db port=5432 dbname=orders sslmode=require"},
	    {"jdbc:postgresql://db/x?user=u&password=p&sslpassword=q&application_name=a%20b",
		"host=db dbname=x user=u password=*** sslpassword=*** application_name='a b'"},
	    {"postgresql://db?options=-c%20app.key%3Dsecret&passfile=/p&apikey=secret",
		"host=db options=*** passfile=***"},
	    {"dbname='it\\'s \\\\'", "dbname='it\\'s \\\\'"},
	    {"dbname='' host=/tmp", "dbname='' host=/tmp"},
	    {"postgresql://db/a%0Ab%FF", "host=db dbname=a?b?"},
	    {"postgresql://u%3Asecret@db", "user=*** host=db"},
	    {"postgresql://[::1]:5433,h2", "host=::1,h2 port=5433,"},
	    {"postgresql://", "postgresql://"},
	    {"mysql://u:p@h/d", "***"},
	    {"postgresql://u:p@h:port/d", "***"},
	    {"", "***"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char *once = dsn_hide(rows[i][0]);
		char *twice = dsn_hide(once);

		assert_text(rows[i][0], "the hidden form", once, rows[i][1]);
		assert_text(rows[i][0], "the hidden form of the hidden form", twice, once);
		free(once);
		free(twice);
	}
}

static void hidden_form_that_grows_too_long_is_not_shown(void **state)
{
	char *url = xcalloc(8192 + 1, 1);
	char *once;

	(void)state;
	memset(url, '\'', 8000);
	memcpy(url, "postgresql:///", sizeof("postgresql:///") - 1);
	once = dsn_hide(url);
	assert_string_equal(once, "***");
	free(once);
	free(url);
}

#define MARK "hunter2"

static void assert_kept(const char *url, const char *what, const char *text)
{
	if (strstr(text, MARK) != NULL)
		fail_msg("%s: %s says \"%s\"", url, what, text);
}

static void assert_secret_kept(const char *url)
{
	struct error err = {""};
	struct dsn dsn;
	char *hidden = dsn_hide(url);
	char *dropped;

	if (dsn_parse(url, &dsn, &err) != 0)
		assert_string_not_equal(err.text, "");
	dropped = names_of(&dsn.dropped);
	assert_kept(url, "the error", err.text);
	assert_kept(url, "the hidden form", hidden);
	assert_kept(url, "the list of the dropped", dropped);
	free(dropped);
	free(hidden);
	dsn_done(&dsn);
}

static char *with_secret(const char *pattern, const char *secret)
{
	const char *place = strchr(pattern, '^');

	return xasprintf("%.*s%s%s", (int)(place - pattern), pattern, secret, place + 1);
}

/* Every place where a password can stand, in URLs that are right and in URLs that are not. */
static void no_text_ever_shows_a_password(void **state)
{
	static const char *const secrets[] = {MARK, MARK ":" MARK, MARK "@" MARK, MARK "/" MARK,
	    MARK "#" MARK, MARK "?" MARK, "1/" MARK, "1#" MARK, "1?" MARK, "1," MARK, "/" MARK,
	    "@/" MARK, ":" MARK, "?" MARK "@", MARK "%", "%zz" MARK, MARK "%00", MARK "\n" MARK,
	    "[" MARK, "]" MARK, "5432/" MARK "@" MARK, MARK "'" MARK, MARK "\\", MARK " " MARK,
	    MARK "%3A%40" MARK, "://" MARK, MARK "://" MARK};
	static const char *const patterns[] = {"postgresql://user:^@host/db",
	    "postgresql://:^@host", "postgresql://user:^@host:bad/db",
	    "postgresql://user:^@host:99999/db", "postgresql://user:^@[::1/db",
	    "postgresql://user:^@ho%st/db", "postgresql://user:^@host/db?sslmode=bad",
	    "postgresql://user:^@host/db?%zz=1", "postgresql://user:^@h1:1,h2:2,h3/db?host=x",
	    "postgresql+asyncpg://user:^@host/db", "jdbc:postgresql://user:^@host/db",
	    "mysql://user:^@host/db", "user:^@host/db", "user:^@host/db?ssl=require",
	    "postgresql:user:^@host/db?ssl=require", "postgresql:/user:^@host/db?ssl=require",
	    "//user:^@host/db", "postgresql://host/db?user=u&password=^",
	    "postgresql://host/db?password=^&sslmode=bad",
	    "postgresql://host/db?password=^&b%20d=1", "postgresql://host:bad/db?password=^",
	    "jdbc:postgresql://host/db?user=u&password=^", "jdbc:postgresql:db?password=^",
	    "jdbc:mysql://host/db?password=^", "postgresql://host/db?sslpassword=^",
	    "postgresql://host/db?options=-c%20a.b%3D^", "postgresql://host/db?apikey=^",
	    "postgresql://host/db?sslmode=^", "postgresql://host/db?ssl=^",
	    "postgresql://host/db?target_session_attrs=^", "postgresql://host/db?sslfactory=^",
	    "postgresql://host/db?targetServerType=^", "postgresql://host/db?connect_timeout=x^",
	    "postgresql://host/db?port=1x^", "postgresql://host/db#^",
	    "postgresql://host/db?passw%6frd=^", "host=h password=^", "host=h password='^'",
	    "host=h password='^", "host=h password='^'x", "password=^ sslmode=bad", "password = ^",
	    "host=h password=^ port=bad", "Host=h;Password=^", "dbname=postgresql://u:^@h/db",
	    "postgresql://host/db?dbname=postgresql://u:^@h/db"};

	(void)state;
	for (size_t i = 0; i < COUNT(patterns); i++) {
		for (size_t j = 0; j < COUNT(secrets); j++) {
			char *url = with_secret(patterns[i], secrets[j]);

			assert_secret_kept(url);
			free(url);
		}
	}
}

/* Parts encoded, cut off or pasted by mistake end up where no secret is expected. */
static void astray_passwords_are_not_shown(void **state)
{
	static const char *const urls[] = {MARK, MARK ":" MARK, MARK "@" MARK, "//" MARK,
	    MARK "?" MARK, "postgresql://user%3A" MARK "@host/db",
	    "postgresql://user%3A" MARK "%40host/db", "postgresql%3A//user:" MARK "@host/db",
	    "postgresql://user:" MARK, "postgresql://user:" MARK "/db",
	    "postgresql://host/db?password%3D" MARK "%21", "postgresql://host/db?password&" MARK,
	    "postgresql://host/user%3A" MARK "@db", "user=app:" MARK " host=db",
	    "host=app:" MARK "@db", "host=db;password=" MARK};

	(void)state;
	for (size_t i = 0; i < COUNT(urls); i++)
		assert_secret_kept(urls[i]);
}

/* What libpq makes of url, as keywords_of would print it but sorted as libpq's table is; or NULL
 * where libpq refuses it. free() releases it. */
static char *libpq_keywords(const char *url)
{
	PQconninfoOption *options = PQconninfoParse(url, NULL);
	struct text text = {0};

	if (options == NULL)
		return NULL;
	for (PQconninfoOption *option = options; option->keyword != NULL; option++)
		if (option->val != NULL)
			text_addf(&text, "%s=%s|", option->keyword, option->val);
	PQconninfoFree(options);
	return text_take(&text);
}

static char *our_keywords(const char *url)
{
	PQconninfoOption *options = PQconninfoParse("", NULL);
	struct text text = {0};
	struct error err;
	struct dsn dsn;
	size_t found = 0;

	if (dsn_parse(url, &dsn, &err) != 0)
		fail_msg("%s: refused: %s", url, err.text);
	for (PQconninfoOption *option = options; option->keyword != NULL; option++) {
		const char *value = dsn_get(&dsn, option->keyword);

		if (value != NULL)
			text_addf(&text, "%s=%s|", option->keyword, value);
		found += value != NULL;
	}
	assert_int_equal(found, dsn.keywords.count); /* each is one of libpq's, and there once */
	PQconninfoFree(options);
	dsn_done(&dsn);
	return text_take(&text);
}

static void assert_like_libpq(const char *url)
{
	char *theirs = libpq_keywords(url);
	char *ours = our_keywords(url);

	assert_text(
	    url, "our list of keywords", ours, theirs != NULL ? theirs : "(refused by libpq)");
	free(theirs);
	free(ours);
}

/* libpq's documentation and its own tests (src/interfaces/libpq/t/001_uri.pl) have such forms. */
static void libpq_agrees(void **state)
{
	static const char *const urls[] = {"postgresql://", "postgres://", "postgresql:///",
	    "postgresql://host", "postgresql://host/", "postgresql://host:123/",
	    "postgresql://:12345/", "postgresql:///db", "postgresql://uri-user@host/db",
	    "postgresql://user:pw@", "postgresql://uri-user@", "postgresql://uri-user@/",
	    "postgresql://uri-user@:5432/", "postgresql://user:secret@host:12345/db",
	    "postgresql://user:@host", "postgresql://:pw@host", "postgresql://host/db?user=u",
	    "postgresql://host/db?user=u&port=12345", "postgresql://?", "postgresql://host?user=u",
	    "postgresql://host?", "postgresql://host/?", "postgresql:///?",
	    "postgresql:///?host=/path/to/socket/dir", "postgresql:///?user=u&host=/p",
	    "postgresql://%2Fvar%2Flib%2Fpostgresql/dbname", "postgresql://[2001:db8::1234]/",
	    "postgresql://[2001:db8::1234]:99/db", "postgresql://[::1]",
	    "postgresql://[::1]?user=u", "postgresql://h1,h2/db", "postgresql://h1:1,h2/db",
	    "postgresql://h1:1,[::1]:2,/db", "postgresql://user:p?w@host/db",
	    "postgresql://u:p#w@host", "postgresql://u%40x:p%3Aw@host/d%2Fb",
	    "postgresql://host/db?ssl=true",
	    "postgresql://host/db?sslmode=", "postgresql://host/db?sslmode=verify-full&sslcert=a",
	    "postgresql://host/db?password=a%26b&password=c", "postgresql://u:p@host/db?user=v",
	    "postgresql://host/db?options=-c%20geqo%3Doff&application_name=a+b", "host=h",
	    "user='a b'", "user = a password='it\\'s' port=1", "user='' password=a\\ b",
	    "user=a'b'", "user=a\\", "user='a'password='b'", "requiressl=1", "requiressl=0",
	    "host=/tmp port=5433 dbname=x", "  user=a  ",
	    "host=h1,h2 port=1,2 target_session_attrs=standby connect_timeout=3"};

	(void)state;
	for (size_t i = 0; i < COUNT(urls); i++)
		assert_like_libpq(urls[i]);
}

struct dice {
	uint32_t state;
};

/* The next of a fixed sequence of numbers below limit (xorshift). */
static uint32_t roll(struct dice *dice, uint32_t limit)
{
	dice->state ^= dice->state << 13;
	dice->state ^= dice->state >> 17;
	dice->state ^= dice->state << 5;
	return dice->state % limit;
}

static void add_encoded_word(struct text *url, struct dice *dice)
{
	for (uint32_t length = 1 + roll(dice, 6); length > 0; length--) {
		uint32_t byte = 1 + roll(dice, 255);

		if (roll(dice, 3) == 0)
			text_addf(url, "%%%02x", byte);
		else
			text_addf(url, "%c", (int)('a' + byte % 26));
	}
}

static void add_hosts(struct text *url, struct dice *dice)
{
	static const char *const hosts[] = {"", "db", "db-1.svc", "10.0.0.1", "[::1]",
	    "[fe80::1%25eth0]", "%2Ftmp%2Fsocket", "%40abstract"};

	for (uint32_t i = 0, count = 1 + roll(dice, 3); i < count; i++) {
		text_addf(url, "%s%s", i > 0 ? "," : "", hosts[roll(dice, COUNT(hosts))]);
		if (roll(dice, 2) == 0)
			text_addf(url, ":%u", 1 + roll(dice, 65535));
	}
}

static void add_query(struct text *url, struct dice *dice)
{
	static const char *const names[] = {"user", "password", "dbname", "application_name",
	    "passfile", "sslcert", "options", "service", "sslpassword", "krbsrvname"};

	for (uint32_t i = 0, count = roll(dice, 4); i < count; i++) {
		text_addf(url, "%c%s=", i > 0 ? '&' : '?', names[roll(dice, COUNT(names))]);
		if (roll(dice, 4) > 0)
			add_encoded_word(url, dice);
	}
}

static void libpq_agrees_on_random_urls(void **state)
{
	struct dice dice = {2463534242u};

	(void)state;
	for (int i = 0; i < 5000; i++) {
		struct text url = {0};

		text_add(&url, roll(&dice, 2) == 0 ? "postgresql://" : "postgres://");
		if (roll(&dice, 2) == 0) {
			add_encoded_word(&url, &dice);
			if (roll(&dice, 2) == 0) {
				text_add(&url, ":");
				add_encoded_word(&url, &dice);
			}
			text_add(&url, "@");
		}
		add_hosts(&url, &dice);
		if (roll(&dice, 2) == 0) {
			text_add(&url, "/");
			add_encoded_word(&url, &dice);
		}
		add_query(&url, &dice);
		assert_like_libpq(text_string(&url));
		text_done(&url);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(schemes_of_applications_are_understood),
	    cmocka_unit_test(parts_become_keywords),
	    cmocka_unit_test(percent_encoding_is_undone),
	    cmocka_unit_test(raw_characters_in_a_password_are_understood),
	    cmocka_unit_test(several_hosts_and_sockets_are_understood),
	    cmocka_unit_test(jdbc_forms_are_understood),
	    cmocka_unit_test(key_value_form_is_understood),
	    cmocka_unit_test(tls_parameters_become_sslmode),
	    cmocka_unit_test(parameters_of_drivers_are_mapped_or_dropped),
	    cmocka_unit_test(schema_is_learnt),
	    cmocka_unit_test(schema_is_learnt_from_options),
	    cmocka_unit_test(other_schemes_and_forms_are_refused),
	    cmocka_unit_test(bad_percent_encoding_is_refused),
	    cmocka_unit_test(impossible_hosts_and_ports_are_refused),
	    cmocka_unit_test(values_that_libpq_does_not_know_are_refused),
	    cmocka_unit_test(malformed_parameters_are_refused),
	    cmocka_unit_test(length_is_limited),
	    cmocka_unit_test(get_and_set_work_by_keyword),
	    cmocka_unit_test(hidden_form_shows_what_is_no_secret),
	    cmocka_unit_test(hidden_form_that_grows_too_long_is_not_shown),
	    cmocka_unit_test(no_text_ever_shows_a_password),
	    cmocka_unit_test(astray_passwords_are_not_shown),
	    cmocka_unit_test(libpq_agrees),
	    cmocka_unit_test(libpq_agrees_on_random_urls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
