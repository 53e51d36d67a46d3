#include "inputs.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "../../probes/xalloc.h"

/* Of larger files, size and time stand for what is in them: no reader of ours takes such. */
#define CONTENT_LIMIT_BYTES (32L << 20)
#define CHUNK_BYTES (64 << 10)
#define LINKS_MAX 40 /* as the kernel's own limit */

/* ---- trees ---- */

static int compare_entries(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

/* Hidden folders are a version control's, or a volume's older copies of what links lead to. */
static bool is_skipped(const FTSENT *entry)
{
	return entry->fts_level > 0 && entry->fts_info == FTS_D &&
	       (entry->fts_name[0] == '.' || strcmp(entry->fts_name, "__pycache__") == 0);
}

/* Calls visit for path and everything in it, in the order of names; a folder comes before what is
 * in it. What is met after an error is the error's: fts tells it as an entry. */
static void walk(const char *path, void (*visit)(const FTSENT *entry, void *arg), void *arg)
{
	char *name = xstrdup(path);
	char *const roots[] = {name, NULL};
	FTS *tree = fts_open(roots, FTS_LOGICAL | FTS_NOCHDIR, compare_entries);
	FTSENT *entry;

	while (tree != NULL && (entry = fts_read(tree)) != NULL) {
		if (is_skipped(entry))
			fts_set(tree, entry, FTS_SKIP);
		else if (entry->fts_info != FTS_DP)
			visit(entry, arg);
	}
	if (tree != NULL)
		fts_close(tree);
	free(name);
}

static bool has_status(const FTSENT *entry)
{
	return entry->fts_info != FTS_NS && entry->fts_info != FTS_NSOK;
}

/* ---- the way to a path ---- */

/* One step of it: a name in a folder. link is the status of that name where it is a link. */
typedef void step_cb(const char *folder, const char *name, const struct stat *link, void *arg);

/* The way so far, free of links, and what is still to go. */
struct way {
	char here[PATH_MAX];
	char rest[PATH_MAX];
	int links;
	size_t at; /* what of the rest is left begins here */
};

static void go_up(struct way *way)
{
	char *slash = strrchr(way->here, '/');

	if (slash != NULL)
		*slash = '\0';
}

static void go_into(struct way *way, const char *name)
{
	size_t length = strlen(way->here);

	snprintf(way->here + length, sizeof(way->here) - length, "/%s", name);
}

/* Puts the link's target in front of the rest. */
static bool turn(struct way *way, const char *link)
{
	char target[PATH_MAX];
	char rest[PATH_MAX];
	ssize_t length = readlink(link, target, sizeof(target) - 1);

	if (length <= 0 || ++way->links > LINKS_MAX)
		return false;
	target[length] = '\0';
	if (target[0] == '/')
		way->here[0] = '\0';
	if ((size_t)snprintf(rest, sizeof(rest), "%s/%s", target, way->rest + way->at) >=
	    sizeof(rest))
		return false;
	memcpy(way->rest, rest, sizeof(rest));
	way->at = 0;
	return true;
}

/* Takes the next name off the rest; false at the end. */
static bool next_name(struct way *way, char name[NAME_MAX + 1])
{
	const char *start = way->rest + way->at + strspn(way->rest + way->at, "/");
	size_t length = strcspn(start, "/");

	if (length == 0 || length > NAME_MAX)
		return false;
	snprintf(name, NAME_MAX + 1, "%.*s", (int)length, start);
	way->at = (size_t)(start + length - way->rest);
	return true;
}

static bool is_last(const struct way *way)
{
	return way->rest[way->at + strspn(way->rest + way->at, "/")] == '\0';
}

/* Calls step for each link on the way to path, and for the last name of it that is there or is not.
 */
static void follow(const char *path, step_cb *step, void *arg)
{
	struct way way = {.links = 0};
	char name[NAME_MAX + 1];
	char link[PATH_MAX + NAME_MAX + 2];
	struct stat status;

	snprintf(way.rest, sizeof(way.rest), "%s", path);
	if (path[0] != '/' && getcwd(way.here, sizeof(way.here)) == NULL)
		return;
	while (next_name(&way, name)) {
		const char *folder = way.here[0] != '\0' ? way.here : "/";

		if (strcmp(name, "..") == 0)
			go_up(&way);
		if (strcmp(name, "..") == 0 || strcmp(name, ".") == 0)
			continue;
		snprintf(link, sizeof(link), "%s/%s", way.here, name);
		if (lstat(link, &status) != 0 || (!S_ISLNK(status.st_mode) && is_last(&way))) {
			step(folder, name, NULL, arg);
			return;
		}
		if (!S_ISLNK(status.st_mode)) {
			go_into(&way, name);
			continue;
		}
		step(folder, name, &status, arg);
		if (!turn(&way, link))
			return;
	}
}

/* ---- what is in it ---- */

struct content {
	struct digester *digester;
	struct timespec *newest;
	char *chunk;
};

static void raise_newest(struct timespec *newest, const struct timespec *time)
{
	if (time->tv_sec > newest->tv_sec ||
	    (time->tv_sec == newest->tv_sec && time->tv_nsec > newest->tv_nsec))
		*newest = *time;
}

/* Fills the chunk as far as the file goes, so that the same bytes make the same parts. */
static size_t read_chunk(int file, char *chunk)
{
	size_t have = 0;
	ssize_t got;

	while (have < CHUNK_BYTES && (got = read(file, chunk + have, CHUNK_BYTES - have)) > 0)
		have += (size_t)got;
	return have;
}

static void add_content(const FTSENT *entry, struct content *content)
{
	int file = open(entry->fts_accpath, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	size_t got;

	if (file < 0) {
		digester_add_text(content->digester, strerror(errno));
		return;
	}
	while ((got = read_chunk(file, content->chunk)) > 0)
		digester_add(content->digester, content->chunk, got);
	close(file);
}

static void digest_entry(const FTSENT *entry, void *arg)
{
	struct content *content = arg;
	const struct stat *status = entry->fts_statp;

	digester_add_text(content->digester, entry->fts_path);
	digester_add(content->digester, &entry->fts_info, sizeof(entry->fts_info));
	if (has_status(entry))
		raise_newest(content->newest, &status->st_ctim);
	if (entry->fts_info != FTS_F)
		return;
	if (status->st_size <= CONTENT_LIMIT_BYTES) {
		add_content(entry, content);
		return;
	}
	digester_add(content->digester, &status->st_size, sizeof(status->st_size));
	digester_add(content->digester, &status->st_mtim, sizeof(status->st_mtim));
}

static void note_link(const char *folder, const char *name, const struct stat *link, void *arg)
{
	(void)folder;
	(void)name;
	if (link != NULL)
		raise_newest(arg, &link->st_ctim);
}

void inputs_digest(const char *path, struct digester *digester, struct timespec *newest)
{
	struct content content = {
	    .digester = digester, .newest = newest, .chunk = xcalloc(CHUNK_BYTES, 1)};

	follow(path, note_link, newest);
	walk(path, digest_entry, &content);
	free(content.chunk);
}

static void sign_entry(const FTSENT *entry, void *arg)
{
	const struct stat *status = entry->fts_statp;

	digester_add_text(arg, entry->fts_path);
	if (!has_status(entry) || entry->fts_info == FTS_D)
		return;
	digester_add(arg, &status->st_ino, sizeof(status->st_ino));
	digester_add(arg, &status->st_size, sizeof(status->st_size));
	digester_add(arg, &status->st_mtim, sizeof(status->st_mtim));
	digester_add(arg, &status->st_ctim, sizeof(status->st_ctim));
}

struct digest inputs_signature(const struct strings *paths)
{
	struct digester *digester = digester_create();

	for (size_t i = 0; i < paths->count; i++)
		walk(paths->items[i], sign_entry, digester);
	return digester_end(digester);
}

/* ---- watching ---- */

/* Something of which changes are told. */
struct spot {
	int id;     /* inotify's */
	char *name; /* the one that matters in the folder; NULL: all do */
};

struct inputs_watch {
	int fd;
	struct spot *spots;
	size_t count;
	size_t capacity;
	struct error *err; /* while it is made: why something cannot be watched */
	bool failed;
};

#define EVENTS                                                                                     \
	(IN_MODIFY | IN_CLOSE_WRITE | IN_ATTRIB | IN_CREATE | IN_DELETE | IN_MOVED_FROM |          \
	    IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF)

/* What other machines change in these, the kernel does not tell: NFS, SMB, CIFS, FUSE, 9p, Ceph. */
static bool is_shared(const char *path)
{
	static const unsigned long kinds[] = {
	    0x6969, 0x517b, 0xff534d42, 0xfe534d42, 0x65735546, 0x01021997, 0x00c36400};
	struct statfs status;

	if (statfs(path, &status) != 0)
		return false;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (((unsigned long)status.f_type & 0xffffffffUL) == kinds[i])
			return true;
	return false;
}

static void refuse(struct inputs_watch *watch, const char *path, const char *why)
{
	if (!watch->failed)
		error_set(watch->err, "\"%s\": %s", path, why);
	watch->failed = true;
}

/* What is not there needs no watch of its own: that of the folder above tells when it comes. Nor
 * does what may not be read: that folder tells when it may. */
static void add_spot(struct inputs_watch *watch, const char *path, const char *name)
{
	int id = inotify_add_watch(watch->fd, path, EVENTS);
	bool is_folder_above = name != NULL;

	if (id < 0 && errno != ENOENT && errno != ENOTDIR && (errno != EACCES || is_folder_above))
		refuse(watch, path,
		    errno == ENOSPC ? "the limit of fs.inotify.max_user_watches is reached"
				    : strerror(errno));
	if (id < 0)
		return;
	if (is_shared(path))
		refuse(watch, path, "the file system is shared with other machines");
	if (watch->count == watch->capacity) {
		watch->capacity = watch->capacity * 2 + 8;
		watch->spots = xreallocarray(watch->spots, watch->capacity, sizeof(*watch->spots));
	}
	watch->spots[watch->count++] = (struct spot){id, xstrdup(name)};
}

static void watch_step(const char *folder, const char *name, const struct stat *link, void *arg)
{
	(void)link;
	add_spot(arg, folder, name);
}

/* Files that are named are watched themselves, too: one that is mounted by itself changes without
 * its folder. Those in a folder are told of by the folder. */
static void watch_entry(const FTSENT *entry, void *arg)
{
	if (entry->fts_info == FTS_D || entry->fts_level == 0)
		add_spot(arg, entry->fts_path, NULL);
}

struct inputs_watch *inputs_watch_create(const struct strings *paths, struct error *err)
{
	struct inputs_watch *watch = xcalloc(1, sizeof(*watch));

	watch->err = err;
	watch->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (watch->fd < 0)
		refuse(watch, "inotify", strerror(errno));
	for (size_t i = 0; i < paths->count && !watch->failed; i++) {
		follow(paths->items[i], watch_step, watch);
		walk(paths->items[i], watch_entry, watch);
	}
	watch->err = NULL;
	if (!watch->failed)
		return watch;
	inputs_watch_free(watch);
	return NULL;
}

int inputs_watch_fd(const struct inputs_watch *watch)
{
	return watch->fd;
}

static bool concerns(const struct inputs_watch *watch, const struct inotify_event *event)
{
	if ((event->mask & IN_Q_OVERFLOW) != 0)
		return true;
	for (size_t i = 0; i < watch->count; i++) {
		const struct spot *spot = &watch->spots[i];

		if (spot->id == event->wd && (event->mask & IN_IGNORED) == 0 &&
		    (spot->name == NULL || event->len == 0 || strcmp(spot->name, event->name) == 0))
			return true;
	}
	return false;
}

bool inputs_watch_has_news(struct inputs_watch *watch)
{
	union {
		char bytes[16 << 10];
		struct inotify_event aligned;
	} buffer;
	bool news = false;
	ssize_t got;

	while ((got = read(watch->fd, buffer.bytes, sizeof(buffer.bytes))) > 0) {
		for (ssize_t at = 0; at < got;) {
			const struct inotify_event *event = (const void *)(buffer.bytes + at);

			news = news || concerns(watch, event);
			at += (ssize_t)(sizeof(*event) + event->len);
		}
	}
	return news;
}

void inputs_watch_free(struct inputs_watch *watch)
{
	if (watch == NULL)
		return;
	for (size_t i = 0; i < watch->count; i++)
		free(watch->spots[i].name);
	free(watch->spots);
	if (watch->fd >= 0)
		close(watch->fd);
	free(watch);
}
