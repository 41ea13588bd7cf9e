/*
 * scoreboard.h: the scoreboard, memory that the master shares with the workers
 * and the courier: what each of them is doing, and what they know together
 * about each market's database (db/gate.h).
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

/* Of one market's database, for db/gate.c alone. Times are clock_ms(). */
struct scoreboard_market {
	alignas(128) _Atomic uint64_t connect_at;
	_Atomic uint64_t	use_at;
	_Atomic uint64_t	away_since;
	_Atomic uint64_t	home_at;
	_Atomic uint64_t	home_since;
	_Atomic uint64_t	home_wait;
	_Atomic uint64_t	answered_at;	/* somebody; about 50 ms late */
	_Atomic uint64_t	crowded_at;	/* half of the workers waited */
	_Atomic uint64_t	said_at;	/* that they do */
	_Atomic uint32_t	host;
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
