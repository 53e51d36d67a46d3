/*
 * Reads the configuration again, at SIGHUP and when a file that it is read from changes, and hands
 * one that is another, and good, to the checker (checker.h: how it takes over). A bad one is
 * refused with all its problems, and the present one stays. What is read in between is never half
 * of each: where a file changed while it was read, all is read once more.
 *
 * The main thread looks on; a thread that lives for one reading reads, so that no volume that is
 * slow or gone holds up a probe. Where the kernel does not tell of changes, that thread looks at
 * names, sizes and times every few seconds.
 */
#ifndef SCHEMALATCH_COMMANDS_RELOADER_H
#define SCHEMALATCH_COMMANDS_RELOADER_H

#include "../config/inputs.h"
#include "../config/options.h"
#include "watcher.h"

/* One reading of the configuration. */
struct loaded {
	struct config *config; /* NULL: there are problems */
	struct problems problems;
	struct strings paths;       /* that it was read from, or that it lacks */
	struct inputs_watch *watch; /* of these; NULL where there can be none, by unwatched */
	struct error unwatched;
	struct digest signature; /* of the paths where they cannot be watched */
	bool settled;            /* what was read is what is in the files now */
};

/* Reads it. May block (files). */
void loaded_fill(struct loaded *loaded, const struct options *options);
void loaded_done(struct loaded *loaded);

struct reloader;

/* Takes what loaded says besides the configuration, which the watcher works by. Borrows watcher and
 * options. NULL with err. */
struct reloader *reloader_create(struct watcher *watcher, const struct options *options,
    struct loaded *loaded, struct error *err);

/* NULL allowed. Waits for at most limit_ms; gives false where a reading hangs: it is left behind,
 * and only _exit may follow. */
bool reloader_free(struct reloader *reloader, int64_t limit_ms);

#endif
