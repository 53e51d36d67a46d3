/* Until the database is ready: for init containers, Jobs and scripts. */
#include <stdio.h>
#include <string.h>

#include "../../probes/keys.h"
#include "../../probes/text.h"
#include "../clock.h"
#include "../termination.h"
#include "command.h"
#include "outcome.h"
#include "terminal.h"
#include "watcher.h"

struct waiting {
	int64_t started_ms;
	int64_t limit_ms; /* -1: as long as it takes */
	size_t told;      /* changes of the ledger so far */
	enum exit_code code;
	struct terminal terminal;
	char last[832]; /* the newest change that was no good news */
};

#define INDENT 4

/* "main/tables not_ready (missing): …" */
static void print_change(const struct terminal *terminal, const struct change *change)
{
	const char *value = verdict_value_name(change->value);
	const char *reason = reason_name(change->reason);
	char title[SUBJECT_TITLE_BYTES];

	subject_title(change->database, change->check, title);
	printf("%s ", title);
	terminal_tone(terminal, change->value, value);
	printf(" (%s): ", reason);
	terminal_wrap(
	    terminal, strlen(title) + strlen(value) + strlen(reason) + 6, INDENT, change->message);
	printf("\n");
}

static void tell(struct waiting *waiting, const struct change *change)
{
	char title[SUBJECT_TITLE_BYTES];

	terminal_draw(&waiting->terminal, NULL);
	print_change(&waiting->terminal, change);
	if (change->value != VERDICT_READY)
		snprintf(waiting->last, sizeof(waiting->last), "%s %s (%s): %s",
		    subject_title(change->database, change->check, title),
		    verdict_value_name(change->value), reason_name(change->reason),
		    change->message);
}

/* Where somebody looks on: for what it waits, and how long. */
static void draw_progress(
    struct waiting *waiting, const struct snapshot *snapshot, struct moment now)
{
	size_t count = subject_count(snapshot->config);
	const char *before = " for ";
	char title[SUBJECT_TITLE_BYTES];
	char age[32];
	struct text line;

	text_init(&line, 0);
	text_addf(&line, "waiting %s",
	    duration_format(
		(now.monotonic_ms - waiting->started_ms) / 1000 * 1000, age, sizeof(age)));
	for (size_t i = 0; i < count; i++) {
		struct subject subject = subject_at(snapshot, i);
		const struct verdict *verdict = &subject.standing->now;

		if (subject.gates == 0 || verdict->value == VERDICT_READY)
			continue;
		text_addf(&line, "%s%s (%s", before,
		    subject_title(subject.database, subject.name, title),
		    reason_name(verdict->reason));
		if (verdict->pending > 0)
			text_addf(&line, ", %ld pending", verdict->pending);
		text_add(&line, ")");
		before = ", ";
	}
	terminal_draw(&waiting->terminal, text_string(&line));
	text_done(&line);
}

/* The ring has the newest first; between two looks there are few. */
static void tell_changes(struct waiting *waiting, const struct ledger *ledger)
{
	size_t fresh = ledger_total(ledger) - waiting->told;

	if (fresh > ledger_change_count(ledger))
		fresh = ledger_change_count(ledger);
	while (fresh-- > 0)
		tell(waiting, ledger_change(ledger, fresh));
	waiting->told = ledger_total(ledger);
}

/* Where it is ready, the last change has said so. */
static void tell_end(const struct waiting *waiting, const struct config *config, int64_t now_ms)
{
	char age[32];

	duration_format(now_ms - waiting->started_ms, age, sizeof(age));
	if (config->disabled != NULL)
		printf("not waiting, disabled: %s\n", config->disabled);
	else if (config->mode == MODE_OBSERVE)
		printf("not waiting, mode is observe\n");
	else if (waiting->code != EXIT_READY)
		printf("%s after %s\n", waiting->code == EXIT_NOT_READY ? "not ready" : "unknown",
		    age);
	if (waiting->code != EXIT_READY)
		termination_message(waiting->last);
}

static void on_news(struct watcher *watcher, const struct snapshot *snapshot, struct moment now)
{
	struct waiting *waiting = watcher->arg;
	bool late =
	    waiting->limit_ms >= 0 && now.monotonic_ms - waiting->started_ms >= waiting->limit_ms;

	tell_changes(waiting, watcher->ledger);
	if (outcome_is_complete(snapshot))
		waiting->code = outcome_of(snapshot);
	if (late || (outcome_is_complete(snapshot) && waiting->code == EXIT_READY)) {
		terminal_draw(&waiting->terminal, NULL);
		tell_end(waiting, watcher->config, now.monotonic_ms);
		watcher_stop(watcher);
	} else {
		draw_progress(waiting, snapshot, now);
	}
	fflush(stdout);
}

static int run(const struct options *options, struct error *err)
{
	struct waiting waiting = {
	    .started_ms = clock_monotonic_ms(),
	    .limit_ms = options->timeout_ms,
	    .code = EXIT_UNKNOWN,
	    .terminal = terminal_of(stdout),
	    .last = "no answer yet",
	};

	int code =
	    watcher_command(options, on_news, &waiting, options->timeout_ms, &waiting.code, err);

	terminal_draw(&waiting.terminal, NULL); /* a signal may have ended it */
	return code;
}

const struct command command_wait = {
    .name = "wait",
    .synopsis = "[--timeout DURATION]",
    .help = "waits until the database is ready; without --timeout as long as it takes",
    .flags = 1u << OWN_TIMEOUT,
    .takes_settings = true,
    .is_container = true,
    .run = run,
};
