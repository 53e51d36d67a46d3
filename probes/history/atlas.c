#include <stdbool.h>
#include <string.h>

#include "../xalloc.h"
#include "hooks.h"

/* Directives are comments in front of the first statement. */
static bool is_checkpoint(const char *text)
{
	static const char directive[] = "-- atlas:checkpoint";

	while (strncmp(text, "--", 2) == 0 || *text == '\n' || *text == '\r') {
		if (strncmp(text, directive, sizeof(directive) - 1) == 0)
			return true;
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
	return false;
}

void atlas_content(
    struct file_reading *reading, const char *path, const char *id, const char *text, size_t length)
{
	struct migration migration = {.id = xstrdup(id), .place = xstrdup(path)};

	(void)length;
	migration.is_optional = is_checkpoint(text);
	files_add_migration(reading, &migration);
}
