/*
 * A scene of a sidecar's day, without threads, sockets and clock: a configuration read by the real
 * config_load, what rounds have found in a real snapshot, all of it noted in a real ledger, and the
 * moment at which somebody asks. Needs the folder of workplace.h.
 */
#ifndef SCHEMALATCH_TESTS_SCENE_H
#define SCHEMALATCH_TESTS_SCENE_H

#include "../../probes/strings.h"
#include "../../sidecar/answer/view.h"

/* When a scene begins, on both clocks: 2026-01-02T03:04:05Z. */
#define SCENE_BEGIN_MONOTONIC_MS 1000000
#define SCENE_BEGIN_WALL_MS 1767323045000

struct scene {
	struct config *config;
	struct snapshot *snapshot;
	struct log log; /* to a file in memory */
	struct ledger *ledger;
	struct requests requests;
	struct moment now;
};

/* The configuration of this JSON text; fails the test with its problems. */
struct config *scene_config(const char *json);

/* "databases" of one database "main" with the elements of "checks" given, for scene_begin. */
#define SCENE_MAIN(checks) "{\"databases\":[{\"name\":\"main\",\"checks\":[" checks "]}]}"

/* Nothing has been asked yet. */
void scene_begin(struct scene *scene, const char *json);

/* A round that ends now has this verdict for the check at these indices. */
void scene_note(struct scene *scene, size_t database, size_t check, const struct verdict *verdict);

/* The same by name, "main/tables" or an upstream's, and by reason and message. */
void scene_find(struct scene *scene, const char *name, enum reason reason, const char *message);

/* Time goes by, and the ledger looks again. */
void scene_wait(struct scene *scene, int64_t milliseconds);

/* What an answer is made from now. Borrows the scene. */
struct view scene_view(const struct scene *scene);

/* The lines of the log so far; strings_done frees them. */
void scene_log_lines(const struct scene *scene, struct strings *lines);

void scene_end(struct scene *scene);

#endif
