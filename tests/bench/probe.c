#include "probe.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define ANSWER_LIMIT_BYTES 16384
#define LIMIT_S 5

struct answer {
	char bytes[ANSWER_LIMIT_BYTES];
	size_t length;
};

int64_t probe_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

void probe_pause_us(long microseconds)
{
	struct timespec pause = {.tv_nsec = microseconds * 1000};

	prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL); /* the default adds 50 microseconds */
	nanosleep(&pause, NULL);
}

long probe_number(const char *text, long most)
{
	char *end;
	long number = strtol(text, &end, 10);

	if (*end == '\0' && number > 0 && number <= most)
		return number;
	fprintf(stderr, "%s is not a number from 1 to %ld\n", text, most);
	exit(EXIT_FAILURE);
}

uint16_t probe_port(const char *text)
{
	return (uint16_t)probe_number(text, UINT16_MAX);
}

static struct sockaddr_in loopback(uint32_t host, uint16_t port)
{
	return (struct sockaddr_in){
	    .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(host)}};
}

/* From another address than the server's: who knocks again and again at a port where nobody listens
 * yet would in the end be given that port himself, and be connected to himself. */
static bool set_up(int fd)
{
	struct sockaddr_in from = loopback(INADDR_LOOPBACK + 1, 0);
	struct timeval limit = {.tv_sec = LIMIT_S};
	struct linger linger = {.l_onoff = 1, .l_linger = 1}; /* as the kubelet's dialer */
	int on = 1;

	return setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) == 0 &&
	       setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)) == 0 &&
	       setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on)) == 0 &&
	       bind(fd, (struct sockaddr *)&from, sizeof(from)) == 0;
}

static int connect_to(uint16_t port)
{
	struct sockaddr_in address = loopback(INADDR_LOOPBACK, port);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && set_up(fd) && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

static bool send_request(int fd, uint16_t port, const char *path)
{
	char request[512];
	int length = snprintf(request, sizeof(request),
	    "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nUser-Agent: kube-probe/1.36\r\n"
	    "Accept: */*\r\nConnection: close\r\n\r\n",
	    path, port);

	return length > 0 && (size_t)length < sizeof(request) &&
	       send(fd, request, (size_t)length, MSG_NOSIGNAL) == length;
}

/* Whether head and body are there, by Content-Length: who waits for the end of the connection
 * instead measures more than a kubelet does. */
static bool is_complete(const struct answer *answer)
{
	const char *head_end = strstr(answer->bytes, "\r\n\r\n");
	const char *field = strcasestr(answer->bytes, "\r\nContent-Length:");

	if (head_end == NULL || field == NULL || field > head_end)
		return false;
	return answer->length >= (size_t)(head_end - answer->bytes) + 4 +
				     strtoul(field + strlen("\r\nContent-Length:"), NULL, 10);
}

static bool receive(int fd, struct answer *answer)
{
	ssize_t got;

	answer->length = 0;
	while (answer->length + 1 < sizeof(answer->bytes)) {
		got = recv(fd, answer->bytes + answer->length,
		    sizeof(answer->bytes) - 1 - answer->length, 0);
		if (got <= 0)
			return false;
		answer->length += (size_t)got;
		answer->bytes[answer->length] = '\0';
		if (is_complete(answer))
			return true;
	}
	return false;
}

int probe(uint16_t port, const char *path)
{
	struct answer answer;
	int status = 0;
	int fd = connect_to(port);

	if (fd < 0)
		return 0;
	if (send_request(fd, port, path) && receive(fd, &answer) &&
	    strncmp(answer.bytes, "HTTP/1.", 7) == 0 && answer.length > 9)
		status = (int)strtol(answer.bytes + 9, NULL, 10);
	close(fd);
	return status;
}
