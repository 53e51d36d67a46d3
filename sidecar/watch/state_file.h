/*
 * A state on disk: the file "schemalatch.state" of a directory, ours alone to read (0600). Writing
 * survives a crash at any moment: the new text is complete on disk before it takes the old one's
 * name. May block (files).
 */
#ifndef SCHEMALATCH_WATCH_STATE_FILE_H
#define SCHEMALATCH_WATCH_STATE_FILE_H

#include <stddef.h>

#include "../../probes/error.h"

/* The file's bytes; free() releases them. NULL where there is none, with err empty, and where it
 * cannot be read, with err. */
char *state_file_read(const char *directory, size_t *length, struct error *err);

/* Writes text. Returns 0; or -1 with err, and then there is no file any more, so that nothing that
 * is out of date is believed; where even that cannot be had, err says so. */
int state_file_write(const char *directory, const char *text, struct error *err)
    __attribute__((warn_unused_result));

#endif
