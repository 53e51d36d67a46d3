/* A text[] in the protocol's binary form, as an array literal. */
#ifndef SCHEMALATCH_TESTS_SHOWN_ARRAY_H
#define SCHEMALATCH_TESTS_SHOWN_ARRAY_H

#include "../../probes/text.h"

/* NULL where array is none: read as the server reads it. free() releases it. */
char *shown_array(const struct text *array);

#endif
