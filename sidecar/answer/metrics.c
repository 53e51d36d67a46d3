#include "metrics.h"

#include <libpq-fe.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "process.h"

struct metric;

/* A family being written. */
struct family {
	const struct metric *metric;
	const struct view *view;
	const struct process_facts *process; /* NULL: not known */
	enum metrics_format format;
	struct text *out;
};

enum metric_type { GAUGE, COUNTER, HISTOGRAM, INFO };

struct metric {
	const char *name; /* of the family: counters without _total, info without _info */
	enum metric_type type;
	const char *help;
	void (*write)(const struct family *family);
	size_t offset; /* of a double in struct process_facts, for write_process */
};

/* ---- samples ---- */

/* Label values, which are clean already; both formats escape the same three characters. */
static void add_label_value(struct text *out, const char *value)
{
	for (; *value != '\0'; value++) {
		if (*value == '\\' || *value == '"')
			text_add(out, "\\");
		if (*value == '\n')
			text_add(out, "\\n");
		else
			text_add_bytes(out, value, 1);
	}
}

/* The shortest text that reads back as the same number. */
static void add_number(struct text *out, double value)
{
	char buffer[32];

	for (int digits = 6; digits <= 17; digits++) {
		snprintf(buffer, sizeof(buffer), "%.*g", digits, value);
		if (strtod(buffer, NULL) == value)
			break;
	}
	text_add(out, buffer);
}

/* Adds name{label="value",…} value; the arguments are pairs of label and value, ended by NULL. */
static void sample(const struct family *family, const char *suffix, double value, ...)
    __attribute__((sentinel));

static void sample(const struct family *family, const char *suffix, double value, ...)
{
	struct text *out = family->out;
	const char *label;
	bool first = true;
	va_list labels;

	text_addf(out, "%s%s", family->metric->name, suffix);
	va_start(labels, value);
	while ((label = va_arg(labels, const char *)) != NULL) {
		text_addf(out, "%s%s=\"", first ? "{" : ",", label);
		add_label_value(out, va_arg(labels, const char *));
		text_add(out, "\"");
		first = false;
	}
	va_end(labels);
	text_add(out, first ? " " : "} ");
	add_number(out, value);
	text_add(out, "\n");
}

/* ---- families of ours ---- */

static void write_build_info(const struct family *family)
{
	char libpq[32];

	snprintf(libpq, sizeof(libpq), "%d.%d", PQlibVersion() / 10000, PQlibVersion() % 10000);
	sample(family, "_info", 1, "version", SCHEMALATCH_VERSION, "revision", SCHEMALATCH_REVISION,
	    "libpq", libpq, NULL);
}

static void write_mode(const struct family *family)
{
	const struct config *config = family->view->config;

	sample(family, "_info", 1, "mode",
	    config->disabled != NULL ? "disabled" : mode_names[config->mode], "reason",
	    config->disabled != NULL ? config->disabled : "", NULL);
}

static void write_reload_successful(const struct family *family)
{
	sample(family, "", ledger_reading(family->view->ledger).successful, NULL);
}

static void write_reload_time(const struct family *family)
{
	sample(family, "", (double)ledger_reading(family->view->ledger).success_wall_ms / 1000.0,
	    NULL);
}

static void write_ready(const struct family *family)
{
	sample(family, "", view_passes(family->view, GATE_READINESS), NULL);
}

static void write_started(const struct family *family)
{
	sample(family, "", view_passes(family->view, GATE_STARTUP), NULL);
}

/* What a family of one sample a subject needs to know of each. */
struct subject_sample {
	struct subject subject;
	struct judgement judgement;
};

static void each_subject(const struct family *family,
    void (*write)(const struct family *family, const struct subject_sample *of))
{
	size_t count = subject_count(family->view->config);

	for (size_t i = 0; i < count; i++) {
		struct subject_sample of = {.subject = subject_at(family->view->snapshot, i)};

		of.judgement = view_judge(family->view, &of.subject);
		write(family, &of);
	}
}

static void each_database(
    const struct family *family, void (*write)(const struct family *family, const char *name,
				     const struct database_state *state))
{
	const struct config *config = family->view->config;

	for (size_t i = 0; i < config->database_count; i++)
		write(family, config->databases[i].name, &family->view->snapshot->databases[i]);
}

static void subject_pass(const struct family *family, const struct subject_sample *of)
{
	sample(family, "", of->judgement.pass, "database", of->subject.database, "check",
	    of->subject.name, NULL);
}

static void subject_verdict(const struct family *family, const struct subject_sample *of)
{
	for (enum verdict_value value = 0; value < VERDICT_COUNT; value++)
		sample(family, "", of->judgement.verdict->value == value, "database",
		    of->subject.database, "check", of->subject.name, "verdict",
		    verdict_value_name(value), NULL);
}

static void subject_reason(const struct family *family, const struct subject_sample *of)
{
	sample(family, "", 1, "database", of->subject.database, "check", of->subject.name, "reason",
	    reason_name(of->judgement.verdict->reason), NULL);
}

static void subject_transitions(const struct family *family, const struct subject_sample *of)
{
	sample(family, "_total", (double)of->subject.standing->transitions, "database",
	    of->subject.database, "check", of->subject.name, NULL);
}

static void subject_pending(const struct family *family, const struct subject_sample *of)
{
	if (of->subject.standing->now.pending != VERDICT_PENDING_UNKNOWN)
		sample(family, "", (double)of->subject.standing->now.pending, "database",
		    of->subject.database, "check", of->subject.name, NULL);
}

static void subject_schema(const struct family *family, const struct subject_sample *of)
{
	if (of->subject.standing->now.expected[0] != '\0')
		sample(family, "_info", 1, "database", of->subject.database, "check",
		    of->subject.name, "expected", of->subject.standing->now.expected, "actual",
		    of->subject.standing->now.actual, NULL);
}

static void write_pass(const struct family *family)
{
	each_subject(family, subject_pass);
}

static void write_verdict(const struct family *family)
{
	each_subject(family, subject_verdict);
}

static void write_reason(const struct family *family)
{
	each_subject(family, subject_reason);
}

static void write_transitions(const struct family *family)
{
	each_subject(family, subject_transitions);
}

static void write_pending(const struct family *family)
{
	each_subject(family, subject_pending);
}

static void write_schema(const struct family *family)
{
	each_subject(family, subject_schema);
}

static void database_rounds(
    const struct family *family, const char *name, const struct database_state *state)
{
	sample(family, "_total", (double)state->rounds, "database", name, NULL);
}

static void database_duration(
    const struct family *family, const char *name, const struct database_state *state)
{
	uint64_t count = 0;
	char bound[32];

	for (size_t i = 0; i < ROUND_BUCKETS; i++) {
		count += state->round_buckets[i];
		/* Canonical floats, "1.0": OpenMetrics wants them, and Prometheus 3 makes them. */
		snprintf(bound, sizeof(bound), round_bucket_bounds[i] == 1.0 ? "%.1f" : "%g",
		    round_bucket_bounds[i]);
		sample(family, "_bucket", (double)count, "database", name, "le", bound, NULL);
	}
	count += state->round_buckets[ROUND_BUCKETS];
	sample(family, "_bucket", (double)count, "database", name, "le", "+Inf", NULL);
	sample(family, "_sum", state->round_seconds, "database", name, NULL);
	sample(family, "_count", (double)count, "database", name, NULL);
}

static void database_last_answer(
    const struct family *family, const char *name, const struct database_state *state)
{
	sample(family, "", (double)state->answered_wall_ms / 1000.0, "database", name, NULL);
}

static void database_connected(
    const struct family *family, const char *name, const struct database_state *state)
{
	sample(family, "", state->connected, "database", name, NULL);
}

static void database_connects(
    const struct family *family, const char *name, const struct database_state *state)
{
	sample(family, "_total", (double)state->connects, "database", name, NULL);
}

/* Only those reasons for which an open can fail; all of them from the start, with 0. */
static void database_failures(
    const struct family *family, const char *name, const struct database_state *state)
{
	static const enum reason possible[] = {
	    REASON_UNREACHABLE, REASON_STARTING, REASON_LOGIN, REASON_TIMEOUT, REASON_ERROR};

	for (size_t i = 0; i < sizeof(possible) / sizeof(possible[0]); i++)
		sample(family, "_total", (double)state->connect_failures[possible[i]], "database",
		    name, "reason", reason_name(possible[i]), NULL);
}

static void write_rounds(const struct family *family)
{
	each_database(family, database_rounds);
}

static void write_duration(const struct family *family)
{
	each_database(family, database_duration);
}

static void write_last_answer(const struct family *family)
{
	each_database(family, database_last_answer);
}

static void write_connected(const struct family *family)
{
	each_database(family, database_connected);
}

static void write_connects(const struct family *family)
{
	each_database(family, database_connects);
}

static void write_failures(const struct family *family)
{
	each_database(family, database_failures);
}

static void write_requests(const struct family *family)
{
	const struct requests *requests = family->view->requests;
	char code[16];

	for (size_t handler = 0; handler < HANDLER_COUNT; handler++) {
		for (size_t i = 0; i < REQUEST_CODES; i++) {
			if (requests->counts[handler][i] == 0 && request_codes[i] != 200)
				continue;
			snprintf(code, sizeof(code), "%d", request_codes[i]);
			sample(family, "_total", (double)requests->counts[handler][i], "handler",
			    handler_names[handler], "code", code, NULL);
		}
	}
}

static void write_process(const struct family *family)
{
	double value;

	if (family->process == NULL)
		return;
	memcpy(&value, (const char *)family->process + family->metric->offset, sizeof(value));
	sample(family, family->metric->type == COUNTER ? "_total" : "", value, NULL);
}

/* ---- the table ---- */

static const struct metric metrics[] = {
    {"schemalatch_build", INFO, "Version, revision and libpq of this program.", write_build_info,
	0},
    {"schemalatch_mode", INFO, "How gates answer: gate, observe or disabled, and why.", write_mode,
	0},
    {"schemalatch_config_last_reload_successful", GAUGE,
	"Whether the configuration was accepted when it was last read.", write_reload_successful,
	0},
    {"schemalatch_config_last_reload_success_timestamp_seconds", GAUGE,
	"When the configuration was last read and accepted.", write_reload_time, 0},
    {"schemalatch_ready", GAUGE, "Whether the readiness gate is open by what was found.",
	write_ready, 0},
    {"schemalatch_started", GAUGE, "Whether the startup gate has ever been open.", write_started,
	0},
    {"schemalatch_check_pass", GAUGE,
	"Whether the check passes, held and latched verdicts counted in.", write_pass, 0},
    {"schemalatch_check_verdict", GAUGE, "1 for the present verdict of the check.", write_verdict,
	0},
    {"schemalatch_check_reason", GAUGE, "1 for the present reason of the verdict.", write_reason,
	0},
    {"schemalatch_transitions", COUNTER, "Changes of the verdict of the check.", write_transitions,
	0},
    {"schemalatch_pending_migrations", GAUGE,
	"Expected migrations that are not applied; absent where it cannot be told.", write_pending,
	0},
    {"schemalatch_schema", INFO, "Schema version expected and found.", write_schema, 0},
    {"schemalatch_rounds", COUNTER, "Rounds of checks that have ended.", write_rounds, 0},
    {"schemalatch_round_duration_seconds", HISTOGRAM, "Duration of a round, a connect counted in.",
	write_duration, 0},
    {"schemalatch_last_answer_timestamp_seconds", GAUGE,
	"When the database last answered a check; 0 before the first time.", write_last_answer, 0},
    {"schemalatch_connected", GAUGE, "Whether a session is open.", write_connected, 0},
    {"schemalatch_connects", COUNTER, "Sessions opened.", write_connects, 0},
    {"schemalatch_connect_failures", COUNTER, "Attempts to open a session that failed.",
	write_failures, 0},
    {"schemalatch_http_requests", COUNTER, "HTTP requests answered.", write_requests, 0},
    {"process_cpu_seconds", COUNTER, "User and system CPU time.", write_process,
	offsetof(struct process_facts, cpu_seconds)},
    {"process_open_fds", GAUGE, "Open file descriptors.", write_process,
	offsetof(struct process_facts, open_fds)},
    {"process_max_fds", GAUGE, "Limit of open file descriptors.", write_process,
	offsetof(struct process_facts, max_fds)},
    {"process_virtual_memory_bytes", GAUGE, "Virtual memory.", write_process,
	offsetof(struct process_facts, virtual_bytes)},
    {"process_resident_memory_bytes", GAUGE, "Resident memory.", write_process,
	offsetof(struct process_facts, resident_bytes)},
    {"process_start_time_seconds", GAUGE, "Start of the process since 1970.", write_process,
	offsetof(struct process_facts, start_time_seconds)},
    {"process_threads", GAUGE, "Threads.", write_process, offsetof(struct process_facts, threads)},
};

#define METRIC_COUNT (sizeof(metrics) / sizeof(metrics[0]))

static const struct {
	const char *type_text; /* text 0.0.4 has no info */
	const char *type_openmetrics;
	const char *suffix_text; /* of the family's name: text 0.0.4 names the sample */
} types[] = {
    [GAUGE] = {"gauge", "gauge", ""},
    [COUNTER] = {"counter", "counter", "_total"},
    [HISTOGRAM] = {"histogram", "histogram", ""},
    [INFO] = {"gauge", "info", "_info"},
};

static void write_family(const struct family *family)
{
	const struct metric *metric = family->metric;
	bool open = family->format == METRICS_OPENMETRICS;
	const char *suffix = open ? "" : types[metric->type].suffix_text;

	text_addf(family->out, "# HELP %s%s %s\n# TYPE %s%s %s\n", metric->name, suffix,
	    metric->help, metric->name, suffix,
	    open ? types[metric->type].type_openmetrics : types[metric->type].type_text);
	metric->write(family);
}

void metrics_write(const struct view *view, enum metrics_format format, struct text *out)
{
	struct process_facts facts;
	struct family family = {
	    .view = view,
	    .process = process_read(&facts) ? &facts : NULL,
	    .format = format,
	    .out = out,
	};

	for (size_t i = 0; i < METRIC_COUNT; i++) {
		family.metric = &metrics[i];
		write_family(&family);
	}
	if (format == METRICS_OPENMETRICS)
		text_add(out, "# EOF\n");
}

const char *metrics_family_name(size_t index)
{
	return index < METRIC_COUNT ? metrics[index].name : NULL;
}

const char *metrics_content_type(enum metrics_format format)
{
	return format == METRICS_OPENMETRICS
		   ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
		   : "text/plain; version=0.0.4; charset=utf-8";
}

/* ---- negotiation ---- */

static bool has_parameter(const char *parameters, size_t length, const char *wanted)
{
	const char *found = strcasestr(parameters, wanted);

	return found != NULL && found + strlen(wanted) <= parameters + length;
}

static bool is_type(const char *range, const char *type)
{
	size_t length = strlen(type);

	return strncasecmp(range, type, length) == 0 &&
	       (range[length] == '\0' || strchr("; \t,", range[length]) != NULL);
}

/* The weight of one media range for us as OpenMetrics 1.0; 0 where it is something else. Some
 * Prometheus (2.49.0) sends q=2, so weights are cut to 1. */
static double openmetrics_weight(const char *range, size_t length)
{
	static const char type[] = "application/openmetrics-text";
	const char *weight = strcasestr(range, "q=");
	double q = 1;

	if (!is_type(range, type))
		return 0;
	if (has_parameter(range, length, "version=") &&
	    !has_parameter(range, length, "version=1.0.0"))
		return 0;
	if (weight != NULL && weight < range + length)
		q = strtod(weight + 2, NULL);
	return q > 1 ? 1 : q;
}

/* The weight of text 0.0.4, by name only: "anything" is what a person or a kubelet sends. */
static double text_weight(const char *range, size_t length)
{
	const char *weight = strcasestr(range, "q=");
	double q = 1;

	if (!is_type(range, "text/plain") || has_parameter(range, length, "version=1.0.0"))
		return 0;
	if (weight != NULL && weight < range + length)
		q = strtod(weight + 2, NULL);
	return q > 1 ? 1 : q;
}

enum metrics_format metrics_negotiate(const char *accept)
{
	double open = 0;
	double text = 0;

	while (accept != NULL && *accept != '\0') {
		size_t length;

		accept += strspn(accept, " \t,");
		length = strcspn(accept, ",");
		if (openmetrics_weight(accept, length) > open)
			open = openmetrics_weight(accept, length);
		if (text_weight(accept, length) > text)
			text = text_weight(accept, length);
		accept += length;
	}
	return open > text ? METRICS_OPENMETRICS : METRICS_TEXT;
}
