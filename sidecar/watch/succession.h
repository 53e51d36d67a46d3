/*
 * What one configuration leaves to the next, so that a reload changes no answer but where it means
 * to. A check that is the same in both (meaning.h) keeps its standing and memory; a name that stays
 * keeps its counters; and a pod that was ready stays so until the database has said something else:
 * a check that is new, or asks something else than before, and has had no answer, is held as if it
 * had been ready when the former checks last were, for its own holdFor. Pure.
 */
#ifndef SCHEMALATCH_WATCH_SUCCESSION_H
#define SCHEMALATCH_WATCH_SUCCESSION_H

#include "snapshot.h"

/* Fills next, which is as snapshot_create makes it, with what former leaves. Where next's
 * configuration is disabled, what was known is out of date from now on. */
void succession_carry(struct snapshot *next, const struct snapshot *former, struct moment now);

/* Before next takes over: holds what has had no answer, if the readiness gate is open by former. */
void succession_hold(struct snapshot *next, const struct snapshot *former, struct moment now);

#endif
