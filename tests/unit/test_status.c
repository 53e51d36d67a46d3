/* The JSON documents of /status and of the probe paths. */
#include <cjson/cJSON.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../probes/xalloc.h"
#include "../../sidecar/answer/report.h"
#include "../../sidecar/answer/status.h"
#include "../support/golden.h"
#include "../support/scenes.h"
#include "../support/workplace.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- the documents as kept ---- */

static void assert_document(const char *folder, const char *name, char *document)
{
	char *file = xasprintf("status/%s%s.json", folder, name);
	char *lasting = golden_replace(
	    document, "\"version\":\"" SCHEMALATCH_VERSION "\"", "\"version\":\"of this build\"");

	golden_assert_json(file, lasting);
	free(lasting);
	free(document);
	free(file);
}

static void every_scene_is_told_as_kept(void **state)
{
	(void)state;
	for (const struct scene_script *script = scene_scripts; script->name != NULL; script++) {
		struct scene scene;
		struct view view;

		scene_play(&scene, script->name);
		view = scene_view(&scene);
		assert_document("", script->name, status_document(&view));
		scene_end(&scene);
	}
}

static void one_check_is_told_alone(void **state)
{
	static const char *const scenes[] = {"never_asked", "one_missing", "held", "hostile"};

	(void)state;
	for (size_t i = 0; i < COUNT(scenes); i++) {
		struct scene scene;
		struct subject subject;
		struct view view;

		scene_play(&scene, scenes[i]);
		view = scene_view(&scene);
		subject = subject_at(view.snapshot, 0);
		assert_document("check_", scenes[i], status_subject_document(&view, &subject));
		scene_end(&scene);
	}
}

static void connected_is_told_of_each_database(void **state)
{
	struct scene scene;
	struct view view;
	char *document;

	(void)state;
	scene_play(&scene, "two_databases");
	scene.snapshot->databases[0].connected = true;
	view = scene_view(&scene);
	document = status_document(&view);
	assert_non_null(strstr(document, "{\"name\":\"orders\",\"connected\":true,"));
	assert_non_null(strstr(document, "{\"name\":\"billing\",\"connected\":false,"));
	free(document);
	scene_end(&scene);
}

/* ---- the members that the interface promises ---- */

/* The names of an object's members, "a b c". free() releases it. */
static char *members_of(const cJSON *object)
{
	struct text names;
	const cJSON *member;

	text_init(&names, 0);
	cJSON_ArrayForEach(member, object)
	{
		text_add(&names, names.length > 0 ? " " : "");
		text_add(&names, member->string);
	}
	return text_take(&names);
}

static void assert_members(const cJSON *object, const char *expected)
{
	char *found = members_of(object);

	assert_string_equal(found, expected);
	free(found);
}

static void documents_have_the_promised_members(void **state)
{
	struct scene scene;
	struct view view;
	char *text;
	cJSON *document;
	const cJSON *database;

	(void)state;
	scene_play(&scene, "one_missing");
	view = scene_view(&scene);
	text = status_document(&view);
	document = cJSON_Parse(text);
	assert_members(document, "ready started mode version databases upstreams history");
	database = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(document, "databases"), 0);
	assert_members(database, "name connected checks");
	assert_members(cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(database, "checks"), 0),
	    "name kind verdict reason message held since checkedAt gates pass");
	cJSON_Delete(document);
	free(text);
	scene_end(&scene);
}

/* ---- size of a probe's document ---- */

/* What one size of document has left, as "history, 3 passing told, 2 failing named": "told" with
 * their messages, "named" without. free() releases it. */
static char *left_in(const char *text)
{
	cJSON *document = cJSON_ParseWithOpts(text, NULL, true);
	const cJSON *database =
	    cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(document, "databases"), 0);
	const cJSON *history = cJSON_GetObjectItemCaseSensitive(document, "history");
	const cJSON *check;
	int counts[2][2] = {{0}};
	char *found;

	assert_true(cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(document, "ready")));
	assert_true(cJSON_IsArray(history));
	cJSON_ArrayForEach(check, cJSON_GetObjectItemCaseSensitive(database, "checks"))
	{
		bool pass = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(check, "pass"));

		counts[pass][cJSON_HasObjectItem(check, "message")]++;
	}
	found = xasprintf("%s%d passing told, %d passing named, %d failing told, %d failing named",
	    cJSON_GetArraySize(history) > 0 ? "history, " : "", counts[1][1], counts[1][0],
	    counts[0][1], counts[0][0]);
	cJSON_Delete(document);
	return found;
}

/* A database of checks that pass, then of such that fail, all with messages of 600 bytes. */
static void begin_sized(struct scene *scene, size_t passing, size_t failing)
{
	struct text json;

	text_init(&json, 0);
	text_add(&json, "{\"databases\":[{\"checks\":[");
	for (size_t i = 0; i < passing + failing; i++)
		text_addf(&json, "%s{\"kind\":\"tables\",\"name\":\"c%zu\",\"tables\":[\"t\"]}",
		    i > 0 ? "," : "", i);
	text_add(&json, "]}]}");
	scene_begin(scene, text_string(&json));
	text_done(&json);
	for (size_t i = 0; i < passing + failing; i++) {
		struct verdict verdict =
		    verdict_of(i < passing ? REASON_OK : REASON_MISSING, "%0600d", 0);

		scene_note(scene, 0, i, &verdict);
	}
}

static void a_probes_document_leaves_out_the_least_wanted_first(void **state)
{
	static const struct {
		size_t passing;
		size_t failing;
		const char *left;
	} rows[] = {
	    {1, 1, "history, 1 passing told, 0 passing named, 1 failing told, 0 failing named"},
	    {2, 2, "history, 2 passing told, 0 passing named, 2 failing told, 0 failing named"},
	    {2, 5, "2 passing told, 0 passing named, 5 failing told, 0 failing named"},
	    {10, 5, "0 passing told, 10 passing named, 5 failing told, 0 failing named"},
	    {50, 5, "0 passing told, 0 passing named, 5 failing told, 0 failing named"},
	    {10, 30, "0 passing told, 0 passing named, 0 failing told, 30 failing named"},
	    {10, 300, "0 passing told, 0 passing named, 0 failing told, 0 failing named"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct scene scene;
		struct view view;
		char *text;
		char *left;

		begin_sized(&scene, rows[i].passing, rows[i].failing);
		view = scene_view(&scene);
		text = status_probe_document(&view, REPORT_LIMIT_BYTES);
		left = left_in(text);
		if (strlen(text) > REPORT_LIMIT_BYTES || strcmp(left, rows[i].left) != 0)
			fail_msg("%zu passing, %zu failing: %zu bytes with %s, expected %s",
			    rows[i].passing, rows[i].failing, strlen(text), left, rows[i].left);
		free(left);
		free(text);
		scene_end(&scene);
	}
}

static void a_probes_document_is_bounded_whatever_the_checks(void **state)
{
	(void)state;
	for (size_t failing = 1; failing < 60; failing++) {
		struct scene scene;
		struct view view;
		char *text;
		char *left;

		begin_sized(&scene, 2 * failing, failing);
		view = scene_view(&scene);
		text = status_probe_document(&view, REPORT_LIMIT_BYTES);
		left = left_in(text);
		assert_true(strlen(text) <= REPORT_LIMIT_BYTES);
		free(left);
		free(text);
		scene_end(&scene);
	}
}

static void a_probes_document_is_bounded_whatever_the_databases(void **state)
{
	struct scene scene;
	struct view view;
	struct text json;
	char *text;

	(void)state;
	text_init(&json, 0);
	text_add(&json, "{\"databases\":[");
	for (int i = 0; i < 200; i++)
		text_addf(&json,
		    "%s{\"name\":\"database-%d\",\"checks\":[{\"kind\":\"tables\",\"tables\":\"t\"}"
		    "]}",
		    i > 0 ? "," : "", i);
	text_add(&json, "]}");
	scene_begin(&scene, text_string(&json));
	text_done(&json);
	view = scene_view(&scene);
	text = status_probe_document(&view, REPORT_LIMIT_BYTES);
	if (strlen(text) > REPORT_LIMIT_BYTES)
		fail_msg("%zu bytes", strlen(text));
	assert_non_null(strstr(text, "\"ready\":false"));
	free(text);
	scene_end(&scene);
}

static void a_probes_document_is_bounded_whatever_the_reason_of_disabled(void **state)
{
	char *json = xasprintf("{\"disabled\":\"%0*d\",\"databases\":[{\"checks\":["
			       "{\"kind\":\"tables\",\"tables\":\"t\"}]}]}",
	    20000, 0);
	struct scene scene;
	struct view view;
	char *text;

	(void)state;
	scene_begin(&scene, json);
	view = scene_view(&scene);
	text = status_probe_document(&view, REPORT_LIMIT_BYTES);
	if (strlen(text) > REPORT_LIMIT_BYTES)
		fail_msg("%zu bytes", strlen(text));
	assert_non_null(strstr(text, "\"disabled\":\"0000"));
	free(text);
	scene_end(&scene);
	free(json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_scene_is_told_as_kept),
	    cmocka_unit_test(one_check_is_told_alone),
	    cmocka_unit_test(connected_is_told_of_each_database),
	    cmocka_unit_test(documents_have_the_promised_members),
	    cmocka_unit_test(a_probes_document_leaves_out_the_least_wanted_first),
	    cmocka_unit_test(a_probes_document_is_bounded_whatever_the_checks),
	    cmocka_unit_test(a_probes_document_is_bounded_whatever_the_databases),
	    cmocka_unit_test(a_probes_document_is_bounded_whatever_the_reason_of_disabled),
	};

	return cmocka_run_group_tests(tests, workplace_enter, workplace_leave);
}
