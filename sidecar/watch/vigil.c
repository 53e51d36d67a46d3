#include "vigil.h"

#define BOUND_PERIODS 6
#define BOUND_LOOKS 5000 /* looks that nobody called for take a five-thousandth of the time */
#define BOUND_MOST_MS (15 * INT64_C(60000))

/* Where something changes all the time that is no concern of ours (temporary tables count), looks
 * take a thousandth of the time at most. */
#define ALARMS_BELIEVED 5
#define ALARM_LOOKS 1000

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t most(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

int64_t vigil_bound_ms(int64_t period_ms, int64_t took_ms)
{
	return most(BOUND_PERIODS * period_ms, least(BOUND_LOOKS * took_ms, BOUND_MOST_MS));
}

bool vigil_may_glance(const struct vigil *vigil, int64_t now_ms)
{
	return vigil->has_baseline && now_ms < vigil->due_ms;
}

static bool cries_wolf(const struct vigil *vigil, int64_t now_ms)
{
	return vigil->alarms >= ALARMS_BELIEVED &&
	       now_ms < vigil->looked_ms + ALARM_LOOKS * vigil->took_ms;
}

enum sentinel_form vigil_form(const struct vigil *vigil)
{
	return vigil->one_backend && !vigil->moved ? SENTINEL_SNAPSHOT : SENTINEL_SHORT;
}

bool vigil_lets_stand(
    struct vigil *vigil, enum sentinel_form form, const struct sentinel *now, int64_t now_ms)
{
	enum sentinel_word word;

	vigil->moved = !sentinel_is_still(form, &vigil->baseline, now);
	if (form == SENTINEL_SNAPSHOT)
		return !vigil->moved;
	word = sentinel_compare(&vigil->baseline, now);
	return word == SENTINEL_QUIET || (word == SENTINEL_CHANGED && cries_wolf(vigil, now_ms));
}

/* bound, give or take a fifth: a fleet does not look together. */
static int64_t spread(int64_t bound_ms, uint32_t random)
{
	return bound_ms - bound_ms / 5 + (int64_t)(((uint64_t)bound_ms * 2 / 5 * random) >> 32);
}

void vigil_note(struct vigil *vigil, const struct look *look)
{
	vigil->took_ms = look->ended_ms - look->began_ms;
	vigil->looked_ms = look->ended_ms;
	vigil->due_ms =
	    look->began_ms + spread(vigil_bound_ms(look->period_ms, vigil->took_ms), look->random);
	vigil->alarms = look->was_alarm && !look->found_change ? vigil->alarms + 1 : 0;
	vigil->moved = false;
	vigil->has_baseline = look->ready && look->reading != NULL;
	if (vigil->has_baseline)
		vigil->baseline = *look->reading;
}

void vigil_forget(struct vigil *vigil)
{
	vigil->has_baseline = false;
}
