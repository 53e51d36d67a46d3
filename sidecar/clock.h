/* Monotonic and wall time behind one seam. Any thread; never blocks. */
#ifndef SCHEMALATCH_CLOCK_H
#define SCHEMALATCH_CLOCK_H

#include <stddef.h>
#include <stdint.h>

/* Milliseconds since some fixed point; never goes back. All ages and deadlines are judged by it. */
int64_t clock_monotonic_ms(void);

/* Milliseconds since 1970, for people and Prometheus; may jump. */
int64_t clock_wall_ms(void);

/* "2024-05-06T07:08:09.123Z"; borrows and returns buffer, of 25 bytes at least. */
const char *clock_format_utc(int64_t wall_ms, char *buffer, size_t size);

#endif
