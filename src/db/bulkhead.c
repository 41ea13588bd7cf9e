/*
 * bulkhead.c: see bulkhead.h. Called for every request, so it must never wait.
 *
 * It counts by looking at each worker's slot. A slot that changes meanwhile is
 * counted as it was a moment ago, which was right then.
 */
#include "base/log.h"
#include "base/relaxed.h"
#include "base/scoreboard.h"
#include "base/slot.h"
#include "db/bulkhead.h"
#include "market/market.h"

/* Times in ms. */
#define PACE_MIN	50	/* a market that is quicker is not slow, */
#define PACE_PART	5	/* nor one quicker than crowd_after / 5 */
#define PACE_KEPT	10000	/* a pace that is older is not known */
#define PACE_FRESH	2000	/* whoever was answered then is still there */
#define PACE_TIMES	4	/* so much quicker is another market */
#define PACE_UNIT	64	/* one request counts 1/64 in the average; */
#define PACE_LONG	8	/* a long one 1/8: it says more, and is rare */
#define CROWDED		60000	/* a market counts as crowded for so long */
#define TRY_INTERVAL	2000	/* between two tries of slow markets */
#define HOT		5000	/* a row stays hot for so long */
#define SAY_INTERVAL	10000	/* between two lines of the log */

_Static_assert(SCOREBOARD_MARKET_MAX >= MARKET_COUNT_MAX, "bulkheads");

/* What can be seen of all workers and markets. */
struct view {
	const struct bulkhead	*own;
	uint64_t		 now;
	uint64_t		 pace[MARKET_COUNT_MAX];
	bool			 known[MARKET_COUNT_MAX];
	bool			 fresh[MARKET_COUNT_MAX];
	bool			 slow[MARKET_COUNT_MAX];
};

size_t
bulkhead_places(size_t workers)
{
	return workers / 2;
}

/* How many workers may wait for one customer. */
static size_t
customer_places(size_t workers)
{
	size_t	 quarter = workers / 4 > 2 ? workers / 4 : 2;
	size_t	 half = bulkhead_places(workers);

	return quarter < half ? quarter : half;
}

void
bulkhead_init(struct bulkhead *b, const struct market *market,
    const struct scoreboard *board, struct slot *slot, size_t markets,
    unsigned crowd_after)
{
	b->market = market;
	b->board = board;
	b->slot = slot;
	b->markets = markets;
	b->crowd_after = board != NULL &&
	    bulkhead_places(board->workers) > 0 ? crowd_after : 0;
}

/* This market's part of the shared memory. */
static struct scoreboard_market *
own_part(const struct bulkhead *b)
{
	return &b->board->markets[b->market->index];
}

/* ---- what each market does ---- */

/* How long the worker of this slot has been in the database, not counting one
 * that asks for a lock; 0 = it is not. */
static uint64_t
time_inside(const struct slot *slot, uint64_t now)
{
	uint64_t	 entered = relaxed_load(&slot->entered_ms);

	if (entered == 0 || entered > now ||
	    relaxed_load(&slot->lock_ms) != 0)
		return 0;
	return now - entered;
}

/* Fills in the pace of each market. What one request has to wait for counts for
 * its market only if the market answers no others. */
static void
see_paces(struct view *v)
{
	const struct scoreboard	*board = v->own->board;
	uint64_t		 inside, at;
	uint32_t		 m;

	for (m = 0; m < v->own->markets; m++) {
		at = relaxed_load(&board->markets[m].pace_at);
		v->fresh[m] = at != 0 && v->now < at + PACE_FRESH;
		v->known[m] = at != 0 && v->now < at + PACE_KEPT;
		v->pace[m] = v->known[m] ?
		    relaxed_load(&board->markets[m].pace) / PACE_UNIT : 0;
		if (v->now < relaxed_load(&board->markets[m].crowded_until) &&
		    v->pace[m] < v->own->crowd_after)
			v->pace[m] = v->own->crowd_after;
	}
	for (size_t i = 0; i < board->workers; i++) {
		inside = time_inside(&board->slots[i], v->now);
		m = relaxed_load(&board->slots[i].market);
		if (inside >= v->own->crowd_after && m < v->own->markets &&
		    inside > v->pace[m] && v->now >= v->own->crowd_after +
		    relaxed_load(&board->markets[m].quick_at))
			v->pace[m] = inside;
	}
}

/* Whether this pace, or time of one request, is slow: there are markets that
 * are much quicker. */
static bool
is_slow(const struct view *v, uint64_t pace)
{
	bool	 too_long = pace >= v->own->crowd_after;

	if (v->own->markets == 1 || pace < PACE_MIN ||
	    pace < v->own->crowd_after / PACE_PART)
		return false;
	for (size_t m = 0; m < v->own->markets; m++)
		if ((v->fresh[m] || too_long) &&
		    v->pace[m] * PACE_TIMES <= pace)
			return true;
	return false;
}

static void
see_markets(struct view *v, const struct bulkhead *b, uint64_t now)
{
	*v = (struct view){ .own = b, .now = now };
	see_paces(v);
	for (size_t m = 0; m < b->markets; m++)
		v->slow[m] = is_slow(v, v->pace[m]);
}

/* Counts the time of one request for the market's pace. Two workers at once may
 * lose one of two: it is an average. */
static void
note_pace(const struct bulkhead *b, uint64_t ms, uint64_t now)
{
	struct scoreboard_market *shared = own_part(b);
	uint64_t		  pace = relaxed_load(&shared->pace), parts;

	if (ms < b->crowd_after) {
		relaxed_store(&shared->quick_at, now);
		if (relaxed_load(&shared->crowded_until) != 0)
			relaxed_store(&shared->crowded_until, 0);
	}
	if (now >= relaxed_load(&shared->pace_at) + PACE_KEPT)
		pace = 0;
	parts = ms >= b->crowd_after ? PACE_LONG : PACE_UNIT;
	pace = pace - pace / parts + ms * PACE_UNIT / parts;
	relaxed_store(&shared->pace, pace);
	relaxed_store(&shared->pace_at, now);
}

/* ---- which requests wait ---- */

/* Whether two locks may have a row in common. */
static bool
share_rows(const _Atomic uint64_t a[2], const uint64_t b[2])
{
	return (relaxed_load(&a[0]) & b[0]) != 0 &&
	    (relaxed_load(&a[1]) & b[1]) != 0;
}

/* Whether one of the rows is hot in the market. */
static bool
is_hot(const struct scoreboard_market *shared, const uint64_t keys[2],
    uint64_t now)
{
	return now < relaxed_load(&shared->hot_until) &&
	    share_rows(shared->hot_keys, keys);
}

/* Since when the request in the slot waits for a lock; 0 = it does not. */
static uint64_t
lock_since(const struct view *v, const struct slot *slot, uint32_t market)
{
	uint64_t	 since = relaxed_load(&slot->lock_ms);
	uint64_t	 keys[2] = { relaxed_load(&slot->lock_keys[0]),
			    relaxed_load(&slot->lock_keys[1]) };

	if (since == 0 || since > v->now)
		return 0;
	return v->now - since >= v->own->crowd_after ||
	    is_hot(&v->own->board->markets[market], keys, v->now) ? since : 0;
}

/* Since when the request in the slot waits (bulkhead.h); 0 = it does not. */
static uint64_t
waits_since(const struct view *v, const struct slot *slot)
{
	uint64_t	 entered = relaxed_load(&slot->entered_ms);
	uint64_t	 inside = time_inside(slot, v->now);
	uint32_t	 market = relaxed_load(&slot->market);

	if (entered == 0 || market >= v->own->markets)
		return 0;
	if (v->slow[market] || (inside >= v->own->crowd_after &&
	    is_slow(v, inside)))
		return entered;
	return lock_since(v, slot, market);
}

/* How many requests wait; of those that have begun before this one, if it is
 * one of them. */
static size_t
count_waiting(const struct view *v, uint64_t own)
{
	const struct scoreboard	*board = v->own->board;
	size_t			 waiting = 0;

	for (size_t i = 0; i < board->workers; i++) {
		const struct slot	*slot = &board->slots[i];
		uint64_t		 since = waits_since(v, slot);

		waiting += since != 0 && (own == 0 || since < own ||
		    (since == own && slot < v->own->slot));
	}
	return waiting;
}

/* Whether half of the workers wait already. */
static bool
is_full(const struct view *v)
{
	return count_waiting(v, 0) >= bulkhead_places(v->own->board->workers);
}

/* Whether a quarter of the workers has nothing to do. */
static bool
many_idle(const struct scoreboard *board)
{
	size_t	 idle = 0;

	for (size_t i = 0; i < board->workers; i++)
		idle += relaxed_load(&board->slots[i].phase) == SLOT_WAITING;
	return idle > 0 && idle >= board->workers / 4;
}

/* Whether this customer's requests wait in as many workers as they may. */
static bool
customer_has_enough(const struct view *v)
{
	const struct bulkhead	*b = v->own;
	uint64_t		 customer = relaxed_load(&b->slot->customer);
	size_t			 waiting = 0;

	for (size_t i = 0; customer != 0 && i < b->board->workers; i++) {
		const struct slot	*slot = &b->board->slots[i];

		if (relaxed_load(&slot->customer) != customer ||
		    relaxed_load(&slot->market) != b->market->index)
			continue;
		waiting += time_inside(slot, v->now) >= b->crowd_after ||
		    lock_since(v, slot, b->market->index) != 0;
	}
	return customer != 0 &&
	    waiting >= customer_places(b->board->workers);
}

/* ---- what a request does ---- */

/* Logs that requests are refused, but not for each of them. */
static void
say_crowded(const struct bulkhead *b, const char *what, uint64_t now)
{
	struct scoreboard_market *shared = own_part(b);
	uint64_t		  last = relaxed_load(&shared->said_at);

	if ((last == 0 || now >= last + SAY_INTERVAL) &&
	    atomic_compare_exchange_strong(&shared->said_at, &last, now))
		log_warning(what, log_str("database", b->market->name),
		    log_uint("workers", b->board->workers),
		    log_uint("may_wait", bulkhead_places(b->board->workers)));
}

/* Whether this request is the one that may try a slow market now: one of all
 * markets at a time. Nobody needs to while another request is in the market:
 * that one will see. */
static bool
may_try(const struct bulkhead *b, uint64_t now)
{
	_Atomic uint64_t *tried = &b->board->markets[0].tried_at;
	uint64_t	  at = relaxed_load(tried);

	for (size_t i = 0; i < b->board->workers; i++)
		if (relaxed_load(&b->board->slots[i].entered_ms) != 0 &&
		    relaxed_load(&b->board->slots[i].market) ==
		    b->market->index)
			return false;
	return (at == 0 || now >= at + TRY_INTERVAL) &&
	    atomic_compare_exchange_strong(tried, &at, now);
}

/* Whether the market may not have a further worker. */
static bool
has_enough(const struct view *v)
{
	const struct bulkhead	*b = v->own;
	bool	 crowded = v->pace[b->market->index] >= b->crowd_after;

	if (!v->slow[b->market->index] || !is_full(v) ||
	    (!crowded && many_idle(b->board)) || may_try(b, v->now))
		return false;
	/* Who is refused learns nothing new: it stays as slow as it was. */
	if (v->known[b->market->index])
		relaxed_store(&own_part(b)->pace_at, v->now);
	return true;
}

enum bulkhead_answer
bulkhead_enter(struct bulkhead *b, uint64_t now)
{
	struct view	 v;

	if (b->crowd_after == 0 || relaxed_load(&b->slot->entered_ms) != 0)
		return BULKHEAD_FREE;
	see_markets(&v, b, now);
	if (has_enough(&v)) {
		say_crowded(b, "market crowded: half of the workers wait, new "
		    "requests are rejected", now);
		return BULKHEAD_CROWDED;
	}
	if (customer_has_enough(&v)) {
		say_crowded(b, "too many requests of one customer wait: "
		    "further ones are rejected", now);
		return BULKHEAD_BUSY;
	}
	slot_enter(b->slot, now);
	return BULKHEAD_FREE;
}

void
bulkhead_leave(struct bulkhead *b, bool asked, uint64_t now)
{
	uint64_t	 entered = relaxed_load(&b->slot->entered_ms);

	if (b->crowd_after == 0 || entered == 0)
		return;
	if (asked)
		note_pace(b, now > entered ? now - entered : 0, now);
	slot_leave(b->slot);
}

void
bulkhead_key(uint64_t keys[2], uint64_t key)
{
	/* Two products by odd numbers; the six bits on top depend on all. */
	keys[0] |= (uint64_t)1 << (key * 0x9e3779b97f4a7c15u >> 58);
	keys[1] |= (uint64_t)1 << (key * 0xc2b2ae3d27d4eb4fu >> 58);
}

bool
bulkhead_lock(struct bulkhead *b, const uint64_t keys[2], uint64_t now)
{
	struct view	 v;

	if (b->crowd_after == 0 || relaxed_load(&b->slot->entered_ms) == 0)
		return true;
	if (is_hot(own_part(b), keys, now)) {
		see_markets(&v, b, now);
		if (is_full(&v)) {
			/* As far as anybody knows. */
			relaxed_store(&own_part(b)->hot_until, now + HOT);
			say_crowded(b, "rows are locked: half of the workers "
			    "wait, requests for these rows are rejected", now);
			return false;
		}
	}
	for (size_t i = 0; i < 2; i++) {
		relaxed_store(&b->slot->lock_keys[i], keys[i]);
		relaxed_store(&b->slot->held_keys[i], keys[i] |
		    relaxed_load(&b->slot->held_keys[i]));
	}
	relaxed_store(&b->slot->lock_ms, now);
	return true;
}

/* Notes that the rows of this slot are hot. */
static void
note_hot(const struct bulkhead *b, uint64_t now)
{
	struct scoreboard_market *shared = own_part(b);
	bool			  more =
	    now < relaxed_load(&shared->hot_until);

	for (size_t i = 0; i < 2; i++)
		relaxed_store(&shared->hot_keys[i],
		    relaxed_load(&b->slot->lock_keys[i]) |
		    (more ? relaxed_load(&shared->hot_keys[i]) : 0));
	relaxed_store(&shared->hot_until, now + HOT);
}

/* Notes that a row of this slot could be locked. If it was hot, others may be
 * too, and who waits for them will see. */
static void
note_free(const struct bulkhead *b, uint64_t now)
{
	struct scoreboard_market *shared = own_part(b);
	uint64_t		  keys[2] = {
		relaxed_load(&b->slot->lock_keys[0]),
		relaxed_load(&b->slot->lock_keys[1])
	};

	if (is_hot(shared, keys, now))
		relaxed_store(&shared->hot_until, 0);
}

/* Whether a request in another worker has asked for the same rows, so that this
 * one may have waited for it. */
static bool
others_asked(const struct bulkhead *b)
{
	uint64_t	 keys[2] = {
		relaxed_load(&b->slot->lock_keys[0]),
		relaxed_load(&b->slot->lock_keys[1])
	};

	for (size_t i = 0; i < b->board->workers; i++) {
		const struct slot	*slot = &b->board->slots[i];

		if (slot != b->slot && relaxed_load(&slot->entered_ms) != 0 &&
		    relaxed_load(&slot->market) == b->market->index &&
		    share_rows(slot->held_keys, keys))
			return true;
	}
	return false;
}

void
bulkhead_unlock(struct bulkhead *b, bool in_vain, uint64_t now)
{
	uint64_t	 since = relaxed_load(&b->slot->lock_ms);
	uint64_t	 entered = relaxed_load(&b->slot->entered_ms);

	if (b->crowd_after == 0 || since == 0)
		return;
	if (in_vain)
		note_hot(b, now);
	else
		note_free(b, now);
	/* The time was not the database's. A holder who has gone has waited
	 * for his own COMMIT, which counts. */
	if (now > since && (in_vain || others_asked(b)))
		relaxed_store(&b->slot->entered_ms, entered + now - since);
	relaxed_store(&b->slot->lock_ms, 0);
}

enum bulkhead_answer
bulkhead_look(const struct bulkhead *b, uint64_t now)
{
	struct view	 v;
	uint64_t	 own, lock = relaxed_load(&b->slot->lock_ms);

	if (b->crowd_after == 0 || relaxed_load(&b->slot->entered_ms) == 0)
		return BULKHEAD_FREE;
	see_markets(&v, b, now);
	own = waits_since(&v, b->slot);
	if (own == 0 || now - own < b->crowd_after ||
	    count_waiting(&v, own) < bulkhead_places(b->board->workers))
		return BULKHEAD_FREE;
	if (lock != 0)
		return BULKHEAD_BUSY;
	if (v.slow[b->market->index])
		relaxed_store(&own_part(b)->crowded_until, now + CROWDED);
	return BULKHEAD_CROWDED;
}
