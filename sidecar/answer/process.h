/* What the kernel says of this process, for the process_* metrics. Reads /proc: a few microseconds,
 * no disk. Main thread. */
#ifndef SCHEMALATCH_ANSWER_PROCESS_H
#define SCHEMALATCH_ANSWER_PROCESS_H

#include <stdbool.h>

struct process_facts {
	double cpu_seconds;
	double open_fds;
	double max_fds;
	double virtual_bytes;
	double resident_bytes;
	double start_time_seconds; /* since 1970 */
	double threads;
};

/* Gives false where /proc is not there: then the metrics are left out. */
bool process_read(struct process_facts *facts);

#endif
