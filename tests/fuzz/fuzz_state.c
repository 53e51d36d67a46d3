/*
 * Fuzz target: a state on disk, with a checksum that is right, so that what is behind it is
 * reached. Whatever the bytes, nothing crashes, what is restored is no older than holdFor and not
 * from the future, and the same state is written from it again.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../probes/text.h"
#include "../../probes/xalloc.h"
#include "../../sidecar/config/meaning.h"
#include "../../sidecar/watch/state.h"

#define MAGIC "schemalatch-state 1 "

static const char configuration[] =
    "{\"databases\":[{\"url\":\"postgresql://db.example:5432/app\",\"checks\":["
    "{\"kind\":\"tables\",\"tables\":\"a\"},{\"kind\":\"tables\",\"name\":\"b\",\"tables\":\"b\"}]}"
    "]}";

static const struct moment now = {1000000, 1767323045000};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool fact, const char *what)
{
	if (fact)
		return;
	fprintf(stderr, "%s\n", what);
	abort();
}

static struct config *make_config(void)
{
	static char *nothing[] = {NULL};
	struct setting_flags flags = {{NULL}};
	struct problems problems = {0};
	int fd = memfd_create("config", MFD_CLOEXEC);
	char *path = xasprintf("/proc/self/fd/%d", fd);
	struct timespec began = {0};
	struct config *config;

	environ = nothing;
	demand(write(fd, configuration, strlen(configuration)) > 0, "cannot write");
	config = config_load(path, &flags, CONFIG_WHOLE, &problems);
	demand(config != NULL, "no configuration");
	meaning_fill(config, NULL, &began);
	/* Digests that a corpus can name, whatever the machine's environment makes of the target.
	 */
	memset(&config->databases[0].target, 0x11, sizeof(struct digest));
	memset(&config->databases[0].meanings[0], 0x22, sizeof(struct digest));
	memset(&config->databases[0].meanings[1], 0x33, sizeof(struct digest));
	free(path);
	close(fd);
	return config;
}

/* The state of this body. text_done frees it. */
static struct text with_head(const uint8_t *body, size_t size)
{
	struct digester *digester = digester_create();
	char hex[DIGEST_HEX_BYTES];
	struct digest digest;
	struct text text;

	digester_add(digester, body, size);
	digest = digester_end(digester);
	text_init(&text, 0);
	text_addf(&text, MAGIC "%s\n", digest_hex(&digest, hex));
	text_add_bytes(&text, (const char *)body, size);
	return text;
}

static void check_standing(const struct standing *standing, int64_t hold_for_ms)
{
	int64_t age_ms = now.monotonic_ms - standing->answered_at.monotonic_ms;

	if (!standing->answered)
		return;
	demand(age_ms >= 0 && age_ms < hold_for_ms, "too old, or from the future");
	demand(standing->now.reason == REASON_PENDING, "more than an answer");
}

static void check_again(const struct snapshot *snapshot)
{
	struct snapshot *again = snapshot_create(snapshot->config, now);
	char *text = state_format(snapshot);
	struct state_count count;
	struct error err;

	demand(state_restore(text, strlen(text), again, now, &count, &err) == 0, "not read again");
	demand(!state_differs(snapshot, again), "read as something else");
	snapshot_free(again);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct config *config;
	struct snapshot *snapshot;
	struct state_count count;
	struct error err;
	struct text text;

	if (config == NULL)
		config = make_config();
	snapshot = snapshot_create(config, now);
	demand(state_restore((const char *)data, size, snapshot, now, &count, &err) != 0 ||
		   size > strlen(MAGIC),
	    "believed without a checksum");
	text = with_head(data, size);
	if (state_restore(text_string(&text), text.length, snapshot, now, &count, &err) == 0) {
		for (size_t i = 0; i < 2; i++)
			check_standing(
			    &snapshot->databases[0].standings[i], config->databases[0].hold_for_ms);
		check_again(snapshot);
	}
	text_done(&text);
	snapshot_free(snapshot);
	return 0;
}
