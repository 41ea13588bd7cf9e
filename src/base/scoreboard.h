/*
 * scoreboard.h: the scoreboard, memory that the master shares with the workers
 * and the courier: what each of them is doing, and what they know together
 * about each market's database (db/breaker.h, bulkhead.h, hosts.h, rights.c).
 *
 * A slot belongs to a child's index, not to its pid, so that a respawned
 * one goes on counting and sums never fall. Each slot has one writer, the
 * child that has its index now, and lies on cache lines of its own. The
 * courier's is the one behind the workers'.
 */
#ifndef ORDERMUX_SCOREBOARD_H
#define ORDERMUX_SCOREBOARD_H

#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slot.h"

#define SCOREBOARD_MARKET_MAX 64

/* Of one market's database. Times are clock_ms(). */
struct scoreboard_market {
	/* For db/breaker.c alone. */
	alignas(128) _Atomic uint64_t connect_at;	/* 0 = open, or when */
	_Atomic uint64_t	use_at;			/* to probe next */
	_Atomic uint64_t	away_since;
	_Atomic uint64_t	answered_at;	/* by any process; 50 ms late */
	/* For db/ready.c alone. */
	_Atomic uint64_t	identity_at;	/* look whose it is, next */
	_Atomic uint64_t	distrust_at;	/* it could not be used */
	/* For db/rights.c alone. */
	_Atomic uint64_t	check_at;	/* the statements */
	_Atomic uint64_t	incomplete;	/* 1: a right is missing */
	/* For db/bulkhead.c alone. */
	_Atomic uint64_t	pace;		/* the average time inside */
	_Atomic uint64_t	pace_at;	/* the last one that counted */
	_Atomic uint64_t	quick_at;	/* the last quick one */
	_Atomic uint64_t	crowded_until;	/* some gave up */
	_Atomic uint64_t	tried_at;	/* any market; in the first */
	_Atomic uint64_t	hot_until;	/* rows waited for in vain */
	_Atomic uint64_t	hot_keys[2];	/* which */
	_Atomic uint64_t	said_at;	/* the log said so */
	/* For db/prepared.c alone. */
	_Atomic uint64_t	full_at;	/* no room for statements */
	/* For db/hosts.c alone. */
	_Atomic uint64_t	home_at;	/* when to try the first host */
	_Atomic uint64_t	home_since;	/* the last return to it */
	_Atomic uint64_t	home_wait;	/* the last pause before that */
	_Atomic uint32_t	host;		/* in use, by index */
};

struct scoreboard {
	size_t			 count;		/* of slots */
	size_t			 workers;	/* of them, the first ones */
	struct slot		*slots;
	struct scoreboard_market *markets;	/* by index */
};

/* Before the first fork. False with errno when there is no memory. */
bool	scoreboard_init(struct scoreboard *, size_t workers, size_t others);

/* Of the calling process; the others keep theirs. */
void	scoreboard_free(struct scoreboard *);

#endif
