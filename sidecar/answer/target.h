/* What a request asks for: the path and query of a URL, taken apart. Pure. */
#ifndef SCHEMALATCH_ANSWER_TARGET_H
#define SCHEMALATCH_ANSWER_TARGET_H

#include <stdbool.h>

#include "../../probes/strings.h"

struct target {
	char *path;             /* decoded, without query; "/" at least */
	bool verbose;           /* ?verbose, with any value or none */
	struct strings exclude; /* ?exclude=NAME, as often as it stands there */
};

/* Parses "PATH?QUERY" into *target, which target_done frees in every case. Parameters that mean
 * nothing are ignored. Returns 0, or -1 where it is no path or has a NUL or broken escape. */
int target_parse(const char *uri, struct target *target);
void target_done(struct target *target);

#endif
