#include "xalloc.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *must(void *memory)
{
	if (memory == NULL) {
		fputs("schemalatch: out of memory\n", stderr);
		abort();
	}
	return memory;
}

void *xcalloc(size_t count, size_t size)
{
	return must(calloc(count > 0 ? count : 1, size > 0 ? size : 1));
}

void *xreallocarray(void *memory, size_t count, size_t size)
{
	return must(reallocarray(memory, count > 0 ? count : 1, size > 0 ? size : 1));
}

char *xstrdup(const char *text)
{
	return text == NULL ? NULL : must(strdup(text));
}

char *xstrndup(const char *text, size_t length)
{
	return text == NULL ? NULL : must(strndup(text, length));
}

char *xvasprintf(const char *format, va_list arguments)
{
	char *text = NULL;

	return must(vasprintf(&text, format, arguments) < 0 ? NULL : text);
}

char *xasprintf(const char *format, ...)
{
	va_list arguments;
	char *text;

	va_start(arguments, format);
	text = xvasprintf(format, arguments);
	va_end(arguments);
	return text;
}
