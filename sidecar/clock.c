#include "clock.h"

#include <stdio.h>
#include <time.h>

static int64_t read_clock(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t clock_monotonic_ms(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

int64_t clock_wall_ms(void)
{
	return read_clock(CLOCK_REALTIME);
}

const char *clock_format_utc(int64_t wall_ms, char *buffer, size_t size)
{
	time_t seconds = (time_t)(wall_ms / 1000);
	struct tm utc;
	size_t length;

	gmtime_r(&seconds, &utc);
	length = strftime(buffer, size, "%Y-%m-%dT%H:%M:%S", &utc);
	snprintf(buffer + length, size - length, ".%03dZ", (int)(wall_ms % 1000));
	return buffer;
}
