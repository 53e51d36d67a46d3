/*
 * Answers that are kept as files, tests/golden/NAME, and compared byte for byte.
 *
 * RECORD_GOLDEN=1 writes them anew instead of comparing. Such a run never counts as passed: look at
 * the diff, since every changed byte is a change of what users see, then run without it.
 */
#ifndef SCHEMALATCH_TESTS_GOLDEN_H
#define SCHEMALATCH_TESTS_GOLDEN_H

/* Fails the test at the first line that differs, naming it. */
void golden_assert(const char *name, const char *found);

/* The same for a JSON document, which must be one line; kept spread out, for diffs. */
void golden_assert_json(const char *name, const char *found);

/* found with each old replaced by new; free() releases it. For what differs from build to build. */
char *golden_replace(const char *found, const char *old, const char *new);

#endif
