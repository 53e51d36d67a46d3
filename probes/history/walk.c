#include "walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../xalloc.h"

/* Most file systems tell what an entry is; a link, and what others do not tell, is looked at. */
static bool is_directory(DIR *parent, const struct dirent *entry)
{
	struct stat status;

	if (entry->d_type == DT_DIR || entry->d_type == DT_REG)
		return entry->d_type == DT_DIR;
	return fstatat(dirfd(parent), entry->d_name, &status, 0) == 0 && S_ISDIR(status.st_mode);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int walk_list(const char *directory, enum walk_what what, bool (*accept)(const char *name),
    struct strings *names, struct error *err)
{
	DIR *stream = opendir(directory);
	const struct dirent *entry;
	int failure;

	if (stream == NULL)
		return error_set(err, "cannot be read: %s", strerror(errno));
	while ((errno = 0, entry = readdir(stream)) != NULL)
		if (accept(entry->d_name) && is_directory(stream, entry) == (what == WALK_FOLDERS))
			strings_add(names, entry->d_name);
	failure = errno;
	closedir(stream);
	if (failure != 0)
		return error_set(err, "cannot be read to its end: %s", strerror(failure));
	if (names->count > 0)
		qsort(names->items, names->count, sizeof(*names->items), compare_names);
	return 0;
}

bool walk_is_shown(const char *name)
{
	return *name != '.';
}

/* Reads until the end, or until the buffer of size bytes is full, which has room for one byte more
 * than there should be: a file that fills all but that is read whole. -1 with errno. */
static ssize_t read_fully(int file, char *buffer, size_t size)
{
	size_t have = 0;

	while (have < size) {
		ssize_t got = read(file, buffer + have, size - have);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		have += (size_t)got;
		if (got == 0 || have == size - 1)
			break;
	}
	return (ssize_t)have;
}

/* file is open. The size is only a first guess: the file may be written to while we read it. */
static int read_open(int file, size_t limit_bytes, char **text, size_t *length, struct error *err)
{
	struct stat status;
	ssize_t got;

	if (fstat(file, &status) < 0)
		return error_set(err, "cannot be read: %s", strerror(errno));
	if (!S_ISREG(status.st_mode))
		return error_set(err, "is not a file");
	if (status.st_size > (off_t)limit_bytes)
		return error_set(err, "is larger than %zu bytes", limit_bytes);
	*text = xcalloc((size_t)status.st_size + 2, 1);
	got = read_fully(file, *text, (size_t)status.st_size + 1);
	if (got < 0)
		return error_set(err, "cannot be read: %s", strerror(errno));
	if (got > status.st_size)
		return error_set(err, "grew while it was read");
	(*text)[got] = '\0';
	*length = (size_t)got;
	return 0;
}

int walk_read(const char *path, size_t limit_bytes, char **text, size_t *length, struct error *err)
{
	int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	int result;

	*text = NULL;
	if (file < 0)
		return error_set(err, "cannot be read: %s", strerror(errno));
	result = read_open(file, limit_bytes, text, length, err);
	close(file);
	if (result < 0) {
		free(*text);
		*text = NULL;
	}
	return result;
}
