#include "array.h"

#include <stdint.h>
#include <string.h>

#define TEXT_OID 25

/* Where in the header two of its numbers are; a number has four bytes, the highest first. */
#define AT_HAS_NULL 4
#define AT_COUNT 12

static void put(unsigned char *bytes, uint32_t number)
{
	for (int i = 0; i < 4; i++)
		bytes[i] = (unsigned char)(number >> (24 - 8 * i));
}

static uint32_t get(const unsigned char *bytes)
{
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
	       bytes[3];
}

static void add_number(struct text *array, uint32_t number)
{
	unsigned char bytes[4];

	put(bytes, number);
	text_add_bytes(array, (const char *)bytes, sizeof(bytes));
}

static void begin(struct text *array, uint32_t dimensions)
{
	add_number(array, dimensions);
	add_number(array, 0);
	add_number(array, TEXT_OID);
}

void array_add(struct text *array, const char *element)
{
	unsigned char *header;

	if (array->length == 0) {
		begin(array, 1);
		add_number(array, 0);
		add_number(array, 1); /* elements count from 1 */
	}
	header = (unsigned char *)array->data;
	put(header + AT_COUNT, get(header + AT_COUNT) + 1);
	if (element == NULL) {
		put(header + AT_HAS_NULL, 1);
		add_number(array, UINT32_MAX);
		return;
	}
	add_number(array, (uint32_t)strlen(element));
	text_add(array, element);
}

void array_end(struct text *array)
{
	if (array->length == 0)
		begin(array, 0);
}
