#include "text.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xalloc.h"

static const char ellipsis[] = "\xe2\x80\xa6"; /* … */

void text_init(struct text *text, size_t limit_bytes)
{
	*text = (struct text){.limit_bytes = limit_bytes};
}

/* Makes room for length more bytes and the NUL. */
static void text_reserve(struct text *text, size_t length)
{
	size_t need = text->length + length + 1;

	if (text->data != NULL && need <= text->capacity)
		return;
	if (need < 2 * text->capacity)
		need = 2 * text->capacity;
	if (need < 32)
		need = 32;
	text->data = xreallocarray(text->data, need, 1);
	text->capacity = need;
}

static bool is_continuation(char byte)
{
	return ((unsigned char)byte & 0xC0) == 0x80;
}

/* The greatest length <= wanted at which bytes does not end inside a UTF-8 character. */
static size_t cut_at_character(const char *bytes, size_t wanted)
{
	size_t length = wanted;

	while (length > 0 && wanted - length < 4 && is_continuation(bytes[length]))
		length--;
	return is_continuation(bytes[length]) ? wanted : length;
}

static void text_append(struct text *text, const char *bytes, size_t length)
{
	text_reserve(text, length);
	memcpy(text->data + text->length, bytes, length);
	text->length += length;
	text->data[text->length] = '\0';
}

/* The limit is reached: keeps what fits beside the ellipsis, drops the rest and all that follows.
 */
static void text_truncate(struct text *text, const char *bytes, size_t length)
{
	size_t room = text->limit_bytes > sizeof(ellipsis) - 1
			  ? text->limit_bytes - (sizeof(ellipsis) - 1)
			  : 0;

	text_append(text, bytes, length);
	if (text->length > room)
		text->length = cut_at_character(text->data, room);
	text_append(text, ellipsis, sizeof(ellipsis) - 1);
	text->truncated = true;
}

void text_add_bytes(struct text *text, const char *bytes, size_t length)
{
	if (text->truncated)
		return;
	if (text->limit_bytes == 0 || text->length + length <= text->limit_bytes)
		text_append(text, bytes, length);
	else
		text_truncate(text, bytes,
		    length < text->limit_bytes ? length
					       : cut_at_character(bytes, text->limit_bytes));
}

void text_add(struct text *text, const char *string)
{
	text_add_bytes(text, string, strlen(string));
}

void text_addf(struct text *text, const char *format, ...)
{
	char small[256];
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(small, sizeof(small), format, arguments);
	va_end(arguments);
	if (length < 0)
		return;
	if ((size_t)length < sizeof(small)) {
		text_add_bytes(text, small, (size_t)length);
		return;
	}
	char *large = xcalloc((size_t)length + 1, 1);
	va_start(arguments, format);
	vsnprintf(large, (size_t)length + 1, format, arguments);
	va_end(arguments);
	text_add_bytes(text, large, (size_t)length);
	free(large);
}

/* Length of the valid UTF-8 character at bytes, 0 where there is none (RFC 3629: shortest form, no
 * surrogates, at most U+10FFFF). */
static size_t utf8_length(const unsigned char *bytes)
{
	static const struct {
		unsigned char first_low, first_high, second_low, second_high, length;
	} forms[] = {
	    {0xC2, 0xDF, 0x80, 0xBF, 2},
	    {0xE0, 0xE0, 0xA0, 0xBF, 3},
	    {0xE1, 0xEC, 0x80, 0xBF, 3},
	    {0xED, 0xED, 0x80, 0x9F, 3},
	    {0xEE, 0xEF, 0x80, 0xBF, 3},
	    {0xF0, 0xF0, 0x90, 0xBF, 4},
	    {0xF1, 0xF3, 0x80, 0xBF, 4},
	    {0xF4, 0xF4, 0x80, 0x8F, 4},
	};

	if (bytes[0] < 0x80)
		return 1;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (bytes[0] < forms[i].first_low || bytes[0] > forms[i].first_high)
			continue;
		if (bytes[1] < forms[i].second_low || bytes[1] > forms[i].second_high)
			return 0;
		for (size_t k = 2; k < forms[i].length; k++)
			if (!is_continuation((char)bytes[k]))
				return 0;
		return forms[i].length;
	}
	return 0;
}

/* C0, DEL, and C1 (which some terminals obey). */
static bool is_control(const char *bytes, size_t length)
{
	unsigned char first = (unsigned char)bytes[0];

	if (length == 1)
		return first < 0x20 || first == 0x7F;
	return length == 2 && first == 0xC2 && (unsigned char)bytes[1] < 0xA0;
}

void text_add_clean(struct text *text, const char *string)
{
	while (*string != '\0' && !text->truncated) {
		size_t length = utf8_length((const unsigned char *)string);

		if (length == 0 || is_control(string, length))
			text_add_bytes(text, "?", 1);
		else
			text_add_bytes(text, string, length);
		string += length > 0 ? length : 1;
	}
}

static bool is_printable_ascii(char byte)
{
	return byte >= 0x20 && byte < 0x7F;
}

/* Nearly all names and ids are ASCII alone: thousands of them are looked through by that. */
bool text_is_clean(const char *string)
{
	for (;;) {
		size_t length;

		while (is_printable_ascii(*string))
			string++;
		if (*string == '\0')
			return true;
		length = utf8_length((const unsigned char *)string);
		if (length == 0 || is_control(string, length))
			return false;
		string += length;
	}
}

const char *text_string(const struct text *text)
{
	return text->data != NULL ? text->data : "";
}

char *text_take(struct text *text)
{
	char *string = text->data != NULL ? text->data : xstrdup("");

	text_init(text, text->limit_bytes);
	return string;
}

void text_done(struct text *text)
{
	free(text->data);
	text_init(text, text->limit_bytes);
}

void text_copy_clean(char *buffer, size_t size, const char *source)
{
	struct text text;

	text_init(&text, size - 1);
	text_add_clean(&text, source);
	memcpy(buffer, text_string(&text), text.length + 1);
	text_done(&text);
}

uint64_t text_hash(const char *string)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (; *string != '\0'; string++)
		hash = (hash ^ (unsigned char)*string) * UINT64_C(0x100000001b3);
	return hash;
}
