/* All checks once, and a report. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../probes/xalloc.h"
#include "../answer/status.h"
#include "command.h"
#include "outcome.h"
#include "terminal.h"
#include "watcher.h"

#define INDENT 4

/* All that deviates, where the message could not tell it. */
static void print_findings(const struct terminal *terminal, const char *findings)
{
	while (*findings != '\0') {
		size_t length = strcspn(findings, "\n");
		char *line = xstrndup(findings, length);

		fprintf(terminal->file, "%*s- ", INDENT, "");
		terminal_wrap(terminal, INDENT + 2, INDENT + 2, line);
		fputc('\n', terminal->file);
		free(line);
		findings += length + (findings[length] == '\n');
	}
}

static void print_indented(const struct terminal *terminal, const char *text)
{
	fprintf(terminal->file, "%*s", INDENT, "");
	terminal_wrap(terminal, INDENT, INDENT, text);
	fputc('\n', terminal->file);
}

static void print_found(const struct terminal *terminal, const struct verdict *verdict)
{
	char found[sizeof(verdict->expected) + sizeof(verdict->actual) + 32];

	if (verdict->expected[0] == '\0')
		return;
	snprintf(found, sizeof(found), "wanted %s, found %s", verdict->expected,
	    verdict->actual[0] != '\0' ? verdict->actual : "nothing");
	print_indented(terminal, found);
}

static void print_subject(
    const struct terminal *terminal, const struct view *view, const struct subject *subject)
{
	struct judgement judgement = view_judge(view, subject);
	const struct verdict *verdict = judgement.verdict;
	const char *value = verdict_value_name(verdict->value);
	char title[SUBJECT_TITLE_BYTES];

	char rest[64];

	subject_title(subject->database, subject->name, title);
	snprintf(rest, sizeof(rest), "(%s)%s", reason_name(verdict->reason),
	    subject->gates == 0 ? ", reported only" : "");
	printf("%s: ", title);
	terminal_tone(terminal, verdict->value, value);
	printf(" ");
	terminal_wrap(terminal, strlen(title) + strlen(value) + 3, INDENT, rest);
	printf("\n");
	print_indented(terminal, verdict->message);
	print_found(terminal, verdict);
	print_findings(terminal, verdict->findings);
}

static void print_report(const struct view *view, enum exit_code code)
{
	static const struct {
		enum verdict_value value;
		const char *word;
	} ends[] = {
	    [EXIT_READY] = {VERDICT_READY, "ready"},
	    [EXIT_NOT_READY] = {VERDICT_NOT_READY, "not ready"},
	    [EXIT_UNKNOWN] = {VERDICT_UNKNOWN, "unknown"},
	};
	struct terminal terminal = terminal_of(stdout);

	for (size_t i = 0; i < subject_count(view->config); i++) {
		struct subject subject = subject_at(view->snapshot, i);

		print_subject(&terminal, view, &subject);
	}
	if (view->config->disabled != NULL)
		printf("disabled: %s\n", view->config->disabled);
	else if (view->config->mode == MODE_OBSERVE)
		printf("mode observe: no gate is closed whatever was found\n");
	terminal_tone(&terminal, ends[code].value, ends[code].word);
	printf("\n");
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
