#include "page.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../probes/keys.h"
#include "../clock.h"
#include "../digest.h"
#include "incident.h"
#include "page/assets.h"

/* ---- the policy ---- */

/* "sha256-…" of text. */
static void add_hash(struct text *out, const char *text)
{
	struct digest digest = digest_plain(text, strlen(text));
	unsigned char encoded[2 * DIGEST_BYTES];

	EVP_EncodeBlock(encoded, digest.bytes, DIGEST_BYTES);
	text_addf(out, "'sha256-%s'", (const char *)encoded);
}

const char *page_policy(void)
{
	static char policy[512];
	struct text text;

	if (policy[0] != '\0')
		return policy;
	text_init(&text, 0);
	text_add(&text, "default-src 'none'; style-src ");
	add_hash(&text, page_css);
	text_add(&text, "; script-src ");
	add_hash(&text, page_js);
	text_add(&text, "; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none';"
			" frame-ancestors 'none'");
	snprintf(policy, sizeof(policy), "%s", text_string(&text));
	text_done(&text);
	return policy;
}

/* ---- texts ---- */

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

static void add_time(struct text *out, int64_t wall_ms)
{
	char time[32];

	if (wall_ms <= 0) {
		text_add(out, "not yet");
		return;
	}
	clock_format_utc(wall_ms, time, sizeof(time));
	text_addf(out, "<time datetime=\"%s\">%.10s %.8s UTC</time>", time, time, time + 11);
}

static void add_age(struct text *out, int64_t milliseconds)
{
	char age[32];

	text_add(out, duration_format(milliseconds / 1000 * 1000, age, sizeof(age)));
}

static void add_title(struct text *out, const char *database, const char *name)
{
	char title[SUBJECT_TITLE_BYTES];

	add_escaped(out, subject_title(database, name, title));
}

/* ---- the state at one glance ---- */

enum look { LOOK_READY, LOOK_HELD, LOOK_WAITING };

static const struct {
	const char *name;   /* a class of the style sheet */
	const char *colour; /* of the icon, in a URL */
} looks[] = {
    [LOOK_READY] = {"ready", "%230b6b2f"},
    [LOOK_HELD] = {"held", "%23b87500"},
    [LOOK_WAITING] = {"waiting", "%23a3140b"},
};

static enum look look_of(const struct judgement *judgement)
{
	if (!judgement->pass)
		return LOOK_WAITING;
	return judgement->held || judgement->latched ? LOOK_HELD : LOOK_READY;
}

/* Whether nothing that is found closes a gate. */
static bool is_toothless(const struct view *view)
{
	return view->config->disabled != NULL || view->config->mode == MODE_OBSERVE;
}

static bool any_looks(const struct view *view, enum look look)
{
	size_t count = subject_count(view->config);

	for (size_t i = 0; i < count; i++) {
		struct subject subject = subject_at(view->snapshot, i);
		struct judgement judgement = view_judge(view, &subject);

		if (subject.gates != 0 && look_of(&judgement) == look)
			return true;
	}
	return false;
}

static enum look look_of_all(const struct view *view)
{
	if (!view_passes(view, GATE_READINESS) || !view_passes(view, GATE_STARTUP))
		return is_toothless(view) ? LOOK_HELD : LOOK_WAITING;
	return any_looks(view, LOOK_HELD) ? LOOK_HELD : LOOK_READY;
}

static const char *word_of(const struct view *view)
{
	if (view->config->disabled != NULL)
		return "Disabled";
	if (!view_passes(view, GATE_READINESS))
		return is_toothless(view) ? "Not ready, only observed" : "Not ready";
	if (!view_passes(view, GATE_STARTUP))
		return "Not started";
	return look_of_all(view) == LOOK_HELD ? "Ready, held" : "Ready";
}

/* Adds the titles of those that look so and count for a gate, after lead; nothing where there are
 * none. */
static void add_those(struct text *out, const struct view *view, enum look look, const char *lead)
{
	size_t count = subject_count(view->config);
	const char *before = lead;

	for (size_t i = 0; i < count; i++) {
		struct subject subject = subject_at(view->snapshot, i);
		struct judgement judgement = view_judge(view, &subject);

		if (subject.gates == 0 || look_of(&judgement) != look)
			continue;
		text_add(out, before);
		add_title(out, subject.database, subject.name);
		text_addf(out, " (%s)", reason_name(judgement.verdict->reason));
		before = ", ";
	}
	if (before != lead)
		text_add(out, ".</p>\n");
}

static void add_mode(struct text *out, const struct view *view)
{
	if (view->config->disabled != NULL) {
		text_add(out, "<p>Every gate is open and nothing is asked: ");
		add_escaped(out, view->config->disabled);
		text_add(out, "</p>\n");
	} else if (view->config->mode == MODE_OBSERVE) {
		text_add(out,
		    "<p><strong>Mode observe</strong>: every gate is open, and this is what"
		    " would be told.</p>\n");
	}
}

static void write_headline(const struct view *view, struct text *out)
{
	text_addf(out, "<h1>%s</h1>\n", word_of(view));
	add_mode(out, view);
	if (view->config->disabled == NULL) {
		add_those(out, view, LOOK_WAITING, "<p>Waiting for ");
		add_those(out, view, LOOK_HELD, "<p>By an earlier answer: ");
	}
	text_addf(out, "<p>The readiness gate %s %s, the startup gate %s passed.</p>\n",
	    is_toothless(view) ? "would be" : "is",
	    view_passes(view, GATE_READINESS) ? "open" : "closed",
	    view_passes(view, GATE_STARTUP) ? "has" : "has not yet");
}

/* ---- what is watched ---- */

static void begin_fact(struct text *out, const char *name)
{
	text_addf(out, "<div><dt>%s</dt><dd>", name);
}

static void end_fact(struct text *out)
{
	text_add(out, "</dd></div>\n");
}

static void add_fact(struct text *out, const char *name, const char *value)
{
	begin_fact(out, name);
	add_escaped(out, value);
	end_fact(out);
}

static void add_age_fact(struct text *out, const char *name, int64_t milliseconds)
{
	begin_fact(out, name);
	add_age(out, milliseconds);
	end_fact(out);
}

static void add_found(struct text *out, const struct verdict *verdict)
{
	char pending[32];

	if (verdict->expected[0] != '\0') {
		add_fact(out, "Wanted", verdict->expected);
		add_fact(out, "Found", verdict->actual[0] != '\0' ? verdict->actual : "nothing");
	}
	if (verdict->pending > 0) {
		snprintf(pending, sizeof(pending), "%ld", verdict->pending);
		add_fact(out, "Pending migrations", pending);
	}
}

static void add_silence(
    struct text *out, const struct subject *subject, const struct judgement *judgement)
{
	if (judgement->verdict->value != VERDICT_UNKNOWN)
		return;
	add_age_fact(out,
	    judgement->verdict->reason == REASON_LOCKED ? "Held back by a lock for"
							: "No answer for",
	    judgement->silent_ms);
	if (judgement->held)
		add_age_fact(
		    out, "Held for at most another", subject->hold_for_ms - judgement->silent_ms);
}

static void add_gates(struct text *out, const struct subject *subject)
{
	bool any = false;

	begin_fact(out, "Gates");
	for (enum gate gate = 0; gate < GATE_COUNT; gate++) {
		if (!gate_counts(gate, subject))
			continue;
		text_addf(out, "%s%s", any ? ", " : "", gate_names[gate]);
		any = true;
	}
	text_add(out, any ? "" : "none, reported only");
	end_fact(out);
}

static void add_facts(struct text *out, const struct view *view, const struct subject *subject,
    const struct judgement *judgement)
{
	text_add(out, "<dl>\n");
	add_found(out, judgement->verdict);
	begin_fact(out, "Since");
	add_time(out, judgement->since_wall_ms);
	text_add(out, " (");
	add_age(out, view->now.wall_ms - judgement->since_wall_ms);
	text_add(out, ")");
	end_fact(out);
	add_silence(out, subject, judgement);
	begin_fact(out, "Looked at");
	add_time(out, subject->standing->checked.wall_ms);
	end_fact(out);
	add_fact(out, "Kind", subject->kind);
	add_gates(out, subject);
	text_add(out, "</dl>\n");
}

/* All that deviates, where the message could not tell it. */
static void add_findings(struct text *out, const char *findings)
{
	if (*findings == '\0')
		return;
	text_add(out, "<pre tabindex=\"0\" aria-label=\"all that deviates\">");
	add_escaped(out, findings);
	text_add(out, "</pre>\n");
}

static void add_subject(struct text *out, const struct view *view, const struct subject *subject)
{
	static const char *const marks[] = {[LOOK_READY] = "\xe2\x9c\x93",
	    [LOOK_HELD] = "\xe2\x9c\x93",
	    [LOOK_WAITING] = "\xe2\x9c\x97"};
	struct judgement judgement = view_judge(view, subject);
	enum look look = look_of(&judgement);

	text_addf(out, "<li class=\"%s\">\n<h3><span>", looks[look].name);
	add_title(out, subject->database, subject->name);
	text_addf(out, "</span> <b><span aria-hidden=\"true\">%s</span> %s: %s%s%s</b></h3>\n",
	    marks[look], judgement.pass ? "passes" : "fails",
	    reason_name(judgement.verdict->reason), judgement.held ? ", held" : "",
	    judgement.latched ? ", latched" : "");
	text_add(out, "<p>");
	add_escaped(out, judgement.verdict->message);
	text_add(out, "</p>\n");
	add_findings(out, judgement.verdict->findings);
	if (judgement.verdict->reason != REASON_OK)
		text_addf(out, "<p class=\"meaning\">%s: %s</p>\n",
		    reason_name(judgement.verdict->reason), reason_help(judgement.verdict->reason));
	add_facts(out, view, subject, &judgement);
	text_add(out, "</li>\n");
}

static void write_subjects(const struct view *view, struct text *out)
{
	size_t count = subject_count(view->config);

	for (size_t i = 0; i < count; i++) {
		struct subject subject = subject_at(view->snapshot, i);

		add_subject(out, view, &subject);
	}
}

/* ---- the rest ---- */

static void add_change(struct text *out, const struct change *change)
{
	enum look look = !change->pass ? LOOK_WAITING : change->held ? LOOK_HELD : LOOK_READY;

	text_addf(out, "<li class=\"%s\">", looks[look].name);
	add_time(out, change->wall_ms);
	text_add(out, " ");
	add_title(out, change->database, change->check);
	text_addf(out, " <b>%s: %s%s</b> ", change->pass ? "passes" : "fails",
	    reason_name(change->reason), change->held ? ", held" : "");
	add_escaped(out, change->message);
	text_add(out, "</li>\n");
}

static void write_history(const struct view *view, struct text *out)
{
	size_t count = ledger_change_count(view->ledger);

	for (size_t i = 0; i < count; i++)
		add_change(out, ledger_change(view->ledger, i));
	if (count == 0)
		text_addf(out, "<li>Nothing has changed yet.</li>\n");
}

static void write_incident(const struct view *view, struct text *out)
{
	struct text text;

	text_init(&text, 0);
	incident_write(view, &text);
	add_escaped(out, text_string(&text));
	text_done(&text);
}

static void write_made(const struct view *view, struct text *out)
{
	text_addf(out, "schemalatch %s", SCHEMALATCH_VERSION);
	if (view->pod != NULL) {
		text_add(out, " in ");
		add_escaped(out, view->pod);
	}
	text_add(out, ", as of ");
	add_time(out, view->now.wall_ms);
}

static void write_title(const struct view *view, struct text *out)
{
	text_add(out, word_of(view));
	if (view->pod != NULL) {
		text_add(out, ": ");
		add_escaped(out, view->pod);
	}
	text_add(out, " \xe2\x80\x93 schemalatch");
}

static void write_state(const struct view *view, struct text *out)
{
	text_add(out, looks[look_of_all(view)].name);
}

static void write_colour(const struct view *view, struct text *out)
{
	text_add(out, looks[look_of_all(view)].colour);
}

static void write_style(const struct view *view, struct text *out)
{
	(void)view;
	text_add(out, page_css);
}

static void write_script(const struct view *view, struct text *out)
{
	(void)view;
	text_add(out, page_js);
}

/* What stands in the place of "{{name}}" in page.html. */
static const struct {
	const char *name;
	void (*write)(const struct view *view, struct text *out);
} slots[] = {
    {"colour", write_colour},
    {"headline", write_headline},
    {"history", write_history},
    {"incident", write_incident},
    {"made", write_made},
    {"script", write_script},
    {"state", write_state},
    {"style", write_style},
    {"subjects", write_subjects},
    {"title", write_title},
};

/* Fills the slot that name, of length bytes, stands for. */
static void fill_slot(const char *name, size_t length, const struct view *view, struct text *out)
{
	for (size_t i = 0; i < sizeof(slots) / sizeof(slots[0]); i++)
		if (strlen(slots[i].name) == length && strncmp(slots[i].name, name, length) == 0)
			slots[i].write(view, out);
}

void page_write(const struct view *view, struct text *out)
{
	const char *rest = page_html;
	const char *slot;

	while ((slot = strstr(rest, "{{")) != NULL) {
		size_t length = strcspn(slot + 2, "}");

		text_add_bytes(out, rest, (size_t)(slot - rest));
		fill_slot(slot + 2, length, view, out);
		rest = slot + length + 4;
	}
	text_add(out, rest);
}
