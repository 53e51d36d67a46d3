#include "log.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"

/* POSIX promises that a pipe which polls writable takes this many bytes without blocking. */
#define LINE_LIMIT_BYTES 4096
/* Of these: time, level and event; then fields and message, of which JSON may double the latter. */
#define FIELDS_LIMIT_BYTES 1600
#define MESSAGE_LIMIT_BYTES 1100

const char *const log_level_names[] = {"debug", "info", "warn", "error", NULL};
const char *const log_format_names[] = {"json", "text", NULL};

struct log_line log_begin(struct log *log, enum log_level level, const char *event)
{
	struct log_line line = {
	    .log = log, .level = level, .event = event, .wanted = level >= log->level};

	text_init(&line.fields, FIELDS_LIMIT_BYTES);
	return line;
}

/* Adds text as a JSON string; what would break a line or a terminal is gone already. */
static void add_quoted(struct text *text, const char *value)
{
	struct text clean;

	text_init(&clean, 0);
	text_add_clean(&clean, value);
	text_add(text, "\"");
	for (const char *c = text_string(&clean); *c != '\0'; c++) {
		if (*c == '"' || *c == '\\')
			text_add(text, "\\");
		text_add_bytes(text, c, 1);
	}
	text_add(text, "\"");
	text_done(&clean);
}

/* The value as it stands behind "name=": bare where it is one plain word. */
static void add_value(struct text *text, const char *value)
{
	if (strpbrk(value, " \"=\\") != NULL)
		add_quoted(text, value);
	else
		text_add_clean(text, value);
}

static void add_name(struct log_line *line, const char *name)
{
	if (line->log->format == LOG_FORMAT_JSON)
		text_addf(&line->fields, ",\"%s\":", name);
	else
		text_addf(&line->fields, " %s=", name);
}

void log_text(struct log_line *line, const char *name, const char *value)
{
	if (!line->wanted || value == NULL || *value == '\0')
		return;
	add_name(line, name);
	if (line->log->format == LOG_FORMAT_JSON)
		add_quoted(&line->fields, value);
	else
		add_value(&line->fields, value);
}

void log_bool(struct log_line *line, const char *name, bool value)
{
	if (!line->wanted)
		return;
	add_name(line, name);
	text_add(&line->fields, value ? "true" : "false");
}

void log_number(struct log_line *line, const char *name, double value)
{
	if (!line->wanted)
		return;
	add_name(line, name);
	text_addf(&line->fields, "%.10g", value);
}

static void write_line(struct log *log, struct text *line, unsigned dropped_before)
{
	struct pollfd ready = {.fd = log->descriptor, .events = POLLOUT};

	text_add(line, "\n");
	/* A file or a terminal always polls writable; a broken pipe does too, and then write fails.
	 */
	if (poll(&ready, 1, 0) != 1 || write(log->descriptor, text_string(line), line->length) < 0)
		atomic_fetch_add(&log->dropped, dropped_before + 1);
}

/* Fields that are too long are left out together: half of them would be no JSON. */
static const char *fields_of(const struct log_line *line)
{
	return line->fields.truncated ? "" : text_string(&line->fields);
}

static void add_json(struct text *out, const struct log_line *line, const char *time,
    const char *message, unsigned dropped)
{
	text_addf(out, "{\"time\":\"%s\",\"level\":\"%s\",\"event\":\"%s\",\"message\":", time,
	    log_level_names[line->level], line->event);
	add_quoted(out, message);
	text_add(out, fields_of(line));
	if (dropped > 0)
		text_addf(out, ",\"dropped_lines\":%u", dropped);
	text_add(out, "}");
}

static void add_text(struct text *out, const struct log_line *line, const char *time,
    const char *message, unsigned dropped)
{
	text_addf(out, "%s %-5s %s: ", time, log_level_names[line->level], line->event);
	text_add_clean(out, message);
	text_add(out, fields_of(line));
	if (dropped > 0)
		text_addf(out, " dropped_lines=%u", dropped);
}

void log_end(struct log_line *line, const char *format, ...)
{
	char message[MESSAGE_LIMIT_BYTES];
	char time[32];
	struct text out;
	va_list arguments;
	unsigned dropped;

	if (!line->wanted)
		return;
	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	dropped = atomic_exchange(&line->log->dropped, 0);
	clock_format_utc(clock_wall_ms(), time, sizeof(time));
	text_init(&out, 0);
	if (line->log->erases)
		text_add(&out, "\r\x1b[K");
	if (line->log->format == LOG_FORMAT_JSON)
		add_json(&out, line, time, message, dropped);
	else
		add_text(&out, line, time, message, dropped);
	write_line(line->log, &out, dropped);
	text_done(&out);
	text_done(&line->fields);
}
