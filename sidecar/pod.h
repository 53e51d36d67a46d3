/* The name of the pod that we run in. Any thread; pure but for the environment. */
#ifndef SCHEMALATCH_POD_H
#define SCHEMALATCH_POD_H

#include <stddef.h>

/* Fills buffer, and returns it; empty where it has no name. */
const char *pod_name(char *buffer, size_t size);

#endif
