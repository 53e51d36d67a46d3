/* The sidecar. */
#include <libpq-fe.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "../answer/http.h"
#include "command.h"
#include "watcher.h"

static void log_start(struct log *log, const struct config *config, int port)
{
	struct log_line line = log_begin(log, LOG_LEVEL_INFO, "started");

	log_text(&line, "version", SCHEMALATCH_VERSION);
	log_text(&line, "revision", SCHEMALATCH_REVISION);
	log_number(&line, "libpq", PQlibVersion());
	log_text(&line, "mode", mode_names[config->mode]);
	log_number(&line, "port", port);
	log_end(&line, "listening");
}

static void log_notes(struct log *log, const struct config *config)
{
	for (size_t i = 0; i < config->database_count; i++) {
		for (size_t k = 0; k < config->databases[i].dropped.count; k++) {
			struct log_line line = log_begin(log, LOG_LEVEL_INFO, "url_parameter");

			log_text(&line, "database", config->databases[i].name);
			log_end(&line,
			    "the URL's parameter \"%s\" means nothing to libpq and is left out",
			    config->databases[i].dropped.items[k]);
		}
	}
	if (config->disabled != NULL) {
		struct log_line line = log_begin(log, LOG_LEVEL_WARN, "disabled");

		log_end(&line, "disabled: %s; every gate is open and nothing is asked",
		    config->disabled);
	}
}

static void log_stop(struct log *log, int signal)
{
	struct log_line line = log_begin(log, LOG_LEVEL_INFO, "stopped");

	log_end(&line, "%s", signal != 0 ? strsignal(signal) : "stopped");
}

static int run_with(const struct config *config, struct log *log, struct error *err)
{
	struct watcher watcher;
	struct http *http = NULL;
	int code = EXIT_INTERNAL;

	if (watcher_init(&watcher, config, log, log, err) == 0)
		http = http_create(
		    watcher.base, config, watcher.checker, watcher.board, watcher.ledger, err);
	if (http != NULL) {
		log_start(log, config, http_port(http));
		log_notes(log, config);
		if (watcher_run(&watcher, err) == 0)
			code = EXIT_READY;
		log_stop(log, watcher.signal);
	}
	http_free(http);
	if (!watcher_done(&watcher))
		_exit(code);
	return code;
}

static int run(const struct options *options, struct error *err)
{
	struct config *config = options_load_config(options);
	struct log log;
	int code;

	if (config == NULL)
		return EXIT_USAGE;
	log = watcher_log(config);
	code = run_with(config, &log, err);
	config_free(config);
	return code;
}

const struct command command_serve = {
    .name = "serve",
    .synopsis = "",
    .help = "the sidecar: checks all the time and answers probes",
    .takes_settings = true,
    .is_container = true,
    .run = run,
};
