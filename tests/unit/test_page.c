/* The page and the text for an incident: what they say in each scene, and that nothing from outside
 * becomes markup. How it looks and behaves, a browser tests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../probes/xalloc.h"
#include "../../sidecar/answer/incident.h"
#include "../../sidecar/answer/page.h"
#include "../support/golden.h"
#include "../support/scenes.h"
#include "../support/workplace.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char version[] = "schemalatch " SCHEMALATCH_VERSION;

static char *page_of(const struct scene *scene)
{
	struct view view = scene_view(scene);
	struct text text;

	text_init(&text, 0);
	page_write(&view, &text);
	return text_take(&text);
}

/* The page without its styles and its script, which are files of their own. */
static char *body_of(const struct scene *scene)
{
	char *page = page_of(scene);
	const char *body = strstr(page, "<body>");
	const char *script = strstr(page, "<script>");
	char *cut;
	char *found;

	assert_non_null(body);
	assert_non_null(script);
	cut = xstrndup(body, (size_t)(script - body));
	found = golden_replace(cut, version, "schemalatch of this build");
	free(cut);
	free(page);
	return found;
}

static void every_scene_is_shown_as_kept(void **state)
{
	static const char *const scenes[] = {"never_asked", "all_ready", "not_ready", "held",
	    "latched", "observe", "hostile", "upstream_hung"};

	(void)state;
	for (size_t i = 0; i < COUNT(scenes); i++) {
		char *file = xasprintf("page/%s.html", scenes[i]);
		struct scene scene;
		char *body;

		scene_play(&scene, scenes[i]);
		body = body_of(&scene);
		golden_assert(file, body);
		free(body);
		free(file);
		scene_end(&scene);
	}
}

static void every_scene_is_pasted_as_kept(void **state)
{
	static const char *const scenes[] = {"not_ready", "held", "disabled", "upstream_hung"};

	(void)state;
	for (size_t i = 0; i < COUNT(scenes); i++) {
		char *file = xasprintf("incident/%s.txt", scenes[i]);
		struct scene scene;
		struct view view;
		struct text text;
		char *found;

		scene_play(&scene, scenes[i]);
		view = scene_view(&scene);
		text_init(&text, 0);
		incident_write(&view, &text);
		found = golden_replace(text_string(&text), version, "schemalatch of this build");
		golden_assert(file, found);
		free(found);
		free(file);
		text_done(&text);
		scene_end(&scene);
	}
}

/* Each scene's page has the same tags as far as they come from us: no slot is left, and of what the
 * hostile scene tries nothing is there. */
static void nothing_from_outside_becomes_markup(void **state)
{
	static const char *const never[] = {"{{", "}}", "<script>alert", "<b>moved", "\x1b", "\r"};

	(void)state;
	for (const struct scene_script *script = scene_scripts; script->name != NULL; script++) {
		struct scene scene;
		char *page;

		scene_play(&scene, script->name);
		page = page_of(&scene);
		for (size_t i = 0; i < COUNT(never); i++)
			if (strstr(page, never[i]) != NULL)
				fail_msg("%s has %s", script->name, never[i]);
		free(page);
		scene_end(&scene);
	}
}

static void a_pod_without_name_is_told_without(void **state)
{
	struct scene scene;
	struct view view;
	struct text text;

	(void)state;
	scene_play(&scene, "all_ready");
	view = scene_view(&scene);
	view.pod = NULL;
	text_init(&text, 0);
	page_write(&view, &text);
	assert_non_null(
	    strstr(text_string(&text), "<title>Ready \xe2\x80\x93 schemalatch</title>"));
	text_done(&text);
	scene_end(&scene);
}

static void the_policy_allows_what_it_names(void **state)
{
	const char *policy = page_policy();

	(void)state;
	assert_memory_equal(policy, "default-src 'none'; style-src 'sha256-", 38);
	assert_non_null(strstr(policy, "; script-src 'sha256-"));
	assert_null(strstr(policy, "unsafe"));
	assert_ptr_equal(policy, page_policy());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_scene_is_shown_as_kept),
	    cmocka_unit_test(every_scene_is_pasted_as_kept),
	    cmocka_unit_test(nothing_from_outside_becomes_markup),
	    cmocka_unit_test(a_pod_without_name_is_told_without),
	    cmocka_unit_test(the_policy_allows_what_it_names),
	};

	return cmocka_run_group_tests(tests, workplace_enter, workplace_leave);
}
