/* All checks once, and a report. */
#include <stdio.h>
#include <stdlib.h>

#include "../answer/status.h"
#include "command.h"
#include "outcome.h"
#include "watcher.h"

static void print_subject(const struct view *view, const struct subject *subject)
{
	struct judgement judgement = view_judge(view, subject);
	const struct verdict *verdict = judgement.verdict;
	char title[SUBJECT_TITLE_BYTES];

	printf("%s: %s (%s)%s\n    %s\n", subject_title(subject->database, subject->name, title),
	    verdict_value_name(verdict->value), reason_name(verdict->reason),
	    subject->gates == 0 ? ", reported only" : "", verdict->message);
	if (verdict->expected[0] != '\0')
		printf("    wanted %s, found %s\n", verdict->expected,
		    verdict->actual[0] != '\0' ? verdict->actual : "nothing");
}

static void print_report(const struct view *view, enum exit_code code)
{
	static const char *const words[] = {
	    [EXIT_READY] = "ready", [EXIT_NOT_READY] = "not ready", [EXIT_UNKNOWN] = "unknown"};

	for (size_t i = 0; i < subject_count(view->config); i++) {
		struct subject subject = subject_at(view->snapshot, i);

		print_subject(view, &subject);
	}
	if (view->config->disabled != NULL)
		printf("disabled: %s\n", view->config->disabled);
	else if (view->config->mode == MODE_OBSERVE)
		printf("mode observe: no gate is closed whatever was found\n");
	printf("%s\n", words[code]);
}

static void print_json(const struct view *view)
{
	char *document = status_document(view);

	printf("%s\n", document != NULL ? document : "{}");
	free(document);
}

struct result {
	const struct options *options;
	enum exit_code code;
};

static void on_news(struct watcher *watcher, const struct snapshot *snapshot, struct moment now)
{
	struct result *result = watcher->arg;
	struct view view = {
	    .config = watcher->config,
	    .snapshot = snapshot,
	    .ledger = watcher->ledger,
	    .now = now,
	};

	if (!outcome_is_complete(snapshot))
		return;
	result->code = outcome_of(snapshot);
	if (result->options->json)
		print_json(&view);
	else
		print_report(&view, result->code);
	watcher_stop(watcher);
}

static int run(const struct options *options, struct error *err)
{
	struct result result = {.options = options, .code = EXIT_UNKNOWN};

	return watcher_command(options, on_news, &result, -1, &result.code, err);
}

const struct command command_check = {
    .name = "check",
    .synopsis = "[--json]",
    .help = "all checks once, and a report",
    .flags = 1u << OWN_JSON,
    .takes_settings = true,
    .run = run,
};
