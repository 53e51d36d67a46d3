#include "subject.h"

#include <stdio.h>
#include <string.h>

size_t subject_count(const struct config *config)
{
	size_t count = config->upstream_count;

	for (size_t i = 0; i < config->database_count; i++)
		count += config->databases[i].check_count;
	return count;
}

struct subject subject_of_check(const struct snapshot *snapshot, size_t database, size_t check)
{
	const struct database *entry = &snapshot->config->databases[database];
	const struct database_state *state = &snapshot->databases[database];

	return (struct subject){
	    .database = entry->name,
	    .name = entry->checks[check]->name,
	    .kind = entry->checks[check]->kind->name,
	    .gates = entry->checks[check]->gates,
	    .latch = entry->checks[check]->latch,
	    .hold_for_ms = entry->hold_for_ms,
	    .due_ms = state->due_ms,
	    .standing = &state->standings[check],
	};
}

/* A gate sees what the kubelet would have seen at the service: after failureThreshold probes in a
 * row an upstream is unready, by whatever they failed, so nothing outlives its silence. */
struct subject subject_of_upstream(const struct snapshot *snapshot, size_t upstream)
{
	const struct upstream *entry = &snapshot->config->upstreams[upstream];

	return (struct subject){
	    .database = "",
	    .name = entry->name,
	    .kind = UPSTREAM_KIND,
	    .gates = entry->gates,
	    .latch = entry->latch,
	    .hold_for_ms = 0,
	    .due_ms = snapshot->upstreams[upstream].due_ms,
	    .standing = &snapshot->upstreams[upstream].standing,
	};
}

struct subject subject_at(const struct snapshot *snapshot, size_t index)
{
	for (size_t i = 0; i < snapshot->config->database_count; i++) {
		if (index < snapshot->config->databases[i].check_count)
			return subject_of_check(snapshot, i, index);
		index -= snapshot->config->databases[i].check_count;
	}
	return subject_of_upstream(snapshot, index);
}

bool subject_find(const struct snapshot *snapshot, const char *title, struct subject *found)
{
	size_t count = subject_count(snapshot->config);
	char buffer[SUBJECT_TITLE_BYTES];

	for (size_t i = 0; i < count; i++) {
		*found = subject_at(snapshot, i);
		if (strcmp(subject_title(found->database, found->name, buffer), title) == 0)
			return true;
	}
	return false;
}

const char *subject_title(const char *database, const char *name, char buffer[SUBJECT_TITLE_BYTES])
{
	snprintf(
	    buffer, SUBJECT_TITLE_BYTES, "%s%s%s", database, database[0] != '\0' ? "/" : "", name);
	return buffer;
}
