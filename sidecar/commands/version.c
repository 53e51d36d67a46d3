/* What this program is. */
#include <libpq-fe.h>
#include <stdio.h>

#include "command.h"

static int run(const struct options *options, struct error *err)
{
	(void)options;
	(void)err;
	printf("schemalatch %s (%s, libpq %d.%d)\n", SCHEMALATCH_VERSION, SCHEMALATCH_REVISION,
	    PQlibVersion() / 10000, PQlibVersion() % 10000);
	return EXIT_READY;
}

const struct command command_version = {
    .name = "version",
    .synopsis = "",
    .help = "prints the version",
    .run = run,
};
