/*
 * first_ok LIMIT_S PATH PORT...: probes each port every few milliseconds until it has answered 200,
 * and prints "PORT NANOSECONDS" (CLOCK_MONOTONIC) at that moment. Fails after LIMIT_S seconds.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "probe.h"

#define LIMIT_MOST_S 3600
#define PAUSE_US 5000

/* Whether port has answered 200 by now; tells when it does so first, and sets it to 0. */
static bool is_done(uint16_t *port, const char *path)
{
	if (*port != 0 && probe(*port, path) == 200) {
		printf("%u %" PRId64 "\n", *port, probe_now_ns());
		*port = 0;
	}
	return *port == 0;
}

static bool are_all_done(uint16_t *ports, int count, const char *path)
{
	int done = 0;

	for (int i = 0; i < count; i++)
		done += is_done(&ports[i], path);
	return done == count;
}

static int watch(uint16_t *ports, int count, const char *path, long limit_s)
{
	int64_t until = probe_now_ns() + limit_s * 1000000000;

	while (!are_all_done(ports, count, path)) {
		if (probe_now_ns() > until) {
			fprintf(stderr, "not all have answered 200 within %ld s\n", limit_s);
			return EXIT_FAILURE;
		}
		probe_pause_us(PAUSE_US);
	}
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	int count = argc - 3;
	uint16_t *ports = count > 0 ? calloc((size_t)count, sizeof(*ports)) : NULL;
	int code;

	if (ports == NULL) {
		fprintf(stderr, "usage: first_ok LIMIT_S PATH PORT...\n");
		return EXIT_FAILURE;
	}
	for (int i = 0; i < count; i++)
		ports[i] = probe_port(argv[i + 3]);
	code = watch(ports, count, argv[2], probe_number(argv[1], LIMIT_MOST_S));
	free(ports);
	return code;
}
