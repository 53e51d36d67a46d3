/* What a command's exit code is, of what was found. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../probes/xalloc.h"
#include "../../sidecar/commands/outcome.h"
#include "../support/scene.h"
#include "../support/workplace.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Two checks; the second is of another database, and has these gates. */
static char *two_databases(const char *top, const char *gates)
{
	return xasprintf("{%s\"databases\":[{\"name\":\"a\",\"checks\":[{\"kind\":\"tables\","
			 "\"tables\":\"t\"}]},{\"name\":\"b\",\"checks\":[{\"kind\":\"tables\","
			 "\"tables\":\"t\",\"gates\":%s}]}]}",
	    top, gates);
}

static void not_ready_beats_unknown_beats_ready(void **state)
{
	static const struct {
		enum reason a;
		enum reason b;
		const char *gates; /* of b */
		enum exit_code code;
	} rows[] = {
	    {REASON_OK, REASON_AHEAD, "[\"readiness\"]", EXIT_READY},
	    {REASON_OK, REASON_MISSING, "[\"readiness\"]", EXIT_NOT_READY},
	    {REASON_MISSING, REASON_OK, "[\"readiness\"]", EXIT_NOT_READY},
	    {REASON_OK, REASON_UNREACHABLE, "[\"readiness\"]", EXIT_UNKNOWN},
	    {REASON_UNREACHABLE, REASON_OK, "[\"readiness\"]", EXIT_UNKNOWN},
	    {REASON_UNREACHABLE, REASON_MISSING, "[\"readiness\"]", EXIT_NOT_READY},
	    {REASON_MISSING, REASON_UNREACHABLE, "[\"readiness\"]", EXIT_NOT_READY},
	    {REASON_PENDING, REASON_PENDING, "[\"readiness\"]", EXIT_UNKNOWN},
	    {REASON_OK, REASON_MISSING, "[\"startup\"]", EXIT_NOT_READY},
	    {REASON_OK, REASON_MISSING, "[]", EXIT_READY},
	    {REASON_OK, REASON_UNREACHABLE, "[]", EXIT_READY},
	    {REASON_UNREACHABLE, REASON_MISSING, "[]", EXIT_UNKNOWN},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char *json = two_databases("", rows[i].gates);
		struct scene scene;

		scene_begin(&scene, json);
		scene_find(&scene, "a/tables", rows[i].a, "-");
		scene_find(&scene, "b/tables", rows[i].b, "-");
		if (outcome_of(scene.snapshot) != rows[i].code)
			fail_msg("%s and %s with gates %s: found %d, expected %d",
			    reason_name(rows[i].a), reason_name(rows[i].b), rows[i].gates,
			    (int)outcome_of(scene.snapshot), (int)rows[i].code);
		scene_end(&scene);
		free(json);
	}
}

/* A command looks at what is now: an earlier answer counts for nothing. */
static void nothing_is_held_for_a_command(void **state)
{
	char *json = two_databases("", "[]");
	struct scene scene;

	(void)state;
	scene_begin(&scene, json);
	scene_find(&scene, "a/tables", REASON_OK, "found");
	scene_find(&scene, "a/tables", REASON_UNREACHABLE, "refused");
	assert_int_equal(outcome_of(scene.snapshot), EXIT_UNKNOWN);
	scene_end(&scene);
	free(json);
}

static void observe_and_disabled_make_ready(void **state)
{
	static const char *const tops[] = {"\"mode\":\"observe\",", "\"disabled\":\"moved\","};

	(void)state;
	for (size_t i = 0; i < COUNT(tops); i++) {
		char *json = two_databases(tops[i], "[\"readiness\"]");
		struct scene scene;

		scene_begin(&scene, json);
		scene_find(&scene, "a/tables", REASON_MISSING, "t");
		assert_int_equal(outcome_of(scene.snapshot), EXIT_READY);
		scene_end(&scene);
		free(json);
	}
}

static void complete_is_a_verdict_on_every_subject(void **state)
{
	char *json = two_databases("", "[]");
	char *disabled = two_databases("\"disabled\":\"moved\",", "[]");
	struct scene scene;

	(void)state;
	scene_begin(&scene, json);
	assert_false(outcome_is_complete(scene.snapshot));
	scene_find(&scene, "a/tables", REASON_UNREACHABLE, "refused");
	assert_false(outcome_is_complete(scene.snapshot));
	scene_find(&scene, "b/tables", REASON_OK, "found");
	assert_true(outcome_is_complete(scene.snapshot));
	scene_end(&scene);
	scene_begin(&scene, disabled);
	assert_true(outcome_is_complete(scene.snapshot));
	scene_end(&scene);
	free(disabled);
	free(json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(not_ready_beats_unknown_beats_ready),
	    cmocka_unit_test(nothing_is_held_for_a_command),
	    cmocka_unit_test(observe_and_disabled_make_ready),
	    cmocka_unit_test(complete_is_a_verdict_on_every_subject),
	};

	return cmocka_run_group_tests(tests, workplace_enter, workplace_leave);
}
