/*
 * Fuzz target: what a client sends. The first line is the target of a request, the second an Accept
 * header. Whatever the bytes, nothing crashes; a path that is taken can be written again; and what
 * is answered is bounded, clean, and has a status code of ours.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../probes/text.h"
#include "../../probes/xalloc.h"
#include "../../sidecar/answer/metrics.h"
#include "../../sidecar/answer/report.h"
#include "../../sidecar/answer/status.h"
#include "../../sidecar/answer/target.h"

#define BODY_LIMIT_BYTES 8192

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool fact, const char *what, const char *text)
{
	if (fact)
		return;
	fprintf(stderr, "%s: %s\n", what, text);
	abort();
}

/* ---- the target ---- */

static void check_path(const char *path)
{
	struct target again;
	struct text uri;

	text_init(&uri, 0);
	text_add(&uri, "/");
	for (const char *c = path + 1; *c != '\0'; c++)
		text_addf(&uri, "%%%02x", (unsigned)(unsigned char)*c);
	demand(path[0] == '/', "not a path", path);
	demand(target_parse(text_string(&uri), &again) == 0, "refused again", path);
	demand(strcmp(again.path, path) == 0, "another path", path);
	demand(!again.verbose && again.exclude.count == 0, "a query in a path", path);
	target_done(&again);
	text_done(&uri);
}

/* ---- the answer ---- */

/* Only line ends are no clean text. Empties body. */
static void check_body(int code, struct text *body)
{
	struct text clean;
	char *whole = text_take(body);
	char *rest = whole;

	demand(code == 200 || code == 503, "another code", whole);
	demand(strlen(whole) < BODY_LIMIT_BYTES, "too long", whole);
	text_init(&clean, 0);
	while (rest != NULL) {
		const char *line = strsep(&rest, "\n");

		text_add_clean(&clean, line);
		demand(strcmp(text_string(&clean), line) == 0, "not clean", line);
		text_done(&clean);
	}
	free(whole);
}

static void check_answers(const struct view *view, const struct target *target)
{
	struct report_request request = {
	    .path = "readyz", .verbose = target->verbose, .exclude = &target->exclude};
	struct subject first = subject_at(view->snapshot, 0);
	struct text body;
	char *document;

	text_init(&body, 0);
	for (int gate = 0; gate < GATE_COUNT; gate++) {
		request.gate = (enum gate)gate;
		check_body(report_gate(view, &request, &body), &body);
	}
	check_body(report_subject(view, &request, &first, &body), &body);
	check_body(report_liveness(view, &request, &body), &body);
	document = status_probe_document(view, REPORT_LIMIT_BYTES);
	demand(strlen(document) <= REPORT_LIMIT_BYTES, "too long", document);
	free(document);
}

/* ---- a sidecar with one check that passes and one that fails ---- */

static struct config *make_config(void)
{
	struct setting_flags flags = {{NULL}};
	struct problems problems = {0};
	struct config *config;

	for (size_t i = 0; settings[i].environment != NULL; i++) {
		if (strcmp(settings[i].environment, "SCHEMALATCH_TABLES") == 0)
			flags.values[i] = "users";
		if (strcmp(settings[i].environment, "SCHEMALATCH_MIGRATIONS") == 0)
			flags.values[i] = "alembic@c3";
	}
	config = config_load(NULL, &flags, CONFIG_WHOLE, &problems);
	demand(config != NULL, "no configuration", "");
	return config;
}

static void check_target(const struct target *target)
{
	struct moment now = {1000, 1767323045000};
	struct verdict verdicts[] = {
	    verdict_of(REASON_OK, "found"), verdict_of(REASON_BEHIND, "1 pending")};
	struct log log = {.descriptor = -1};
	struct config *config = make_config();
	struct snapshot *snapshot = snapshot_create(config, now);
	struct ledger *ledger = ledger_create(config, &log);
	struct view view = {.config = config,
	    .snapshot = snapshot,
	    .ledger = ledger,
	    .now = now,
	    .heartbeat_ms = now.monotonic_ms};

	for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++)
		standing_note(&snapshot->databases[0].standings[i], &verdicts[i], now);
	ledger_note(ledger, snapshot, now);
	check_answers(&view, target);
	ledger_free(ledger);
	snapshot_free(snapshot);
	config_free(config);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *uri = xstrndup((const char *)data, size);
	char *accept = strchr(uri, '\n');
	struct target target;

	if (accept != NULL)
		*accept++ = '\0';
	if (target_parse(uri, &target) == 0) {
		check_path(target.path);
		check_target(&target);
	}
	target_done(&target);
	demand(metrics_content_type(metrics_negotiate(accept)) != NULL, "no format", uri);
	free(uri);
	return 0;
}
