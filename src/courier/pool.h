/*
 * pool.h: the deliveries that run at the same time, of all markets.
 */
#ifndef ORDERMUX_POOL_H
#define ORDERMUX_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "courier/delivery.h"

#define POOL_PLACES	8	/* programs at a time */

struct pollfd;
struct settings;

struct pool {
	const struct texts	*texts;
	struct secretbox_keys	*keys;		/* to open the payloads */
	struct delivery		 places[POOL_PLACES];
	size_t			 busy;		/* places in use */
	struct program		*proved;	/* by market index */
};

void	pool_init(struct pool *, const struct settings *);
void	pool_free(struct pool *);

/* Whether a message is in one of the places. */
bool	pool_holds(const struct pool *, const struct market *, int64_t id);

/* Starts to deliver a claimed message. There must be a free place. */
void	pool_start(struct pool *, const struct market *,
    const struct outbox_claim *);

/* Looks at the running programs, and kills those whose time is over. Never
 * waits. */
void	pool_check(struct pool *);

/* Fills in a market's deliveries that have ended. Returns how many. */
size_t	pool_ended(struct pool *, const struct market *,
    struct delivery *ended[POOL_PLACES]);

/* Frees the place of a delivery. */
void	pool_release(struct pool *, struct delivery *);

/* No running program gets more time than this. */
void	pool_limit(struct pool *, uint64_t deadline_ms);

/* When to look at a program again that no signal announces. UINT64_MAX =
 * never. */
uint64_t	pool_next(const struct pool *);

/* Adds the descriptors to wait for, at most POOL_PLACES. Returns how many. */
size_t	pool_poll(const struct pool *, struct pollfd *);

#endif
