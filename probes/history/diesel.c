#include "hooks.h"

void diesel_adjust(struct migration *migration, const char *name)
{
	char *to = migration->id;

	(void)name;
	for (const char *from = migration->id; *from != '\0'; from++)
		if (*from != '-')
			*to++ = *from;
	*to = '\0';
}
