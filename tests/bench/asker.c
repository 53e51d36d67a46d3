/*
 * asker CONNINFO PERIOD_MS SQL: asks one prepared statement again and again, at the pace at which a
 * sidecar would, so that its server pays for it as it pays for a sidecar's rounds. Prints the
 * process id of its backend, then a line with the number of answers whenever a line comes in on
 * standard input; ends with that input.
 */
#include <libpq-fe.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static int ask(PGconn *connection)
{
	PGresult *result = PQexecPrepared(connection, "asked", 0, NULL, NULL, NULL, 0);
	ExecStatusType status = PQresultStatus(result);

	PQclear(result);
	return status == PGRES_TUPLES_OK ? 0 : -1;
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Tells the number to whoever sends a line, until then; false at the end of the input. */
static bool tell_until(int64_t until_ms, long answers)
{
	struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
	char line[64];

	for (int64_t left; (left = until_ms - now_ms()) > 0;) {
		if (poll(&input, 1, (int)left) != 1)
			continue;
		if (read(STDIN_FILENO, line, sizeof(line)) <= 0)
			return false;
		printf("%ld\n", answers);
		fflush(stdout);
	}
	return true;
}

int main(int count, char **words)
{
	PGconn *connection = count == 4 ? PQconnectdb(words[1]) : NULL;
	long answers = 0;

	if (PQstatus(connection) != CONNECTION_OK) {
		fprintf(stderr, "asker: %s\n",
		    connection != NULL ? PQerrorMessage(connection) : "CONNINFO PERIOD_MS SQL");
		return 1;
	}
	PQclear(PQprepare(connection, "asked", words[3], 0, NULL));
	printf("%d\n", PQbackendPID(connection));
	fflush(stdout);
	while (ask(connection) == 0 && tell_until(now_ms() + strtol(words[2], NULL, 10), ++answers))
		;
	PQfinish(connection);
	return 0;
}
