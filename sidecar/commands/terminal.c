#include "terminal.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define COLUMNS_DEFAULT 80
#define COLUMNS_LEAST 20

static bool is_set(const char *name)
{
	const char *value = getenv(name);

	return value != NULL && *value != '\0';
}

struct terminal terminal_of(FILE *file)
{
	const char *kind = getenv("TERM");
	bool wraps = isatty(fileno(file)) == 1;
	bool redraws = wraps && kind != NULL && *kind != '\0' && strcmp(kind, "dumb") != 0;

	return (struct terminal){
	    .file = file,
	    .wraps = wraps,
	    .redraws = redraws,
	    .colours = redraws && !is_set("NO_COLOR"),
	};
}

/* As it is now: windows are resized. */
static size_t columns_of(const struct terminal *terminal)
{
	struct winsize size = {0};

	if (ioctl(fileno(terminal->file), TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
		return COLUMNS_DEFAULT;
	return size.ws_col < COLUMNS_LEAST ? COLUMNS_LEAST : size.ws_col;
}

void terminal_tone(const struct terminal *terminal, enum verdict_value value, const char *text)
{
	static const char *const colours[VERDICT_COUNT] = {
	    [VERDICT_READY] = "32", [VERDICT_NOT_READY] = "31", [VERDICT_UNKNOWN] = "33"};

	if (terminal->colours)
		fprintf(terminal->file, "\x1b[1;%sm%s\x1b[0m", colours[value], text);
	else
		fputs(text, terminal->file);
}

/* Columns of length bytes of UTF-8, where every character is as wide as a letter. */
static size_t width_of(const char *text, size_t length)
{
	size_t width = 0;

	for (size_t i = 0; i < length; i++)
		width += ((unsigned char)text[i] & 0xc0) != 0x80;
	return width;
}

void terminal_wrap(const struct terminal *terminal, size_t column, size_t indent, const char *text)
{
	size_t columns = terminal->wraps ? columns_of(terminal) : SIZE_MAX;
	bool begins = true;

	while (*text != '\0') {
		size_t length = strcspn(text, " ");
		size_t width = width_of(text, length);

		if (!begins && column + 1 + width > columns) {
			fprintf(terminal->file, "\n%*s", (int)indent, "");
			column = indent;
		} else if (!begins) {
			fputc(' ', terminal->file);
			column++;
		}
		fprintf(terminal->file, "%.*s", (int)length, text);
		column += width;
		begins = false;
		text += length + (text[length] == ' ');
	}
}

void terminal_draw(struct terminal *terminal, const char *line)
{
	if (!terminal->redraws || (line == NULL && !terminal->drawn))
		return;
	fputs("\r\x1b[K", terminal->file);
	/* The last column stays free: some terminals go on in the next line at once. */
	if (line != NULL)
		fprintf(terminal->file, "%.*s", (int)columns_of(terminal) - 1, line);
	terminal->drawn = line != NULL;
	fflush(terminal->file);
}
