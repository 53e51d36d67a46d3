#include "scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../probes/xalloc.h"
#include "workplace.h"

struct config *scene_config(const char *json)
{
	struct setting_flags flags = {{NULL}};
	struct problems problems = {0};
	struct config *config;

	workplace_write("scene.json", json);
	config = config_load("scene.json", &flags, CONFIG_WHOLE, &problems);
	if (config == NULL)
		fail_msg("%s: %s", json, problems.lines.items[0]);
	return config;
}

void scene_begin(struct scene *scene, const char *json)
{
	*scene = (struct scene){
	    .config = scene_config(json),
	    .log = {.descriptor = memfd_create("log", MFD_CLOEXEC)},
	    .now = {SCENE_BEGIN_MONOTONIC_MS, SCENE_BEGIN_WALL_MS},
	};
	scene->snapshot = snapshot_create(scene->config, scene->now);
	scene->ledger = ledger_create(scene->config, &scene->log);
	ledger_note_reading(scene->ledger, true, scene->now.wall_ms);
}

void scene_note(struct scene *scene, size_t database, size_t check, const struct verdict *verdict)
{
	standing_note(&scene->snapshot->databases[database].standings[check], verdict, scene->now);
	ledger_note(scene->ledger, scene->snapshot, scene->now);
}

/* Whether name is "DATABASE/CHECK" of these two. */
static bool is_named(const char *name, const char *database, const char *check)
{
	size_t length = strlen(database);

	return strncmp(name, database, length) == 0 && name[length] == '/' &&
	       strcmp(name + length + 1, check) == 0;
}

void scene_find(struct scene *scene, const char *name, enum reason reason, const char *message)
{
	struct verdict verdict = verdict_of(reason, "%s", message);

	for (size_t i = 0; i < scene->config->database_count; i++) {
		const struct database *database = &scene->config->databases[i];

		for (size_t k = 0; k < database->check_count; k++) {
			if (!is_named(name, database->name, database->checks[k]->name))
				continue;
			scene_note(scene, i, k, &verdict);
			return;
		}
	}
	for (size_t i = 0; i < scene->config->upstream_count; i++) {
		if (strcmp(scene->config->upstreams[i].name, name) != 0)
			continue;
		standing_note(&scene->snapshot->upstreams[i].standing, &verdict, scene->now);
		ledger_note(scene->ledger, scene->snapshot, scene->now);
		return;
	}
	fail_msg("the scene has neither check nor upstream %s", name);
}

void scene_wait(struct scene *scene, int64_t milliseconds)
{
	scene->now.monotonic_ms += milliseconds;
	scene->now.wall_ms += milliseconds;
	ledger_note(scene->ledger, scene->snapshot, scene->now);
}

struct view scene_view(const struct scene *scene)
{
	return (struct view){
	    .config = scene->config,
	    .snapshot = scene->snapshot,
	    .ledger = scene->ledger,
	    .requests = &scene->requests,
	    .now = scene->now,
	    .heartbeat_ms = scene->now.monotonic_ms,
	    .pod = "app-7c9f",
	};
}

void scene_log_lines(const struct scene *scene, struct strings *lines)
{
	int copy = dup(scene->log.descriptor);
	FILE *file = copy >= 0 ? fdopen(copy, "r") : NULL;
	char *line = NULL;
	size_t capacity = 0;

	if (file == NULL)
		fail_msg("cannot read the log");
	rewind(file);
	while (getline(&line, &capacity, file) > 0) {
		line[strcspn(line, "\n")] = '\0';
		strings_add(lines, line);
	}
	free(line);
	fclose(file);
}

void scene_end(struct scene *scene)
{
	ledger_free(scene->ledger);
	snapshot_free(scene->snapshot);
	config_free(scene->config);
	close(scene->log.descriptor);
}
