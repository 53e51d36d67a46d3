#include <string.h>

#include "hooks.h"

bool id_is_changeset(const char *text)
{
	const char *first = strstr(text, "::");
	const char *second = first != NULL ? strstr(first + 2, "::") : NULL;

	return second != NULL && first > text && second > first + 2 && second[2] != '\0';
}

void liquibase_directory(struct file_reading *reading, const char *directory)
{
	problems_add(reading->problems, reading->place, "%s", directory);
}
