#include "sums.h"

#include <openssl/evp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../text.h"
#include "../xalloc.h"

/* Reflected, polynomial 0xEDB88320, half a byte at a time. */
static const uint32_t crc32_steps[16] = {0x00000000, 0x1DB71064, 0x3B6E20C8, 0x26D930AC, 0x76DC4190,
    0x6B6B51F4, 0x4DB26158, 0x5005713C, 0xEDB88320, 0xF00F9344, 0xD6D6A3E8, 0xCB61B38C, 0x9B64C2B0,
    0x86D3D2D4, 0xA00AE278, 0xBDBDF21C};

static uint32_t crc32_add(uint32_t crc, const void *bytes, size_t length)
{
	const unsigned char *byte = bytes;

	for (size_t i = 0; i < length; i++) {
		crc ^= byte[i];
		crc = (crc >> 4) ^ crc32_steps[crc & 15];
		crc = (crc >> 4) ^ crc32_steps[crc & 15];
	}
	return crc;
}

uint32_t crc32_of(const void *bytes, size_t length)
{
	return ~crc32_add(UINT32_MAX, bytes, length);
}

static size_t mark_length(const char *text, size_t length)
{
	static const char mark[] = "\xef\xbb\xbf";

	return length >= 3 && memcmp(text, mark, 3) == 0 ? 3 : 0;
}

/* Flyway takes "\n", "\r" and "\r\n" for the end of a line, and feeds lines without it. Of a
 * repeatable migration it feeds what placeholders were replaced with, which only it knows. */
static void add_flyway(const char *text, size_t length, struct strings *sums)
{
	const char *at = text + mark_length(text, length);
	const char *end = text + length;
	uint32_t crc = UINT32_MAX;

	if (memmem(text, length, "${", 2) != NULL)
		return;
	while (at < end) {
		const char *stop = at;

		while (stop < end && *stop != '\n' && *stop != '\r')
			stop++;
		crc = crc32_add(crc, at, (size_t)(stop - at));
		at = stop < end ? stop + 1 : end;
	}
	strings_take(sums, xasprintf("%d", (int)(int32_t)~crc));
}

static void add_digest(const EVP_MD *kind, const char *text, size_t length, struct strings *sums)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned size = 0;
	struct text hex;

	if (EVP_Digest(text, length, digest, &size, kind, NULL) != 1)
		return; /* a FIPS library without it: then nothing is compared */
	text_init(&hex, 0);
	for (unsigned i = 0; i < size; i++)
		text_addf(&hex, "%02x", digest[i]);
	if (!strings_has(sums, text_string(&hex)))
		strings_add(sums, text_string(&hex));
	text_done(&hex);
}

/* The text with every line end as ending; free() releases it. */
static char *with_ends(const char *text, size_t length, const char *ending, size_t *new_length)
{
	struct text made;

	text_init(&made, 0);
	for (size_t i = 0; i < length; i++) {
		if (text[i] == '\r' && i + 1 < length && text[i + 1] == '\n')
			continue;
		if (text[i] == '\n')
			text_add(&made, ending);
		else
			text_add_bytes(&made, text + i, 1);
	}
	*new_length = made.length;
	return text_take(&made);
}

static void add_digest_with(
    const char *text, size_t length, const char *ending, struct strings *sums)
{
	size_t new_length;
	char *made = with_ends(text, length, ending, &new_length);

	add_digest(EVP_sha256(), made, new_length, sums);
	free(made);
}

void sums_of(enum sum_kind kind, const char *text, size_t length, struct strings *sums)
{
	switch (kind) {
	case SUM_NONE:
		break;
	case SUM_FLYWAY:
		add_flyway(text, length, sums);
		break;
	case SUM_SHA256:
		add_digest(EVP_sha256(), text, length, sums);
		break;
	case SUM_SHA256_ENDS:
		add_digest(EVP_sha256(), text, length, sums);
		add_digest_with(text, length, "\n", sums);
		add_digest_with(text, length, "\r\n", sums);
		break;
	case SUM_SHA384:
		add_digest(EVP_sha384(), text, length, sums);
		break;
	}
}
