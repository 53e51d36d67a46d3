#include "walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../string_key.h"
#include "../xalloc.h"

#define SMALL_BYTES 16384
#define PAGE_BYTES 4096 /* the least that any system has */

/* Most file systems tell what an entry is; a link, and what others do not tell, is looked at. */
static bool is_directory(DIR *parent, const struct dirent *entry)
{
	struct stat status;

	if (entry->d_type == DT_DIR || entry->d_type == DT_REG)
		return entry->d_type == DT_DIR;
	return fstatat(dirfd(parent), entry->d_name, &status, 0) == 0 && S_ISDIR(status.st_mode);
}

struct keyed {
	uint64_t key;
	char *name;
};

static int compare_rest(const void *a, const void *b)
{
	const struct keyed *x = a;
	const struct keyed *y = b;

	return strcmp(x->name, y->name);
}

/* One pass of a radix sort: moves items to sorted by one byte of their keys, unless all have the
 * same one there. Gives whether it did. */
static bool sort_by_byte(
    const struct keyed *items, struct keyed *sorted, size_t count, unsigned shift)
{
	size_t starts[257] = {0};

	for (size_t i = 0; i < count; i++)
		starts[(items[i].key >> shift & 255) + 1]++;
	if (starts[(items[0].key >> shift & 255) + 1] == count)
		return false;
	for (size_t i = 1; i < 256; i++)
		starts[i] += starts[i - 1];
	for (size_t i = 0; i < count; i++)
		sorted[starts[items[i].key >> shift & 255]++] = items[i];
	return true;
}

/* By strcmp, of count items that are in the order of their keys. */
static void sort_equal_keys(struct keyed *items, size_t count)
{
	for (size_t from = 0, to; from < count; from = to) {
		for (to = from + 1; to < count && items[to].key == items[from].key;)
			to++;
		if (to - from > 1)
			qsort(&items[from], to - from, sizeof(*items), compare_rest);
	}
}

/* How long what all names begin with is. */
static size_t common_length(const struct strings *names)
{
	size_t length = strlen(names->items[0]);

	for (size_t i = 1; i < names->count; i++)
		length = string_common(names->items[0], names->items[i], length);
	return length;
}

/* Directories give their names in no order, and comparing 10,000 of them one by one would take
 * longer than many files. */
static void sort_names(struct strings *names)
{
	size_t count = names->count;
	struct keyed *items = xcalloc(2 * count, sizeof(*items));
	struct keyed *now = items;
	struct keyed *next = items + count;
	size_t common = count > 0 ? common_length(names) : 0;

	for (size_t i = 0; i < count; i++)
		now[i] = (struct keyed){string_key(names->items[i] + common), names->items[i]};
	for (unsigned shift = 0; shift < 64 && count > 1; shift += 8)
		if (sort_by_byte(now, next, count, shift)) {
			now = next;
			next = now == items ? items + count : items;
		}
	sort_equal_keys(now, count);
	for (size_t i = 0; i < count; i++)
		names->items[i] = now[i].name;
	free(items);
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
	sort_names(names);
	return 0;
}

bool walk_is_shown(const char *name)
{
	return *name != '.';
}

/* Reads on behind the first *have bytes of buffer, until the end or until size bytes are there.
 * -1 with errno. */
static int read_on(int file, char *buffer, size_t size, size_t *have)
{
	while (*have < size) {
		ssize_t got = read(file, buffer + *have, size - *have);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return (int)got;
		*have += (size_t)got;
	}
	return 0;
}

static int unreadable(struct error *err)
{
	if (errno == EISDIR)
		return error_set(err, "is not a file");
	return error_set(err, "cannot be read: %s", strerror(errno));
}

/* Goes on with a file that is not as nearly all are. The size is only a guess: the file may be
 * written to while we read it, and room for one byte more shows that it was. */
static int read_by_size(
    int file, size_t limit_bytes, char **text, size_t *length, struct error *err)
{
	struct stat status;

	if (fstat(file, &status) < 0)
		return unreadable(err);
	if (!S_ISREG(status.st_mode))
		return error_set(err, "is not a file");
	if (status.st_size > (off_t)limit_bytes)
		return error_set(err, "is larger than %zu bytes", limit_bytes);
	*text = xreallocarray(*text, (size_t)status.st_size + 2, 1);
	if (read_on(file, *text, (size_t)status.st_size + 1, length) < 0)
		return unreadable(err);
	if (*length > (size_t)status.st_size)
		return error_set(err, "grew while it was read");
	return 0;
}

/* Reads the first SMALL_BYTES of a file, or all of it. Of a regular file (and little else can be
 * read at a place) the system gives all that its first page holds or, where the disk fails,
 * nothing: one that ends in there ends there, and 10,000 migrations are spared being asked once
 * more. What is larger could have been cut short by a page that cannot be read. -1 with errno. */
static int read_start(int file, char *start, size_t *length)
{
	ssize_t got = pread(file, start, SMALL_BYTES, 0);

	*length = 0;
	if (got <= 0 || got >= PAGE_BYTES)
		return read_on(file, start, SMALL_BYTES, length);
	*length = (size_t)got;
	return 0;
}

/* file is open. One that is small is not looked at before it is read: of 10,000 migrations that
 * would take a tenth of the time. */
static int read_open(int file, size_t limit_bytes, char **text, size_t *length, struct error *err)
{
	char start[SMALL_BYTES];

	if (read_start(file, start, length) < 0)
		return unreadable(err);
	*text = xreallocarray(NULL, *length + 1, 1);
	memcpy(*text, start, *length);
	if ((*length == 0 || *length == sizeof(start)) &&
	    read_by_size(file, limit_bytes, text, length, err) < 0)
		return -1;
	(*text)[*length] = '\0';
	return 0;
}

/* Not printf's work: it is done for each of thousands of files. */
char *walk_path(const char *directory, const char *name)
{
	char *path = xreallocarray(NULL, strlen(directory) + 1 + strlen(name) + 1, 1);
	char *end = stpcpy(path, directory);

	*end = '/';
	stpcpy(end + 1, name);
	return path;
}

int walk_open(const char *directory)
{
	return open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

int walk_read(const char *path, size_t limit_bytes, char **text, size_t *length, struct error *err)
{
	return walk_read_at(AT_FDCWD, path, limit_bytes, text, length, err);
}

int walk_read_at(int directory, const char *name, size_t limit_bytes, char **text, size_t *length,
    struct error *err)
{
	int file = openat(directory, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	int result;

	*text = NULL;
	if (file < 0)
		return unreadable(err);
	result = read_open(file, limit_bytes, text, length, err);
	close(file);
	if (result < 0) {
		free(*text);
		*text = NULL;
	}
	return result;
}
