/*
 * stop.h: how the service stops: first the courier, then the workers, and
 * SIGKILL for those that take too long.
 */
#ifndef ORDERMUX_STOP_H
#define ORDERMUX_STOP_H

#include <stdbool.h>
#include <stdint.h>

struct children;

struct stop {
	bool		 told;		/* the workers */
	bool		 killed;
	uint64_t	 tell_at;	/* the workers, at the latest */
	uint64_t	 kill_at;
};

/*
 * Begins to stop: tells the courier. The courier may have to wait for a
 * program that waits for a gateway, and the next master cannot start before
 * the courier has ended. The workers answer customers until then.
 */
void	stop_begin(struct stop *, struct children *);

/* Tells the workers, when the courier has ended or has taken too long. They
 * accept no more requests, and finish those that are running. */
void	stop_workers(struct stop *, const struct children *);

/* Kills the children that are still running after stop_timeout. */
void	stop_kill_late(struct stop *, const struct children *);

/* When there is something to do next, once stopping. UINT64_MAX = never. */
uint64_t	stop_next(const struct stop *);

#endif
