#include "pace.h"

void pace_note(struct pace *pace, int64_t took_ms)
{
	pace->took_ms[pace->rounds++ % PACE_ROUNDS] = took_ms;
}

int64_t pace_pause_ms(const struct pace *pace)
{
	unsigned known = pace->rounds < PACE_ROUNDS ? pace->rounds : PACE_ROUNDS;
	int64_t quickest = known > 0 ? pace->took_ms[0] : 0;

	for (unsigned i = 1; i < known; i++)
		if (pace->took_ms[i] < quickest)
			quickest = pace->took_ms[i];
	return quickest * PACE_PART;
}
