#include "ledger.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../probes/xalloc.h"
#include "../config/meaning.h"

/* How a subject looked when it was last noted. */
struct seen {
	char database[64]; /* these two as in struct subject */
	char name[64];
	struct verdict verdict;
	bool pass;
};

struct ledger {
	struct config *config;
	struct log *log;
	struct seen *seen; /* one a subject; NULL: nothing was noted yet */
	size_t seen_count;
	bool passed[GATE_COUNT];
	bool started;
	struct reading reading;
	struct change changes[LEDGER_CHANGES_MAX];
	size_t change_count; /* of all time; the ring holds the last ones */
};

struct ledger *ledger_create(struct config *config, struct log *log)
{
	struct ledger *ledger = xcalloc(1, sizeof(*ledger));

	ledger->config = config_share(config);
	ledger->log = log;
	return ledger;
}

static bool is_of(const struct seen *seen, const struct subject *subject)
{
	return strcmp(seen->database, subject->database) == 0 &&
	       strcmp(seen->name, subject->name) == 0;
}

/* How the subject of these names looked, or pending where there was none. */
static struct seen seen_before(const struct ledger *ledger, const struct subject *subject)
{
	struct seen fresh = {.verdict = verdict_of(REASON_PENDING, "%s", "")};

	for (size_t i = 0; ledger->seen != NULL && i < ledger->seen_count; i++)
		if (is_of(&ledger->seen[i], subject))
			return ledger->seen[i];
	snprintf(fresh.database, sizeof(fresh.database), "%s", subject->database);
	snprintf(fresh.name, sizeof(fresh.name), "%s", subject->name);
	return fresh;
}

/* The subjects of this snapshot are those to note from now on. */
static void follow(struct ledger *ledger, const struct snapshot *snapshot)
{
	size_t count = subject_count(snapshot->config);
	struct seen *seen = xcalloc(count, sizeof(*seen));

	for (size_t i = 0; i < count; i++) {
		struct subject subject = subject_at(snapshot, i);

		seen[i] = seen_before(ledger, &subject);
	}
	free(ledger->seen);
	ledger->seen = seen;
	ledger->seen_count = count;
	config_share(snapshot->config);
	config_free(ledger->config);
	ledger->config = snapshot->config;
}

/* What the message alone does not tell of how the check counts. */
static const char *afterthought(const struct judgement *judgement, const struct subject *subject)
{
	const struct standing *standing = subject->standing;

	if (judgement->held)
		return " (the last answer, ready, is held)";
	if (judgement->latched)
		return " (latched: passes all the same)";
	if (judgement->verdict->value == VERDICT_UNKNOWN && standing->answered &&
	    standing->answer == VERDICT_READY)
		return subject->hold_for_ms > 0 ? " (the last answer, ready, is older than holdFor)"
						: " (the last answer, ready, is not held)";
	return "";
}

static void log_change(struct ledger *ledger, const struct change *change,
    const struct judgement *judgement, const struct subject *subject)
{
	struct log_line line = log_begin(ledger->log,
	    change->value == VERDICT_READY ? LOG_LEVEL_INFO : LOG_LEVEL_WARN, "verdict");
	char title[SUBJECT_TITLE_BYTES];

	log_text(&line, "database", change->database);
	log_text(&line, "check", change->check);
	log_text(&line, "verdict", verdict_value_name(change->value));
	log_text(&line, "reason", reason_name(change->reason));
	log_bool(&line, "pass", change->pass);
	log_text(&line, "sqlstate", judgement->verdict->sqlstate);
	log_end(&line, "%s %s: %s%s", subject_title(change->database, change->check, title),
	    reason_name(change->reason), change->message, afterthought(judgement, subject));
}

/* Whether a person would want to be told. Of silence, the reason says enough; of an answer, the
 * message tells how far a migration has come. */
static bool is_news(const struct seen *seen, const struct judgement *judgement)
{
	if (judgement->pass != seen->pass)
		return true;
	if (judgement->verdict->value == VERDICT_UNKNOWN)
		return judgement->verdict->reason != seen->verdict.reason;
	return !verdict_same(judgement->verdict, &seen->verdict);
}

static void note_subject(
    struct ledger *ledger, struct seen *seen, const struct subject *subject, struct moment now)
{
	struct judgement judgement = gate_judge(subject, now.monotonic_ms);
	struct change *change = &ledger->changes[ledger->change_count % LEDGER_CHANGES_MAX];

	if (!is_news(seen, &judgement))
		return;
	seen->verdict = *judgement.verdict;
	seen->pass = judgement.pass;
	*change = (struct change){
	    .wall_ms = now.wall_ms,
	    .value = seen->verdict.value,
	    .reason = seen->verdict.reason,
	    .pass = seen->pass,
	    .held = judgement.held,
	};
	snprintf(change->database, sizeof(change->database), "%s", subject->database);
	snprintf(change->check, sizeof(change->check), "%s", subject->name);
	memcpy(change->message, seen->verdict.message, sizeof(change->message));
	ledger->change_count++;
	log_change(ledger, change, &judgement, subject);
}

static void note_gate(struct ledger *ledger, enum gate gate, bool pass)
{
	bool observe = ledger->config->mode == MODE_OBSERVE;
	struct log_line line;

	if (ledger->passed[gate] == pass)
		return;
	ledger->passed[gate] = pass;
	line = log_begin(ledger->log, pass ? LOG_LEVEL_INFO : LOG_LEVEL_WARN, "gate");
	log_text(&line, "gate", gate_names[gate]);
	log_bool(&line, "pass", pass);
	log_text(&line, "mode", mode_names[ledger->config->mode]);
	log_end(&line, "%s gate %s%s", gate_names[gate], observe ? "would be " : "is ",
	    pass ? "open" : "closed");
}

void ledger_note(struct ledger *ledger, const struct snapshot *snapshot, struct moment now)
{
	size_t count = subject_count(snapshot->config);

	if (snapshot->config != ledger->config || ledger->seen == NULL)
		follow(ledger, snapshot);

	for (size_t i = 0; i < count; i++) {
		struct subject subject = subject_at(snapshot, i);

		note_subject(ledger, &ledger->seen[i], &subject, now);
	}
	ledger->started = ledger->started || gate_passes(snapshot, GATE_STARTUP, now.monotonic_ms);
	note_gate(ledger, GATE_STARTUP, ledger->started);
	note_gate(ledger, GATE_READINESS, gate_passes(snapshot, GATE_READINESS, now.monotonic_ms));
}

bool ledger_has_started(const struct ledger *ledger)
{
	return ledger->started;
}

size_t ledger_change_count(const struct ledger *ledger)
{
	return ledger->change_count < LEDGER_CHANGES_MAX ? ledger->change_count
							 : LEDGER_CHANGES_MAX;
}

size_t ledger_total(const struct ledger *ledger)
{
	return ledger->change_count;
}

const struct change *ledger_change(const struct ledger *ledger, size_t index)
{
	return &ledger->changes[(ledger->change_count - 1 - index) % LEDGER_CHANGES_MAX];
}

void ledger_note_reading(struct ledger *ledger, bool successful, int64_t wall_ms)
{
	ledger->reading.successful = successful;
	if (successful)
		ledger->reading.success_wall_ms = wall_ms;
}

struct reading ledger_reading(const struct ledger *ledger)
{
	return ledger->reading;
}

void ledger_free(struct ledger *ledger)
{
	if (ledger == NULL)
		return;
	free(ledger->seen);
	config_free(ledger->config);
	free(ledger);
}
