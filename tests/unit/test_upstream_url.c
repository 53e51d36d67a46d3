/* Where an upstream is, as its URL says it, and where a redirect leads from there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../probes/xalloc.h"
#include "../../sidecar/config/upstream_url.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const scheme_names[] = {
    [UPSTREAM_HTTP] = "http",
    [UPSTREAM_HTTPS] = "https",
    [UPSTREAM_UNIX] = "unix",
    [UPSTREAM_TCP] = "tcp",
};

/* "scheme host port target", with " authority" and " socket" behind. */
static char *told(const struct upstream_url *url)
{
	return xasprintf("%s %s %d %s %s%s%s", scheme_names[url->scheme], url->host, url->port,
	    url->target, url->authority, url->socket != NULL ? " " : "",
	    url->socket != NULL ? url->socket : "");
}

static char *parsed(const char *text)
{
	struct upstream_url url;
	struct error err;
	char *found = upstream_url_parse(text, &url, &err) == 0 ? told(&url) : xstrdup(err.text);

	upstream_url_done(&url);
	return found;
}

static void assert_same(const char *label, char *found, const char *expected)
{
	if (strcmp(found, expected) != 0)
		fail_msg("%s: found \"%s\", expected \"%s\"", label, found, expected);
	free(found);
}

static void urls_are_taken_apart(void **state)
{
	static const char *const rows[][2] = {
	    {"http://127.0.0.1:8000/health", "http 127.0.0.1 8000 /health 127.0.0.1:8000"},
	    {"http://app", "http app 80 / app"},
	    {"HTTP://app:80/", "http app 80 / app:80"},
	    {"http://app?full", "http app 80 /?full app"},
	    {"http://app/a/b?c=d&e=%20", "http app 80 /a/b?c=d&e=%20 app"},
	    {"https://app/", "https app 443 / app"},
	    {"https://[::1]:8443/x", "https ::1 8443 /x [::1]:8443"},
	    {"tcp://127.0.0.1:6379", "tcp 127.0.0.1 6379 / 127.0.0.1:6379"},
	    {"tcp://[::1]:6379/", "tcp ::1 6379 / [::1]:6379"},
	    {"unix:/run/app.sock", "unix localhost 0 / localhost /run/app.sock"},
	    {"unix:/run/app.sock:/health?x", "unix localhost 0 /health?x localhost /run/app.sock"},
	    {"unix:///run/app.sock:/h", "unix localhost 0 /h localhost /run/app.sock"},
	    {"unix:/a:b:/c:/d", "unix localhost 0 /c:/d localhost /a:b"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_same(rows[i][0], parsed(rows[i][0]), rows[i][1]);
}

static void what_is_no_url_is_refused_without_quoting_it(void **state)
{
	static const char no_url[] = "is not a URL of an upstream, expected http://, https://,"
				     " tcp:// or unix:/SOCKET:/PATH";
	static const char bad_port[] = "has a port out of range, expected 1 to 65535";
	static const char *const rows[][2] = {
	    {"", no_url},
	    {"app", no_url},
	    {"/health", no_url},
	    {"127.0.0.1:8000", no_url},
	    {"ftp://app/", no_url},
	    {"http://app/a b", no_url},
	    {"http://app/\r\nX: y", no_url},
	    {"http://app:port/", no_url},
	    {"http://", "names no host"},
	    {"http:/health", "names no host"},
	    {"http://app:0/", bad_port},
	    {"http://app:65536/", no_url},
	    {"http://me:secret@app/",
		"names a user; give an Authorization header in \"headers\" instead"},
	    {"http://app/#top", "has a fragment, expected none"},
	    {"tcp://app", "names no port, expected tcp://HOST:PORT"},
	    {"tcp://app:1/x", "has a path, expected tcp://HOST:PORT"},
	    {"unix:app.sock", "names no socket, expected unix:/SOCKET or unix:/SOCKET:/PATH with at"
			      " most 107 bytes of socket path"},
	    {"unix:/s:/a b", "has a path that cannot be sent, expected it percent-encoded"},
	    {"unix:/s:/a#b", "has a path that cannot be sent, expected it percent-encoded"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_same(rows[i][0], parsed(rows[i][0]), rows[i][1]);
}

static void a_socket_path_is_as_long_as_the_kernel_takes_it(void **state)
{
	struct upstream_url url;
	char text[128] = "unix:/";

	(void)state;
	memset(text + 6, 's', 106); /* with the slash 107 */
	text[6 + 106] = '\0';
	assert_int_equal(upstream_url_parse(text, &url, NULL), 0);
	upstream_url_done(&url);
	text[6 + 106] = 's';
	assert_int_equal(upstream_url_parse(text, &url, NULL), -1);
	upstream_url_done(&url);
}

/* Go follows to the same host name, whatever the port and scheme. */
static void redirects_are_followed_to_the_same_host_name(void **state)
{
	static const struct {
		const char *from;
		const char *location;
		const char *to; /* "elsewhere", "broken" */
	} rows[] = {
	    {"http://app:8000/a/b?q", "/c", "http app 8000 /c app:8000"},
	    {"http://app:8000/a/b?q", "c?d", "http app 8000 /a/c?d app:8000"},
	    {"http://app:8000/a/b?q", "?d", "http app 8000 /a/b?d app:8000"},
	    {"http://app:8000/a/b?q", "#top", "http app 8000 /a/b?q app:8000"},
	    {"http://app:8000/a", "/c#top", "http app 8000 /c app:8000"},
	    {"http://app:8000/a", "/c d\xc3\xa4", "http app 8000 /c%20d%C3%A4 app:8000"},
	    {"http://app:8000/a", "http://app/c", "http app 80 /c app"},
	    {"http://app:8000/a", "http://APP", "http APP 80 / APP"},
	    {"http://app:8000/a", "https://app:8443/c", "https app 8443 /c app:8443"},
	    {"https://app/a", "//app:9/c", "https app 9 /c app:9"},
	    {"https://app/a", "http://app/", "http app 80 / app"},
	    {"http://[::1]:1/a", "http://[::1]:2/b", "http ::1 2 /b [::1]:2"},
	    {"http://app/a", "http://app.other/a", "elsewhere"},
	    {"http://app/a", "//other/a", "elsewhere"},
	    {"http://127.0.0.1/a", "http://localhost/a", "elsewhere"},
	    {"http://app/a", "ftp://app/a", "broken"},
	    {"http://app/a", "mailto:app", "broken"},
	    {"http://app/a", "http://", "broken"},
	    {"http://app/a", "http://app:99999/", "broken"},
	    {"unix:/s.sock:/a", "/b", "unix localhost 0 /b localhost /s.sock"},
	    {"unix:/s.sock:/a", "http://localhost/b", "unix localhost 0 /b localhost /s.sock"},
	    {"unix:/s.sock:/a", "http://other/b", "elsewhere"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct upstream_url from;
		struct upstream_url to;
		enum redirect redirect;

		assert_int_equal(upstream_url_parse(rows[i].from, &from, NULL), 0);
		redirect = upstream_url_redirect(&from, rows[i].location, &to);
		assert_same(rows[i].location,
		    redirect == REDIRECT_HERE
			? told(&to)
			: xstrdup(redirect == REDIRECT_BROKEN ? "broken" : "elsewhere"),
		    rows[i].to);
		upstream_url_done(&from);
		upstream_url_done(&to);
	}
}

static void queries_are_hidden(void **state)
{
	(void)state;
	assert_same(
	    "query", upstream_url_hide("http://app/health?token=s3cret"), "http://app/health?***");
	assert_same("none", upstream_url_hide("unix:/s.sock:/health"), "unix:/s.sock:/health");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(urls_are_taken_apart),
	    cmocka_unit_test(what_is_no_url_is_refused_without_quoting_it),
	    cmocka_unit_test(a_socket_path_is_as_long_as_the_kernel_takes_it),
	    cmocka_unit_test(redirects_are_followed_to_the_same_host_name),
	    cmocka_unit_test(queries_are_hidden),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
