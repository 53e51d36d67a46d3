/*
 * One HTTP request as a kubelet sends it: a TCP connection to 127.0.0.1 for each, its header lines,
 * and done when the last byte of the answer's body is there. For programs of one thread.
 */
#ifndef BENCH_PROBE_H
#define BENCH_PROBE_H

#include <stdint.h>

/* Gives the status of the answer, or 0 where there is none or only a part of one. Blocks, for five
 * seconds at most. Borrows path. */
int probe(uint16_t port, const char *path);

/* CLOCK_MONOTONIC in nanoseconds: the same in all processes. */
int64_t probe_now_ns(void);

/* Sleeps that long, and hardly longer. */
void probe_pause_us(long microseconds);

/* The number from 1 to most that text is; ends the program with a message where it is none. */
long probe_number(const char *text, long most);

/* The same for a port. */
uint16_t probe_port(const char *text);

#endif
