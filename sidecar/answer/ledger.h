/*
 * What has changed, as the roads out see it: notes each change of a verdict or of a gate once, in
 * the log and in a ring of the last ones, and keeps the startup latch. Main thread.
 */
#ifndef SCHEMALATCH_ANSWER_LEDGER_H
#define SCHEMALATCH_ANSWER_LEDGER_H

#include "../config/config.h"
#include "../log.h"
#include "../watch/snapshot.h"
#include "gate.h"

#define LEDGER_CHANGES_MAX 64

struct change {
	int64_t wall_ms;
	const char *database; /* these two as in struct subject, borrowed from the configuration */
	const char *check;
	enum verdict_value value;
	enum reason reason;
	bool pass;
	bool held;
	char message[sizeof(((struct verdict *)0)->message)];
};

struct ledger;

/* Borrows config and log. */
struct ledger *ledger_create(const struct config *config, struct log *log);

/* Compares with what it saw last. Call at each new snapshot, and now and then besides, since a held
 * verdict runs out by itself. */
void ledger_note(struct ledger *ledger, const struct snapshot *snapshot, struct moment now);

/* Whether the startup gate has ever passed in this process. */
bool ledger_has_started(const struct ledger *ledger);

/* Changes in the ring, and of all time. */
size_t ledger_change_count(const struct ledger *ledger);
size_t ledger_total(const struct ledger *ledger);

/* Change number index, the newest being 0. Borrowed until the next ledger_note. */
const struct change *ledger_change(const struct ledger *ledger, size_t index);

void ledger_free(struct ledger *ledger);

#endif
