/*
 * An error is our own failure: bad configuration, no listener, a bug. It is never a verdict: that
 * the database says no, or cannot be asked, is data (verdict.h).
 *
 * Functions that can fail return 0, or -1 with *err filled; on success *err is untouched. The text
 * lives in the struct, on the caller's stack: nothing to free.
 */
#ifndef SCHEMALATCH_ERROR_H
#define SCHEMALATCH_ERROR_H

struct error {
	char text[512];
};

/* Fills err (may be NULL) and returns -1, so that reporting and returning are one line. */
int error_set(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Puts "format: " in front of what err already says; returns -1. */
int error_wrap(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
