/* Log lines: whole, bounded, and never in anybody's way. */
#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../probes/strings.h"
#include "../../probes/xalloc.h"
#include "../../sidecar/log.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define HANG_LIMIT_S 30

/* ---- a log and who reads it ---- */

/* Each write arrives as one message, whole or not at all. */
struct outlet {
	struct log log;
	int reader;
};

static void outlet_init(struct outlet *outlet, enum log_format format)
{
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	*outlet = (struct outlet){
	    .log = {.level = LOG_LEVEL_INFO, .format = format, .descriptor = ends[1]},
	    .reader = ends[0],
	};
}

/* The next line, without its end; fails where there is none. free() releases it. */
static char *outlet_read(struct outlet *outlet)
{
	char *line = xcalloc(1, 65536);
	ssize_t length = recv(outlet->reader, line, 65535, MSG_DONTWAIT);

	if (length < 1 || line[length - 1] != '\n')
		fail_msg("no line: %s", length < 0 ? strerror(errno) : line);
	assert_true(length <= PIPE_BUF);
	line[length - 1] = '\0';
	assert_null(strchr(line, '\n'));
	return line;
}

static void outlet_assert_empty(struct outlet *outlet)
{
	char byte;

	assert_int_equal(recv(outlet->reader, &byte, 1, MSG_DONTWAIT | MSG_PEEK), -1);
}

static void outlet_done(struct outlet *outlet)
{
	close(outlet->reader);
	close(outlet->log.descriptor);
}

/* The next line, parsed. cJSON_Delete releases it. */
static cJSON *outlet_parse(struct outlet *outlet)
{
	char *line = outlet_read(outlet);
	cJSON *document = cJSON_ParseWithOpts(line, NULL, true);

	if (document == NULL)
		fail_msg("does not parse: %s", line);
	free(line);
	return document;
}

static const char *member(const cJSON *document, const char *name)
{
	const char *value = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(document, name));

	return value != NULL ? value : "(none)";
}

/* ---- JSON ---- */

static void json_lines_have_time_level_event_message_and_fields(void **state)
{
	struct outlet outlet;
	struct log_line line;
	char *found;

	(void)state;
	outlet_init(&outlet, LOG_FORMAT_JSON);
	line = log_begin(&outlet.log, LOG_LEVEL_WARN, "verdict");
	log_text(&line, "database", "main");
	log_text(&line, "absent", NULL);
	log_text(&line, "empty", "");
	log_bool(&line, "pass", false);
	log_bool(&line, "held", true);
	log_number(&line, "duration_seconds", 0.25);
	log_number(&line, "port", 65535);
	log_end(&line, "%s: %d", "text", 7);
	found = outlet_read(&outlet);
	assert_memory_equal(found, "{\"time\":\"20", 11);
	assert_string_equal(found + strlen("{\"time\":\"2026-01-02T03:04:05.000Z"),
	    "\",\"level\":\"warn\",\"event\":\"verdict\",\"message\":\"text: 7\","
	    "\"database\":\"main\",\"pass\":false,\"held\":true,\"duration_seconds\":0.25,"
	    "\"port\":65535}");
	free(found);
	outlet_assert_empty(&outlet);
	outlet_done(&outlet);
}

static const struct {
	const char *raw;
	const char *clean;
} hostile[] = {
    {"plain", "plain"},
    {"\"quoted\"", "\"quoted\""},
    {"back\\slash \\n \\u0000", "back\\slash \\n \\u0000"},
    {"two\nlines\r\n", "two?lines??"},
    {"tab\tbell\x07 escape\x1b[31m delete\x7f", "tab?bell? escape?[31m delete?"},
    {"c1 \xc2\x9b", "c1 ?"},
    {"gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80",
	"gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80"},
    {"cut \xe2\x82", "cut ??"},
    {"latin \xe4 surrogate \xed\xa0\x80 long \xc0\xaf", "latin ? surrogate ??? long ??"},
    {"{\"level\":\"error\"}", "{\"level\":\"error\"}"},
    {"%s%n%1$s", "%s%n%1$s"},
};

static void json_parses_whatever_it_is_told(void **state)
{
	struct outlet outlet;

	(void)state;
	outlet_init(&outlet, LOG_FORMAT_JSON);
	for (size_t i = 0; i < COUNT(hostile); i++) {
		struct log_line line = log_begin(&outlet.log, LOG_LEVEL_INFO, "verdict");
		cJSON *document;

		log_text(&line, "value", hostile[i].raw);
		log_end(&line, "%s", hostile[i].raw);
		document = outlet_parse(&outlet);
		assert_string_equal(member(document, "message"), hostile[i].clean);
		assert_string_equal(member(document, "value"), hostile[i].clean);
		assert_string_equal(member(document, "level"), "info");
		cJSON_Delete(document);
	}
	outlet_done(&outlet);
}

/* Of a character that is the dearest to write, so that every limit is met at every offset. */
static char *repeated(const char *character, size_t bytes)
{
	struct text text;

	text_init(&text, 0);
	while (text.length + strlen(character) <= bytes)
		text_add(&text, character);
	return text_take(&text);
}

static void json_parses_and_is_bounded_at_every_length(void **state)
{
	static const char *const characters[] = {"x", "\"", "\\", "\n", "\xc3\xa4", "\xe2\x82\xac"};
	struct outlet outlet;

	(void)state;
	outlet_init(&outlet, LOG_FORMAT_JSON);
	for (size_t i = 0; i < COUNT(characters); i++) {
		for (size_t bytes = 800; bytes < 2300; bytes += 7) {
			char *text = repeated(characters[i], bytes);
			struct log_line line = log_begin(&outlet.log, LOG_LEVEL_INFO, "verdict");
			cJSON *document;

			log_text(&line, "value", text);
			log_end(&line, "%s", text);
			document = outlet_parse(&outlet);
			assert_true(strlen(member(document, "message")) >= 800 - 3);
			cJSON_Delete(document);
			free(text);
		}
	}
	outlet_done(&outlet);
}

/* The longest that fits in quotes beside fields that just fit: together still one atomic write. */
static void the_longest_line_is_an_atomic_write(void **state)
{
	char *message = repeated("\"", 3000);
	struct outlet outlet;

	(void)state;
	outlet_init(&outlet, LOG_FORMAT_JSON);
	for (size_t bytes = 1500; bytes < 2000; bytes++) {
		char *value = repeated("x", bytes);
		struct log_line line = log_begin(&outlet.log, LOG_LEVEL_ERROR, "url_parameter");
		cJSON *document;

		log_text(&line, "value", value);
		log_end(&line, "%s", message);
		document = outlet_parse(&outlet);
		cJSON_Delete(document);
		free(value);
	}
	free(message);
	outlet_done(&outlet);
}

/* ---- text ---- */

static void text_lines_are_for_people(void **state)
{
	struct outlet outlet;
	struct log_line line;
	char *found;

	(void)state;
	outlet_init(&outlet, LOG_FORMAT_TEXT);
	line = log_begin(&outlet.log, LOG_LEVEL_INFO, "verdict");
	log_text(&line, "database", "main");
	log_text(&line, "absent", NULL);
	log_text(&line, "what", "two words");
	log_text(&line, "sum", "a=b");
	log_text(&line, "said", "\"\\");
	log_bool(&line, "pass", true);
	log_number(&line, "port", 8484);
	log_end(&line, "main/tables %s", "ok");
	found = outlet_read(&outlet);
	assert_memory_equal(found, "20", 2);
	assert_string_equal(found + strlen("2026-01-02T03:04:05.000Z"),
	    " info  verdict: main/tables ok database=main what=\"two words\" sum=\"a=b\""
	    " said=\"\\\"\\\\\" pass=true port=8484");
	free(found);
	outlet_done(&outlet);
}

static void text_lines_cannot_be_forged(void **state)
{
	struct outlet outlet;

	(void)state;
	outlet_init(&outlet, LOG_FORMAT_TEXT);
	for (size_t i = 0; i < COUNT(hostile); i++) {
		struct log_line line = log_begin(&outlet.log, LOG_LEVEL_WARN, "verdict");
		char *found;
		char *expected = xasprintf(" warn  verdict: %s value=", hostile[i].clean);

		log_text(&line, "value", hostile[i].raw);
		log_end(&line, "%s", hostile[i].raw);
		found = outlet_read(&outlet);
		assert_memory_equal(
		    found + strlen("2026-01-02T03:04:05.000Z"), expected, strlen(expected));
		free(expected);
		free(found);
	}
	outlet_done(&outlet);
}

/* ---- levels ---- */

static void lines_below_the_level_are_left_out(void **state)
{
	static const char *const words[] = {"debug", "info", "warn", "error"};

	(void)state;
	for (int least = LOG_LEVEL_DEBUG; least <= LOG_LEVEL_ERROR; least++) {
		struct outlet outlet;

		outlet_init(&outlet, LOG_FORMAT_JSON);
		outlet.log.level = (enum log_level)least;
		for (int level = LOG_LEVEL_DEBUG; level <= LOG_LEVEL_ERROR; level++) {
			struct log_line line =
			    log_begin(&outlet.log, (enum log_level)level, "started");
			cJSON *document;

			log_text(&line, "version", "1");
			log_bool(&line, "pass", true);
			log_number(&line, "port", 1);
			log_end(&line, "listening");
			if (level < least)
				continue;
			document = outlet_parse(&outlet);
			assert_string_equal(member(document, "level"), words[level]);
			cJSON_Delete(document);
		}
		outlet_assert_empty(&outlet);
		outlet_done(&outlet);
	}
}

/* ---- readers that do not read ---- */

static void say(struct log *log, const char *message)
{
	struct log_line line = log_begin(log, LOG_LEVEL_INFO, "started");

	log_end(&line, "%s", message);
}

/* A pipe that no byte more goes into; its write end blocks, as standard error does. */
static void full_pipe(int ends[2])
{
	static const char filling[4096];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
	while (write(ends[1], filling, sizeof(filling)) > 0)
		continue;
	while (write(ends[1], filling, 1) > 0)
		continue;
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(fcntl(ends[1], F_SETFL, 0), 0);
}

/* Reads away whatever is in the pipe; gives the last line of it. free() releases it. */
static char *drain(int reader)
{
	char *bytes = xcalloc(1, 1 << 20);
	size_t length = 0;
	ssize_t got;
	char *last;

	assert_int_equal(fcntl(reader, F_SETFL, O_NONBLOCK), 0);
	while ((got = read(reader, bytes + length, (1 << 20) - 1 - length)) > 0)
		length += (size_t)got;
	while (length > 0 && bytes[length - 1] != '\0')
		length--;
	last = xstrdup(bytes + length);
	free(bytes);
	return last;
}

static void a_full_pipe_never_holds_us_up_and_losses_are_told(void **state)
{
	struct log log = {.format = LOG_FORMAT_JSON};
	int ends[2];
	char *told;

	(void)state;
	full_pipe(ends);
	log.descriptor = ends[1];
	for (int i = 0; i < 5; i++)
		say(&log, "lost");
	told = drain(ends[0]);
	assert_string_equal(told, "");
	free(told);
	say(&log, "told");
	told = drain(ends[0]);
	if (strstr(told, "\"message\":\"told\",\"dropped_lines\":5}\n") == NULL)
		fail_msg("expected 5 dropped lines: %s", told);
	free(told);
	say(&log, "and on");
	told = drain(ends[0]);
	assert_non_null(strstr(told, "\"message\":\"and on\"}\n"));
	free(told);
	close(ends[0]);
	close(ends[1]);
}

static void losses_are_told_beside_fields_that_are_too_long(void **state)
{
	char *value = repeated("x", 5000);

	(void)state;
	for (int format = LOG_FORMAT_JSON; format <= LOG_FORMAT_TEXT; format++) {
		struct log log = {.format = (enum log_format)format};
		struct log_line line;
		int ends[2];
		char *told;

		full_pipe(ends);
		log.descriptor = ends[1];
		say(&log, "lost");
		say(&log, "lost");
		free(drain(ends[0]));
		line = log_begin(&log, LOG_LEVEL_INFO, "started");
		log_text(&line, "value", value);
		log_end(&line, "told");
		told = drain(ends[0]);
		assert_non_null(strstr(
		    told, format == LOG_FORMAT_JSON ? "\"dropped_lines\":2}" : "dropped_lines=2"));
		free(told);
		close(ends[0]);
		close(ends[1]);
	}
	free(value);
}

/* A pipe of one page polls writable while it is empty, and a line longer than it would block. */
static void a_line_fits_into_the_smallest_pipe(void **state)
{
	char *message = repeated("\"", 3000);
	char *value = repeated("x", 1960);
	struct log log = {.format = LOG_FORMAT_JSON};
	struct log_line line;
	int ends[2];
	char *told;

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_true(fcntl(ends[1], F_SETPIPE_SZ, 4096) >= 0);
	log.descriptor = ends[1];
	line = log_begin(&log, LOG_LEVEL_INFO, "started");
	log_text(&line, "value", value);
	log_end(&line, "%s", message);
	told = drain(ends[0]);
	assert_int_equal(told[strlen(told) - 1], '\n');
	assert_int_equal(log.dropped, 0);
	free(told);
	free(value);
	free(message);
	close(ends[0]);
	close(ends[1]);
}

static void a_reader_that_has_gone_is_no_harm(void **state)
{
	struct log log = {.format = LOG_FORMAT_JSON};
	int ends[2];

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	close(ends[0]);
	log.descriptor = ends[1];
	for (int i = 0; i < 3; i++)
		say(&log, "lost");
	assert_int_equal(log.dropped, 3);
	close(ends[1]);
	say(&log, "closed");
	log.descriptor = -1;
	say(&log, "none");
	assert_int_equal(log.dropped, 5);
}

/* ---- threads ---- */

#define THREADS 4
#define LINES_EACH 300

static void *chatter(void *arg)
{
	for (int i = 0; i < LINES_EACH; i++)
		say(arg, "from a thread");
	return NULL;
}

static void lines_of_several_threads_stay_whole(void **state)
{
	struct log log = {.descriptor = memfd_create("log", MFD_CLOEXEC)};
	FILE *file = fdopen(log.descriptor, "r");
	pthread_t threads[THREADS];
	char line[256];
	int lines = 0;

	(void)state;
	/* Files in memory, unlike those of a disk, have a position that concurrent writes race for.
	 */
	assert_int_equal(fcntl(log.descriptor, F_SETFL, O_APPEND), 0);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, chatter, &log), 0);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	rewind(file);
	while (fgets(line, sizeof(line), file) != NULL) {
		cJSON *document = cJSON_ParseWithOpts(strtok(line, "\n"), NULL, true);

		assert_string_equal(member(document, "message"), "from a thread");
		cJSON_Delete(document);
		lines++;
	}
	assert_int_equal(lines, THREADS * LINES_EACH);
	fclose(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(json_lines_have_time_level_event_message_and_fields),
	    cmocka_unit_test(json_parses_whatever_it_is_told),
	    cmocka_unit_test(json_parses_and_is_bounded_at_every_length),
	    cmocka_unit_test(the_longest_line_is_an_atomic_write),
	    cmocka_unit_test(text_lines_are_for_people),
	    cmocka_unit_test(text_lines_cannot_be_forged),
	    cmocka_unit_test(lines_below_the_level_are_left_out),
	    cmocka_unit_test(a_full_pipe_never_holds_us_up_and_losses_are_told),
	    cmocka_unit_test(losses_are_told_beside_fields_that_are_too_long),
	    cmocka_unit_test(a_line_fits_into_the_smallest_pipe),
	    cmocka_unit_test(a_reader_that_has_gone_is_no_harm),
	    cmocka_unit_test(lines_of_several_threads_stay_whole),
	};

	signal(SIGPIPE, SIG_IGN); /* as the program does */
	alarm(HANG_LIMIT_S);      /* a log that blocks ends this program */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
