#include "incident.h"

#include "../../probes/keys.h"
#include "../clock.h"

/* Older ones are on the page, and in the log. */
#define CHANGES_MAX 10

static void add_time(struct text *out, int64_t wall_ms)
{
	char time[32];

	text_add(out, clock_format_utc(wall_ms, time, sizeof(time)));
}

static void add_age(struct text *out, int64_t milliseconds)
{
	char age[32];

	text_add(out, duration_format(milliseconds / 1000 * 1000, age, sizeof(age)));
}

static void add_head(const struct view *view, struct text *out)
{
	text_addf(out, "schemalatch %s", SCHEMALATCH_VERSION);
	if (view->pod != NULL) {
		text_add(out, " in ");
		text_add_clean(out, view->pod);
	}
	text_addf(out, ": %s, as of ", view_passes(view, GATE_READINESS) ? "ready" : "not ready");
	add_time(out, view->now.wall_ms);
	text_addf(out, "\nreadiness gate %s, startup gate %s, ",
	    view_passes(view, GATE_READINESS) ? "open" : "closed",
	    view_passes(view, GATE_STARTUP) ? "passed" : "not yet passed");
	if (view->config->disabled != NULL)
		text_addf(out, "disabled: %s\n", view->config->disabled);
	else
		text_addf(out, "mode %s\n", mode_names[view->config->mode]);
}

static void add_subject(const struct view *view, const struct subject *subject, struct text *out)
{
	struct judgement judgement = view_judge(view, subject);
	char title[SUBJECT_TITLE_BYTES];

	text_addf(out, "\n[%c] %s %s: %s", judgement.pass ? '+' : '-',
	    subject_title(subject->database, subject->name, title),
	    reason_name(judgement.verdict->reason), judgement.verdict->message);
	if (subject->gates == 0)
		text_add(out, " (reported only)");
	text_add(out, "\n    since ");
	add_time(out, judgement.since_wall_ms);
	if (judgement.held) {
		text_add(out, ", held: no answer for ");
		add_age(out, judgement.silent_ms);
	}
	if (judgement.latched)
		text_add(out, ", latched");
	if (judgement.verdict->expected[0] != '\0')
		text_addf(out, "\n    wanted %s, found %s", judgement.verdict->expected,
		    judgement.verdict->actual[0] != '\0' ? judgement.verdict->actual : "nothing");
	text_add(out, "\n");
}

static void add_change(const struct change *change, struct text *out)
{
	char title[SUBJECT_TITLE_BYTES];

	add_time(out, change->wall_ms);
	text_addf(out, " %s %s (%s): %s\n", subject_title(change->database, change->check, title),
	    verdict_value_name(change->value), reason_name(change->reason), change->message);
}

void incident_write(const struct view *view, struct text *out)
{
	size_t subjects = subject_count(view->config);
	size_t changes = ledger_change_count(view->ledger);

	add_head(view, out);
	for (size_t i = 0; i < subjects; i++) {
		struct subject subject = subject_at(view->snapshot, i);

		add_subject(view, &subject, out);
	}
	text_add(out, changes > 0 ? "\nlast changes, the newest first:\n" : "");
	for (size_t i = 0; i < changes && i < CHANGES_MAX; i++)
		add_change(ledger_change(view->ledger, i), out);
}
