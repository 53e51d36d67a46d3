/*
 * The situations that every road out has to tell well: each as a configuration and what happened.
 * Reports and documents of all of them are kept as golden files.
 */
#ifndef SCHEMALATCH_TESTS_SCENES_H
#define SCHEMALATCH_TESTS_SCENES_H

#include "scene.h"

struct scene_script {
	const char *name; /* and of the golden files */
	const char *config;
	void (*play)(struct scene *scene);
};

/* Ends in a script without name. */
extern const struct scene_script scene_scripts[];

/* Begins and plays the one of that name; scene_end releases it. */
void scene_play(struct scene *scene, const char *name);

#endif
