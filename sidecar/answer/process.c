#include "process.h"

#include <dirent.h>
#include <stdio.h>
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

static double boot_time(void)
{
	FILE *file = fopen("/proc/stat", "re");
	char line[256];
	long seconds = 0;

	while (file != NULL && fgets(line, sizeof(line), file) != NULL)
		if (sscanf(line, "btime %ld", &seconds) == 1)
			break;
	if (file != NULL)
		fclose(file);
	return (double)seconds;
}

/* The fields of /proc/self/stat from the third on; the second may hold anything but ends in ')'. */
static bool read_stat(struct process_facts *facts)
{
	FILE *file = fopen("/proc/self/stat", "re");
	double ticks = (double)sysconf(_SC_CLK_TCK);
	char line[1024] = "";
	unsigned long user, system;
	unsigned long long start;
	unsigned long virtual_bytes;
	long threads, pages;
	const char *rest;
	int read = 0;

	if (file == NULL)
		return false;
	rest = fgets(line, sizeof(line), file) != NULL ? strrchr(line, ')') : NULL;
	fclose(file);
	if (rest != NULL)
		read = sscanf(rest + 1,
		    " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %*d %*d %*d %*d %ld %*d "
		    "%llu"
		    " %lu %ld",
		    &user, &system, &threads, &start, &virtual_bytes, &pages);
	if (read != 6)
		return false;
	facts->cpu_seconds = (double)(user + system) / ticks;
	facts->threads = (double)threads;
	facts->start_time_seconds = boot_time() + (double)start / ticks;
	facts->virtual_bytes = (double)virtual_bytes;
	facts->resident_bytes = (double)pages * (double)sysconf(_SC_PAGESIZE);
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
