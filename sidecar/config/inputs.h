/*
 * The files that a configuration is read from: what is in them, and whether they change. Links are
 * followed, and every link on the way counts: a volume of Kubernetes is updated by turning one link
 * ("..data") to another folder. In a directory everything counts, at any depth, but for hidden
 * folders and Python's caches. May block (files); any thread.
 */
#ifndef SCHEMALATCH_CONFIG_INPUTS_H
#define SCHEMALATCH_CONFIG_INPUTS_H

#include <stdbool.h>
#include <time.h>

#include "../../probes/error.h"
#include "../../probes/strings.h"
#include "../digest.h"

/*
 * Adds what is in path, a file or a directory, to digester, also that it is not there. Raises
 * *newest to the time of the last change of anything that was met, a link's turning counted in:
 * what is older than the moment at which somebody began to read it was read as it is.
 */
void inputs_digest(const char *path, struct digester *digester, struct timespec *newest);

/* Names, sizes and times of all that is in paths: far cheaper, and good enough to look every few
 * seconds where nobody tells of changes. */
struct digest inputs_signature(const struct strings *paths);

struct inputs_watch;

/*
 * Watches the paths by inotify. Gives the watch, or NULL with err where changes would not be told:
 * a limit of the kernel is reached, or a file system is shared with other machines.
 */
struct inputs_watch *inputs_watch_create(const struct strings *paths, struct error *err);

/* Becomes readable when something has happened. */
int inputs_watch_fd(const struct inputs_watch *watch);

/* Takes in what has happened; gives whether any of it concerns the paths. Never blocks. */
bool inputs_watch_has_news(struct inputs_watch *watch);

void inputs_watch_free(struct inputs_watch *watch);

#endif
