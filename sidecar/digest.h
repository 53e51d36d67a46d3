/*
 * What tells whether two things are the same without keeping either: SHA-256 over parts, each with
 * its length in front, so that "ab" and "c" is not "a" and "bc". Any thread; pure.
 */
#ifndef SCHEMALATCH_DIGEST_H
#define SCHEMALATCH_DIGEST_H

#include <stdbool.h>
#include <stddef.h>

#define DIGEST_BYTES 32
#define DIGEST_HEX_BYTES (2 * DIGEST_BYTES + 1)

struct digest {
	unsigned char bytes[DIGEST_BYTES];
};

struct digester;

struct digester *digester_create(void);

/* A part; NULL is another text than "". */
void digester_add(struct digester *digester, const void *bytes, size_t length);
void digester_add_text(struct digester *digester, const char *text);
void digester_add_digest(struct digester *digester, const struct digest *digest);

/* The digest of all parts; frees digester. */
struct digest digester_end(struct digester *digester);

/* Of bytes alone, without their length: as sha256sum has it. */
struct digest digest_plain(const void *bytes, size_t length);

bool digest_same(const struct digest *a, const struct digest *b);

/* In small letters; borrows and returns hex. */
const char *digest_hex(const struct digest *digest, char hex[DIGEST_HEX_BYTES]);

#endif
