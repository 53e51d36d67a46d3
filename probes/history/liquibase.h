/* What the two readers of Liquibase's changelogs share. Main thread. */
#ifndef SCHEMALATCH_HISTORY_LIQUIBASE_H
#define SCHEMALATCH_HISTORY_LIQUIBASE_H

#include <stdbool.h>

struct changelog;

/* Borrows its texts. */
struct changeset {
	const char *id;
	const char *author;
	const char *logical; /* its own path; NULL: the changelog's */
	long line;
};

/* Adds a changeset of the changelog. */
void liquibase_add(const struct changelog *changelog, const struct changeset *set);

/* Adds the problem that what stands there cannot be told without running Liquibase. */
void liquibase_refuse(const struct changelog *changelog, long line, const char *what);

/* What is recorded as the path of the changelog from now on. */
void liquibase_set_logical(struct changelog *changelog, const char *path);

/* A path as Liquibase compares it: no "classpath:", slashes, no ".." and none in front. free()
 * releases it. */
char *liquibase_path(const char *path);

/* Whether an attribute dbms lets a changeset run on PostgreSQL. */
bool liquibase_dbms_is_ours(const char *list);

/* Reads formatted SQL. */
void liquibase_sql(struct changelog *changelog, const char *text);

#endif
