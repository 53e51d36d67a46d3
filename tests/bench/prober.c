/*
 * prober COUNT PATH PORT...: COUNT probes for each port, one after the other and the ports in turn,
 * so that whatever slows the machine slows all alike. Prints "PORT STATUS NANOSECONDS" for each.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "probe.h"

#define COUNT_MOST 10000000

static void probe_and_tell(uint16_t port, const char *path)
{
	int64_t start = probe_now_ns();
	int status = probe(port, path);

	printf("%u %d %" PRId64 "\n", port, status, probe_now_ns() - start);
}

int main(int argc, char **argv)
{
	long count;

	if (argc < 4) {
		fprintf(stderr, "usage: prober COUNT PATH PORT...\n");
		return EXIT_FAILURE;
	}
	count = probe_number(argv[1], COUNT_MOST);
	for (long i = 0; i < count; i++)
		for (int k = 3; k < argc; k++)
			probe_and_tell(probe_port(argv[k]), argv[2]);
	return EXIT_SUCCESS;
}
