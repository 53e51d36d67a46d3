#include "epoll_errors.h"

#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

static int errors;

int epoll_ctl(int epfd, int op, int fd, struct epoll_event *event)
{
	int result = (int)syscall(SYS_epoll_ctl, epfd, op, fd, event);

	if (result != 0)
		errors++;
	return result;
}

int epoll_errors(void)
{
	return errors;
}

struct event_base *batching_base(void)
{
	struct event_config *config = event_config_new();
	struct event_base *base;

	event_config_set_flag(config, EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST);
	base = event_base_new_with_config(config);
	event_config_free(config);
	return base;
}
