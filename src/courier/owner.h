/*
 * owner.h: the name under which a courier claims messages:
 * "host:pid.start", start being the process's start time, so that no two
 * couriers ever have the same one, and it can be told on the host itself
 * whether the one that had it is dead.
 */
#ifndef ORDERMUX_OWNER_H
#define ORDERMUX_OWNER_H

#include <stdbool.h>

#include "store/outbox_store.h"

struct owner {
	char	host[65];			/* up to the colon */
	char	name[OUTBOX_OWNER_MAX + 1];
};

/* This process's. */
void	owner_init(struct owner *);

/* Whether the courier that had a name on this host is certainly dead. */
bool	owner_dead(const char *name);

#endif
