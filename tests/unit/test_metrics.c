/* The metrics, in both formats. */
#include <libpq-fe.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../probes/xalloc.h"
#include "../../sidecar/answer/metrics.h"
#include "../support/golden.h"
#include "../support/scenes.h"
#include "../support/workplace.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* free() releases it. */
static char *exposition_of(const struct scene *scene, enum metrics_format format)
{
	struct view view = scene_view(scene);
	struct text out;

	text_init(&out, 0);
	metrics_write(&view, format, &out);
	return text_take(&out);
}

static bool begins(const char *line, const char *prefix)
{
	return strncmp(line, prefix, strlen(prefix)) == 0;
}

/* ---- as kept ---- */

/* The exposition without what differs from build to build and from process to process. */
static char *lasting_part(const char *exposition)
{
	struct text text;

	text_init(&text, 0);
	for (const char *line = exposition; *line != '\0';) {
		size_t length = strcspn(line, "\n") + 1;

		if (begins(line, "process_"))
			text_addf(&text, "%.*s of this process\n", (int)strcspn(line, " "), line);
		else if (begins(line, "schemalatch_build_info{"))
			text_add(&text, "schemalatch_build_info{of this build} 1\n");
		else
			text_add_bytes(&text, line, length);
		line += length;
	}
	return text_take(&text);
}

static void assert_kept(const char *name, const struct scene *scene, enum metrics_format format)
{
	char *file = xasprintf("metrics/%s.%s", name, format == METRICS_TEXT ? "txt" : "open.txt");
	char *exposition = exposition_of(scene, format);
	char *lasting = lasting_part(exposition);

	golden_assert(file, lasting);
	free(lasting);
	free(exposition);
	free(file);
}

/* A sidecar that has been at work, with numbers of which no two are the same. */
static void play_busy(struct scene *scene)
{
	struct database_state *state = &scene->snapshot->databases[0];

	state->connected = true;
	state->connects = 4;
	state->connect_failures[REASON_UNREACHABLE] = 5;
	state->connect_failures[REASON_STARTING] = 6;
	state->connect_failures[REASON_LOGIN] = 7;
	state->connect_failures[REASON_TIMEOUT] = 8;
	state->connect_failures[REASON_ERROR] = 9;
	state->answered_wall_ms = SCENE_BEGIN_WALL_MS + 125;
	database_state_note_round(state, 3);
	database_state_note_round(state, 500);
	for (int i = 0; i < 11; i++)
		requests_count(&scene->requests, HANDLER_READYZ, 200);
	for (int i = 0; i < 12; i++)
		requests_count(&scene->requests, HANDLER_READYZ, 503);
	requests_count(&scene->requests, HANDLER_READYZ, 404);
	requests_count(&scene->requests, HANDLER_METRICS, 200);
	requests_count(&scene->requests, HANDLER_OTHER, 405);
}

static void expositions_are_as_kept(void **state)
{
	static const char *const scenes[] = {
	    "never_asked", "not_ready", "held", "late", "disabled", "hostile", "two_databases"};

	(void)state;
	for (size_t i = 0; i < COUNT(scenes); i++) {
		struct scene scene;

		scene_play(&scene, scenes[i]);
		assert_kept(scenes[i], &scene, METRICS_TEXT);
		scene_end(&scene);
	}
}

static void both_formats_of_a_busy_sidecar_are_as_kept(void **state)
{
	struct scene scene;

	(void)state;
	scene_play(&scene, "one_missing");
	play_busy(&scene);
	assert_kept("busy", &scene, METRICS_TEXT);
	assert_kept("busy", &scene, METRICS_OPENMETRICS);
	scene_end(&scene);
}

/* ---- names and form ---- */

/* The names that the interface promises, as text 0.0.4 declares them. */
static void the_promised_names_are_there(void **state)
{
	static const char *const lines[] = {
	    "# TYPE schemalatch_build_info "
	    "gauge\nschemalatch_build_info{version=\"" SCHEMALATCH_VERSION
	    "\",revision=\"" SCHEMALATCH_REVISION "\",libpq=\"",
	    "# TYPE schemalatch_ready gauge\nschemalatch_ready 0\n",
	    "# TYPE schemalatch_started gauge\nschemalatch_started 1\n",
	    "# TYPE schemalatch_check_pass gauge\n"
	    "schemalatch_check_pass{database=\"main\",check=\"tables\"} 0\n",
	    "# TYPE schemalatch_check_verdict gauge\n"
	    "schemalatch_check_verdict{database=\"main\",check=\"tables\",verdict=\"ready\"} 0\n",
	    "# TYPE schemalatch_check_reason gauge\n"
	    "schemalatch_check_reason{database=\"main\",check=\"tables\",reason=\"missing\"} 1\n",
	    "# TYPE schemalatch_rounds_total counter\n"
	    "schemalatch_rounds_total{database=\"main\"} 0\n",
	    "# TYPE schemalatch_round_duration_seconds histogram\n"
	    "schemalatch_round_duration_seconds_bucket{database=\"main\",le=\"0.001\"} 0\n",
	    "# TYPE schemalatch_last_answer_timestamp_seconds gauge\n"
	    "schemalatch_last_answer_timestamp_seconds{database=\"main\"} 0\n",
	    "# TYPE schemalatch_transitions_total counter\n"
	    "schemalatch_transitions_total{database=\"main\",check=\"tables\"} 2\n",
	    "# TYPE schemalatch_pending_migrations gauge\n"
	    "schemalatch_pending_migrations{database=\"main\",check=\"migrations\"} 0\n",
	    "# TYPE schemalatch_schema_info gauge\nschemalatch_schema_info{database=\"main\","
	    "check=\"migrations\",expected=\"c3\",actual=\"c3\"} 1\n",
	    "# TYPE schemalatch_connected gauge\nschemalatch_connected{database=\"main\"} 0\n",
	    "# TYPE schemalatch_connects_total counter\n"
	    "schemalatch_connects_total{database=\"main\"} 0\n",
	    "# TYPE schemalatch_connect_failures_total counter\n"
	    "schemalatch_connect_failures_total{database=\"main\",reason=\"unreachable\"} 0\n",
	    "# TYPE schemalatch_http_requests_total counter\n"
	    "schemalatch_http_requests_total{handler=\"healthz\",code=\"200\"} 0\n",
	    "# TYPE process_cpu_seconds_total counter\nprocess_cpu_seconds_total ",
	    "# TYPE process_open_fds gauge\nprocess_open_fds ",
	    "# TYPE process_max_fds gauge\nprocess_max_fds ",
	    "# TYPE process_virtual_memory_bytes gauge\nprocess_virtual_memory_bytes ",
	    "# TYPE process_resident_memory_bytes gauge\nprocess_resident_memory_bytes ",
	    "# TYPE process_start_time_seconds gauge\nprocess_start_time_seconds ",
	    "# TYPE process_threads gauge\nprocess_threads ",
	};
	struct scene scene;
	char *exposition;

	(void)state;
	scene_play(&scene, "one_missing");
	exposition = exposition_of(&scene, METRICS_TEXT);
	for (size_t i = 0; i < COUNT(lines); i++)
		if (strstr(exposition, lines[i]) == NULL)
			fail_msg("not there: %s", lines[i]);
	free(exposition);
	scene_end(&scene);
}

static void the_build_names_libpq_as_it_runs(void **state)
{
	char *expected =
	    xasprintf("libpq=\"%d.%d\"} 1\n", PQlibVersion() / 10000, PQlibVersion() % 10000);
	struct scene scene;
	char *exposition;

	(void)state;
	scene_play(&scene, "all_ready");
	exposition = exposition_of(&scene, METRICS_TEXT);
	assert_non_null(strstr(exposition, expected));
	free(exposition);
	free(expected);
	scene_end(&scene);
}

/* A reader of an exposition, line by line. */
struct reader {
	enum metrics_format format;
	char family[64]; /* as its TYPE line names it */
	bool has_help;
	struct strings series; /* everything in front of a value */
	const char *scene;
};

static void read_comment(struct reader *reader, const char *line)
{
	char word[8];
	char name[64];

	if (sscanf(line, "# %7s %63s", word, name) != 2)
		fail_msg("%s: %s", reader->scene, line);
	if (strcmp(word, "HELP") == 0) {
		snprintf(reader->family, sizeof(reader->family), "%s", name);
		reader->has_help = true;
	} else if (strcmp(word, "TYPE") != 0 || !reader->has_help ||
		   strcmp(name, reader->family) != 0) {
		fail_msg("%s: HELP and TYPE do not pair: %s", reader->scene, line);
	}
}

/* A sample belongs to the family above it, has a number, and is there once. */
static void read_sample(struct reader *reader, const char *line)
{
	const char *value = strrchr(line, ' ');
	size_t name = strcspn(line, "{ ");
	char *series;
	char *end;

	if (!begins(line, reader->family) || name > strlen(reader->family) + strlen("_bucket"))
		fail_msg("%s: not of %s: %s", reader->scene, reader->family, line);
	if (value == NULL || !isfinite(strtod(value + 1, &end)) || *end != '\0')
		fail_msg("%s: no number: %s", reader->scene, line);
	series = xstrndup(line, (size_t)(value - line));
	if (strings_has(&reader->series, series))
		fail_msg("%s: twice: %s", reader->scene, series);
	strings_take(&reader->series, series);
}

/* Clean UTF-8 without control characters: Prometheus refuses a whole scrape for one bad byte. */
static void assert_clean(const struct reader *reader, const char *line)
{
	struct text clean;

	text_init(&clean, 0);
	text_add_clean(&clean, line);
	if (strcmp(text_string(&clean), line) != 0)
		fail_msg("%s: not clean: %s", reader->scene, text_string(&clean));
	text_done(&clean);
}

static void read_exposition(struct reader *reader, char *exposition)
{
	char *rest = exposition;
	char *line = NULL;

	assert_int_equal(exposition[strlen(exposition) - 1], '\n');
	while (*rest != '\0') {
		line = strsep(&rest, "\n");
		assert_clean(reader, line);
		if (strcmp(line, "# EOF") == 0 && reader->format == METRICS_OPENMETRICS)
			break;
		if (*line == '#')
			read_comment(reader, line);
		else
			read_sample(reader, line);
	}
	assert_int_equal(*rest, '\0');
	if (reader->format == METRICS_OPENMETRICS)
		assert_string_equal(line, "# EOF");
	strings_done(&reader->series);
}

static void every_scene_is_well_formed_in_both_formats(void **state)
{
	(void)state;
	for (const struct scene_script *script = scene_scripts; script->name != NULL; script++) {
		struct scene scene;

		scene_play(&scene, script->name);
		for (int format = METRICS_TEXT; format <= METRICS_OPENMETRICS; format++) {
			struct reader reader = {
			    .format = (enum metrics_format)format, .scene = script->name};
			char *exposition = exposition_of(&scene, (enum metrics_format)format);

			read_exposition(&reader, exposition);
			free(exposition);
		}
		scene_end(&scene);
	}
}

static void families_are_listed_in_the_order_of_the_exposition(void **state)
{
	struct scene scene;
	char *exposition;
	const char *at;
	size_t index = 0;

	(void)state;
	scene_play(&scene, "all_ready");
	exposition = exposition_of(&scene, METRICS_OPENMETRICS);
	for (at = exposition; (at = strstr(at, "# TYPE ")) != NULL; index++) {
		const char *name = metrics_family_name(index);

		at += strlen("# TYPE ");
		assert_non_null(name);
		assert_memory_equal(at, name, strlen(name));
		assert_int_equal(at[strlen(name)], ' ');
	}
	assert_null(metrics_family_name(index));
	assert_null(metrics_family_name(index + 1));
	free(exposition);
	scene_end(&scene);
}

/* ---- values ---- */

static int occurrences(const char *text, const char *of)
{
	int count = 0;

	while ((text = strstr(text, of)) != NULL) {
		count++;
		text += strlen(of);
	}
	return count;
}

static void exactly_one_verdict_and_one_reason_hold(void **state)
{
	(void)state;
	for (const struct scene_script *script = scene_scripts; script->name != NULL; script++) {
		struct scene scene;
		char *exposition;
		int checks;

		scene_play(&scene, script->name);
		exposition = exposition_of(&scene, METRICS_TEXT);
		checks = occurrences(exposition, "\nschemalatch_check_pass{");
		assert_true(checks > 0);
		assert_int_equal(
		    occurrences(exposition, "\nschemalatch_check_verdict{"), 3 * checks);
		assert_int_equal(occurrences(exposition, "ready\"} 1\n") +
				     occurrences(exposition, "unknown\"} 1\n"),
		    checks);
		assert_int_equal(occurrences(exposition, "\nschemalatch_check_reason{"), checks);
		free(exposition);
		scene_end(&scene);
	}
}

static void the_histogram_is_cumulative(void **state)
{
	static const int64_t durations_ms[] = {
	    0, 1, 2, 3, 5, 10, 11, 25, 50, 100, 250, 500, 1000, 2500, 2501, 60000};
	static const char *const lines[] = {
	    "_bucket{database=\"main\",le=\"0.001\"} 2\n",
	    "_bucket{database=\"main\",le=\"0.0025\"} 3\n",
	    "_bucket{database=\"main\",le=\"0.005\"} 5\n",
	    "_bucket{database=\"main\",le=\"0.01\"} 6\n",
	    "_bucket{database=\"main\",le=\"0.025\"} 8\n",
	    "_bucket{database=\"main\",le=\"0.05\"} 9\n",
	    "_bucket{database=\"main\",le=\"0.1\"} 10\n",
	    "_bucket{database=\"main\",le=\"0.25\"} 11\n",
	    "_bucket{database=\"main\",le=\"0.5\"} 12\n",
	    "_bucket{database=\"main\",le=\"1.0\"} 13\n",
	    "_bucket{database=\"main\",le=\"2.5\"} 14\n",
	    "_bucket{database=\"main\",le=\"+Inf\"} 16\n",
	    "_count{database=\"main\"} 16\n",
	    "schemalatch_rounds_total{database=\"main\"} 16\n",
	};
	struct scene scene;
	char *exposition;
	const char *sum;

	(void)state;
	scene_play(&scene, "all_ready");
	for (size_t i = 0; i < COUNT(durations_ms); i++)
		database_state_note_round(&scene.snapshot->databases[0], durations_ms[i]);
	exposition = exposition_of(&scene, METRICS_TEXT);
	for (size_t i = 0; i < COUNT(lines); i++)
		if (strstr(exposition, lines[i]) == NULL)
			fail_msg("not there: %s", lines[i]);
	sum = strstr(exposition, "_sum{database=\"main\"} ");
	assert_non_null(sum);
	assert_true(fabs(strtod(strchr(sum, ' '), NULL) - 66.958) < 1e-9);
	free(exposition);
	scene_end(&scene);
}

static void numbers_read_back_as_the_same(void **state)
{
	static const struct {
		uint64_t connects;
		const char *line;
	} rows[] = {
	    {0, "schemalatch_connects_total{database=\"main\"} 0\n"},
	    {123456, "schemalatch_connects_total{database=\"main\"} 123456\n"},
	    {1000000, "schemalatch_connects_total{database=\"main\"} 1e+06\n"},
	    {1234567, "schemalatch_connects_total{database=\"main\"} 1234567\n"},
	    {9007199254740991, "schemalatch_connects_total{database=\"main\"} 9007199254740991\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct scene scene;
		char *exposition;

		scene_play(&scene, "all_ready");
		scene.snapshot->databases[0].connects = rows[i].connects;
		exposition = exposition_of(&scene, METRICS_TEXT);
		if (strstr(exposition, rows[i].line) == NULL)
			fail_msg("not there: %s", rows[i].line);
		free(exposition);
		scene_end(&scene);
	}
}

static void label_values_are_escaped(void **state)
{
	struct verdict verdict = verdict_of(REASON_BEHIND, "-");
	struct scene scene;

	(void)state;
	scene_play(&scene, "all_ready");
	strcpy(verdict.expected, "a\\b\"c\nd");
	strcpy(verdict.actual, "\\n{}=,\xc3\xa4");
	scene_note(&scene, 0, 1, &verdict);
	for (int format = METRICS_TEXT; format <= METRICS_OPENMETRICS; format++) {
		char *exposition = exposition_of(&scene, (enum metrics_format)format);

		assert_non_null(strstr(
		    exposition, "expected=\"a\\\\b\\\"c\\nd\",actual=\"\\\\n{}=,\xc3\xa4\"} 1\n"));
		free(exposition);
	}
	scene_end(&scene);
}

static void the_process_has_plausible_numbers(void **state)
{
	static const struct {
		const char *line;
		double least;
		double most;
	} rows[] = {
	    {"\nprocess_cpu_seconds_total ", 0, 3600},
	    {"\nprocess_open_fds ", 3, 1000},
	    {"\nprocess_max_fds ", 16, 1e10},
	    {"\nprocess_virtual_memory_bytes ", 1e6, 1e15},
	    {"\nprocess_resident_memory_bytes ", 1e5, 1e11},
	    {"\nprocess_start_time_seconds ", 1.7e9, 1e11},
	};
	struct scene scene;
	char *exposition;

	(void)state;
	scene_play(&scene, "all_ready");
	exposition = exposition_of(&scene, METRICS_TEXT);
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *line = strstr(exposition, rows[i].line);
		double value = line != NULL ? strtod(strchr(line, ' '), NULL) : -1;

		if (value < rows[i].least || value > rows[i].most)
			fail_msg("%s%g", rows[i].line + 1, value);
	}
	free(exposition);
	scene_end(&scene);
}

/* ---- negotiation ---- */

struct wish {
	const char *label;
	const char *accept;
	enum metrics_format format;
};

static void assert_wishes(const struct wish *wishes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (metrics_negotiate(wishes[i].accept) != wishes[i].format)
			fail_msg("%s: %s", wishes[i].label,
			    wishes[i].accept != NULL ? wishes[i].accept : "(none)");
}

/* As the releases of Prometheus send them; the first knows only a version that we do not speak. */
static void every_prometheus_is_understood(void **state)
{
	static const struct wish wishes[] = {
	    {"2.26",
		"application/openmetrics-text; version=0.0.1,text/plain;version=0.0.4;q=0.5,*/*;"
		"q=0.1",
		METRICS_TEXT},
	    {"2.34",
		"application/openmetrics-text;version=1.0.0,application/openmetrics-text;version="
		"0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
		METRICS_OPENMETRICS},
	    {"2.40.0",
		"application/openmetrics-text;version=1.0.0;q=0.75,application/openmetrics-text;q="
		"0.6,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
		METRICS_OPENMETRICS},
	    {"2.42 with native histograms",
		"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding="
		"delimited,application/openmetrics-text;version=1.0.0;q=0.8,application/"
		"openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
		METRICS_OPENMETRICS},
	    {"2.49.0",
		"application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;"
		"version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=2",
		METRICS_OPENMETRICS},
	    {"2.49.1",
		"application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;"
		"version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
		METRICS_OPENMETRICS},
	    {"3.0",
		"application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/"
		"openmetrics-text;version=0.0.1;escaping=allow-utf-8;q=0.5,text/plain;version=1.0."
		"0;escaping=allow-utf-8;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;"
		"escaping=allow-utf-8;q=0.3,*/*;q=0.2",
		METRICS_OPENMETRICS},
	    {"3.3",
		"application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/"
		"openmetrics-text;version=0.0.1;escaping=allow-utf-8;q=0.5,text/plain;version=1.0."
		"0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;escaping=allow-utf-8;q=0.3,"
		"*/*;q=0.2",
		METRICS_OPENMETRICS},
	    {"3.4",
		"application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/"
		"openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-"
		"8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
		METRICS_OPENMETRICS},
	    {"3.4 with native histograms",
		"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding="
		"delimited;q=0.6,application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q="
		"0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;"
		"escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1",
		METRICS_OPENMETRICS},
	};

	(void)state;
	assert_wishes(wishes, COUNT(wishes));
}

static void who_does_not_ask_for_openmetrics_gets_text(void **state)
{
	static const struct wish wishes[] = {
	    {"nothing", NULL, METRICS_TEXT},
	    {"empty", "", METRICS_TEXT},
	    {"commas", ",, ,", METRICS_TEXT},
	    {"curl, kubelet", "*/*", METRICS_TEXT},
	    {"a browser", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
		METRICS_TEXT},
	    {"any application", "application/*", METRICS_TEXT},
	    {"text only", "text/plain", METRICS_TEXT},
	    {"text preferred", "text/plain;version=0.0.4,application/openmetrics-text;q=0.9",
		METRICS_TEXT},
	    {"both alike", "application/openmetrics-text,text/plain", METRICS_TEXT},
	    {"a weight over 1 is 1", "application/openmetrics-text;q=7,text/plain", METRICS_TEXT},
	    {"refused", "application/openmetrics-text;q=0", METRICS_TEXT},
	    {"another version", "application/openmetrics-text;version=2.0.0", METRICS_TEXT},
	    {"a name that goes on", "application/openmetrics-text2", METRICS_TEXT},
	};

	(void)state;
	assert_wishes(wishes, COUNT(wishes));
}

static void openmetrics_is_found_however_it_is_written(void **state)
{
	static const struct wish wishes[] = {
	    {"alone", "application/openmetrics-text", METRICS_OPENMETRICS},
	    {"with version", "application/openmetrics-text; version=1.0.0", METRICS_OPENMETRICS},
	    {"capitals", "Application/OpenMetrics-Text; Version=1.0.0; Q=0.5", METRICS_OPENMETRICS},
	    {"behind text", "text/plain;q=0.5, application/openmetrics-text;q=0.6",
		METRICS_OPENMETRICS},
	    {"a weight over 1", "application/openmetrics-text;q=7,text/plain;q=0.9",
		METRICS_OPENMETRICS},
	    {"only the text that we do not speak",
		"text/plain;version=1.0.0,application/openmetrics-text;version=1.0.0;q=0.1",
		METRICS_OPENMETRICS},
	};

	(void)state;
	assert_wishes(wishes, COUNT(wishes));
}

static void content_types_are_those_of_the_standards(void **state)
{
	(void)state;
	assert_string_equal(
	    metrics_content_type(METRICS_TEXT), "text/plain; version=0.0.4; charset=utf-8");
	assert_string_equal(metrics_content_type(METRICS_OPENMETRICS),
	    "application/openmetrics-text; version=1.0.0; charset=utf-8");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(expositions_are_as_kept),
	    cmocka_unit_test(both_formats_of_a_busy_sidecar_are_as_kept),
	    cmocka_unit_test(the_promised_names_are_there),
	    cmocka_unit_test(the_build_names_libpq_as_it_runs),
	    cmocka_unit_test(every_scene_is_well_formed_in_both_formats),
	    cmocka_unit_test(families_are_listed_in_the_order_of_the_exposition),
	    cmocka_unit_test(exactly_one_verdict_and_one_reason_hold),
	    cmocka_unit_test(the_histogram_is_cumulative),
	    cmocka_unit_test(numbers_read_back_as_the_same),
	    cmocka_unit_test(label_values_are_escaped),
	    cmocka_unit_test(the_process_has_plausible_numbers),
	    cmocka_unit_test(every_prometheus_is_understood),
	    cmocka_unit_test(who_does_not_ask_for_openmetrics_gets_text),
	    cmocka_unit_test(openmetrics_is_found_however_it_is_written),
	    cmocka_unit_test(content_types_are_those_of_the_standards),
	};

	return cmocka_run_group_tests(tests, workplace_enter, workplace_leave);
}
