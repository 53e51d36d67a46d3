/*
 * When a run of results counts, by the kubelet's rule (pkg/kubelet/prober/worker.go): a result
 * changes something only once it has come so often in a row. Pure.
 */
#ifndef SCHEMALATCH_WATCH_THRESHOLDS_H
#define SCHEMALATCH_WATCH_THRESHOLDS_H

#include <stdbool.h>
#include <stdint.h>

struct thresholds {
	int64_t failure; /* 1 or more */
	int64_t success;
	bool last_passed; /* these two are the module's; zero before the first result */
	int64_t run;
};

/* Notes a result; gives whether it has come often enough in a row. */
bool thresholds_note(struct thresholds *thresholds, bool passed);

#endif
