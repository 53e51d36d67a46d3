/* Checksums of migration files as tools write them into their tables. Pure. */
#ifndef SCHEMALATCH_HISTORY_SUMS_H
#define SCHEMALATCH_HISTORY_SUMS_H

#include <stddef.h>
#include <stdint.h>

#include "../strings.h"

enum sum_kind {
	SUM_NONE,
	SUM_FLYWAY,      /* CRC-32 of the lines without their ends, as a signed number */
	SUM_SHA256,      /* of the bytes, in hex */
	SUM_SHA256_ENDS, /* the same; with other line ends it is right as well (Prisma) */
	SUM_SHA384
};

/* Adds what the table may hold for text of length bytes; nothing where that cannot be told. */
void sums_of(enum sum_kind kind, const char *text, size_t length, struct strings *sums);

/* CRC-32 (IEEE 802.3), as zlib and Go have it. */
uint32_t crc32_of(const void *bytes, size_t length);

#endif
