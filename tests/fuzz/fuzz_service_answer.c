/*
 * Fuzz target: what an upstream answers. The first byte says in what pieces the rest comes.
 * Whatever the bytes, nothing crashes; how they are cut changes nothing; memory is bounded; what
 * is told is clean; and a redirect leads to where can be asked, or nowhere.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../probes/text.h"
#include "../../sidecar/config/upstream_url.h"
#include "../../sidecar/watch/service_answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool fact, const char *what, const char *text)
{
	if (fact)
		return;
	fprintf(stderr, "%s: %s\n", what, text);
	abort();
}

static void read_in_steps(
    struct service_answer *answer, const uint8_t *data, size_t size, size_t step)
{
	struct evbuffer *input = evbuffer_new();
	bool over = false;

	service_answer_init(answer);
	for (size_t at = 0; at < size && !over; at += step) {
		evbuffer_add(input, data + at, size - at < step ? size - at : step);
		over = service_answer_read(answer, input);
	}
	if (!over)
		service_answer_end(answer, false);
	evbuffer_free(input);
}

/* A target goes into a request line: nothing in it may end the line, or the target. */
static void check_redirect(const char *location)
{
	static const char *const places[] = {
	    "http://app:8000/a/b?c", "https://app/", "unix:/run/app.sock:/a"};

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		struct upstream_url from;
		struct upstream_url to;

		demand(upstream_url_parse(places[i], &from, NULL) == 0, "refused", places[i]);
		if (upstream_url_redirect(&from, location, &to) == REDIRECT_HERE) {
			demand(to.target[0] == '/', "no target", to.target);
			for (const char *c = to.target; *c != '\0'; c++)
				demand(*c > ' ' && *c < 0x7f, "not a target", to.target);
			demand(to.socket != NULL || (to.port > 0 && to.port < 65536), "port",
			    location);
		}
		upstream_url_done(&to);
		upstream_url_done(&from);
	}
}

static void check_verdict(const struct service_answer *answer)
{
	struct verdict verdict;
	struct text clean;

	demand(answer->state == ANSWER_COMPLETE || answer->state == ANSWER_BROKEN, "not over", "");
	demand(answer->body.length <= 1100, "kept too much", "");
	(void)service_answer_judge(answer, &verdict);
	text_init(&clean, 0);
	text_add_clean(&clean, verdict.message);
	demand(strcmp(text_string(&clean), verdict.message) == 0, "not clean", verdict.message);
	text_done(&clean);
	if (service_answer_redirects(answer))
		check_redirect(answer->location);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct service_answer whole;
	struct service_answer pieces;

	if (size == 0)
		return 0;
	read_in_steps(&whole, data + 1, size - 1, size);
	read_in_steps(&pieces, data + 1, size - 1, (size_t)data[0] + 1);
	check_verdict(&whole);
	check_verdict(&pieces);
	demand(whole.state == pieces.state && whole.status == pieces.status, "pieces differ",
	    pieces.problem != NULL ? pieces.problem : "");
	service_answer_done(&whole);
	service_answer_done(&pieces);
	return 0;
}
