#include "ledger.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../probes/xalloc.h"
#include "../config/meaning.h"

/* How a check looked when it was last noted. */
struct seen {
	struct verdict verdict;
	bool pass;
};

struct ledger {
	struct config *config;
	struct log *log;
	struct seen **seen; /* per database, per check */
	bool passed[GATE_COUNT];
	bool started;
	struct reading reading;
	struct change changes[LEDGER_CHANGES_MAX];
	size_t change_count; /* of all time; the ring holds the last ones */
};

/* Nothing has been seen yet. */
static struct seen **make_seen(const struct config *config)
{
	struct seen **seen = xcalloc(config->database_count, sizeof(struct seen *));

	for (size_t i = 0; i < config->database_count; i++) {
		size_t count = config->databases[i].check_count;

		seen[i] = xcalloc(count, sizeof(struct seen));
		for (size_t k = 0; k < count; k++)
			seen[i][k].verdict = verdict_of(REASON_PENDING, "%s", "");
	}
	return seen;
}

static void free_seen(const struct config *config, struct seen **seen)
{
	for (size_t i = 0; i < config->database_count; i++)
		free(seen[i]);
	free(seen);
}

struct ledger *ledger_create(struct config *config, struct log *log)
{
	struct ledger *ledger = xcalloc(1, sizeof(*ledger));

	ledger->config = config_share(config);
	ledger->log = log;
	ledger->seen = make_seen(config);
	return ledger;
}

/* How the check of these names looked, or NULL. */
static const struct seen *find_seen(
    const struct ledger *ledger, const char *database, const char *check)
{
	size_t i = meaning_find_database(ledger->config, database);
	size_t k = i != MEANING_NONE ? meaning_find_name(&ledger->config->databases[i], check)
				     : MEANING_NONE;

	return k != MEANING_NONE ? &ledger->seen[i][k] : NULL;
}

static void follow(struct ledger *ledger, struct config *config)
{
	struct seen **seen = make_seen(config);

	for (size_t i = 0; i < config->database_count; i++) {
		const struct database *database = &config->databases[i];

		for (size_t k = 0; k < database->check_count; k++) {
			const struct seen *before =
			    find_seen(ledger, database->name, database->checks[k]->name);

			if (before != NULL)
				seen[i][k] = *before;
		}
	}
	free_seen(ledger->config, ledger->seen);
	config_free(ledger->config);
	ledger->seen = seen;
	ledger->config = config_share(config);
}

/* What the message alone does not tell of how the check counts. */
static const char *afterthought(const struct judgement *judgement, const struct standing *standing)
{
	if (judgement->held)
		return " (the last answer, ready, is held)";
	if (judgement->latched)
		return " (latched: passes all the same)";
	if (judgement->verdict->value == VERDICT_UNKNOWN && standing->answered &&
	    standing->answer == VERDICT_READY)
		return " (the last answer, ready, is older than holdFor)";
	return "";
}

static void log_change(struct ledger *ledger, const struct change *change,
    const struct judgement *judgement, const struct standing *standing)
{
	struct log_line line = log_begin(ledger->log,
	    change->value == VERDICT_READY ? LOG_LEVEL_INFO : LOG_LEVEL_WARN, "verdict");

	log_text(&line, "database", change->database);
	log_text(&line, "check", change->check);
	log_text(&line, "verdict", verdict_value_name(change->value));
	log_text(&line, "reason", reason_name(change->reason));
	log_bool(&line, "pass", change->pass);
	log_text(&line, "sqlstate", judgement->verdict->sqlstate);
	log_end(&line, "%s/%s %s: %s%s", change->database, change->check,
	    reason_name(change->reason), change->message, afterthought(judgement, standing));
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

static void note_check(struct ledger *ledger, size_t database_index, size_t index,
    const struct judgement *judgement, const struct standing *standing, struct moment now)
{
	const struct database *database = &ledger->config->databases[database_index];
	struct seen *seen = &ledger->seen[database_index][index];
	struct change *change = &ledger->changes[ledger->change_count % LEDGER_CHANGES_MAX];

	if (!is_news(seen, judgement))
		return;
	*seen = (struct seen){*judgement->verdict, judgement->pass};
	*change = (struct change){
	    .wall_ms = now.wall_ms,
	    .value = seen->verdict.value,
	    .reason = seen->verdict.reason,
	    .pass = seen->pass,
	    .held = judgement->held,
	};
	snprintf(change->database, sizeof(change->database), "%s", database->name);
	snprintf(change->check, sizeof(change->check), "%s", database->checks[index]->name);
	memcpy(change->message, seen->verdict.message, sizeof(change->message));
	ledger->change_count++;
	log_change(ledger, change, judgement, standing);
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
	if (snapshot->config != ledger->config)
		follow(ledger, snapshot->config);
	for (size_t i = 0; i < ledger->config->database_count; i++) {
		const struct database *database = &ledger->config->databases[i];
		const struct database_state *state = &snapshot->databases[i];

		for (size_t k = 0; k < database->check_count; k++) {
			struct judgement judgement = gate_judge(database->checks[k],
			    &state->standings[k], state, database->hold_for_ms, now.monotonic_ms);

			note_check(ledger, i, k, &judgement, &state->standings[k], now);
		}
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
	free_seen(ledger->config, ledger->seen);
	config_free(ledger->config);
	free(ledger);
}
