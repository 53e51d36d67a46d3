/*
 * What a configuration means, as digests: by them a reload, or a state that was kept on disk, knows
 * what is still the same. They cover what is in the files that are named, not only the names.
 */
#ifndef SCHEMALATCH_CONFIG_MEANING_H
#define SCHEMALATCH_CONFIG_MEANING_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "config.h"

/* No check of the former entry is the same. */
#define MEANING_NONE SIZE_MAX

/*
 * Fills in the digests of a configuration that was just loaded from file (NULL: none). began: when
 * that loading began, by CLOCK_REALTIME_COARSE, as files have it. Gives whether the files are what
 * was loaded: false where one was changed since began, and then the caller had better load again.
 * May block (files).
 */
bool meaning_fill(struct config *config, const char *file, const struct timespec *began);

/* The index in former of the check that is the same: of the same name, asking the same of the same
 * database; MEANING_NONE where there is none. Pure. */
size_t meaning_find_check(
    const struct database *former, const struct database *database, size_t check);

/* The index in former of the upstream that is the same: of the same name, asked in the same way; or
 * MEANING_NONE. Pure. */
size_t meaning_find_upstream(const struct config *former, const struct upstream *upstream);

/* The index of the check of that name, and of the database, or MEANING_NONE. Pure. */
size_t meaning_find_name(const struct database *database, const char *check);
size_t meaning_find_database(const struct config *config, const char *name);

#endif
