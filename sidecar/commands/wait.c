/* Until the database is ready: for init containers, Jobs and scripts. */
#include <stdio.h>
#include <unistd.h>

#include "../../probes/keys.h"
#include "../clock.h"
#include "../termination.h"
#include "command.h"
#include "outcome.h"
#include "watcher.h"

struct waiting {
	int64_t started_ms;
	int64_t until_ms; /* -1: as long as it takes */
	size_t told;      /* changes of the ledger so far */
	enum exit_code code;
	char last[700]; /* the newest change that was no good news */
};

static void tell(struct waiting *waiting, const struct change *change)
{
	char line[sizeof(waiting->last)];

	snprintf(line, sizeof(line), "%s/%s %s (%s): %s", change->database, change->check,
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
	bool late = waiting->until_ms >= 0 && now.monotonic_ms >= waiting->until_ms;

	tell_changes(waiting, watcher->ledger);
	if (outcome_is_complete(snapshot))
		waiting->code = outcome_of(snapshot);
	if (late || (outcome_is_complete(snapshot) && waiting->code == EXIT_READY)) {
		tell_end(waiting, watcher->config, now.monotonic_ms);
		watcher_stop(watcher);
	}
	fflush(stdout);
}

static void on_limit(evutil_socket_t fd, short events, void *arg)
{
	struct watcher *watcher = arg;

	(void)fd;
	(void)events;
	event_active(watcher->tick, EV_TIMEOUT, 0);
}

static int wait_until(struct watcher *watcher, struct waiting *waiting,
    const struct options *options, struct error *err)
{
	struct timeval limit = {
	    .tv_sec = options->timeout_ms / 1000, .tv_usec = (options->timeout_ms % 1000) * 1000};

	waiting->started_ms = clock_monotonic_ms();
	waiting->until_ms =
	    options->timeout_ms >= 0 ? waiting->started_ms + options->timeout_ms : -1;
	watcher->on_news = on_news;
	watcher->arg = waiting;
	if (options->timeout_ms >= 0 &&
	    event_base_once(watcher->base, -1, EV_TIMEOUT, on_limit, watcher, &limit) != 0)
		return error_set(err, "cannot make a timer");
	return watcher_run(watcher, err);
}

static int run_with(const struct config *config, const struct options *options, struct error *err)
{
	struct log log = watcher_log(config);
	struct log quiet = {.level = LOG_LEVEL_ERROR, .descriptor = STDERR_FILENO};
	struct waiting waiting = {.code = EXIT_UNKNOWN, .last = "no answer from the database yet"};
	struct watcher watcher;
	int code = EXIT_INTERNAL;

	if (watcher_init(&watcher, config, &log, &quiet, err) == 0 &&
	    wait_until(&watcher, &waiting, options, err) == 0)
		code = (int)waiting.code;
	if (!watcher_done(&watcher)) {
		fflush(stdout);
		_exit(code);
	}
	return code;
}

static int run(const struct options *options, struct error *err)
{
	struct config *config = options_load_config(options);
	int code;

	if (config == NULL)
		return EXIT_USAGE;
	code = run_with(config, options, err);
	config_free(config);
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
