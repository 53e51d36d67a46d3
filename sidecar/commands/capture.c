/* Writes a contract of a live database. One session, one statement, with the same URLs, TLS and
 * bounds as the sidecar's. */
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../probes/contract/capture.h"
#include "../../probes/names.h"
#include "../../probes/refusal.h"
#include "../config/config.h"
#include "../watch/session.h"
#include "command.h"
#include "watcher.h"

/* The catalogs of a big database take longer to write down than to look through, and nobody's gate
 * waits for it. */
#define PATIENCE_MS 60000

struct capturing {
	const struct options *options;
	struct event_base *base;
	struct session *session;
	struct capture *capture;
	struct statement statement;
	enum exit_code code;
};

static void end(struct capturing *capturing, enum exit_code code)
{
	capturing->code = code;
	event_base_loopbreak(capturing->base);
}

static void tell_failure(struct capturing *capturing, const struct verdict *failure)
{
	fprintf(stderr, "%s: %s\n", reason_name(failure->reason), failure->message);
	end(capturing, EXIT_UNKNOWN);
}

static void on_open(const struct verdict *failure, void *arg)
{
	struct capturing *capturing = arg;

	if (failure != NULL)
		tell_failure(capturing, failure);
	else
		session_ask(capturing->session, &capturing->statement);
}

static void write_contract(struct capturing *capturing, const PGresult *rows)
{
	struct problems problems = {0};
	char *text = capture_text(capturing->capture, rows, &problems);

	if (text != NULL)
		fputs(text, stdout);
	else
		options_tell_problems(capturing->options, &problems);
	end(capturing, text != NULL ? EXIT_READY : EXIT_USAGE);
	free(text);
}

static void on_answer(const struct answer *answer, const struct verdict *failure, void *arg)
{
	struct capturing *capturing = arg;
	struct verdict refusal;

	if (failure != NULL) {
		tell_failure(capturing, failure);
	} else if (answer->rows == NULL) {
		refusal = refusal_of_statement(answer->sqlstate, "the catalog");
		tell_failure(capturing, &refusal);
	} else {
		write_contract(capturing, answer->rows);
	}
}

static void on_lost(const struct verdict *failure, void *arg)
{
	tell_failure(arg, failure);
}

static int capture_from(struct capturing *capturing, const struct database *database,
    struct log *log, struct error *err)
{
	struct session_handler handler = {
	    .on_open = on_open, .on_answer = on_answer, .on_lost = on_lost, .arg = capturing};
	struct database patient = *database;

	if (patient.timeout_ms < PATIENCE_MS)
		patient.timeout_ms = PATIENCE_MS;
	capturing->base = event_base_new();
	if (capturing->base == NULL) {
		error_set(err, "cannot make an event loop");
		return EXIT_INTERNAL;
	}
	capturing->statement = capture_statement(capturing->capture);
	capturing->session = session_create(capturing->base, &patient, log, &handler);
	session_open(capturing->session);
	event_base_dispatch(capturing->base);
	session_free(capturing->session);
	event_base_free(capturing->base);
	return (int)capturing->code;
}

static void problem_database(
    const struct config *config, const char *name, struct problems *problems)
{
	struct text names;

	text_init(&names, 0);
	for (size_t i = 0; i < config->database_count; i++)
		text_addf(&names, "%s%s", i > 0 ? ", " : "", config->databases[i].name);
	if (name != NULL)
		problems_add(problems, "--database",
		    "\"%s\" is no database of the configuration, expected one of %s", name,
		    text_string(&names));
	else
		problems_add(problems, "--database",
		    "is missing: the configuration has several databases, expected one of %s",
		    text_string(&names));
	text_done(&names);
}

static const struct database *chosen_database(
    const struct config *config, const char *name, struct problems *problems)
{
	if (name == NULL && config->database_count == 1)
		return &config->databases[0];
	for (size_t i = 0; name != NULL && i < config->database_count; i++)
		if (strcmp(config->databases[i].name, name) == 0)
			return &config->databases[i];
	problem_database(config, name, problems);
	return NULL;
}

static void split_all(const struct strings *values, struct strings *items)
{
	for (size_t i = 0; i < values->count; i++)
		names_split(values->items[i], items);
}

static int run_with(const struct options *options, const struct config *config, struct error *err)
{
	struct problems problems = {0};
	const struct database *database =
	    chosen_database(config, options_value(options, OWN_DATABASE), &problems);
	struct capture_scope scope = {
	    .privileges_of = options_value(options, OWN_PRIVILEGES_OF),
	    .default_schema = database != NULL ? database->schema : NULL,
	};
	struct capturing capturing = {.options = options, .code = EXIT_UNKNOWN};
	struct log log = watcher_log(config);
	int code = EXIT_USAGE;

	split_all(&options->values[OWN_SCHEMA], &scope.schemas);
	split_all(&options->values[OWN_TABLE], &scope.tables);
	split_all(&options->values[OWN_WITHOUT], &scope.without);
	capturing.capture = capture_create(&scope, &problems);
	if (database == NULL || capturing.capture == NULL)
		options_tell_problems(options, &problems);
	else
		code = capture_from(&capturing, database, &log, err);
	capture_free(capturing.capture);
	strings_done(&scope.schemas);
	strings_done(&scope.tables);
	strings_done(&scope.without);
	return code;
}

static int run(const struct options *options, struct error *err)
{
	struct config *config = options_load_databases(options);
	int code;

	if (config == NULL)
		return EXIT_USAGE;
	code = run_with(options, config, err);
	config_free(config);
	return code;
}

const struct command command_capture = {
    .name = "capture",
    .synopsis = "[--schema S]… [--table T]… [--privileges-of ROLE] [--without PARTS]"
		" [--database NAME]",
    .help = "writes a contract of a live database",
    .flags = 1u << OWN_SCHEMA | 1u << OWN_TABLE | 1u << OWN_PRIVILEGES_OF | 1u << OWN_WITHOUT |
	     1u << OWN_DATABASE,
    .takes_settings = true,
    .run = run,
};
