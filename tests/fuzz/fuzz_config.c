/*
 * Fuzz target: configuration files. Whatever the bytes, nothing crashes; a configuration comes or
 * problems do; problems are clean lines of bounded length; and what is printed of a configuration
 * is read back as the same.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../probes/text.h"
#include "../../probes/xalloc.h"
#include "../../sidecar/config/config.h"

#define LINE_LIMIT_BYTES 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool fact, const char *what, const char *text)
{
	if (fact)
		return;
	fprintf(stderr, "%s: %s\n", what, text);
	abort();
}

static void check_line(const char *line)
{
	struct text clean;

	text_init(&clean, 0);
	text_add_clean(&clean, line);
	demand(strcmp(text_string(&clean), line) == 0, "not clean", line);
	demand(strstr(line, ": ") != NULL, "no place", line);
	demand(strlen(line) < LINE_LIMIT_BYTES, "too long", line);
	text_done(&clean);
}

/* The configuration of these bytes as printed; NULL where they are none. free() releases it. */
static char *printed(const char *bytes, size_t length)
{
	struct setting_flags flags = {{NULL}};
	struct problems problems = {0};
	int fd = memfd_create("config", MFD_CLOEXEC);
	char *path = xasprintf("/proc/self/fd/%d", fd);
	struct config *config;
	char *text = NULL;

	demand(write(fd, bytes, length) == (ssize_t)length, "cannot write", path);
	config = config_load(path, &flags, CONFIG_WHOLE, &problems);
	demand((config == NULL) == (problems.lines.count > 0), "neither or both", bytes);
	for (size_t i = 0; i < problems.lines.count; i++)
		check_line(problems.lines.items[i]);
	if (config != NULL)
		text = config_print(config);
	config_free(config);
	problems_done(&problems);
	free(path);
	close(fd);
	return text;
}

/* Only names of this folder can come of it: a fuzzer has no business elsewhere. */
static bool is_harmless(const char *bytes, size_t length)
{
	return memchr(bytes, '/', length) == NULL && memmem(bytes, length, "02f", 3) == NULL &&
	       memmem(bytes, length, "02F", 3) == NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *bytes = xcalloc(size + 1, 1);
	char *once;
	char *twice;

	memcpy(bytes, data, size);
	once = is_harmless(bytes, size) ? printed(bytes, size) : NULL;
	if (once != NULL) {
		twice = printed(once, strlen(once));
		demand(twice != NULL, "what was printed is refused", once);
		demand(
		    strcmp(once, twice) == 0, "what was printed is read as something else", once);
		free(twice);
	}
	free(once);
	free(bytes);
	return 0;
}
