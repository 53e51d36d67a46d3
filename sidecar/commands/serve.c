/* The sidecar. */
#include <libpq-fe.h>
#include <malloc.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "../answer/http.h"
#include "command.h"
#include "reloader.h"
#include "watcher.h"

#define JOIN_LIMIT_MS 100

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

struct serving {
	struct watcher watcher;
	struct reloader *reloader;
	struct http *http;
};

static int make(struct serving *serving, const struct options *options, struct loaded *loaded,
    struct log *log, struct error *err)
{
	struct watcher *watcher = &serving->watcher;

	if (watcher_init(watcher, loaded->config, log, log, err) != 0 ||
	    watcher_heed_signals(watcher, err) != 0)
		return -1;
	checker_keep_state(watcher->checker);
	serving->reloader = reloader_create(watcher, options, loaded, err);
	if (serving->reloader == NULL)
		return -1;
	serving->http = http_create(watcher->base, watcher->later, &loaded->config->address,
	    watcher->checker, watcher->ledger, err);
	return serving->http != NULL ? 0 : -1;
}

static bool end(struct serving *serving)
{
	bool ended = reloader_free(serving->reloader, JOIN_LIMIT_MS);

	http_free(serving->http);
	return watcher_done(&serving->watcher) && ended;
}

static int run_with(
    const struct options *options, struct loaded *loaded, struct log *log, struct error *err)
{
	struct serving serving = {.reloader = NULL};
	int code = EXIT_INTERNAL;

	if (make(&serving, options, loaded, log, err) == 0) {
		log_start(log, loaded->config, http_port(serving.http));
		log_notes(log, loaded->config);
		if (watcher_run(&serving.watcher, err) == 0)
			code = EXIT_READY;
		log_stop(log, serving.watcher.signal);
	}
	if (!end(&serving))
		_exit(code);
	return code;
}

static int run(const struct options *options, struct error *err)
{
	struct loaded loaded;
	struct log log;
	int code = EXIT_USAGE;

	loaded_fill(&loaded, options);
	malloc_trim(0); /* as after each later reading */
	if (loaded.config != NULL) {
		log = watcher_log(loaded.config);
		code = run_with(options, &loaded, &log, err);
	} else {
		options_tell_problems(options, &loaded.problems);
	}
	loaded_done(&loaded);
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
