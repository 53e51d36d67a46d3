/* Until the database is ready: for init containers, Jobs and scripts. */
#include <stdio.h>

#include "../../probes/keys.h"
#include "../clock.h"
#include "../termination.h"
#include "command.h"
#include "outcome.h"
#include "watcher.h"

struct waiting {
	int64_t started_ms;
	int64_t limit_ms; /* -1: as long as it takes */
	size_t told;      /* changes of the ledger so far */
	enum exit_code code;
	char last[832]; /* the newest change that was no good news */
};

static void tell(struct waiting *waiting, const struct change *change)
{
	char line[sizeof(waiting->last)];
	char title[SUBJECT_TITLE_BYTES];

	snprintf(line, sizeof(line), "%s %s (%s): %s",
	    subject_title(change->database, change->check, title),
	    verdict_value_name(change->value), reason_name(change->reason), change->message);
	printf("%s\n", line);
	if (change->value != VERDICT_READY)
		snprintf(waiting->last, sizeof(waiting->last), "%s", line);
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
		tell_end(waiting, watcher->config, now.monotonic_ms);
		watcher_stop(watcher);
	}
	fflush(stdout);
}

static int run(const struct options *options, struct error *err)
{
	struct waiting waiting = {
	    .started_ms = clock_monotonic_ms(),
	    .limit_ms = options->timeout_ms,
	    .code = EXIT_UNKNOWN,
	    .last = "no answer yet",
	};

	return watcher_command(options, on_news, &waiting, options->timeout_ms, &waiting.code, err);
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
