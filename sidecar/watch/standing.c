#include "standing.h"

#include <string.h>

void standing_init(struct standing *standing, struct moment now)
{
	*standing = (struct standing){
	    .now = verdict_of(REASON_PENDING, "no answer from the database yet since start"),
	    .since = now,
	};
}

void standing_note(struct standing *standing, const struct verdict *verdict, struct moment now)
{
	if (verdict->value != standing->now.value)
		standing->transitions++;
	if (verdict->value != standing->now.value || verdict->reason != standing->now.reason)
		standing->since = now;
	standing->now = *verdict;
	standing->checked = now;
	if (verdict->value == VERDICT_UNKNOWN)
		return; /* silence: the last answer stands */
	standing->answered = true;
	standing->inherited = false;
	standing->answer = verdict->value;
	memcpy(standing->answer_message, verdict->message, sizeof(standing->answer_message));
	standing->answered_at = now;
	standing->ever_ready = standing->ever_ready || verdict->value == VERDICT_READY;
}

void standing_inherit(struct standing *standing, struct moment ready_at)
{
	standing->answered = true;
	standing->inherited = true;
	standing->answer = VERDICT_READY;
	standing->answered_at = ready_at;
}

void standing_forget(struct standing *standing)
{
	standing->answered = false;
	standing->inherited = false;
	standing->ever_ready = false;
}

void standing_note_nothing(struct standing *standing, struct moment now)
{
	standing->checked = now;
}
