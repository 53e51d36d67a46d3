#include "workplace.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../probes/xalloc.h"

static int remove_entry(const char *path, const struct stat *facts, int type, struct FTW *walk)
{
	(void)facts;
	(void)type;
	(void)walk;
	return remove(path);
}

int workplace_enter(void **state)
{
	const char *parent = getenv("TMPDIR");
	char *folder = xasprintf("%s/schemalatch-unit-XXXXXX", parent != NULL ? parent : "/tmp");

	*state = folder;
	return mkdtemp(folder) != NULL && chdir(folder) == 0 ? workplace_clear_environment(state)
							     : -1;
}

void workplace_remove(const char *path)
{
	nftw(path, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

int workplace_leave(void **state)
{
	char *folder = *state;
	int result = chdir("/") == 0 ? nftw(folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS) : -1;

	free(folder);
	return result;
}

static bool is_read(const char *entry)
{
	return strncmp(entry, "SCHEMALATCH_", 12) == 0 || strncmp(entry, "DATABASE_URL=", 13) == 0;
}

int workplace_clear_environment(void **state)
{
	char **entry = environ;

	(void)state;
	while (*entry != NULL) {
		char *name = xstrndup(*entry, strcspn(*entry, "="));

		/* Removing one moves the others up. */
		if (!is_read(*entry) || unsetenv(name) != 0)
			entry++;
		free(name);
	}
	return 0;
}

void workplace_write_bytes(const char *name, const char *bytes, size_t length)
{
	FILE *file = fopen(name, "we");

	if (file == NULL || fwrite(bytes, 1, length, file) != length || fclose(file) != 0)
		fail_msg("cannot write %s", name);
}

void workplace_write(const char *name, const char *text)
{
	workplace_write_bytes(name, text, strlen(text));
}
