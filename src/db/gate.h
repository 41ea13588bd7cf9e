/*
 * gate.h: keeps one market's database from hurting the others, by what all
 * processes of the daemon know of it together (base/scoreboard.h).
 *
 * A breaker: behind a failed connect no other process tries to connect, and
 * behind a wait that was too long none uses the database at all, but for one
 * probe a second. What has a connection that works goes on when only new ones
 * fail (a server that is full). Until the probe is lucky the market is away at
 * once.
 *
 * A bulkhead: a request that has been in a market's database for longer than
 * crowd_after is waiting for it. While half of the workers are, no other may
 * enter, and those that came in at the same moment beyond that half give up,
 * so that half of the pool is left for the other markets, whatever happens to
 * one. For a second from then on it is not waited for that: no more than half
 * may be in it at all. Not for a single market, which there is nobody to
 * protect from.
 *
 * The host in use, of several: the same for all workers of a daemon, or they
 * would be in each other's way in a cluster. The first one is home, and is
 * tried again after 10 s, and later and later if that does no good.
 *
 * Nothing here waits or fails. Times are clock_ms().
 */
#ifndef ORDERMUX_GATE_H
#define ORDERMUX_GATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct scoreboard;
struct market;
struct slot;

/* One process's way to one market's database. Part of struct db. */
struct gate {
	const struct market	*market;
	const struct scoreboard	*board;		/* NULL: nobody to share with */
	struct slot		*slot;		/* this process's own */
	struct scoreboard_market	*shared;	/* of the board, or private */
	uint64_t		 crowd_after;	/* ms; 0 = no bulkhead */
};

/* All but the slot may be NULL or 0; then there is only the breaker, for
 * this process alone. */
void	gate_init(struct gate *, const struct market *, const struct scoreboard *,
    struct slot *, unsigned crowd_after);
void	gate_free(struct gate *);

/* ---- the breaker ---- */

enum gate_answer {
	GATE_OPEN,
	GATE_PROBE,	/* the caller is to try: it is the one of this second */
	GATE_SHUT
};

/* Whether the database may be used; whether it may be connected to. */
enum gate_answer gate_use(struct gate *);
enum gate_answer gate_connect(struct gate *);

/* Whether it is known to hang. */
bool	gate_hangs(const struct gate *);

/* A statement was answered. */
void	gate_answered(struct gate *);

/* Whether no process has had an answer from it since then. */
bool	gate_silent(const struct gate *, uint64_t since_ms);

/* It hung; no connection could be had. Shuts, and says so in the log once. */
void	gate_hung(struct gate *);
void	gate_unreachable(struct gate *);

/* The probe was answered; a connection was made. Opens again. */
void	gate_works(struct gate *);
void	gate_connected(struct gate *);

/* ---- the bulkhead ---- */

/* The request enters the market's database: false if it may not, because half
 * of the workers wait for it. */
bool	gate_enter(struct gate *);

/* Whether this request, which is in it, is one of more than half. */
bool	gate_crowded(const struct gate *);

/* ---- the hosts ---- */

/* The index of the host to use. */
size_t	gate_host(const struct gate *);

/* Another host is to be used, if all still use the one that the caller had. If
 * the first host has to be left soon after each return, returns get rarer. */
void	gate_change_host(struct gate *, size_t from, size_t to);

/* Whether the caller is to see if the first host is back. */
bool	gate_try_home(struct gate *);

#endif
