#include "upstream_url.h"

#include <event2/http.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/un.h>

#include "../../probes/text.h"
#include "../../probes/xalloc.h"

#define SOCKET_LIMIT_BYTES (sizeof(((struct sockaddr_un *)0)->sun_path) - 1)

static const struct {
	const char *name;
	int port; /* default; 0: none */
} schemes[] = {
    [UPSTREAM_HTTP] = {"http", 80},
    [UPSTREAM_HTTPS] = {"https", 443},
    [UPSTREAM_UNIX] = {"unix", 0},
    [UPSTREAM_TCP] = {"tcp", 0},
};

static int find_scheme(const char *name)
{
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
		if (name != NULL && strcasecmp(schemes[i].name, name) == 0)
			return (int)i;
	return -1;
}

/* "[::1]" without its brackets. */
static char *bare_host(const char *host)
{
	size_t length = strlen(host);

	if (length >= 2 && host[0] == '[' && host[length - 1] == ']')
		return xstrndup(host + 1, length - 2);
	return xstrdup(host);
}

static char *target_of(const struct evhttp_uri *uri)
{
	const char *path = evhttp_uri_get_path(uri);
	const char *query = evhttp_uri_get_query(uri);

	return xasprintf("%s%s%s%s", path[0] == '/' ? "" : "/", path, query != NULL ? "?" : "",
	    query != NULL ? query : "");
}

/* Takes what the URL says apart from its scheme; gives what is wrong with it, or NULL. */
static const char *take_uri(const struct evhttp_uri *uri, struct upstream_url *url)
{
	const char *host = evhttp_uri_get_host(uri);
	int port = evhttp_uri_get_port(uri);

	if (host == NULL || host[0] == '\0')
		return "names no host";
	if (evhttp_uri_get_userinfo(uri) != NULL)
		return "names a user; give an Authorization header in \"headers\" instead";
	url->port = port >= 0 ? port : schemes[url->scheme].port;
	if (url->port < 1 || url->port > 65535)
		return url->scheme == UPSTREAM_TCP && port < 0
			   ? "names no port, expected tcp://HOST:PORT"
			   : "has a port out of range, expected 1 to 65535";
	url->host = bare_host(host);
	url->authority = port >= 0 ? xasprintf("%s:%d", host, port) : xstrdup(host);
	url->target = target_of(uri);
	if (url->scheme == UPSTREAM_TCP && strcmp(url->target, "/") != 0)
		return "has a path, expected tcp://HOST:PORT";
	return NULL;
}

/* Whether it can be sent as the target of a request. */
static bool is_target(const char *text)
{
	struct evhttp_uri *uri = text[0] == '/' ? evhttp_uri_parse(text) : NULL;
	bool valid = uri != NULL && evhttp_uri_get_fragment(uri) == NULL;

	if (uri != NULL)
		evhttp_uri_free(uri);
	return valid;
}

/* "/SOCKET[:/PATH]"; gives what is wrong with it, or NULL. */
static const char *take_socket(const char *text, struct upstream_url *url)
{
	const char *target = strstr(text, ":/");

	url->scheme = UPSTREAM_UNIX;
	url->socket = target != NULL ? xstrndup(text, (size_t)(target - text)) : xstrdup(text);
	url->host = xstrdup("localhost");
	url->authority = xstrdup("localhost");
	url->target = xstrdup(target != NULL ? target + 1 : "/");
	if (url->socket[0] != '/' || strlen(url->socket) > SOCKET_LIMIT_BYTES)
		return "names no socket, expected unix:/SOCKET or unix:/SOCKET:/PATH with at most "
		       "107 bytes of socket path";
	return is_target(url->target)
		   ? NULL
		   : "has a path that cannot be sent, expected it percent-encoded";
}

static const char *take_text(const char *text, struct upstream_url *url)
{
	struct evhttp_uri *uri = evhttp_uri_parse(text);
	int scheme = uri != NULL ? find_scheme(evhttp_uri_get_scheme(uri)) : -1;
	const char *wrong = "is not a URL of an upstream, expected http://, https://, tcp:// or "
			    "unix:/SOCKET:/PATH";

	if (scheme >= 0) {
		url->scheme = (enum upstream_scheme)scheme;
		wrong = evhttp_uri_get_fragment(uri) != NULL ? "has a fragment, expected none"
							     : take_uri(uri, url);
	}
	if (uri != NULL)
		evhttp_uri_free(uri);
	return wrong;
}

int upstream_url_parse(const char *text, struct upstream_url *url, struct error *err)
{
	const char *wrong;

	*url = (struct upstream_url){0};
	if (strncasecmp(text, "unix:", 5) != 0)
		wrong = take_text(text, url);
	else
		wrong = take_socket(text + (strncmp(text + 5, "///", 3) == 0 ? 7 : 5), url);
	return wrong == NULL ? 0 : error_set(err, "%s", wrong);
}

/* ---- redirects ---- */

/* What servers write into Location is not always a URL: bytes that may not stand in one are
 * encoded, as Go does; the fragment is for browsers. */
static char *tidy(const char *location)
{
	struct text tidy;

	text_init(&tidy, 0);
	for (const char *c = location; *c != '\0' && *c != '#'; c++) {
		unsigned char byte = (unsigned char)*c;

		if (byte <= ' ' || byte >= 0x7f || strchr("\"<>\\^`{|}", byte) != NULL)
			text_addf(&tidy, "%%%02X", (unsigned)byte);
		else
			text_add_bytes(&tidy, c, 1);
	}
	return text_take(&tidy);
}

/* A target for "PATH?QUERY" without authority, seen from another: RFC 3986, 5.2.3, but that dots
 * are left to the server. */
static char *merge(const char *base, const char *reference)
{
	size_t path = strcspn(base, "?");

	if (reference[0] == '/')
		return xstrdup(reference);
	if (reference[0] == '\0')
		return xstrdup(base);
	while (reference[0] != '?' && path > 0 && base[path - 1] != '/')
		path--;
	return xasprintf("%.*s%s", (int)path, base, reference);
}

/* All but the target. */
static void stay(const struct upstream_url *from, struct upstream_url *to)
{
	to->scheme = from->scheme;
	to->port = from->port;
	free(to->host);
	free(to->authority);
	to->host = xstrdup(from->host);
	to->authority = xstrdup(from->authority);
	to->socket = xstrdup(from->socket);
}

/* The scheme of an absolute reference; of one without, that of the page it stood on. */
static int scheme_of(const struct evhttp_uri *uri, const struct upstream_url *from)
{
	const char *name = evhttp_uri_get_scheme(uri);

	if (name != NULL)
		return find_scheme(name);
	return from->scheme == UPSTREAM_HTTPS ? UPSTREAM_HTTPS : UPSTREAM_HTTP;
}

static enum redirect take_absolute(
    const struct upstream_url *from, const struct evhttp_uri *uri, struct upstream_url *to)
{
	int scheme = scheme_of(uri, from);

	if (scheme != UPSTREAM_HTTP && scheme != UPSTREAM_HTTPS)
		return REDIRECT_BROKEN;
	to->scheme = (enum upstream_scheme)scheme;
	if (take_uri(uri, to) != NULL)
		return REDIRECT_BROKEN;
	if (strcasecmp(to->host, from->host) != 0)
		return REDIRECT_ELSEWHERE;
	if (from->scheme == UPSTREAM_UNIX)
		stay(from, to); /* the socket is all that is known of that host */
	return REDIRECT_HERE;
}

enum redirect upstream_url_redirect(
    const struct upstream_url *from, const char *location, struct upstream_url *to)
{
	char *tidied = tidy(location);
	struct evhttp_uri *uri = evhttp_uri_parse(tidied);
	enum redirect redirect = REDIRECT_BROKEN;

	*to = (struct upstream_url){0};
	if (uri != NULL && evhttp_uri_get_scheme(uri) == NULL && evhttp_uri_get_host(uri) == NULL) {
		to->target = merge(from->target, tidied);
		stay(from, to);
		redirect = REDIRECT_HERE;
	} else if (uri != NULL) {
		redirect = take_absolute(from, uri, to);
	}
	if (redirect != REDIRECT_HERE)
		upstream_url_done(to);
	if (uri != NULL)
		evhttp_uri_free(uri);
	free(tidied);
	return redirect;
}

struct upstream_url upstream_url_copy(const struct upstream_url *url)
{
	struct upstream_url copy = {.target = xstrdup(url->target)};

	stay(url, &copy);
	return copy;
}

void upstream_url_done(struct upstream_url *url)
{
	free(url->host);
	free(url->socket);
	free(url->authority);
	free(url->target);
	*url = (struct upstream_url){0};
}

char *upstream_url_hide(const char *text)
{
	size_t length = strcspn(text, "?");

	return xasprintf("%.*s%s", (int)length, text, text[length] == '?' ? "?***" : "");
}
