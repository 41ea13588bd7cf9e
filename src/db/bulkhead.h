/*
 * bulkhead.h: keeps one market with a slow database from taking all workers.
 *
 * A request is inside its market's database from its first statement until its
 * answer. One that has been inside for longer than crowd_after counts as
 * waiting for the database. While half of the workers wait for one market:
 *
 * - no other request of that market may enter;
 * - of those that entered at the same moment, the ones beyond that half give
 *   up, the youngest first.
 *
 * So half of the workers stay free for the other markets. For one second after
 * that, at most half of the workers may be inside the market at all, whether
 * they wait or not: otherwise each new wave of requests would take all workers
 * for crowd_after.
 *
 * Who is inside since when is in the slots of the workers (base/slot.h); this
 * file only counts them. Nothing here waits or fails. Times are clock_ms().
 */
#ifndef ORDERMUX_BULKHEAD_H
#define ORDERMUX_BULKHEAD_H

#include <stdbool.h>
#include <stdint.h>

struct market;
struct scoreboard;
struct slot;

/* One process's view of the bulkhead of one market. */
struct bulkhead {
	const struct market	*market;
	const struct scoreboard	*board;
	struct slot		*slot;		/* this process's own */
	uint64_t		 crowd_after;	/* ms; 0 = no bulkhead */
};

/*
 * All must outlive the bulkhead. There is no bulkhead if crowd_after is 0, if
 * the board is NULL (a process by itself), or if there is only one worker.
 */
void	bulkhead_init(struct bulkhead *, const struct market *,
    const struct scoreboard *, struct slot *, unsigned crowd_after);

/* The request enters the market's database. False if it may not. A request
 * that is inside already may stay. */
bool	bulkhead_enter(struct bulkhead *);

/* Whether this request, which is inside, must give up now. */
bool	bulkhead_crowded(const struct bulkhead *, uint64_t now_ms);

#endif
