/*
 * owner.h: the name under which a courier claims messages: "host:pid.start".
 * "start" is the start time of the process. So no two couriers ever have the
 * same name, and on the same host we can see whether the courier with a name
 * is dead.
 */
#ifndef ORDERMUX_OWNER_H
#define ORDERMUX_OWNER_H

#include <stdbool.h>

#include "store/outbox_store.h"

struct owner {
	char	host[65];			/* the name up to the colon */
	char	name[OUTBOX_OWNER_MAX + 1];
};

/* Fills in the name of this process. */
void	owner_init(struct owner *);

/* Whether the courier with this name, on this host, is certainly dead. */
bool	owner_dead(const char *name);

#endif
