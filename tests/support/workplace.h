/*
 * A folder of its own for a test program, made and removed with its group of tests, and an
 * environment that says nothing about a configuration. The folder is the working directory, so that
 * files have short names, and messages that quote them are the same on every machine.
 */
#ifndef SCHEMALATCH_TESTS_WORKPLACE_H
#define SCHEMALATCH_TESTS_WORKPLACE_H

#include <stddef.h>

/* Setup and teardown of a group of tests. */
int workplace_enter(void **state);
int workplace_leave(void **state);

/* Removes a path with all below it; not being there is no failure. */
void workplace_remove(const char *path);

/* Setup of one test: unsets every variable that the configuration is read from. */
int workplace_clear_environment(void **state);

/* Writes a file of the folder, anew where it exists. */
void workplace_write(const char *name, const char *text);
void workplace_write_bytes(const char *name, const char *bytes, size_t length);

#endif
