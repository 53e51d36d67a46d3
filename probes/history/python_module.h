/*
 * What module-level names of a Python source are set to, read without running it: the last
 * assignment of each counts, as in Python, and its value is told where it is made of literals.
 * Whatever else sets a name (a call, a block, an import, a loop …) is an obstacle that can be
 * shown. Takes any bytes, in linear time. Any thread; pure.
 */
#ifndef SCHEMALATCH_HISTORY_PYTHON_MODULE_H
#define SCHEMALATCH_HISTORY_PYTHON_MODULE_H

#include <stdbool.h>
#include <stddef.h>

#include "../strings.h"

#define PYTHON_NAMES_MAX 32

/* The last assignment to a name: strings and Nones, alone or in a tuple, list or set. */
struct python_binding {
	unsigned long line; /* 0: there is none */
	char *obstacle;     /* "is set inside a block"; NULL: what follows is the value */
	struct strings items;
	size_t nones;
	bool is_sequence;
};

/*
 * Fills bindings, one for each of count names (at most PYTHON_NAMES_MAX), which python_binding_done
 * frees in every case. Returns NULL, or why the text cannot be Python ("a bracket is not closed")
 * with its line; what the bindings hold means nothing then.
 */
const char *python_module_read(const char *text, size_t length, const char *const *names,
    struct python_binding *bindings, size_t count, unsigned long *line);

void python_binding_done(struct python_binding *binding);

#endif
