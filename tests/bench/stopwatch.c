/*
 * stopwatch [--until PORT PATH] PROGRAM [ARGUMENT...]: runs the program and prints the nanoseconds
 * from before its exec until it has ended; with --until, until PATH on PORT is first answered with
 * 200, and ends it then. Fails where the program does, or after a minute.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "probe.h"

#define LIMIT_S 60
#define PAUSE_US 50 /* the waiting must not take the core from the program */

static volatile sig_atomic_t too_late;

static void on_alarm(int number)
{
	(void)number;
	too_late = 1;
}

static void become(char **program)
{
	int null = open("/dev/null", O_RDWR);

	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	execvp(program[0], program);
	fprintf(stderr, "cannot run %s\n", program[0]);
	_exit(127);
}

/* Whether the child is still there and there is time. */
static int goes_on(pid_t child)
{
	siginfo_t info = {0};

	return !too_late && waitid(P_PID, (id_t)child, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
	       info.si_pid == 0;
}

static void end_when_answered(pid_t child, uint16_t port, const char *path, int64_t *end)
{
	int status = 0;

	while (goes_on(child) && (status = probe(port, path)) != 200)
		probe_pause_us(PAUSE_US);
	*end = probe_now_ns();
	kill(child, status == 200 ? SIGTERM : SIGKILL);
}

static int run(char **program, uint16_t port, const char *path)
{
	int64_t start = probe_now_ns();
	int64_t end = 0;
	int status;
	pid_t child = fork();

	if (child == 0)
		become(program);
	if (child > 0 && port != 0)
		end_when_answered(child, port, path, &end);
	if (child < 0 || waitpid(child, &status, 0) != child) {
		if (child > 0)
			kill(child, SIGKILL);
		return EXIT_FAILURE;
	}
	if (end == 0)
		end = probe_now_ns();
	printf("%" PRId64 "\n", end - start);
	return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	struct sigaction action = {.sa_handler = on_alarm}; /* without SA_RESTART: ends a wait */
	int until = argc > 4 && strcmp(argv[1], "--until") == 0;

	if (argc < 2) {
		fprintf(stderr, "usage: stopwatch [--until PORT PATH] PROGRAM [ARGUMENT...]\n");
		return EXIT_FAILURE;
	}
	sigaction(SIGALRM, &action, NULL);
	alarm(LIMIT_S);
	if (until)
		return run(argv + 4, probe_port(argv[2]), argv[3]);
	return run(argv + 1, 0, NULL);
}
