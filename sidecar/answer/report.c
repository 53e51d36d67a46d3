#include "report.h"

#include "../../probes/keys.h"

/* "12s": whole seconds are what a person reads. */
static void add_age(struct text *out, int64_t milliseconds)
{
	char buffer[32];

	text_add(out, duration_format(milliseconds / 1000 * 1000, buffer, sizeof(buffer)));
}

/* What stands behind "ok" where the check passes, but not by an answer that says just that. */
static void add_passing(struct text *out, const struct judgement *judgement)
{
	const struct verdict *verdict = judgement->verdict;

	text_add(out, "ok");
	if (judgement->held) {
		text_addf(out, " (held: %s for ", reason_name(verdict->reason));
		add_age(out, judgement->silent_ms);
		text_add(out, ")");
	} else if (judgement->latched) {
		text_addf(
		    out, " (latched: %s: %s)", reason_name(verdict->reason), verdict->message);
	} else if (verdict->reason != REASON_OK) {
		text_addf(out, " (%s: %s)", reason_name(verdict->reason), verdict->message);
	}
}

static void add_failing(
    struct text *out, const struct judgement *judgement, const struct subject *subject)
{
	const struct standing *standing = subject->standing;
	const struct verdict *verdict = judgement->verdict;

	text_addf(out, "%s: %s", reason_name(verdict->reason), verdict->message);
	if (verdict->value != VERDICT_UNKNOWN || !standing->answered)
		return;
	text_add(out, " (for ");
	add_age(out, judgement->silent_ms);
	if (standing->answer == VERDICT_READY)
		text_add(out, subject->hold_for_ms > 0
				  ? "; the last answer was ready, longer ago than holdFor)"
				  : "; the last answer was ready, which is not held)");
	else
		text_addf(out, "; the last answer was: %s)", standing->answer_message);
}

static bool is_excluded(const struct report_request *request, const struct subject *subject)
{
	char title[SUBJECT_TITLE_BYTES];

	return strings_has(
	    request->exclude, subject_title(subject->database, subject->name, title));
}

/* How one subject counts for the gate of the request. */
struct line {
	struct subject subject;
	struct judgement judgement;
	bool gates;
	bool excluded;
	bool closes; /* the gate fails because of it */
};

static struct line line_of(
    const struct view *view, const struct report_request *request, const struct subject *subject)
{
	struct line line = {
	    .subject = *subject,
	    .judgement = view_judge(view, subject),
	    .gates = gate_counts(request->gate, subject),
	    .excluded = is_excluded(request, subject),
	};

	line.closes = line.gates && !line.excluded && !line.judgement.pass;
	return line;
}

static struct line line_at(
    const struct view *view, const struct report_request *request, size_t index)
{
	struct subject subject = subject_at(view->snapshot, index);

	return line_of(view, request, &subject);
}

static void add_line(struct text *out, const struct line *line)
{
	char title[SUBJECT_TITLE_BYTES];

	text_addf(out, "[%c]%s ", line->judgement.pass || line->excluded ? '+' : '-',
	    subject_title(line->subject.database, line->subject.name, title));
	if (line->excluded) {
		text_add(out, "excluded: ok");
	} else if (line->judgement.pass) {
		add_passing(out, &line->judgement);
	} else {
		text_add(out, line->gates ? "failed: " : "failed (reported only): ");
		add_failing(out, &line->judgement, &line->subject);
	}
	text_add(out, "\n");
}

static void add_lines(
    struct text *out, const struct view *view, const struct report_request *request, bool all)
{
	size_t count = subject_count(view->config);

	for (size_t i = 0; i < count; i++) {
		struct line line = line_at(view, request, i);

		if (all || line.closes)
			add_line(out, &line);
	}
}

static void add_exclude_warning(
    struct text *out, const struct view *view, const struct report_request *request)
{
	struct subject subject;
	struct text names;

	text_init(&names, 300);
	for (size_t i = 0; i < request->exclude->count; i++) {
		if (subject_find(view->snapshot, request->exclude->items[i], &subject))
			continue;
		text_add(&names, names.length > 0 ? ",\"" : "\"");
		text_add_clean(&names, request->exclude->items[i]);
		text_add(&names, "\"");
	}
	if (names.length > 0)
		text_addf(out, "warn: some health checks cannot be excluded: no matches for %s\n",
		    text_string(&names));
	text_done(&names);
}

/* All lines where they fit; else those that close the gate, since these are why one looks. */
static void add_body(
    struct text *out, const struct view *view, const struct report_request *request)
{
	struct text lines;

	text_init(&lines, REPORT_LIMIT_BYTES - 1000);
	add_lines(&lines, view, request, true);
	if (lines.truncated) {
		text_done(&lines);
		add_lines(&lines, view, request, false);
		text_add(out, text_string(&lines));
		text_add(out, lines.truncated ? "\n(more failing checks; see /status)\n"
					      : "(passing checks are not shown; see /status)\n");
	} else {
		text_add(out, text_string(&lines));
	}
	text_done(&lines);
	add_exclude_warning(out, view, request);
}

static void add_last_line(struct text *out, const struct view *view, const char *path, bool pass)
{
	if (view->config->disabled != NULL) {
		text_addf(out, "%s check passed (disabled: ", path);
		text_add_clean(out, view->config->disabled);
		text_add(out, ")\n");
	} else if (view->config->mode == MODE_OBSERVE && !pass) {
		text_addf(out, "%s check passed (mode observe: would have failed)\n", path);
	} else {
		text_addf(out, "%s check %s\n", path, pass ? "passed" : "failed");
	}
}

static int code_of(const struct view *view, bool pass)
{
	return pass || view->config->disabled != NULL || view->config->mode == MODE_OBSERVE ? 200
											    : 503;
}

/* With exclusions the gate has to be judged line by line. */
static bool passes_without_excluded(const struct view *view, const struct report_request *request)
{
	size_t count = subject_count(view->config);

	for (size_t i = 0; i < count; i++)
		if (line_at(view, request, i).closes)
			return false;
	return true;
}

int report_gate(const struct view *view, const struct report_request *request, struct text *out)
{
	bool pass = view_passes(view, request->gate) ||
		    (request->exclude->count > 0 && passes_without_excluded(view, request));

	if (pass && !request->verbose && view->config->disabled == NULL) {
		text_add(out, "ok");
		return 200;
	}
	add_body(out, view, request);
	if (request->gate == GATE_STARTUP && pass && !passes_without_excluded(view, request))
		text_add(out, "startup has passed before in this process, and stays passed\n");
	add_last_line(out, view, request->path, pass);
	return code_of(view, pass);
}

int report_subject(const struct view *view, const struct report_request *request,
    const struct subject *subject, struct text *out)
{
	struct line line = line_of(view, request, subject);

	line.excluded = false; /* who asks for it by name wants to see it */
	if (line.judgement.pass && !request->verbose && view->config->disabled == NULL) {
		text_add(out, "ok");
		return 200;
	}
	add_line(out, &line);
	add_last_line(out, view, request->path, line.judgement.pass);
	return code_of(view, line.judgement.pass);
}

int report_liveness(const struct view *view, const struct report_request *request, struct text *out)
{
	bool alive = view_is_alive(view);

	if (alive && !request->verbose) {
		text_add(out, "ok");
		return 200;
	}
	text_add(out, "[+]answering ok\n");
	if (alive) {
		text_add(out, "[+]checking ok\n");
	} else {
		text_add(out, "[-]checking failed: the checking thread has not moved for ");
		add_age(out, view->now.monotonic_ms - view->heartbeat_ms);
		text_add(out, "\n");
	}
	text_addf(out, "%s check %s\n", request->path, alive ? "passed" : "failed");
	return alive ? 200 : 503;
}
