#include "pace.h"

void pace_note(struct pace *pace, int64_t took_ms)
{
	pace->took_ms[pace->looks++ % PACE_LOOKS] = took_ms;
}

int64_t pace_pause_ms(const struct pace *pace)
{
	unsigned known = pace->looks < PACE_LOOKS ? pace->looks : PACE_LOOKS;
	int64_t quickest = known > 0 ? pace->took_ms[0] : 0;

	for (unsigned i = 1; i < known; i++)
		if (pace->took_ms[i] < quickest)
			quickest = pace->took_ms[i];
	return quickest * PACE_PART;
}
