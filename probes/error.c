#include "error.h"

#include <stdarg.h>
#include <stdio.h>

#include "text.h"

__attribute__((format(printf, 2, 0))) static void error_format(
    struct error *err, const char *format, va_list arguments)
{
	char raw[sizeof(err->text)];

	vsnprintf(raw, sizeof(raw), format, arguments);
	text_copy_clean(err->text, sizeof(err->text), raw);
}

int error_set(struct error *err, const char *format, ...)
{
	va_list arguments;

	if (err == NULL)
		return -1;
	va_start(arguments, format);
	error_format(err, format, arguments);
	va_end(arguments);
	return -1;
}

int error_wrap(struct error *err, const char *format, ...)
{
	struct error context;
	struct error whole;
	va_list arguments;

	if (err == NULL)
		return -1;
	va_start(arguments, format);
	error_format(&context, format, arguments);
	va_end(arguments);
	error_set(&whole, "%s: %s", context.text, err->text);
	*err = whole;
	return -1;
}
