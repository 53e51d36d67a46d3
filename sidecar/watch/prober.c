#include "prober.h"

#include <stdlib.h>

#include "../../probes/xalloc.h"
#include "../clock.h"
#include "inquiry.h"
#include "thresholds.h"

/* Beyond what a probe may take, for a busy machine. */
#define SLACK_MS 5000

struct prober {
	const struct upstream *upstream;
	struct upstream_state *state;
	void (*on_change)(void *arg);
	void *arg;

	struct event *timer;
	struct inquiry *inquiry;
	struct thresholds thresholds;
	int64_t asked_ms; /* monotonic: when the last probe began */
	bool has_looked;
};

/* The next probe at that time, or at once where it has passed. Who hears nothing for as long as
 * failureThreshold takes knows that the checking thread is stuck: probes that did not take place
 * count as failed. */
static void schedule(struct prober *prober, int64_t at_ms)
{
	int64_t now_ms = clock_monotonic_ms();
	int64_t delay = at_ms > now_ms ? at_ms - now_ms : 0;
	struct timeval interval = {.tv_sec = delay / 1000, .tv_usec = (delay % 1000) * 1000};

	prober->state->due_ms = now_ms + delay + SLACK_MS + prober->upstream->timeout_ms +
				prober->upstream->failure_threshold * prober->upstream->period_ms;
	evtimer_add(prober->timer, &interval);
}

static bool is_ready(const struct prober *prober)
{
	return prober->state->standing.now.value == VERDICT_READY;
}

/* Whether the verdict of that result becomes the upstream's. One that is unready already is told
 * the newest reason why at once; that opens no gate. */
static bool counts(struct prober *prober, enum probe_result result)
{
	bool passed = result == PROBE_PASSED;
	bool reached = result != PROBE_DISCARDED && thresholds_note(&prober->thresholds, passed);

	return reached || (!passed && !is_ready(prober));
}

static void on_result(enum probe_result result, const struct verdict *verdict, void *arg)
{
	struct prober *prober = arg;
	struct moment now = {clock_monotonic_ms(), clock_wall_ms()};
	bool soon;

	prober->has_looked = true;
	if (counts(prober, result))
		standing_note(&prober->state->standing, verdict, now);
	else
		standing_note_nothing(&prober->state->standing, now);
	/* What is counted up goes by the period, as it does at the kubelet. */
	soon = result != PROBE_PASSED && !is_ready(prober);
	schedule(prober, prober->asked_ms + (soon ? prober->upstream->retry_period_ms
						  : prober->upstream->period_ms));
	prober->on_change(prober->arg);
}

static void on_timer(evutil_socket_t fd, short events, void *arg)
{
	struct prober *prober = arg;

	(void)fd;
	(void)events;
	prober->asked_ms = clock_monotonic_ms();
	inquiry_start(prober->inquiry);
}

struct prober *prober_create(struct event_base *base, const struct upstream *upstream,
    struct log *log, struct upstream_state *state, void (*on_change)(void *arg), void *arg)
{
	struct prober *prober = xcalloc(1, sizeof(*prober));

	prober->upstream = upstream;
	prober->state = state;
	prober->on_change = on_change;
	prober->arg = arg;
	prober->thresholds = (struct thresholds){
	    .failure = upstream->failure_threshold, .success = upstream->success_threshold};
	prober->inquiry = inquiry_create(base, upstream, log, on_result, prober);
	prober->timer = evtimer_new(base, on_timer, prober);
	if (prober->timer == NULL)
		abort();
	return prober;
}

void prober_start(struct prober *prober)
{
	schedule(prober, clock_monotonic_ms() + prober->upstream->initial_delay_ms);
}

void prober_ask(struct prober *prober)
{
	schedule(prober, clock_monotonic_ms());
}

void prober_move(
    struct prober *prober, const struct upstream *upstream, struct upstream_state *state)
{
	prober->upstream = upstream;
	prober->state = state;
	inquiry_move(prober->inquiry, upstream);
}

bool prober_has_looked(const struct prober *prober)
{
	return prober->has_looked;
}

void prober_free(struct prober *prober)
{
	if (prober == NULL)
		return;
	inquiry_free(prober->inquiry);
	event_free(prober->timer);
	free(prober);
}
