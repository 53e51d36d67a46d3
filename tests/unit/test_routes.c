/* The ways to a server, in the order in which they are tried. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../probes/text.h"
#include "../../probes/xalloc.h"
#include "../../sidecar/watch/resolve.h"
#include "../../sidecar/watch/routes.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void add_part(struct text *text, const char *part)
{
	text_add(text, part != NULL ? part : "-");
}

/* "host/address:port host/address:port". free() releases it. */
static char *routes_text(const char *url)
{
	struct dsn dsn = {0};
	struct error err = {""};
	struct routes routes;
	struct text text;

	if (dsn_parse(url, &dsn, &err) != 0)
		fail_msg("%s: %s", url, err.text);
	routes = routes_of(&dsn);
	text_init(&text, 0);
	for (size_t i = 0; i < routes.count; i++) {
		text_add(&text, i > 0 ? " " : "");
		add_part(&text, routes.items[i].host);
		text_add(&text, "/");
		add_part(&text, routes.items[i].address);
		text_add(&text, ":");
		add_part(&text, routes.items[i].port);
	}
	routes_done(&routes);
	dsn_done(&dsn);
	return text_take(&text);
}

static void hosts_and_ports_are_paired(void **state)
{
	static const struct {
		const char *url;
		const char *routes;
	} rows[] = {
	    {"postgresql://u@db/app", "db/-:5432"},
	    {"postgresql://u@db:6000/app", "db/-:6000"},
	    {"postgresql://u@a:1,b:2/app", "a/-:1 b/-:2"},
	    {"postgresql:///app?host=a,b,c&port=7", "a/-:7 b/-:7 c/-:7"},
	    {"postgresql:///app?host=a,b&port=7,8", "a/-:7 b/-:8"},
	    {"postgresql:///app?host=a&hostaddr=127.0.0.2", "a/127.0.0.2:5432"},
	    {"postgresql:///app?hostaddr=127.0.0.2,::1&port=7", "-/127.0.0.2:7 -/::1:7"},
	    {"postgresql:///app?host=/run/pg", "/run/pg/-:5432"},
	    {"postgresql:///app", "-/-:5432"},
	};

	(void)state;
	unsetenv("PGHOST");
	unsetenv("PGPORT");
	for (size_t i = 0; i < COUNT(rows); i++) {
		char *found = routes_text(rows[i].url);

		if (strcmp(found, rows[i].routes) != 0)
			fail_msg("%s: \"%s\", expected \"%s\"", rows[i].url, found, rows[i].routes);
		free(found);
	}
}

static void the_environment_fills_in_what_the_url_leaves_open(void **state)
{
	char *found;

	(void)state;
	setenv("PGHOST", "x,y", 1);
	setenv("PGPORT", "9", 1);
	found = routes_text("postgresql:///app");
	assert_string_equal(found, "x/-:9 y/-:9");
	free(found);
	found = routes_text("postgresql://db/app");
	assert_string_equal(found, "db/-:9");
	free(found);
	unsetenv("PGHOST");
	unsetenv("PGPORT");
}

static void only_names_are_looked_up(void **state)
{
	static const char *const needless[] = {
	    "127.0.0.1", "::1", "fe80::1", "/run/postgresql", "@abstract", ""};
	static const char *const names[] = {"db", "localhost", "db.example.com", "1.2.3", "::x"};

	(void)state;
	for (size_t i = 0; i < COUNT(needless); i++)
		assert_true(resolve_is_needless(needless[i]));
	for (size_t i = 0; i < COUNT(names); i++)
		assert_false(resolve_is_needless(names[i]));
}

/* ---- look-ups in a thread ---- */

struct found {
	struct event_base *base;
	struct resolved resolved;
	int calls;
};

static void on_resolved(const struct resolved *resolved, void *arg)
{
	struct found *found = arg;

	found->resolved = *resolved;
	found->calls++;
	event_base_loopbreak(found->base);
}

static struct found look_up(const char *host)
{
	struct found found = {.base = event_base_new()};
	struct timeval limit = {.tv_sec = 30};
	struct resolve *resolve = resolve_start(found.base, host, on_resolved, &found);

	assert_non_null(resolve);
	assert_true(resolve_is_for(resolve, host));
	assert_false(resolve_is_for(resolve, "another"));
	assert_int_equal(found.calls, 0); /* never from inside the call */
	event_base_loopexit(found.base, &limit);
	event_base_dispatch(found.base);
	resolve_free(resolve);
	event_base_free(found.base);
	assert_int_equal(found.calls, 1);
	return found;
}

static void a_name_becomes_numeric_addresses(void **state)
{
	struct found found = look_up("localhost");

	(void)state;
	assert_true(found.resolved.count > 0 && found.resolved.count <= RESOLVE_MAX);
	for (size_t i = 0; i < found.resolved.count; i++)
		assert_true(resolve_is_needless(found.resolved.addresses[i]));
}

static void a_name_that_is_none_says_why(void **state)
{
	struct found found = look_up("a name with blanks");

	(void)state;
	assert_int_equal(found.resolved.count, 0);
	assert_non_null(found.resolved.failure);
	assert_null(strstr(found.resolved.failure, "blanks"));
}

static void a_look_up_that_was_let_go_never_calls(void **state)
{
	struct found found = {.base = event_base_new()};
	struct timeval at_once = {0, 0};

	(void)state;
	for (int i = 0; i < 20; i++)
		resolve_free(resolve_start(found.base, "localhost", on_resolved, &found));
	event_base_loopexit(found.base, &at_once);
	event_base_dispatch(found.base);
	event_base_free(found.base);
	assert_int_equal(found.calls, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(hosts_and_ports_are_paired),
	    cmocka_unit_test(the_environment_fills_in_what_the_url_leaves_open),
	    cmocka_unit_test(only_names_are_looked_up),
	    cmocka_unit_test(a_name_becomes_numeric_addresses),
	    cmocka_unit_test(a_name_that_is_none_says_why),
	    cmocka_unit_test(a_look_up_that_was_let_go_never_calls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
