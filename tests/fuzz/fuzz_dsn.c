/*
 * Fuzz target: database URLs. Whatever the bytes, nothing crashes; what is understood consists of
 * libpq's keywords, each once; the hidden form is a fixed point; and a secret that stands between
 * the bytes where a password can stand is in no text.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libpq-fe.h>

#include "../../probes/text.h"
#include "../../probes/xalloc.h"
#include "../../sidecar/config/dsn.h"

static const char secret[] = "hunter2";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool fact, const char *what, const char *url)
{
	if (fact)
		return;
	fprintf(stderr, "%s: %s\n", what, url);
	abort();
}

static void check_keywords(const char *url, const struct dsn *dsn)
{
	PQconninfoOption *options = PQconninfoParse("", NULL);
	size_t found = 0;

	for (PQconninfoOption *option = options; option->keyword != NULL; option++)
		found += dsn_get(dsn, option->keyword) != NULL;
	demand(found == dsn->keywords.count, "a keyword twice, or none of libpq's", url);
	demand(dsn->keywords.count == dsn->values.count, "keywords and values differ", url);
	PQconninfoFree(options);
}

static void check_hidden(const char *url)
{
	char *once = dsn_hide(url);
	char *twice = dsn_hide(once);

	demand(strcmp(once, twice) == 0, "hiding again changes the hidden form", url);
	free(once);
	free(twice);
}

static void check_url(const char *url)
{
	struct error err = {""};
	struct dsn dsn;

	if (dsn_parse(url, &dsn, &err) == 0)
		check_keywords(url, &dsn);
	else
		demand(err.text[0] != '\0', "refused without a reason", url);
	dsn_done(&dsn);
	check_hidden(url);
}

static void check_secret(const char *url)
{
	struct error err = {""};
	struct dsn dsn;
	char *hidden = dsn_hide(url);

	demand(strstr(hidden, secret) == NULL, "the hidden form shows the secret", url);
	if (dsn_parse(url, &dsn, &err) != 0)
		demand(strstr(err.text, secret) == NULL, "the error shows the secret", url);
	for (size_t i = 0; i < dsn.dropped.count; i++)
		demand(strstr(dsn.dropped.items[i], secret) == NULL,
		    "a dropped name shows the secret", url);
	dsn_done(&dsn);
	free(hidden);
}

/* Where a password can stand, and the bytes that would end it there and so do not belong to it. */
struct place {
	const char *before;
	const char *ends;
	const char *after;
};

static const struct place places[] = {
    {"postgresql://user:", "?", "@host/db"},
    {"postgresql+asyncpg://user:", "?", "@host:bad/db?ssl=require"},
    {"mysql://user:", "?", "@host/db"},
    {"user:", "", "@host/db"},
    {"postgresql://host/db?password=", "&", "&sslmode=require"},
    {"postgresql://host/db?sslmode=", "&", ""},
    {"postgresql://host/db?apikey=", "&", "&port=bad"},
    {"jdbc:postgresql://host/db?user=u&password=", "&", ""},
    {"host=h password=", " \t\r\n\v\f'", " user=u"},
    {"host=h password='", "'\\", "' user=u"},
    {"host=h password='", "'", ""},
};

static void add_without(struct text *text, const char *bytes, size_t length, const char *without)
{
	for (size_t i = 0; i < length; i++)
		if (bytes[i] != '\0' && strchr(without, bytes[i]) == NULL)
			text_add_bytes(text, bytes + i, 1);
}

static void check_place(const struct place *place, const char *bytes, size_t length)
{
	struct text url = {0};

	text_add(&url, place->before);
	add_without(&url, bytes, length / 2, place->ends);
	text_add(&url, secret);
	add_without(&url, bytes + length / 2, length - length / 2, place->ends);
	text_add(&url, place->after);
	check_secret(text_string(&url));
	text_done(&url);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *url = xstrndup((const char *)data, size);
	size_t length = strlen(url);

	check_url(url);
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		check_place(&places[i], url, length);
	free(url);
	return 0;
}
