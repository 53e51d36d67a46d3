#include "scenes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define TABLES "{\"kind\":\"tables\",\"tables\":[\"users\",\"billing.invoices\"]}"
#define MIGRATIONS "{\"kind\":\"migrations\",\"tool\":\"alembic\",\"revisions\":[\"c3\"]}"
#define TABLES_WITH(extra) "{\"kind\":\"tables\",\"tables\":[\"users\"]," extra "}"

static const char there[] = "2 of 2 tables found";
static const char missing[] = "billing.invoices; found 1 of 2 tables; run this release's"
			      " migrations, or correct the names";
static const char refused[] = "the server refuses connections";

static void find_migrations(
    struct scene *scene, enum reason reason, const char *message, const char *actual, long pending)
{
	struct verdict verdict = verdict_of(reason, "%s", message);

	verdict.pending = pending;
	text_copy_clean(verdict.expected, sizeof(verdict.expected), "c3");
	text_copy_clean(verdict.actual, sizeof(verdict.actual), actual);
	scene_note(scene, 0, 1, &verdict);
}

static void find_all(struct scene *scene)
{
	scene_find(scene, "main/tables", REASON_OK, there);
	find_migrations(scene, REASON_OK, "at c3, all of this release is applied", "c3", 0);
}

static void play_never_asked(struct scene *scene)
{
	scene_wait(scene, 250);
}

static void play_all_ready(struct scene *scene)
{
	find_all(scene);
	scene_wait(scene, 10000);
	find_all(scene);
	scene_wait(scene, 3000);
}

static void play_ahead(struct scene *scene)
{
	scene_find(scene, "main/tables", REASON_DIRTY_NEWER, "migration 9 is unfinished");
	find_migrations(scene, REASON_AHEAD, "all of this release is applied (c3), and d4 besides",
	    "c3, d4", 0);
}

static void play_not_ready(struct scene *scene)
{
	scene_find(scene, "main/tables", REASON_MISSING, missing);
	find_migrations(scene, REASON_BEHIND,
	    "2 pending: b2, c3; database at a1, this release needs c3; run `alembic upgrade head`",
	    "a1", 2);
	scene_wait(scene, 500);
}

static void play_one_missing(struct scene *scene)
{
	find_all(scene);
	scene_wait(scene, 10000);
	scene_find(scene, "main/tables", REASON_MISSING, missing);
}

static void play_held(struct scene *scene)
{
	find_all(scene);
	scene_find(scene, "main/tables", REASON_UNREACHABLE, refused);
	scene_wait(scene, 12345);
}

static void play_hold_ran_out(struct scene *scene)
{
	play_held(scene);
	scene_wait(scene, 300000);
}

static void play_silent_after_failure(struct scene *scene)
{
	scene_find(scene, "main/tables", REASON_MISSING, missing);
	scene_find(scene, "main/tables", REASON_LOCKED,
	    "the catalog is held by a lock: a migration is probably running now");
	scene_wait(scene, 5000);
}

static void play_latched(struct scene *scene)
{
	scene_find(scene, "main/tables", REASON_OK, "1 of 1 tables found");
	scene_wait(scene, 10000);
	scene_find(scene, "main/tables", REASON_MISSING, "public.users; found 0 of 1 tables");
	scene_wait(scene, 1000);
}

static void play_late(struct scene *scene)
{
	find_all(scene);
	scene->snapshot->databases[0].due_ms = scene->now.monotonic_ms + 30000;
	scene_wait(scene, 45000);
}

static void play_two_databases(struct scene *scene)
{
	scene_find(scene, "orders/tables", REASON_OK, there);
	scene_find(
	    scene, "billing/tables", REASON_LOGIN, "the password was refused (SQLSTATE 28P01)");
	scene_wait(scene, 2000);
}

#define WITH_APP                                                                                   \
	"{\"databases\":[{\"name\":\"main\",\"checks\":[" TABLES "]}],\"upstreams\":"              \
	"[{\"name\":\"app\",\"url\":\"http://127.0.0.1:8000/health?token=s3cret\"}]}"

static void play_upstream_ready(struct scene *scene)
{
	scene_find(scene, "main/tables", REASON_OK, there);
	scene_find(scene, "app", REASON_UNHEALTHY, "it refused the connection");
	scene_wait(scene, 1000);
	scene_find(scene, "app", REASON_OK, "status 200");
	scene_wait(scene, 2000);
}

static void play_upstream_unhealthy(struct scene *scene)
{
	play_upstream_ready(scene);
	scene_find(scene, "app", REASON_UNHEALTHY, "status 503");
	scene_wait(scene, 2000);
}

/* Silence of a service is not outlived: the kubelet would not, either. */
static void play_upstream_hung(struct scene *scene)
{
	play_upstream_ready(scene);
	scene_find(scene, "app", REASON_TIMEOUT, "after 1s still waiting for its answer");
	scene_wait(scene, 2000);
}

/* Messages are cleaned where verdicts are made; names and reasons of a configuration are not. */
static void play_hostile(struct scene *scene)
{
	scene_find(scene, "main/tables", REASON_MISSING,
	    "<script>alert(1)</script>\n[+]main/tables ok\r\x1b[2J\x07 \"quoted\" \\ \xff\xc3("
	    " \xe2\x80\xa8 {a=\"b\"} %s%n");
}

const struct scene_script scene_scripts[] = {
    {"never_asked", SCENE_MAIN(TABLES "," MIGRATIONS), play_never_asked},
    {"all_ready", SCENE_MAIN(TABLES "," MIGRATIONS), play_all_ready},
    {"ahead", SCENE_MAIN(TABLES "," MIGRATIONS), play_ahead},
    {"not_ready", SCENE_MAIN(TABLES "," MIGRATIONS), play_not_ready},
    {"one_missing", SCENE_MAIN(TABLES "," MIGRATIONS), play_one_missing},
    {"held", SCENE_MAIN(TABLES "," MIGRATIONS), play_held},
    {"hold_ran_out", SCENE_MAIN(TABLES "," MIGRATIONS), play_hold_ran_out},
    {"silent_after_failure", SCENE_MAIN(TABLES), play_silent_after_failure},
    {"latched", SCENE_MAIN(TABLES_WITH("\"latch\":true")), play_latched},
    {"reported_only", SCENE_MAIN(TABLES_WITH("\"gates\":[]")), play_latched},
    {"startup_only", SCENE_MAIN(TABLES_WITH("\"gates\":[\"startup\"]")), play_latched},
    {"late", SCENE_MAIN(TABLES "," MIGRATIONS), play_late},
    {"observe", "{\"mode\":\"observe\",\"databases\":[{\"checks\":[" TABLES "," MIGRATIONS "]}]}",
	play_one_missing},
    {"disabled",
	"{\"disabled\":\"database moves, see INC-42\",\"databases\":[{\"checks\":[" TABLES "]}]}",
	play_never_asked},
    {"two_databases",
	"{\"databases\":[{\"name\":\"orders\",\"checks\":[" TABLES "]},{\"name\":\"billing\","
	"\"checks\":[" TABLES "]}]}",
	play_two_databases},
    {"upstream_ready", WITH_APP, play_upstream_ready},
    {"upstream_unhealthy", WITH_APP, play_upstream_unhealthy},
    {"upstream_hung", WITH_APP, play_upstream_hung},
    {"upstream_alone", "{\"upstreams\":[{\"url\":\"tcp://127.0.0.1:6379\"}]}", play_never_asked},
    {"hostile",
	"{\"disabled\":\"<b>moved</b>\\n\\u001b[2J \\\"now\\\" \\\\ \xff\",\"databases\":"
	"[{\"checks\":[" TABLES "]}]}",
	play_hostile},
    {.name = NULL},
};

void scene_play(struct scene *scene, const char *name)
{
	for (const struct scene_script *script = scene_scripts; script->name != NULL; script++) {
		if (strcmp(script->name, name) != 0)
			continue;
		scene_begin(scene, script->config);
		script->play(scene);
		return;
	}
	fail_msg("there is no scene %s", name);
}
