#include "subject.h"

#include <stdio.h>
#include <string.h>

size_t subject_count(const struct config *config)
{
	size_t count = 0;

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

struct subject subject_at(const struct snapshot *snapshot, size_t index)
{
	size_t database = 0;

	while (index >= snapshot->config->databases[database].check_count)
		index -= snapshot->config->databases[database++].check_count;
	return subject_of_check(snapshot, database, index);
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
