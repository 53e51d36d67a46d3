/*
 * Strings by a number of the eight bytes in which they first differ: thousands of names of one
 * directory or ids of one history are sorted and found without a look at each other's bytes, which
 * lie all over memory. Any thread; pure.
 */
#ifndef SCHEMALATCH_STRING_KEY_H
#define SCHEMALATCH_STRING_KEY_H

#include <stddef.h>
#include <stdint.h>

/* How many of the first most bytes, which a has, b begins with too. */
static inline size_t string_common(const char *a, const char *b, size_t most)
{
	size_t same = 0;

	while (same < most && b[same] == a[same])
		same++;
	return same;
}

/* Of strings that begin alike, bytes being what comes then: the one with the lesser key comes
 * first, as by strcmp, which tells of those with equal keys. */
static inline uint64_t string_key(const char *bytes)
{
	uint64_t key = 0;

	for (int i = 0; i < 8; i++) {
		key = key << 8 | (unsigned char)*bytes;
		bytes += *bytes != '\0';
	}
	return key;
}

#endif
