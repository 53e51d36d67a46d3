/* The message that Kubernetes shows as a container's last state. May block (a small file). */
#ifndef SCHEMALATCH_TERMINATION_H
#define SCHEMALATCH_TERMINATION_H

/* Writes it to /dev/termination-log where that exists; else does nothing. */
void termination_message(const char *message);

#endif
