/*
 * What the files of the database URL normaliser share; nobody else includes this. dsn.c has the
 * public face and libpq's key=value form, dsn_url.c takes URLs apart, dsn_parameters.c knows what
 * a parameter means, dsn_schema.c learns the schema from a search path, dsn_hosts.c reads lists of
 * hosts. Any thread; pure.
 *
 * Errors name the part (host 2, parameter 3, password) and what was expected of it. They quote a
 * part only where its characters prove that it is a name: in a URL with a typing error a secret can
 * stand anywhere.
 */
#ifndef SCHEMALATCH_CONFIG_DSN_READER_H
#define SCHEMALATCH_CONFIG_DSN_READER_H

#include <libpq-fe.h>
#include <stdbool.h>

#include "../../probes/text.h"
#include "dsn.h"

/* What schemes and names of hosts are made of. */
#define DSN_WORD_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-."

/* What names of parameters are made of; sqlx has options[name]. */
#define DSN_NAME_CHARACTERS DSN_WORD_CHARACTERS "[]"

/* What some drivers say about the server's certificate apart from sslmode. */
enum dsn_certificate {
	DSN_CERTIFICATE_BY_SSLMODE,
	DSN_CERTIFICATE_UNCHECKED,
	DSN_CERTIFICATE_CHECKED,
};

/* A URL on its way into *dsn: what can be settled only when all parameters are known. */
struct dsn_reader {
	struct dsn *dsn;
	PQconninfoOption *known; /* the keywords of the libpq we run with */
	bool host_given; /* there was a host parameter: dsn has all of them, joined by commas */
	bool port_given; /* by a parameter of its own, which beats a port within host */
	enum dsn_certificate certificate;
	bool prisma; /* only Prisma writes sslaccept, and its sslcert is the authority's */
};

/* Whether text begins as a URL does; if not, it can only be libpq's key=value form. */
bool dsn_is_url(const char *text);

/* Reads a URL for which dsn_is_url; changes text. Returns 0, or -1 with err. */
int dsn_read_url(struct dsn_reader *reader, char *text, struct error *err);

/* Replaces each %XX by its byte, in place, and where form is set also + by a blank. Returns 0, or
 * -1 with err saying how a literal % is written. */
int dsn_decode(char *text, bool form, struct error *err);

/* One parameter, decoded; value is NULL where no "=" followed the name. Returns 0, also for what
 * is dropped; or -1 with err. */
int dsn_read_parameter(
    struct dsn_reader *reader, const char *name, const char *value, struct error *err);

/* After the last parameter: settles what depends on several of them and checks the values that
 * libpq would refuse only while connecting. Returns 0, or -1 with err. */
int dsn_settle(struct dsn_reader *reader, struct error *err);

/* Whether two names are the same for a driver. They differ in case, '-' and '_': gssEncMode,
 * ApplicationName, ssl-root-cert. To drop sslMode=verify-full for its spelling would take the
 * security out of a connection in silence. */
bool dsn_name_equals(const char *a, const char *b);

/* Sets dsn->schema to the first name of a search path that is not "$user", where the tables are;
 * NULL where there is none. folds: unquoted names are in small letters, as in SQL. */
void dsn_learn_schema(struct dsn *dsn, const char *path, bool folds);

/* The same from the server's command line options: "-c search_path=a", "-csearch_path=a" and
 * "--search-path=a". Changes nothing where they do not set it. */
void dsn_learn_options(struct dsn *dsn, const char *options);

/* A list of hosts, as libpq wants it: "a,b" and "5432,". */
struct dsn_hosts {
	struct text names;
	struct text ports;
	size_t count;
	bool has_port; /* at least one host came with its port */
};

/* Reads "host:port,[address]:port,/path" and changes list, which may be NULL. encoded: names
 * are percent-encoded.
 * hosts is empty at first, and dsn_hosts_done frees it in every case. Returns 0, or -1 with err. */
int dsn_hosts_read(struct dsn_hosts *hosts, char *list, bool encoded, struct error *err);
void dsn_hosts_done(struct dsn_hosts *hosts);

/* Checks host and port of dsn: can be names, addresses, paths and numbers, and agree in number.
 * Returns 0, or -1 with err. */
int dsn_hosts_check(const struct dsn *dsn, struct error *err);

#endif
