/*
 * bulkhead.h: keeps slow databases and locked rows from taking all workers.
 *
 * The promise: requests that have waited for crowd_after, for slow databases
 * or for locks, hold at most half of the workers, all markets together
 * (bulkhead_places()). The other half is free for requests that are answered.
 * (In a COMMIT it is four times crowd_after: wait.c. Until then, what hangs can
 * hold more.)
 *
 * Which requests wait:
 *
 * - A request of a slow market. A market's pace is the average time that its
 *   requests spend in its database, or the time that one of them has spent
 *   there until now, if no request of the market was answered within the last
 *   crowd_after; without the time of statements that wait for a lock in vain,
 *   or for rows that another worker asks for too. A market is slow if its pace
 *   is crowd_after or longer, or if it is a fifth of that or longer (50 ms at
 *   least) and another market was answered within the last 2 s. In both cases
 *   another market must be four times as quick. (If the whole machine is slow,
 *   refusing one market would help nobody. With one market alone there is
 *   nobody to help.)
 * - A request that has spent crowd_after or longer in the database of a market
 *   that answers others: it waits, but its market is not slow.
 * - A request that asks for the lock of a row, after crowd_after. When somebody
 *   has waited for a row in vain, the row is hot, for 5 s or until somebody
 *   gets its lock: a request that asks for the lock of a hot row waits from
 *   the beginning.
 *
 * While half of the workers hold such requests:
 *
 * - a new request of a slow market is refused. If its pace is shorter than
 *   crowd_after, it may still enter while a quarter of the workers is idle;
 * - a request that is about to ask for the lock of a hot row is refused;
 * - of those that have waited for crowd_after, the ones beyond that half give
 *   up, the youngest first. If their market is slow, it counts as slow until
 *   one of its requests is quick again (or for a minute).
 *
 * A slow market that has no request inside must be able to show that it is
 * quick again: one request every 2 s, of all of them, may try.
 *
 * Requests of other markets, and requests of the same market that need no
 * locked row (if it is not slow), always enter.
 *
 * One customer may let only a quarter of the workers wait for crowd_after or
 * longer. Meanwhile this customer's further requests are refused. (Half, if
 * that is less than two; nobody is refused because of requests that are
 * quick.)
 *
 * What each worker does is in its slot (base/slot.h), the pace of a market and
 * its hot rows are in shared memory; this file only counts. A row is known by
 * two bits of 64, made from its key: so a few rows of a thousand look like a
 * row that they are not. Nothing here waits or fails. All times are in ms, and
 * come from the caller: clock_ms().
 */
#ifndef ORDERMUX_BULKHEAD_H
#define ORDERMUX_BULKHEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct market;
struct scoreboard;
struct slot;

/* One process's view of the bulkhead, for one market. */
struct bulkhead {
	const struct market	*market;
	const struct scoreboard	*board;
	struct slot		*slot;		/* this process's own */
	size_t			 markets;	/* how many there are */
	uint64_t		 crowd_after;	/* ms; 0 = no bulkhead */
};

enum bulkhead_answer {
	BULKHEAD_FREE,		/* go on */
	BULKHEAD_CROWDED,	/* no: the market is slow */
	BULKHEAD_BUSY		/* no: the row is locked; or, to one that wants
				 * to enter, the customer has too many */
};

/* How many workers may hold requests that wait. 0 = there is no bulkhead: with
 * one worker, nothing can be kept free. */
size_t	bulkhead_places(size_t workers);

/*
 * All must outlive the bulkhead. There is no bulkhead if crowd_after is 0, if
 * the board is NULL (a process by itself), or if there is only one worker.
 */
void	bulkhead_init(struct bulkhead *, const struct market *,
    const struct scoreboard *, struct slot *, size_t markets,
    unsigned crowd_after);

/* The request of the slot's market and customer enters the database. A request
 * that is inside already may stay. */
enum bulkhead_answer bulkhead_enter(struct bulkhead *, uint64_t now_ms);

/* The request leaves the database, if it is in it. "asked": the database was
 * asked something, so that the time counts for the market's pace. */
void	bulkhead_leave(struct bulkhead *, bool asked, uint64_t now_ms);

/* Adds the key of a row to the keys of a lock, which begin as 0. */
void	bulkhead_key(uint64_t keys[2], uint64_t key);

/* The request is about to ask for the lock of these rows. False if it may
 * not. */
bool	bulkhead_lock(struct bulkhead *, const uint64_t keys[2],
    uint64_t now_ms);

/* It has the lock, or not: "in_vain" if it was waited for in vain. Does nothing
 * if no lock was asked for. */
void	bulkhead_unlock(struct bulkhead *, bool in_vain, uint64_t now_ms);

/* Whether this request, which is inside, must give up now, and why. */
enum bulkhead_answer bulkhead_look(const struct bulkhead *, uint64_t now_ms);

#endif
