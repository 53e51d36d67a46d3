#include "dsn_reader.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#define ENCODING_HINT " (in user and password, @ : / %% are written %%40 %%3A %%2F %%25)"

/* Ends the address in "[address]" and sets *colon to what stands before a port, or NULL. */
static int bracket_split(char *item, char **colon, struct error *err)
{
	char *bracket = strchr(item, ']');

	if (bracket == NULL)
		return error_set(err, "the [ before its address has no ]");
	if (bracket == item + 1)
		return error_set(err, "no address between [ and ]");
	if (bracket[1] != '\0' && bracket[1] != ':')
		return error_set(err, "only a colon and a port can follow [address]");
	*colon = bracket[1] == ':' ? bracket + 1 : NULL;
	*bracket = '\0';
	return 0;
}

/* Splits name, name:port, [address], or [address]:port. What begins as a path does, or has several
 * colons without brackets (a bare IPv6 address), is a name as a whole. */
static int item_split(char *item, char **name, const char **port, struct error *err)
{
	char *colon = strchr(item, ':');
	bool is_path = *item == '/' || *item == '@';
	bool is_address = colon != NULL && strchr(colon + 1, ':') != NULL;

	*name = item;
	*port = "";
	if (*item == '[') {
		*name = item + 1;
		if (bracket_split(item, &colon, err) != 0)
			return -1;
	} else if (is_path || is_address) {
		return 0;
	}
	if (colon != NULL) {
		*colon = '\0';
		*port = colon + 1;
	}
	return 0;
}

int dsn_hosts_read(struct dsn_hosts *hosts, char *list, bool encoded, struct error *err)
{
	char *item;

	while ((item = strsep(&list, ",")) != NULL) {
		char *name;
		const char *port;

		hosts->count++;
		if (item_split(item, &name, &port, err) != 0 ||
		    (encoded && dsn_decode(name, false, err) != 0))
			return error_wrap(err, "host %zu", hosts->count);
		if (hosts->count > 1) {
			text_add(&hosts->names, ",");
			text_add(&hosts->ports, ",");
		}
		text_add(&hosts->names, name);
		text_add(&hosts->ports, port);
		hosts->has_port |= *port != '\0';
	}
	return 0;
}

void dsn_hosts_done(struct dsn_hosts *hosts)
{
	text_done(&hosts->names);
	text_done(&hosts->ports);
	*hosts = (struct dsn_hosts){0};
}

/* The length of the longest start of text that consists of characters. */
static size_t span(const char *text, size_t length, const char *characters)
{
	size_t spanned = strspn(text, characters);

	return spanned < length ? spanned : length;
}

/* An IPv6 address, with or without the zone that a link-local one needs. */
static bool is_address(const char *item, size_t length)
{
	char text[INET6_ADDRSTRLEN];
	struct in6_addr address;
	const char *zone = memchr(item, '%', length);
	size_t end = zone != NULL ? (size_t)(zone - item) : length;

	if (end >= sizeof(text))
		return false;
	memcpy(text, item, end);
	text[end] = '\0';
	return inet_pton(AF_INET6, text, &address) == 1 &&
	       (zone == NULL || end + 1 + span(zone + 1, length, DSN_WORD_CHARACTERS) == length);
}

/* Stricter than libpq, which takes anything to the resolver: user:password@host after one wrong %
 * would be a host name there, and shown as one. */
static bool is_host(const char *item, size_t length)
{
	if (length == 0 || *item == '/' || *item == '@')
		return true;
	return span(item, length, DSN_WORD_CHARACTERS) == length || is_address(item, length);
}

static bool is_port(const char *item, size_t length)
{
	unsigned port = 0;

	if (length > 5 || span(item, length, "0123456789") != length)
		return false;
	for (size_t i = 0; i < length; i++)
		port = 10 * port + (unsigned)(item[i] - '0');
	return length == 0 || (port >= 1 && port <= 65535);
}

/* The number of items of list; *bad becomes that of the first which is not sound, or 0. */
static size_t list_check(const char *list, bool (*is_sound)(const char *, size_t), size_t *bad)
{
	size_t count = 0;

	*bad = 0;
	for (const char *item = list; item != NULL; count++) {
		const char *comma = strchrnul(item, ',');

		if (*bad == 0 && !is_sound(item, (size_t)(comma - item)))
			*bad = count + 1;
		item = *comma == ',' ? comma + 1 : NULL;
	}
	return count;
}

static const char *value_or_empty(const struct dsn *dsn, const char *keyword)
{
	const char *value = dsn_get(dsn, keyword);

	return value != NULL ? value : "";
}

int dsn_hosts_check(const struct dsn *dsn, struct error *err)
{
	size_t bad_host;
	size_t bad_port;
	size_t hosts = list_check(value_or_empty(dsn, "host"), is_host, &bad_host);
	size_t ports = list_check(value_or_empty(dsn, "port"), is_port, &bad_port);

	if (bad_host > 0)
		return error_set(err,
		    "host %zu is no host name, address or path of a socket" ENCODING_HINT,
		    bad_host);
	if (bad_port > 0)
		return error_set(err,
		    "the port of host %zu is not a number from 1 to 65535" ENCODING_HINT, bad_port);
	if (ports > 1 && ports != hosts && dsn_get(dsn, "hostaddr") == NULL)
		return error_set(err,
		    "%zu ports do not fit %zu hosts: expected one port for all, or one for each",
		    ports, hosts);
	return 0;
}
