/*
 * market_outbox.h: one market's outbox, as the courier uses it: claims messages
 * that are due, saves what became of them, and leaves a database alone for a
 * while after it failed.
 */
#ifndef ORDERMUX_MARKET_OUTBOX_H
#define ORDERMUX_MARKET_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "courier/owner.h"
#include "courier/pool.h"

struct db;
struct slot;

/* What the outboxes of all markets share. */
struct outbox_shared {
	struct owner	 owner;		/* claims under this name */
	struct pool	 pool;
	size_t		 share;		/* of its places, for one market */
	struct arena	*arena;		/* reset after each use */
	struct slot	*slot;
};

struct market_outbox {
	const struct market	*market;
	struct db		*db;
	struct outbox_shared	*shared;
	size_t			 taken;		/* places in the pool */
	bool			 recovered;	/* no dead courier's claims */
	uint64_t		 claim_at;
	uint64_t		 cleanup_at;
	uint64_t		 began_at;	/* the current use */
	uint64_t		 retry_at;	/* the database has failed */
	uint64_t		 pause;		/* before that; 0 = none */
};

/* Opens no connection yet. The outbox closes the database when freed. */
void	market_outbox_init(struct market_outbox *, const struct market *,
    struct db *, struct outbox_shared *);
void	market_outbox_free(struct market_outbox *);

/* A worker of this host has just added a message: the database can be used at
 * once, even after a failure. */
void	market_outbox_wake(struct market_outbox *);

/* When to claim. UINT64_MAX = not before a delivery has ended, because the
 * market has its share of the places, or the pool is full. */
uint64_t	market_outbox_next_claim(const struct market_outbox *);

/* When to try again to save outcomes. UINT64_MAX = there are none. */
uint64_t	market_outbox_next_save(const struct market_outbox *);

/* Takes back the claims of dead couriers, claims what is due, and starts to
 * deliver it. */
void	market_outbox_claim(struct market_outbox *);

/*
 * Saves what became of the market's deliveries that have ended, in one
 * transaction, and frees their places. If that fails, the deliveries keep
 * their places: a message that was delivered must not be claimed again.
 */
void	market_outbox_save(struct market_outbox *);

/* When it is time, deletes some old rows. If that fails, nothing depends on
 * it. */
void	market_outbox_clean(struct market_outbox *);

#endif
