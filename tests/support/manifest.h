/* What a tool's reader makes of files in the workplace. */
#ifndef SCHEMALATCH_TESTS_MANIFEST_H
#define SCHEMALATCH_TESTS_MANIFEST_H

/* Writes a file of the workplace with the directories that lead to it. */
void manifest_write(const char *path, const char *text);

/*
 * The list that the tool makes of a directory ("LABEL=DIRECTORY" for Django), or the problems, a
 * line each. free() releases it.
 */
char *manifest_of(const char *tool, const char *directory);

#endif
