#include "service_answer.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../../probes/xalloc.h"

#define EXCERPT_BYTES 1024

void service_answer_init(struct service_answer *answer)
{
	*answer = (struct service_answer){.state = ANSWER_STATUS_LINE};
	text_init(&answer->body, EXCERPT_BYTES);
}

void service_answer_done(struct service_answer *answer)
{
	free(answer->location);
	answer->location = NULL;
	text_done(&answer->body);
}

static bool broken(struct service_answer *answer, const char *problem)
{
	answer->state = ANSWER_BROKEN;
	answer->problem = problem;
	return true;
}

static bool is_over(const struct service_answer *answer)
{
	return answer->state == ANSWER_COMPLETE || answer->state == ANSWER_BROKEN;
}

/* ---- lines ---- */

/* The next line of a head, without blanks at its end; NULL where none is complete, or where the
 * answer broke. free() releases it. */
static char *take_line(struct service_answer *answer, struct evbuffer *input)
{
	size_t length = 0;
	char *line = evbuffer_readln(input, &length, EVBUFFER_EOL_CRLF);
	size_t waiting = line == NULL ? evbuffer_get_length(input) : 0;

	answer->head_bytes += line != NULL ? length + 2 : 0;
	if (answer->head_bytes + waiting > SERVICE_HEAD_LIMIT_BYTES)
		broken(answer, "its head is larger than 64 KiB");
	else if (line != NULL && strlen(line) != length)
		broken(answer, "its head holds a NUL byte");
	while (line != NULL && length > 0 && strchr(" \t", line[length - 1]) != NULL)
		line[--length] = '\0';
	if (!is_over(answer))
		return line;
	free(line);
	return NULL;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* "HTTP/1.1 200 OK"; 0 where it is none. */
static int status_of(const char *line)
{
	if (strncmp(line, "HTTP/", 5) != 0 || !is_digit(line[5]) || line[6] != '.' ||
	    !is_digit(line[7]) || line[8] != ' ')
		return 0;
	line += 9;
	if (!is_digit(line[0]) || !is_digit(line[1]) || !is_digit(line[2]) ||
	    (line[3] != '\0' && line[3] != ' '))
		return 0;
	return (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
}

static bool read_status_line(struct service_answer *answer, struct evbuffer *input)
{
	char *line = take_line(answer, input);

	if (line == NULL)
		return is_over(answer);
	answer->status = status_of(line);
	free(line);
	if (answer->status < 100)
		return broken(answer, "what came back is no HTTP/1 answer");
	answer->state = ANSWER_HEADERS;
	return true;
}

/* The value of a header line of that name, or NULL. */
static const char *value_of(const char *line, const char *name)
{
	size_t length = strlen(name);

	if (strncasecmp(line, name, length) != 0 || line[length] != ':')
		return NULL;
	line += length + 1;
	return line + strspn(line, " \t");
}

static void take_length(struct service_answer *answer, const char *value)
{
	char *end;
	long long length = strtoll(value, &end, 10);

	if (!is_digit(value[0]) || end[strspn(end, " \t")] != '\0' ||
	    (answer->sized && answer->left != length)) {
		broken(answer, "its Content-Length is no number");
		return;
	}
	answer->sized = true;
	answer->left = length;
}

static void take_header(struct service_answer *answer, const char *line)
{
	const char *value;

	if (strchr(line, ':') == NULL && line[0] != ' ' && line[0] != '\t') {
		broken(answer, "its head has a line that is no header");
	} else if ((value = value_of(line, "Content-Length")) != NULL) {
		take_length(answer, value);
	} else if ((value = value_of(line, "Transfer-Encoding")) != NULL) {
		answer->chunked = true;
		if (strcasecmp(value, "chunked") != 0)
			broken(answer, "its Transfer-Encoding is not \"chunked\"");
	} else if ((value = value_of(line, "Location")) != NULL && answer->location == NULL) {
		answer->location = xstrdup(value);
	}
}

/* The empty line has come. */
static void end_head(struct service_answer *answer)
{
	if (answer->status < 200 && answer->status != 101) {
		/* An interim answer: the real one follows. */
		free(answer->location);
		answer->location = NULL;
		answer->chunked = answer->sized = false;
		answer->state = ANSWER_STATUS_LINE;
		return;
	}
	answer->in_body = true;
	if (answer->status == 101 || answer->status == 204 || answer->status == 304)
		answer->state = ANSWER_COMPLETE;
	else if (answer->chunked)
		answer->state = ANSWER_CHUNK_SIZE;
	else
		answer->state = answer->sized ? ANSWER_SIZED_BODY : ANSWER_OPEN_BODY;
}

static bool read_header(struct service_answer *answer, struct evbuffer *input)
{
	char *line = take_line(answer, input);

	if (line == NULL)
		return is_over(answer);
	if (line[0] == '\0')
		end_head(answer);
	else
		take_header(answer, line);
	free(line);
	return true;
}

/* ---- bodies ---- */

/* Takes up to left bytes; gives how many. */
static size_t take_bytes(struct service_answer *answer, struct evbuffer *input, int64_t left)
{
	char bytes[4096];
	size_t most = left < (int64_t)sizeof(bytes) ? (size_t)left : sizeof(bytes);
	int count = evbuffer_remove(input, bytes, most);

	if (count <= 0)
		return 0;
	text_add_bytes(&answer->body, bytes, (size_t)count);
	answer->body_bytes += (size_t)count;
	if (answer->body_bytes >= SERVICE_BODY_LIMIT_BYTES)
		answer->state = ANSWER_COMPLETE;
	return (size_t)count;
}

static bool read_open_body(struct service_answer *answer, struct evbuffer *input)
{
	return take_bytes(answer, input, SERVICE_BODY_LIMIT_BYTES) > 0;
}

static bool read_sized_body(struct service_answer *answer, struct evbuffer *input)
{
	size_t count = answer->left > 0 ? take_bytes(answer, input, answer->left) : 0;

	answer->left -= (int64_t)count;
	if (answer->left == 0)
		answer->state = ANSWER_COMPLETE;
	return count > 0 || is_over(answer);
}

static bool read_chunk_size(struct service_answer *answer, struct evbuffer *input)
{
	char *line = take_line(answer, input);
	char *end = line;
	bool hex;

	if (line == NULL)
		return is_over(answer);
	hex = strchr("0123456789abcdefABCDEF", line[0]) != NULL && line[0] != '\0';
	answer->left = hex ? strtoll(line, &end, 16) : -1;
	hex = hex && end != line && strchr("; \t", *end) != NULL;
	free(line);
	if (!hex || answer->left < 0)
		return broken(answer, "a chunk of its body has no size");
	answer->head_bytes = 0; /* so that many chunks are no large head */
	answer->state = answer->left > 0 ? ANSWER_CHUNK : ANSWER_TRAILERS;
	return true;
}

static bool read_chunk(struct service_answer *answer, struct evbuffer *input)
{
	size_t count = take_bytes(answer, input, answer->left);

	answer->left -= (int64_t)count;
	if (answer->left == 0 && !is_over(answer))
		answer->state = ANSWER_CHUNK_END;
	return count > 0;
}

static bool read_chunk_end(struct service_answer *answer, struct evbuffer *input)
{
	char *line = take_line(answer, input);

	if (line == NULL)
		return is_over(answer);
	answer->state = ANSWER_CHUNK_SIZE;
	if (line[0] != '\0')
		broken(answer, "a chunk of its body is longer than it said");
	free(line);
	return true;
}

static bool read_trailer(struct service_answer *answer, struct evbuffer *input)
{
	char *line = take_line(answer, input);

	if (line == NULL)
		return is_over(answer);
	if (line[0] == '\0')
		answer->state = ANSWER_COMPLETE;
	free(line);
	return true;
}

/* Each takes one piece of what has come; gives whether it got on. */
static bool (*const readers[])(struct service_answer *, struct evbuffer *) = {
    [ANSWER_STATUS_LINE] = read_status_line,
    [ANSWER_HEADERS] = read_header,
    [ANSWER_CHUNK_SIZE] = read_chunk_size,
    [ANSWER_CHUNK] = read_chunk,
    [ANSWER_CHUNK_END] = read_chunk_end,
    [ANSWER_TRAILERS] = read_trailer,
    [ANSWER_SIZED_BODY] = read_sized_body,
    [ANSWER_OPEN_BODY] = read_open_body,
};

bool service_answer_read(struct service_answer *answer, struct evbuffer *input)
{
	while (!is_over(answer) && readers[answer->state](answer, input))
		continue;
	return is_over(answer);
}

void service_answer_end(struct service_answer *answer, bool reset)
{
	if (is_over(answer))
		return;
	if (answer->state == ANSWER_OPEN_BODY && !reset)
		answer->state = ANSWER_COMPLETE;
	else if (answer->in_body)
		broken(answer, "the connection ended within its body");
	else if (reset)
		broken(answer, "it reset the connection");
	else
		broken(answer, "it closed the connection without an answer");
}

/* ---- judging ---- */

bool service_answer_redirects(const struct service_answer *answer)
{
	static const int codes[] = {301, 302, 303, 307, 308};

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (answer->in_body && answer->status == codes[i])
			return answer->location != NULL && answer->location[0] != '\0';
	return false;
}

enum probe_result service_answer_judge(const struct service_answer *answer, struct verdict *verdict)
{
	if (answer->state == ANSWER_BROKEN) {
		*verdict = answer->in_body ? verdict_of(REASON_ERROR, "status %d, but %s",
						 answer->status, answer->problem)
					   : verdict_of(REASON_UNHEALTHY, "%s", answer->problem);
		return answer->in_body ? PROBE_DISCARDED : PROBE_FAILED;
	}
	if (answer->status < 200 || answer->status >= 400) {
		*verdict = verdict_of(REASON_UNHEALTHY, "status %d", answer->status);
		return PROBE_FAILED;
	}
	*verdict = verdict_of(REASON_OK, "status %d%s", answer->status,
	    service_answer_redirects(answer) ? ", a redirect to another host, not followed" : "");
	return PROBE_PASSED;
}
