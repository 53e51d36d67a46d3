/*
 * Keeps the last answers in the configuration's stateDirectory: on each change, and else as seldom
 * as holding on allows. A thread of its own writes, so that a disk holds up neither probes nor
 * checks; it starts with the first write. But an answer that revokes readiness is on disk before it
 * is published: whatever a probe was told, a restart does not take back. A disk that is hung delays
 * that by half a second, and is told of.
 */
#ifndef SCHEMALATCH_WATCH_KEEPER_H
#define SCHEMALATCH_WATCH_KEEPER_H

#include "../log.h"
#include "snapshot.h"

struct keeper;

/* Borrows log. */
struct keeper *keeper_create(struct log *log);

/* Puts what a former process has kept into snapshot, which knows no answer yet; tells in the log
 * what it was worth. May block (files); main thread. */
void keeper_restore(struct keeper *keeper, struct snapshot *snapshot, struct moment now);

/* Before snapshot is published. Blocks for half a second at most. Checking thread. */
void keeper_note(struct keeper *keeper, const struct snapshot *snapshot, struct moment now);

/* Writes the answers of snapshot (NULL: none) if they are newer, and ends; NULL allowed. After the
 * checking thread. Waits for at most limit_ms; gives false where the disk is hung: the rest is left
 * behind, and only _exit may follow. */
bool keeper_free(struct keeper *keeper, const struct snapshot *snapshot, int64_t limit_ms);

#endif
