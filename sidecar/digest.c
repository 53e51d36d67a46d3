/* The functions of OpenSSL 1.1: those of 3.0 load all its providers, which are two more MiB
 * resident for a sidecar that needs no TLS. */
#define OPENSSL_API_COMPAT 0x10100000L

#include "digest.h"

#include <openssl/sha.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../probes/xalloc.h"

struct digester {
	SHA256_CTX context;
};

static void demand(int result)
{
	if (result == 1)
		return;
	fputs("cannot compute a digest\n", stderr);
	abort();
}

struct digester *digester_create(void)
{
	struct digester *digester = xcalloc(1, sizeof(*digester));

	demand(SHA256_Init(&digester->context));
	return digester;
}

void digester_add(struct digester *digester, const void *bytes, size_t length)
{
	uint64_t size = length;

	demand(SHA256_Update(&digester->context, &size, sizeof(size)));
	demand(SHA256_Update(&digester->context, bytes, length));
}

void digester_add_text(struct digester *digester, const char *text)
{
	if (text != NULL)
		digester_add(digester, text, strlen(text) + 1);
	else
		digester_add(digester, "", 0);
}

void digester_add_digest(struct digester *digester, const struct digest *digest)
{
	digester_add(digester, digest->bytes, sizeof(digest->bytes));
}

struct digest digester_end(struct digester *digester)
{
	struct digest digest;

	demand(SHA256_Final(digest.bytes, &digester->context));
	free(digester);
	return digest;
}

struct digest digest_plain(const void *bytes, size_t length)
{
	struct digest digest;

	SHA256(bytes, length, digest.bytes);
	return digest;
}

bool digest_same(const struct digest *a, const struct digest *b)
{
	return memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

const char *digest_hex(const struct digest *digest, char hex[DIGEST_HEX_BYTES])
{
	for (size_t i = 0; i < DIGEST_BYTES; i++)
		snprintf(hex + 2 * i, 3, "%02x", digest->bytes[i]);
	return hex;
}
