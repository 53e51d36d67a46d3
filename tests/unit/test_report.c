/* The text of the probe paths. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../probes/xalloc.h"
#include "../../sidecar/answer/report.h"
#include "../../sidecar/answer/target.h"
#include "../support/golden.h"
#include "../support/scenes.h"
#include "../support/workplace.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define BODY_LIMIT_BYTES 8192

/* What a request of that target is answered; gives the status code. text_done frees body. */
static int answer(const struct scene *scene, const char *uri, struct text *body)
{
	struct view view = scene_view(scene);
	struct target target;
	struct report_request request;
	struct subject subject;
	int code;

	text_init(body, 0);
	assert_int_equal(target_parse(uri, &target), 0);
	request = (struct report_request){
	    .path = target.path + 1,
	    .gate = strcmp(target.path, "/startupz") == 0 ? GATE_STARTUP : GATE_READINESS,
	    .verbose = target.verbose,
	    .exclude = &target.exclude,
	};
	if (strncmp(target.path, "/readyz/", 8) == 0) {
		request.path = "readyz";
		assert_true(subject_find(view.snapshot, target.path + 8, &subject));
		code = report_subject(&view, &request, &subject, body);
	} else {
		code = report_gate(&view, &request, body);
	}
	target_done(&target);
	return code;
}

/* One request and its answer; the number of bytes tells whether the body ends its last line. */
static void add_exchange(struct text *transcript, const struct scene *scene, const char *uri)
{
	struct text body;
	int code = answer(scene, uri, &body);

	text_addf(transcript, "GET %s: %d, %zu bytes\n%s%s\n", uri, code, body.length,
	    text_string(&body),
	    body.length > 0 && text_string(&body)[body.length - 1] != '\n' ? "\n" : "");
	assert_true(body.length < BODY_LIMIT_BYTES);
	text_done(&body);
}

static void assert_transcript(
    const char *name, const struct scene *scene, const char *const *uris, size_t count)
{
	struct text transcript;
	char *file = xasprintf("report/%s.txt", name);

	text_init(&transcript, 0);
	for (size_t i = 0; i < count; i++)
		add_exchange(&transcript, scene, uris[i]);
	golden_assert(file, text_string(&transcript));
	text_done(&transcript);
	free(file);
}

static void every_scene_is_told_as_kept(void **state)
{
	static const char *const uris[] = {
	    "/readyz", "/readyz?verbose", "/startupz", "/startupz?verbose"};

	(void)state;
	for (const struct scene_script *script = scene_scripts; script->name != NULL; script++) {
		struct scene scene;

		scene_play(&scene, script->name);
		assert_transcript(script->name, &scene, uris, COUNT(uris));
		scene_end(&scene);
	}
}

/* The forms that the interface promises to the letter. */
static void lines_have_the_promised_form(void **state)
{
	static const struct {
		const char *scene;
		const char *line;
		int code;
	} rows[] = {
	    {"all_ready", "[+]main/tables ok\n", 200},
	    {"all_ready", "\nreadyz check passed\n", 200},
	    {"not_ready", "[-]main/tables failed: missing: billing.invoices", 503},
	    {"not_ready", "\nreadyz check failed\n", 503},
	    {"held", "[+]main/tables ok (held: unreachable for 12s)\n", 200},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct scene scene;
		struct text body;

		scene_play(&scene, rows[i].scene);
		assert_int_equal(answer(&scene, "/readyz?verbose", &body), rows[i].code);
		if (strstr(text_string(&body), rows[i].line) == NULL)
			fail_msg("%s: no \"%s\" in\n%s", rows[i].scene, rows[i].line,
			    text_string(&body));
		text_done(&body);
		scene_end(&scene);
	}
}

static void a_passing_gate_says_ok_and_no_more(void **state)
{
	static const char *const scenes[] = {"all_ready", "ahead", "held", "latched"};

	(void)state;
	for (size_t i = 0; i < COUNT(scenes); i++) {
		struct scene scene;
		struct text body;

		scene_play(&scene, scenes[i]);
		assert_int_equal(answer(&scene, "/readyz", &body), 200);
		assert_string_equal(text_string(&body), "ok");
		text_done(&body);
		scene_end(&scene);
	}
}

static void excluded_checks_do_not_count(void **state)
{
	static const char *const uris[] = {
	    "/readyz?exclude=main/tables",
	    "/readyz?exclude=main/tables&verbose",
	    "/readyz?exclude=main/migrations",
	    "/readyz?exclude=main/tables&exclude=main/migrations&verbose",
	    "/startupz?exclude=main/tables&verbose",
	};
	struct scene scene;

	(void)state;
	scene_play(&scene, "one_missing");
	assert_transcript("excluded", &scene, uris, COUNT(uris));
	scene_end(&scene);
}

static void unknown_exclusions_are_warned_of(void **state)
{
	static const char *const uris[] = {
	    "/readyz?exclude=main/table&verbose",
	    "/readyz?exclude=main/table",
	    "/readyz?exclude=tables&exclude=main/tables&exclude=main/&exclude=other/tables",
	    "/readyz?exclude=%3Cb%3E%0A%1B[2J%22%FF&verbose",
	};
	struct scene scene;

	(void)state;
	scene_play(&scene, "one_missing");
	assert_transcript("unknown_exclude", &scene, uris, COUNT(uris));
	scene_end(&scene);
}

static void one_check_is_told_alone(void **state)
{
	static const char *const scenes[] = {
	    "never_asked", "one_missing", "held", "reported_only", "observe", "disabled"};
	static const char *const uris[] = {"/readyz/main/tables", "/readyz/main/tables?verbose",
	    "/readyz/main/tables?exclude=main/tables"};

	(void)state;
	for (size_t i = 0; i < COUNT(scenes); i++) {
		char *name = xasprintf("check_%s", scenes[i]);
		struct scene scene;

		scene_play(&scene, scenes[i]);
		assert_transcript(name, &scene, uris, COUNT(uris));
		scene_end(&scene);
		free(name);
	}
}

static void liveness_tells_of_the_two_loops(void **state)
{
	static const struct strings nothing = {0};
	static const struct {
		const char *label;
		int64_t still_for_ms;
		bool verbose;
		int code;
		const char *body;
	} rows[] = {
	    {"alive", 0, false, 200, "ok"},
	    {"alive, verbose", 29000, true, 200,
		"[+]answering ok\n[+]checking ok\nlivez check passed\n"},
	    {"stuck", 95000, false, 503,
		"[+]answering ok\n[-]checking failed: the checking thread has not moved for 1m35s\n"
		"livez check failed\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct report_request request = {
		    .path = "livez", .verbose = rows[i].verbose, .exclude = &nothing};
		struct scene scene;
		struct view view;
		struct text body;

		scene_play(&scene, "not_ready");
		view = scene_view(&scene);
		view.heartbeat_ms -= rows[i].still_for_ms;
		text_init(&body, 0);
		if (report_liveness(&view, &request, &body) != rows[i].code ||
		    strcmp(text_string(&body), rows[i].body) != 0)
			fail_msg("%s: found\n%s", rows[i].label, text_string(&body));
		text_done(&body);
		scene_end(&scene);
	}
}

/* ---- size ---- */

/* A database with count checks named c0, c1 …; free() releases the text. */
static char *many_checks(size_t count)
{
	struct text json;

	text_init(&json, 0);
	text_add(&json, "{\"databases\":[{\"checks\":[");
	for (size_t i = 0; i < count; i++)
		text_addf(&json, "%s{\"kind\":\"tables\",\"name\":\"c%zu\",\"tables\":[\"t\"]}",
		    i > 0 ? "," : "", i);
	text_add(&json, "]}]}");
	return text_take(&json);
}

/* count checks, of which the last failing ones fail with a message of length bytes. */
static void begin_many(struct scene *scene, size_t count, size_t failing, size_t length)
{
	char *json = many_checks(count);
	char *message = xcalloc(length + 1, 1);

	memset(message, 'x', length);
	scene_begin(scene, json);
	for (size_t i = 0; i < count; i++) {
		bool fails = i + failing >= count;
		struct verdict verdict =
		    verdict_of(fails ? REASON_MISSING : REASON_OK, "%s", fails ? message : "found");

		standing_note(&scene->snapshot->databases[0].standings[i], &verdict, scene->now);
	}
	free(message);
	free(json);
}

static void hundreds_of_checks_fit_and_the_failing_ones_are_shown(void **state)
{
	static const char *const uris[] = {"/readyz"};
	struct scene scene;

	(void)state;
	begin_many(&scene, 500, 3, 20);
	assert_transcript("three_of_five_hundred", &scene, uris, COUNT(uris));
	scene_end(&scene);
}

static void hundreds_of_passing_checks_are_not_shown(void **state)
{
	static const char *const uris[] = {"/readyz?verbose"};
	struct scene scene;

	(void)state;
	begin_many(&scene, 500, 0, 0);
	assert_transcript("five_hundred", &scene, uris, COUNT(uris));
	scene_end(&scene);
}

static void hundreds_of_failing_checks_are_cut_with_a_note(void **state)
{
	static const char tail[] = "\n(more failing checks; see /status)\nreadyz check failed\n";
	struct scene scene;
	struct text body;

	(void)state;
	begin_many(&scene, 500, 500, 100);
	assert_int_equal(answer(&scene, "/readyz", &body), 503);
	assert_true(body.length < BODY_LIMIT_BYTES);
	assert_memory_equal(text_string(&body), "[-]main/c0 failed: missing: xxx", 31);
	assert_string_equal(text_string(&body) + body.length - strlen(tail), tail);
	text_done(&body);
	scene_end(&scene);
}

/* Around the size at which lines begin to be left out, nothing is lost or too long. */
static void bodies_are_bounded_whatever_their_lines(void **state)
{
	(void)state;
	for (size_t count = 1; count <= 60; count++) {
		struct scene scene;
		struct text body;

		begin_many(&scene, count, count, count * 11);
		assert_int_equal(answer(&scene, "/readyz?exclude=no/such", &body), 503);
		assert_true(body.length < BODY_LIMIT_BYTES);
		assert_non_null(strstr(text_string(&body), "[-]main/c0 failed: missing: x"));
		assert_non_null(strstr(text_string(&body), "no matches for \"no/such\"\n"));
		assert_non_null(strstr(text_string(&body), "\nreadyz check failed\n"));
		text_done(&body);
		scene_end(&scene);
	}
}

static void a_long_list_of_exclusions_is_bounded(void **state)
{
	struct text uri;
	struct text body;
	struct scene scene;

	(void)state;
	text_init(&uri, 0);
	text_add(&uri, "/readyz?verbose");
	for (int i = 0; i < 500; i++)
		text_addf(&uri, "&exclude=no/such%d", i);
	begin_many(&scene, 500, 500, 600);
	assert_int_equal(answer(&scene, text_string(&uri), &body), 503);
	assert_true(body.length < BODY_LIMIT_BYTES);
	text_done(&body);
	text_done(&uri);
	scene_end(&scene);
}

static void a_long_reason_of_disabled_is_bounded(void **state)
{
	static const char *const uris[] = {
	    "/readyz", "/readyz?verbose", "/startupz", "/readyz/main/tables"};
	char *reason = xcalloc(20001, 1);
	char *json;
	struct scene scene;

	(void)state;
	memset(reason, 'r', 20000);
	json = xasprintf("{\"disabled\":\"%s\",\"databases\":[{\"checks\":[{\"kind\":\"tables\","
			 "\"tables\":\"t\"}]}]}",
	    reason);
	scene_begin(&scene, json);
	for (size_t i = 0; i < COUNT(uris); i++) {
		struct text body;

		assert_int_equal(answer(&scene, uris[i], &body), 200);
		if (body.length >= BODY_LIMIT_BYTES)
			fail_msg("%s: %zu bytes", uris[i], body.length);
		assert_non_null(strstr(text_string(&body), "(disabled: rrrr"));
		text_done(&body);
	}
	scene_end(&scene);
	free(json);
	free(reason);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_scene_is_told_as_kept),
	    cmocka_unit_test(lines_have_the_promised_form),
	    cmocka_unit_test(a_passing_gate_says_ok_and_no_more),
	    cmocka_unit_test(excluded_checks_do_not_count),
	    cmocka_unit_test(unknown_exclusions_are_warned_of),
	    cmocka_unit_test(one_check_is_told_alone),
	    cmocka_unit_test(liveness_tells_of_the_two_loops),
	    cmocka_unit_test(hundreds_of_checks_fit_and_the_failing_ones_are_shown),
	    cmocka_unit_test(hundreds_of_passing_checks_are_not_shown),
	    cmocka_unit_test(hundreds_of_failing_checks_are_cut_with_a_note),
	    cmocka_unit_test(bodies_are_bounded_whatever_their_lines),
	    cmocka_unit_test(a_long_list_of_exclusions_is_bounded),
	    cmocka_unit_test(a_long_reason_of_disabled_is_bounded),
	};

	return cmocka_run_group_tests(tests, workplace_enter, workplace_leave);
}
