/*
 * One line an event on standard error, as JSON or as text, in one write. A reader of standard error
 * that has stopped reading must not hold up a probe: a line that would block is dropped and
 * counted, and the next line that goes out says how many were lost. Any thread; never blocks.
 */
#ifndef SCHEMALATCH_LOG_H
#define SCHEMALATCH_LOG_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "../probes/text.h"

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARN, LOG_LEVEL_ERROR };
enum log_format { LOG_FORMAT_JSON, LOG_FORMAT_TEXT };

/* Their names in configuration, ending in NULL. */
extern const char *const log_level_names[];
extern const char *const log_format_names[];

struct log {
	_Atomic enum log_level level; /* the least that is written; these two change by a reload */
	_Atomic enum log_format format;
	int descriptor;
	bool erases; /* a terminal, on which a command may have drawn: a line takes that away */
	atomic_uint dropped;
};

/* A line in the making, on the caller's stack. */
struct log_line {
	struct log *log;
	enum log_level level;
	const char *event;
	struct text fields;
	bool wanted;
};

/* Begins a line; event is a word of the README's list. Borrows log and event until log_end. */
struct log_line log_begin(struct log *log, enum log_level level, const char *event);

/* Named fields; texts are cleaned, NULL and empty ones left out. */
void log_text(struct log_line *line, const char *name, const char *value);
void log_bool(struct log_line *line, const char *name, bool value);
void log_number(struct log_line *line, const char *name, double value);

/* Writes the line with its message for people. */
void log_end(struct log_line *line, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
