#include "page.h"

#include "../../probes/keys.h"
#include "../clock.h"

const char page_policy[] = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none';"
			   " form-action 'none'; frame-ancestors 'none'";

static const char head[] =
    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width\">\n"
    "<meta http-equiv=\"refresh\" content=\"5\">\n<title>schemalatch</title>\n"
    "<style>:root{color-scheme:light dark}"
    "body{font:1rem/1.5 system-ui,sans-serif;max-width:64rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse;width:100%}"
    "th,td{text-align:left;vertical-align:top;padding:.3rem .6rem;border-bottom:1px solid #8888}"
    "td{overflow-wrap:anywhere}</style>\n</head>\n<body>\n";

/* Adds text as character data; nothing that comes from outside can become markup. */
static void add_escaped(struct text *out, const char *value)
{
	static const struct {
		char character;
		const char *entity;
	} entities[] = {
	    {'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}, {'\'', "&#39;"}};

	for (; *value != '\0'; value++) {
		const char *entity = NULL;

		for (size_t i = 0; i < sizeof(entities) / sizeof(entities[0]); i++)
			if (entities[i].character == *value)
				entity = entities[i].entity;
		if (entity != NULL)
			text_add(out, entity);
		else
			text_add_bytes(out, value, 1);
	}
}

static void add_cell(struct text *out, const char *value)
{
	text_add(out, "<td>");
	add_escaped(out, value);
	text_add(out, "</td>");
}

static void add_time_cell(struct text *out, int64_t wall_ms)
{
	char time[32];

	add_cell(out, wall_ms > 0 ? clock_format_utc(wall_ms, time, sizeof(time)) : "not yet");
}

static void add_verdict_cell(struct text *out, const struct judgement *judgement)
{
	char silence[32];

	text_addf(out, "<td>%s: %s", verdict_value_name(judgement->verdict->value),
	    reason_name(judgement->verdict->reason));
	if (judgement->held)
		text_addf(out, ", held for %s",
		    duration_format(judgement->silent_ms / 1000 * 1000, silence, sizeof(silence)));
	text_addf(out, "%s</td>", judgement->latched ? ", latched" : "");
}

static void add_subject(struct text *out, const struct view *view, const struct subject *subject)
{
	struct judgement judgement = view_judge(view, subject);
	char title[SUBJECT_TITLE_BYTES];

	text_add(out, "<tr>");
	add_cell(out, judgement.pass ? "passes" : "fails");
	text_addf(out, "<th scope=\"row\">%s</th>",
	    subject_title(subject->database, subject->name, title));
	add_verdict_cell(out, &judgement);
	add_cell(out, judgement.verdict->message);
	add_time_cell(out, judgement.since_wall_ms);
	add_time_cell(out, subject->standing->checked.wall_ms);
	text_add(out, "</tr>\n");
}

static void add_state(struct text *out, const struct view *view)
{
	bool ready = view_passes(view, GATE_READINESS);

	text_addf(out, "<h1>%s</h1>\n<p>", ready ? "Ready" : "Not ready");
	if (view->config->disabled != NULL) {
		text_add(out, "Disabled, every gate is open: ");
		add_escaped(out, view->config->disabled);
	} else if (view->config->mode == MODE_OBSERVE) {
		text_add(out, "Mode observe: every gate is open, and this is what would be told.");
	} else {
		text_addf(out, "The startup gate has %s passed.",
		    view_passes(view, GATE_STARTUP) ? "" : "not yet");
	}
	text_add(out, "</p>\n");
}

static void add_checks(struct text *out, const struct view *view)
{
	text_add(out, "<table><thead><tr><th>gate</th><th>check</th><th>verdict</th><th>wanted and"
		      " found</th><th>since</th><th>checked</th></tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < subject_count(view->config); i++) {
		struct subject subject = subject_at(view->snapshot, i);

		add_subject(out, view, &subject);
	}
	text_add(out, "</tbody></table>\n");
}

static void add_change(struct text *out, const struct change *change)
{
	char title[SUBJECT_TITLE_BYTES];

	text_add(out, "<tr>");
	add_time_cell(out, change->wall_ms);
	text_addf(out, "<th scope=\"row\">%s</th><td>%s: %s</td>",
	    subject_title(change->database, change->check, title),
	    verdict_value_name(change->value), reason_name(change->reason));
	add_cell(out, change->message);
	text_add(out, "</tr>\n");
}

static void add_history(struct text *out, const struct view *view)
{
	text_add(out,
	    "<h2>History</h2>\n<table><thead><tr><th>time</th><th>check</th><th>verdict</th>"
	    "<th>wanted and found</th></tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < ledger_change_count(view->ledger); i++)
		add_change(out, ledger_change(view->ledger, i));
	text_add(out, "</tbody></table>\n");
}

void page_write(const struct view *view, struct text *out)
{
	text_add(out, head);
	add_state(out, view);
	add_checks(out, view);
	add_history(out, view);
	text_addf(out, "<p>schemalatch %s</p>\n</body>\n</html>\n", SCHEMALATCH_VERSION);
}
