#include "thresholds.h"

bool thresholds_note(struct thresholds *thresholds, bool passed)
{
	if (thresholds->run > 0 && thresholds->last_passed == passed)
		thresholds->run++;
	else
		thresholds->run = 1;
	thresholds->last_passed = passed;
	return thresholds->run >= (passed ? thresholds->success : thresholds->failure);
}
