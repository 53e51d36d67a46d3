#include "backoff.h"

int64_t backoff_next(struct backoff *backoff, uint32_t random)
{
	int64_t window = backoff->base_ms;

	for (unsigned i = 0; i < backoff->failures && window < backoff->cap_ms; i++)
		window *= 2;
	if (window > backoff->cap_ms)
		window = backoff->cap_ms;
	backoff->failures++;
	return backoff->floor_ms + (int64_t)(((uint64_t)window * random) >> 32);
}

void backoff_reset(struct backoff *backoff)
{
	backoff->failures = 0;
}
