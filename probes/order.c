#include "order.h"

#include <stdbool.h>
#include <stdlib.h>

static bool is_in_order(const char *items, size_t count, size_t size,
    int (*compare)(const void *a, const void *b, void *arg), void *arg)
{
	for (size_t i = 1; i < count; i++)
		if (compare(items + (i - 1) * size, items + i * size, arg) > 0)
			return false;
	return true;
}

void put_in_order(void *items, size_t count, size_t size,
    int (*compare)(const void *a, const void *b, void *arg), void *arg)
{
	if (!is_in_order(items, count, size, compare, arg))
		qsort_r(items, count, size, compare, arg);
}
