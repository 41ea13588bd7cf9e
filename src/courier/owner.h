/*
 * owner.h: the name under which a courier claims messages:
 * "system:pid.start@host". "system" is a running system: the boot id, which no
 * other machine and no other boot has, and the number of the pid namespace,
 * because containers of one machine see other processes. (Host names and
 * machine ids are copied with an image.) "start" is the start time of the
 * process. So no two couriers ever have the same name, and in the same system
 * we can see whether the courier with a name is dead. "host" is only for
 * people who read the log.
 */
#ifndef ORDERMUX_OWNER_H
#define ORDERMUX_OWNER_H

#include <stdbool.h>

#include "courier/outbox.h"

struct owner {
	char	system[65];			/* the name up to the colon */
	char	name[OUTBOX_OWNER_MAX + 1];
};

/* Fills in the name of this process. */
void	owner_init(struct owner *);

/* Whether the courier with this name is certainly dead. If it is not of our own
 * system, we cannot know: its claims expire. */
bool	owner_dead(const struct owner *own, const char *name);

#endif
