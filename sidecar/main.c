/* Which command; exit codes. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../probes/each.h"
#include "commands/command.h"
#include "log.h"
#include "termination.h"
#include "workers.h"

/* A failure of our own is the last line of the log and the container's message. */
static void tell_failure(const struct command *command, const struct error *err)
{
	struct log log = {
	    .level = LOG_LEVEL_INFO,
	    .format = isatty(STDERR_FILENO) ? LOG_FORMAT_TEXT : LOG_FORMAT_JSON,
	    .descriptor = STDERR_FILENO,
	};
	struct log_line line = log_begin(&log, LOG_LEVEL_ERROR, "failed");

	log_end(&line, "%s", err->text);
	if (command->is_container)
		termination_message(err->text);
}

int main(int argc, char **argv)
{
	struct problems problems = {0};
	struct options options;
	struct error err = {0};
	int code;

	signal(SIGPIPE, SIG_IGN); /* clients hang up in the middle of an answer */
	each_set_runner(workers_run);
	options_parse(argc - 1, argv + 1, &options, &problems);
	if (problems.lines.count > 0) {
		options_tell_problems(&options, &problems);
		options_done(&options);
		return EXIT_USAGE;
	}
	code = options.command->run(&options, &err);
	if (code == EXIT_INTERNAL)
		tell_failure(options.command, &err);
	options_done(&options);
	if (fflush(stdout) != 0 && code == EXIT_READY)
		code = EXIT_INTERNAL;
	return code;
}
