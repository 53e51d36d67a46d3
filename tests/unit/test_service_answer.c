/* The answer of a service, however it is cut into pieces, and what the kubelet would make of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../probes/text.h"
#include "../../probes/xalloc.h"
#include "../../sidecar/watch/service_answer.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* How the bytes come to an end. */
enum ending { STAYS_OPEN, CLOSES, RESETS };

static const char *const results[] = {
    [PROBE_PASSED] = "passed", [PROBE_FAILED] = "failed", [PROBE_DISCARDED] = "discarded"};

/* "passed ok: status 200 [body]", or "open" where more is waited for. */
static char *told(struct service_answer *answer, bool over)
{
	struct verdict verdict;
	enum probe_result result;

	if (!over)
		return xasprintf("open%s", answer->in_body ? ", in the body" : "");
	result = service_answer_judge(answer, &verdict);
	return xasprintf("%s %s: %s%s%s%s", results[result], reason_name(verdict.reason),
	    verdict.message, answer->body.length > 0 ? " [" : "", text_string(&answer->body),
	    answer->body.length > 0 ? "]" : "");
}

/* What becomes of bytes that come in pieces of step. */
static char *read_in_steps(const char *bytes, size_t length, size_t step, enum ending ending)
{
	struct service_answer answer;
	struct evbuffer *input = evbuffer_new();
	bool over = false;
	char *found;

	service_answer_init(&answer);
	for (size_t at = 0; at < length && !over; at += step) {
		evbuffer_add(input, bytes + at, length - at < step ? length - at : step);
		over = service_answer_read(&answer, input);
	}
	if (!over && ending != STAYS_OPEN) {
		service_answer_end(&answer, ending == RESETS);
		over = true;
	}
	found = told(&answer, over);
	service_answer_done(&answer);
	evbuffer_free(input);
	return found;
}

static void assert_answer(
    const char *bytes, size_t length, enum ending ending, const char *expected)
{
	static const size_t steps[] = {1, 2, 3, 7, 100000};

	for (size_t i = 0; i < COUNT(steps); i++) {
		char *found = read_in_steps(bytes, length, steps[i], ending);

		if (strcmp(found, expected) != 0)
			fail_msg("%.300s in steps of %zu: found \"%s\", expected \"%s\"", bytes,
			    steps[i], found, expected);
		free(found);
	}
}

struct row {
	const char *bytes;
	enum ending ending;
	const char *told;
};

static void assert_rows(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		assert_answer(rows[i].bytes, strlen(rows[i].bytes), rows[i].ending, rows[i].told);
}

#define HEAD "HTTP/1.1 200 OK\r\n"

static void bodies_end_where_they_say(void **state)
{
	static const struct row rows[] = {
	    {HEAD "Content-Length: 2\r\n\r\nok", STAYS_OPEN, "passed ok: status 200 [ok]"},
	    {HEAD "content-length:2 \r\n\r\nokmore", STAYS_OPEN, "passed ok: status 200 [ok]"},
	    {HEAD "Content-Length: 2\r\nContent-Length: 2\r\n\r\nok", STAYS_OPEN,
		"passed ok: status 200 [ok]"},
	    {HEAD "Content-Length: 0\r\n\r\n", STAYS_OPEN, "passed ok: status 200"},
	    {HEAD "\r\nok", STAYS_OPEN, "open, in the body"},
	    {HEAD "\r\nok", CLOSES, "passed ok: status 200 [ok]"},
	    {"HTTP/1.0 200 OK\r\n\r\n", CLOSES, "passed ok: status 200"},
	    {"HTTP/1.1 200\nServer: bare\n\nok", CLOSES, "passed ok: status 200 [ok]"},
	    {HEAD "Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n3;x=y\r\nay!\r\n0\r\n\r\n",
		STAYS_OPEN, "passed ok: status 200 [okay!]"},
	    {HEAD "Transfer-Encoding: Chunked\r\nContent-Length: 99\r\n\r\n"
		  "2\r\nok\r\n0\r\nTrailer: x\r\n\r\n",
		STAYS_OPEN, "passed ok: status 200 [ok]"},
	    {"HTTP/1.1 204 No Content\r\n\r\n", STAYS_OPEN, "passed ok: status 204"},
	    {"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", STAYS_OPEN,
		"passed ok: status 304"},
	    {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nContent-Length: 9\r\n"
	     "Location: /x\r\n\r\n" HEAD "Content-Length: 2\r\n\r\nok",
		STAYS_OPEN, "passed ok: status 200 [ok]"},
	};

	(void)state;
	assert_rows(rows, COUNT(rows));
}

static void the_status_decides(void **state)
{
	static const struct row rows[] = {
	    {"HTTP/1.1 299 Odd\r\n\r\n", CLOSES, "passed ok: status 299"},
	    {"HTTP/1.1 300 Many\r\n\r\n", CLOSES, "passed ok: status 300"},
	    {"HTTP/1.1 399 ?\r\n\r\n", CLOSES, "passed ok: status 399"},
	    {"HTTP/1.1 302 Found\r\n\r\n", CLOSES, "passed ok: status 302"},
	    {"HTTP/1.1 302 Found\r\nLocation: http://else/\r\n\r\n", CLOSES,
		"passed ok: status 302, a redirect to another host, not followed"},
	    {"HTTP/1.1 400 Bad\r\n\r\nno", CLOSES, "failed unhealthy: status 400 [no]"},
	    {"HTTP/1.1 503 No\r\nContent-Length: 4\r\n\r\ndown", STAYS_OPEN,
		"failed unhealthy: status 503 [down]"},
	    {"HTTP/1.1 999 ?\r\n\r\n", CLOSES, "failed unhealthy: status 999"},
	    {"HTTP/1.1 101 Switching\r\n\r\n", STAYS_OPEN, "failed unhealthy: status 101"},
	};

	(void)state;
	assert_rows(rows, COUNT(rows));
}

/* Before the head is complete it is a failure; behind it the kubelet discards the probe. */
static void what_breaks_off_counts_by_where_it_broke(void **state)
{
	static const struct row rows[] = {
	    {"", STAYS_OPEN, "open"},
	    {"", CLOSES, "failed unhealthy: it closed the connection without an answer"},
	    {"", RESETS, "failed unhealthy: it reset the connection"},
	    {"HTTP/1.1 200 OK\r\nServer: x\r\n", CLOSES,
		"failed unhealthy: it closed the connection without an answer"},
	    {"HTTP/1.1 100 Continue\r\n\r\n", CLOSES,
		"failed unhealthy: it closed the connection without an answer"},
	    {HEAD "Content-Length: 3\r\n\r\nok", STAYS_OPEN, "open, in the body"},
	    {HEAD "Content-Length: 3\r\n\r\nok", CLOSES,
		"discarded error: status 200, but the connection ended within its body [ok]"},
	    {HEAD "\r\nok", RESETS,
		"discarded error: status 200, but the connection ended within its body [ok]"},
	    {"HTTP/1.1 500 No\r\nContent-Length: 3\r\n\r\nok", CLOSES,
		"discarded error: status 500, but the connection ended within its body [ok]"},
	    {HEAD "Transfer-Encoding: chunked\r\n\r\nok\r\n", STAYS_OPEN,
		"discarded error: status 200, but a chunk of its body has no size"},
	    {HEAD "Transfer-Encoding: chunked\r\n\r\n-2\r\nok\r\n", STAYS_OPEN,
		"discarded error: status 200, but a chunk of its body has no size"},
	    {HEAD "Transfer-Encoding: chunked\r\n\r\n1\r\nok\r\n", STAYS_OPEN,
		"discarded error: status 200, but a chunk of its body is longer than it said [o]"},
	    {HEAD "Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n", CLOSES,
		"discarded error: status 200, but the connection ended within its body [ok]"},
	};

	(void)state;
	assert_rows(rows, COUNT(rows));
}

static void garbage_is_told_as_what_it_is(void **state)
{
	static const struct row rows[] = {
	    {"SSH-2.0-OpenSSH_9.2\r\n", STAYS_OPEN,
		"failed unhealthy: what came back is no HTTP/1 answer"},
	    {"HTTP/1.1 20 OK\r\n", STAYS_OPEN,
		"failed unhealthy: what came back is no HTTP/1 answer"},
	    {"HTTP/1.1 2000 OK\r\n", STAYS_OPEN,
		"failed unhealthy: what came back is no HTTP/1 answer"},
	    {"HTTP/1.1 099 OK\r\n", STAYS_OPEN,
		"failed unhealthy: what came back is no HTTP/1 answer"},
	    {"\r\n\r\n", STAYS_OPEN, "failed unhealthy: what came back is no HTTP/1 answer"},
	    {HEAD "no header\r\n", STAYS_OPEN,
		"failed unhealthy: its head has a line that is no header"},
	    {HEAD "Content-Length: -1\r\n", STAYS_OPEN,
		"failed unhealthy: its Content-Length is no number"},
	    {HEAD "Content-Length: 2x\r\n", STAYS_OPEN,
		"failed unhealthy: its Content-Length is no number"},
	    {HEAD "Content-Length: 1\r\nContent-Length: 2\r\n", STAYS_OPEN,
		"failed unhealthy: its Content-Length is no number"},
	    {HEAD "Transfer-Encoding: gzip\r\n", STAYS_OPEN,
		"failed unhealthy: its Transfer-Encoding is not \"chunked\""},
	};

	(void)state;
	assert_rows(rows, COUNT(rows));
	assert_answer(
	    "HTTP/1.1 200 \0OK\r\n", 18, STAYS_OPEN, "failed unhealthy: its head holds a NUL byte");
}

/* Only so much is read, and kept, of what does not end. */
static void endless_answers_are_cut(void **state)
{
	struct text flood;
	struct text stream;

	(void)state;
	text_init(&flood, 0);
	text_add(&flood, HEAD);
	for (int i = 0; i < 3000; i++)
		text_addf(&flood, "X-Flood-%d: aaaaaaaaaaaaaaaa\r\n", i);
	assert_answer(flood.data, flood.length, STAYS_OPEN,
	    "failed unhealthy: its head is larger than 64 KiB");
	text_done(&flood);
	text_init(&flood, 0);
	for (int i = 0; i < 70000; i++)
		text_add(&flood, "a");
	assert_answer(flood.data, flood.length, STAYS_OPEN,
	    "failed unhealthy: its head is larger than 64 KiB");
	text_done(&flood);
	text_init(&stream, 0);
	text_add(&stream, HEAD "\r\n");
	for (int i = 0; i < 3000; i++)
		text_add(&stream, "tick\n");
	for (size_t step = 1; step < 20000; step = step * 3 + 1) {
		char *found = read_in_steps(stream.data, stream.length, step, STAYS_OPEN);

		assert_memory_equal(found, "passed ok: status 200 [tick\n", 28);
		assert_true(strlen(found) < 1100);
		free(found);
	}
	text_done(&stream);
}

static void only_a_redirect_with_a_place_redirects(void **state)
{
	static const struct {
		const char *bytes;
		bool redirects;
	} rows[] = {
	    {"HTTP/1.1 301 x\r\nLocation: /a\r\n\r\n", true},
	    {"HTTP/1.1 302 x\r\nLocation: /a\r\n\r\n", true},
	    {"HTTP/1.1 303 x\r\nLocation: /a\r\n\r\n", true},
	    {"HTTP/1.1 307 x\r\nLocation: /a\r\n\r\n", true},
	    {"HTTP/1.1 308 x\r\nlocation:/a\r\n\r\n", true},
	    {"HTTP/1.1 302 x\r\nLocation: /a\r\n", false},
	    {"HTTP/1.1 302 x\r\nLocation:\r\n\r\n", false},
	    {"HTTP/1.1 302 x\r\n\r\n", false},
	    {"HTTP/1.1 300 x\r\nLocation: /a\r\n\r\n", false},
	    {"HTTP/1.1 200 x\r\nLocation: /a\r\n\r\n", false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct service_answer answer;
		struct evbuffer *input = evbuffer_new();

		service_answer_init(&answer);
		evbuffer_add(input, rows[i].bytes, strlen(rows[i].bytes));
		service_answer_read(&answer, input);
		if (service_answer_redirects(&answer) != rows[i].redirects)
			fail_msg("%s", rows[i].bytes);
		if (rows[i].redirects)
			assert_string_equal(answer.location, "/a");
		service_answer_done(&answer);
		evbuffer_free(input);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(bodies_end_where_they_say),
	    cmocka_unit_test(the_status_decides),
	    cmocka_unit_test(what_breaks_off_counts_by_where_it_broke),
	    cmocka_unit_test(garbage_is_told_as_what_it_is),
	    cmocka_unit_test(endless_answers_are_cut),
	    cmocka_unit_test(only_a_redirect_with_a_place_redirects),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
