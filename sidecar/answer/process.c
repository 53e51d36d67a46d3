#include "process.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static double open_descriptors(void)
{
	DIR *directory = opendir("/proc/self/fd");
	double count = 0;

	if (directory == NULL)
		return 0;
	while (readdir(directory) != NULL)
		count++;
	closedir(directory);
	return count - 3; /* ".", ".." and the directory itself */
}

/* The first line of a file of /proc that begins with prefix, behind it. */
static bool read_line(const char *path, const char *prefix, char *line, size_t size)
{
	FILE *file = fopen(path, "re");
	bool found = false;

	while (file != NULL && !found && fgets(line, (int)size, file) != NULL)
		found = strncmp(line, prefix, strlen(prefix)) == 0;
	if (file != NULL)
		fclose(file);
	return found;
}

/* Seconds since 1970 at which the machine started. */
static double boot_time(void)
{
	char line[256];

	return read_line("/proc/stat", "btime ", line, sizeof(line)) ? strtod(line + 6, NULL) : 0;
}

/* Fields of /proc/self/stat by their numbers in proc(5), from the third, which is a letter. */
enum {
	FIELD_USER = 14,
	FIELD_SYSTEM,
	FIELD_THREADS = 20,
	FIELD_START = 22,
	FIELD_VIRTUAL,
	FIELD_RESIDENT,
	FIELD_END
};

static bool read_stat(struct process_facts *facts)
{
	double ticks = (double)sysconf(_SC_CLK_TCK);
	double fields[FIELD_END] = {0};
	char line[1024];
	char *cursor;

	/* The second field is a name that may hold anything, but the last ')' ends it. */
	if (!read_line("/proc/self/stat", "", line, sizeof(line)) ||
	    (cursor = strrchr(line, ')')) == NULL || strlen(cursor) < 4)
		return false;
	cursor += 3;
	for (int i = 4; i < FIELD_END; i++)
		fields[i] = strtod(cursor, &cursor);
	facts->cpu_seconds = (fields[FIELD_USER] + fields[FIELD_SYSTEM]) / ticks;
	facts->threads = fields[FIELD_THREADS];
	facts->start_time_seconds = boot_time() + fields[FIELD_START] / ticks;
	facts->virtual_bytes = fields[FIELD_VIRTUAL];
	facts->resident_bytes = fields[FIELD_RESIDENT] * (double)sysconf(_SC_PAGESIZE);
	return true;
}

bool process_read(struct process_facts *facts)
{
	struct rlimit limit = {0};

	if (!read_stat(facts))
		return false;
	getrlimit(RLIMIT_NOFILE, &limit);
	facts->max_fds = (double)limit.rlim_cur;
	facts->open_fds = open_descriptors();
	return true;
}
