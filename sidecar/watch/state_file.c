#include "state_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../probes/history/walk.h"
#include "../../probes/xalloc.h"

#define NAME "schemalatch.state"
#define NEW_NAME "schemalatch.state.new"
#define LIMIT_BYTES ((size_t)16 << 20)

char *state_file_read(const char *directory, size_t *length, struct error *err)
{
	char *path = xasprintf("%s/%s", directory, NAME);
	char *text = NULL;

	err->text[0] = '\0';
	if (access(path, F_OK) == 0 || errno != ENOENT)
		if (walk_read(path, LIMIT_BYTES, &text, length, err) != 0)
			text = NULL;
	free(path);
	return text;
}

static int write_fully(int file, const char *text)
{
	size_t length = strlen(text);

	while (length > 0) {
		ssize_t written = write(file, text, length);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -1;
		text += written;
		length -= (size_t)written;
	}
	return 0;
}

/* Fills the new file, and returns when it is on disk. */
static int fill_new(int folder, const char *text)
{
	int file =
	    openat(folder, NEW_NAME, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	int result;

	if (file < 0)
		return -1;
	result =
	    fchmod(file, 0600) == 0 && write_fully(file, text) == 0 && fsync(file) == 0 ? 0 : -1;
	return close(file) == 0 ? result : -1;
}

/* What could not be replaced must not be believed later on. */
static int fail(int folder, int failure, struct error *err)
{
	unlinkat(folder, NEW_NAME, 0);
	if (unlinkat(folder, NAME, 0) == 0)
		fsync(folder);
	else if (errno != ENOENT)
		return error_set(err, "%s; the one that is out of date cannot be removed: %s",
		    strerror(failure), strerror(errno));
	return error_set(err, "%s", strerror(failure));
}

int state_file_write(const char *directory, const char *text, struct error *err)
{
	int folder = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int result = 0;

	if (folder < 0)
		return error_set(err, "%s", strerror(errno));
	if (fill_new(folder, text) != 0 || renameat(folder, NEW_NAME, folder, NAME) != 0 ||
	    fsync(folder) != 0)
		result = fail(folder, errno, err);
	close(folder);
	return result;
}
