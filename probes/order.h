/*
 * Sorting what mostly is in order already: names as they were sorted before, rows as they were
 * written. Any thread; pure.
 */
#ifndef SCHEMALATCH_ORDER_H
#define SCHEMALATCH_ORDER_H

#include <stddef.h>

/* As qsort_r, in linear time where nothing has to move. items may be NULL where count is 0. */
void put_in_order(void *items, size_t count, size_t size,
    int (*compare)(const void *a, const void *b, void *arg), void *arg);

#endif
