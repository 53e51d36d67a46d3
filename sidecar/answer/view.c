#include "view.h"

/* Longer than anything that libpq does by itself in a connect: a login with 500,000 rounds of SCRAM
 * took half a second, a hung network file system is worth a restart. */
#define HEARTBEAT_LIMIT_MS 30000

bool view_passes(const struct view *view, enum gate gate)
{
	if (gate == GATE_STARTUP && ledger_has_started(view->ledger))
		return true;
	return gate_passes(view->snapshot, gate, view->now.monotonic_ms);
}

bool view_is_alive(const struct view *view)
{
	return view->config->disabled != NULL ||
	       view->now.monotonic_ms - view->heartbeat_ms < HEARTBEAT_LIMIT_MS;
}

struct judgement view_judge(const struct view *view, const struct subject *subject)
{
	return gate_judge(subject, view->now.monotonic_ms);
}
