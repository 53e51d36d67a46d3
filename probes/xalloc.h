/*
 * Allocation that cannot fail. A sidecar that Kubernetes restarts gains nothing from limping on
 * without memory, so these print one line and abort; half of all error paths disappear with them.
 * Results of libpq, libevent and cJSON are still checked. Any thread; may not block.
 */
#ifndef SCHEMALATCH_XALLOC_H
#define SCHEMALATCH_XALLOC_H

#include <stdarg.h>
#include <stddef.h>

/* count * size zeroed bytes, overflow checked. Gives memory that free() releases. */
void *xcalloc(size_t count, size_t size);

/* Resizes memory from this module to count * size bytes, overflow checked; new bytes are unset. */
void *xreallocarray(void *memory, size_t count, size_t size);

/* Copies of text; NULL gives NULL. free() releases them. */
char *xstrdup(const char *text);
char *xstrndup(const char *text, size_t length);

/* printf into fresh memory. free() releases it. */
char *xasprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));
char *xvasprintf(const char *format, va_list arguments) __attribute__((format(printf, 1, 0)));

#endif
