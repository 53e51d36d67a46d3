/* "upstreams" of the configuration: what comes of them, and every mistake told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../sidecar/config/config.h"
#include "../support/workplace.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define FILE_OF(upstreams) "{\"upstreams\":[" upstreams "]}"
#define APP(keys) FILE_OF("{\"url\":\"http://127.0.0.1:8000/\"" keys "}")

static struct config *load(const char *json, struct problems *problems)
{
	struct setting_flags flags = {{NULL}};

	if (json != NULL)
		workplace_write("c.json", json);
	return config_load(json != NULL ? "c.json" : NULL, &flags, CONFIG_WHOLE, problems);
}

static struct config *load_good(const char *json)
{
	struct problems problems = {0};
	struct config *config = load(json, &problems);

	if (config == NULL)
		fail_msg("%s", problems.lines.items[0]);
	return config;
}

static void an_upstream_is_enough(void **state)
{
	struct config *config = load_good(APP(""));
	const struct upstream *app = &config->upstreams[0];

	(void)state;
	assert_int_equal(config->database_count, 0);
	assert_int_equal(config->upstream_count, 1);
	assert_string_equal(app->name, "upstream");
	assert_int_equal(app->period_ms, 10000);
	assert_int_equal(app->retry_period_ms, 1000);
	assert_int_equal(app->timeout_ms, 1000);
	assert_int_equal(app->initial_delay_ms, 0);
	assert_int_equal(app->failure_threshold, 3);
	assert_int_equal(app->success_threshold, 1);
	assert_int_equal(app->gates, 1u << GATE_READINESS);
	assert_false(app->latch);
	config_free(config);
}

static void a_variable_is_enough(void **state)
{
	struct config *config;

	(void)state;
	setenv("SCHEMALATCH_UPSTREAM", "unix:/run/app.sock:/health", 1);
	/* The application's own, which nobody asked us to look at. */
	setenv("DATABASE_URL", "postgresql://app@db/app", 1);
	config = load_good(NULL);
	assert_int_equal(config->database_count, 0);
	assert_string_equal(config->upstreams[0].place.socket, "/run/app.sock");
	config_free(config);
}

static void beside_checks_the_database_is_kept(void **state)
{
	struct config *config;

	(void)state;
	setenv("SCHEMALATCH_UPSTREAM", "http://127.0.0.1:8000/health", 1);
	setenv("SCHEMALATCH_TABLES", "users", 1);
	setenv("DATABASE_URL", "postgresql://app@db/app", 1);
	config = load_good(NULL);
	assert_int_equal(config->database_count, 1);
	assert_string_equal(config->databases[0].url, "postgresql://app@db/app");
	assert_int_equal(config->upstream_count, 1);
	config_free(config);
}

static void secrets_are_hidden(void **state)
{
	struct config *config =
	    load_good(FILE_OF("{\"url\":\"http://app/health?token=s3cret\",\"headers\":"
			      "{\"Authorization\":\"Bearer s3cret\",\"X-Empty\":\"\"}}"));
	char *shown = config_print(config);

	(void)state;
	assert_null(strstr(shown, "s3cret"));
	assert_non_null(strstr(shown, "http://app/health?***"));
	assert_non_null(strstr(shown, "Authorization"));
	assert_string_equal(config->upstreams[0].headers[0].value, "Bearer s3cret");
	free(shown);
	config_free(config);
}

static void every_mistake_is_told(void **state)
{
	static const struct {
		const char *json;
		const char *problem;
	} rows[] = {
	    {"{\"upstreams\":{}}", "c.json: /upstreams: expected an array of upstreams"},
	    {"{\"upstreams\":[]}", "c.json: /upstreams: expected an array of upstreams"},
	    {FILE_OF("3"), "c.json: /upstreams/0: expected an object"},
	    {FILE_OF("{}"), "c.json: /upstreams/0/url: is missing, expected a value"},
	    {FILE_OF("{\"url\":\"app:8000\"}"),
		"c.json: /upstreams/0/url: is not a URL of an upstream, expected http://, https://,"
		" tcp:// or unix:/SOCKET:/PATH"},
	    {APP(",\"name\":\"a/b\""), "c.json: /upstreams/0/name: \"a/b\" is not a name, expected "
				       "1 to 63 letters, digits, '-', '_' or '.'"},
	    {FILE_OF("{\"url\":\"http://a/\"},{\"url\":\"http://b/\"}"),
		"c.json: /upstreams/1/name: \"upstream\" is the name of two upstreams, expected "
		"one"},
	    {APP(",\"timout\":\"1s\""),
		"c.json: /upstreams/0/timout: unknown key, did you mean \"timeout\"?"},
	    {APP(",\"failureThreshold\":0"),
		"c.json: /upstreams/0/failureThreshold: 0 is not valid,"
		" expected a whole number of 1 to 1000"},
	    {APP(",\"failureThreshold\":1.5"), "c.json: /upstreams/0/failureThreshold: 1.5 is not "
					       "valid, expected a whole number of 1 to 1000"},
	    {APP(",\"successThreshold\":\"2\""), "c.json: /upstreams/0/successThreshold: \"2\" is "
						 "not valid, expected a whole number of 1 to 1000"},
	    {APP(",\"period\":\"5s\",\"retryPeriod\":\"6s\""),
		"c.json: /upstreams/0/retryPeriod: is longer than \"period\", expected at most "
		"that"},
	    {APP(",\"gates\":[\"liveness\"]"), "c.json: /upstreams/0/gates: \"liveness\" is not "
					       "known, expected one of \"startup\", \"readiness\""},
	    {APP(",\"headers\":[]"),
		"c.json: /upstreams/0/headers: expected an object of names and values"},
	    {APP(",\"headers\":{\"a b\":\"c\"}"),
		"c.json: /upstreams/0/headers/a b: is not the name of a header"},
	    {APP(",\"headers\":{\"connection\":\"keep-alive\"}"),
		"c.json: /upstreams/0/headers/connection: is ours to send, expected another "
		"header"},
	    {APP(",\"headers\":{\"A\":\"s3cret\\r\\nB: c\"}"),
		"c.json: /upstreams/0/headers/A: has no value that can be sent, expected a string "
		"without line ends"},
	    {FILE_OF("{\"url\":\"tcp://a:1\",\"headers\":{\"A\":\"b\"}}"),
		"c.json: /upstreams/0/headers/A: is never sent to tcp://, expected none"},
	    {APP(",\"caFile\":\"nowhere.pem\""),
		"c.json: /upstreams/0/caFile: cannot be read: No such file or directory"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct problems problems = {0};

		if (load(rows[i].json, &problems) != NULL)
			fail_msg("taken: %s", rows[i].json);
		if (problems.lines.count != 1 ||
		    strcmp(problems.lines.items[0], rows[i].problem) != 0)
			fail_msg("%s: %zu problems, the first \"%s\", expected \"%s\"",
			    rows[i].json, problems.lines.count, problems.lines.items[0],
			    rows[i].problem);
		problems_done(&problems);
	}
}

static void a_file_without_certificates_is_told(void **state)
{
	struct problems problems = {0};

	(void)state;
	workplace_write("empty.pem", "no certificate\n");
	assert_null(load(APP(",\"caFile\":\"empty.pem\""), &problems));
	assert_int_equal(problems.lines.count, 1);
	assert_non_null(strstr(problems.lines.items[0],
	    "/upstreams/0/caFile: holds no certificates that can be read: "));
	problems_done(&problems);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(an_upstream_is_enough, workplace_clear_environment),
	    cmocka_unit_test_setup(a_variable_is_enough, workplace_clear_environment),
	    cmocka_unit_test_setup(beside_checks_the_database_is_kept, workplace_clear_environment),
	    cmocka_unit_test_setup(secrets_are_hidden, workplace_clear_environment),
	    cmocka_unit_test_setup(every_mistake_is_told, workplace_clear_environment),
	    cmocka_unit_test_setup(
		a_file_without_certificates_is_told, workplace_clear_environment),
	};

	return cmocka_run_group_tests(tests, workplace_enter, workplace_leave);
}
