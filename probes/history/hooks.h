/*
 * What rows of the table of tools cannot say: the hooks of struct file_rule and struct
 * history_tool, in files named for their tools. All read literals only and run nothing; what they
 * cannot tell is a problem that names file, line and the key "list". May block (files); main
 * thread.
 */
#ifndef SCHEMALATCH_HISTORY_HOOKS_H
#define SCHEMALATCH_HISTORY_HOOKS_H

#include "files.h"
#include "ids.h"

/* A checkpoint stands for all before it on an empty database, and is passed over elsewhere. */
void atlas_content(struct file_reading *reading, const char *path, const char *id, const char *text,
    size_t length);

/* A version is written without the hyphens of the folder's name. */
void diesel_adjust(struct migration *migration, const char *name);

/* LABEL.NAME, and what its class Migration replaces. */
void django_content(struct file_reading *reading, const char *path, const char *id,
    const char *text, size_t length);

/* The journal of 0.x (meta/_journal.json), or the folders of 1.0. */
void drizzle_directory(struct file_reading *reading, const char *directory);
void drizzle_list(struct release *release);

/* A row from before 1.0 has no name: the only migration of that second, as 1.0 itself takes it. */
const char *drizzle_resolve(const struct release *release, const char *id);

/* [Migration("…")] of the sources. */
void efcore_content(struct file_reading *reading, const char *path, const char *id,
    const char *text, size_t length);

/* Versions and descriptions as the table has them; baselines are used on empty databases only. */
void flyway_adjust(struct migration *migration, const char *name);
void flyway_finish(struct release *release);

/* The changesets of a root changelog and all that it includes. */
void liquibase_directory(struct file_reading *reading, const char *directory);
void liquibase_text(struct file_reading *reading, const char *root, const char *path,
    const char *text, size_t length);
id_check id_is_changeset;

/* sqitch.plan. */
void sqitch_directory(struct file_reading *reading, const char *directory);
void sqitch_plan(struct file_reading *reading, const char *path, const char *text);
id_check id_is_sqitch;

/* Classes whose names end in 13 digits. */
void typeorm_content(struct file_reading *reading, const char *path, const char *id,
    const char *text, size_t length);

#endif
