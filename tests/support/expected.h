/* Releases from lists, for judges that are tested without files. */
#ifndef SCHEMALATCH_TESTS_EXPECTED_H
#define SCHEMALATCH_TESTS_EXPECTED_H

#include "../../probes/history/tool.h"

/* What tool makes of "a;b\tsum=x;c"; fails the test where that is refused. The tool's engine frees
 * it. */
void *expected_of(const struct history_tool *tool, const char *items);

/*
 * What tool's engine says of the rows "id st; id st sum; …", where a blank in an id is written "+".
 * "reason pending expected actual" in front of the message; free() releases it.
 */
char *verdict_on(
    const struct history_tool *tool, const char *items, const char *rows, enum history_rule rule);

#endif
