/*
 * bulkhead.c: see bulkhead.h. Called for every request, so it must never wait.
 *
 * It counts by looking at each worker's slot. A slot that changes meanwhile is
 * counted as it was a moment ago, which was right then.
 */
#include "base/clock.h"
#include "base/log.h"
#include "base/relaxed.h"
#include "base/scoreboard.h"
#include "base/slot.h"
#include "db/bulkhead.h"
#include "market/market.h"

/* Times in ms. */
#define CROWDED		1000	/* the market stays crowded for so long */
#define SAY_INTERVAL	10000	/* between two lines of the log */

_Static_assert(SCOREBOARD_MARKET_MAX >= MARKET_COUNT_MAX, "bulkheads");

void
bulkhead_init(struct bulkhead *b, const struct market *market,
    const struct scoreboard *board, struct slot *slot, unsigned crowd_after)
{
	b->market = market;
	b->board = board;
	b->slot = slot;
	b->crowd_after = board != NULL && board->workers > 1 ?
	    crowd_after : 0;
}

/* How many workers may wait for one market. */
static size_t
places(const struct bulkhead *b)
{
	return b->board->workers / 2;
}

/* Since when the worker of this slot has been inside the market's database;
 * 0 = it is not, or for less than ms. */
static uint64_t
inside_since(const struct bulkhead *b, const struct slot *slot, uint64_t now,
    uint64_t ms)
{
	uint64_t	 entered = relaxed_load(&slot->entered_ms);

	if (entered == 0 || relaxed_load(&slot->market) != b->market->index ||
	    now < entered + ms)
		return 0;
	return entered;
}

/* How many workers have been inside for at least ms. */
static size_t
count_inside(const struct bulkhead *b, uint64_t now, uint64_t ms)
{
	size_t	 inside = 0;

	for (size_t i = 0; i < b->board->workers; i++)
		inside += inside_since(b, &b->board->slots[i], now, ms) != 0;
	return inside;
}

/* Notes that the market is crowded. Logs it, but not for each request. */
static void
note_crowd(struct scoreboard_market *shared, const char *market,
    uint64_t now, size_t waiting)
{
	uint64_t	 last = relaxed_load(&shared->said_at);

	relaxed_store(&shared->crowded_at, now);
	if ((last == 0 || now >= last + SAY_INTERVAL) &&
	    atomic_compare_exchange_strong(&shared->said_at, &last, now))
		log_warning("market crowded: half of the workers wait for "
		    "its database, new requests are rejected",
		    log_str("database", market),
		    log_uint("waiting", waiting));
}

/* Whether one more request may enter (the rules are in bulkhead.h). */
static bool
has_place(const struct bulkhead *b)
{
	struct scoreboard_market *shared =
	    &b->board->markets[b->market->index];
	uint64_t		 now = clock_ms();
	size_t			 waiting = count_inside(b, now, b->crowd_after);

	if (waiting >= places(b)) {
		note_crowd(shared, b->market->name, now, waiting);
		return false;
	}
	return now - relaxed_load(&shared->crowded_at) >= CROWDED ||
	    count_inside(b, now, 0) < places(b);
}

bool
bulkhead_enter(struct bulkhead *b)
{
	if (b->crowd_after == 0 || relaxed_load(&b->slot->entered_ms) != 0)
		return true;
	if (!has_place(b))
		return false;
	slot_enter(b->slot);
	return true;
}

bool
bulkhead_crowded(const struct bulkhead *b, uint64_t now)
{
	uint64_t	 own, other;
	size_t		 ahead = 0;

	if (b->crowd_after == 0)
		return false;
	own = inside_since(b, b->slot, now, b->crowd_after);
	for (size_t i = 0; own != 0 && i < b->board->workers; i++) {
		const struct slot *slot = &b->board->slots[i];

		other = inside_since(b, slot, now, b->crowd_after);
		ahead += other != 0 && (other < own ||
		    (other == own && slot < b->slot));
	}
	return own != 0 && ahead >= places(b);
}
