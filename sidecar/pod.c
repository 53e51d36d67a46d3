#include "pod.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

const char *pod_name(char *buffer, size_t size)
{
	const char *variable = getenv("HOSTNAME");

	buffer[0] = buffer[size - 1] = '\0';
	if (variable != NULL && *variable != '\0')
		snprintf(buffer, size, "%s", variable);
	else
		gethostname(buffer, size - 1);
	return buffer;
}
