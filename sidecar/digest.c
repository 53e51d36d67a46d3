#include "digest.h"

#include <openssl/evp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../probes/xalloc.h"

struct digester {
	EVP_MD_CTX *context;
};

/* None of it fails but for want of memory, or in a build of OpenSSL without SHA-256. */
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

	digester->context = EVP_MD_CTX_new();
	demand(digester->context != NULL);
	demand(EVP_DigestInit_ex(digester->context, EVP_sha256(), NULL));
	return digester;
}

void digester_add(struct digester *digester, const void *bytes, size_t length)
{
	uint64_t size = length;

	demand(EVP_DigestUpdate(digester->context, &size, sizeof(size)));
	demand(EVP_DigestUpdate(digester->context, bytes, length));
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

	demand(EVP_DigestFinal_ex(digester->context, digest.bytes, NULL));
	EVP_MD_CTX_free(digester->context);
	free(digester);
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
