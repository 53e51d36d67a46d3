#include "termination.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define LIMIT_BYTES 4096 /* what the kubelet keeps */

void termination_message(const char *message)
{
	size_t length = strlen(message);
	int fd = open("/dev/termination-log", O_WRONLY | O_TRUNC | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return;
	if (length > LIMIT_BYTES)
		length = LIMIT_BYTES;
	(void)!write(fd, message, length); /* a courtesy: the log has said it already */
	close(fd);
}
