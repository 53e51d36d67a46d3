/*
 * The last answers as text, for a file that outlives the process. What it says counts only where it
 * is of the same check of the same database (meaning.h), and younger than that database's holdFor
 * by the wall clock; from then on the monotonic clock judges. A state is an earlier answer: it lets
 * a restarted sidecar hold on while the database is silent, and the first answer takes its place.
 * The startup latch is not in it: that is of the process. Pure.
 *
 * One line "schemalatch-state 1 SHA256", then that much JSON: a file that was cut off, or mixed up
 * by a crash, is not believed.
 */
#ifndef SCHEMALATCH_WATCH_STATE_H
#define SCHEMALATCH_WATCH_STATE_H

#include "../../probes/error.h"
#include "snapshot.h"

/* What is to be kept of snapshot. free() releases it. Any thread. */
char *state_format(const struct snapshot *snapshot);

/* How the checks of a state were judged. */
struct state_count {
	size_t restored;
	size_t foreign; /* of another configuration or database */
	size_t old;     /* older than holdFor, or from the future */
	int64_t age_ms; /* of the oldest answer that was restored */
};

/* Puts what counts of length bytes of text into snapshot, which knows no answer yet. Returns 0; or
 * -1 with err, and nothing restored, where text is damaged. Main thread (cJSON). */
int state_restore(const char *text, size_t length, struct snapshot *snapshot, struct moment now,
    struct state_count *count, struct error *err) __attribute__((warn_unused_result));

/* Whether now says something else than then, but for the times of answers; whether a time is
 * another; and whether a check that was ready then is not known to be so any more. then NULL: what
 * is kept is not known. */
bool state_differs(const struct snapshot *then, const struct snapshot *now);
bool state_is_fresher(const struct snapshot *then, const struct snapshot *now);
bool state_revokes(const struct snapshot *then, const struct snapshot *now);

/* How old the times in the file may grow: a tenth of the shortest holdFor, 5 s at least. */
int64_t state_refresh_ms(const struct config *config);

#endif
