/*
 * gate.c: breaker, bulkhead and host of one market's database (see gate.h).
 * Called by the files of db.h alone. It must never wait or fail: it is on the way of every
 * request.
 *
 * Each number in shared memory stands for itself; who reads an old one does
 * what was right a moment ago. Only what one process of all is to do is
 * decided by an exchange.
 */
#include <stdlib.h>

#include "base/scoreboard.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/slot.h"
#include "db/gate.h"
#include "market/market.h"

#define PROBE_INTERVAL	1000	/* ms */
#define HOME_MIN	10000	/* before the first host is tried again; */
#define HOME_MAX	600000	/* doubles if it was of use for less than */
#define HOME_USE	60000	/* this */
#define CROWDED		1000	/* it stays so, behind the last time */
#define SAY_INTERVAL	10000	/* in the log, that it is crowded */
#define ANSWER_STEP	50	/* between two notes that it answers */

#define LOAD(field) \
	atomic_load_explicit((field), memory_order_relaxed)
#define STORE(field, value) \
	atomic_store_explicit((field), (value), memory_order_relaxed)

_Static_assert(SCOREBOARD_MARKET_MAX >= MARKET_COUNT_MAX, "gates");

void
gate_init(struct gate *gate, const struct market *market,
    const struct scoreboard *board, struct slot *slot, unsigned crowd_after)
{
	gate->market = market;
	gate->board = board;
	gate->slot = slot;
	gate->crowd_after = board != NULL && board->workers > 1 ?
	    crowd_after : 0;
	if (board != NULL) {
		gate->shared = &board->markets[market->index];
		return;
	}
	/* Its alignment is for those who share. */
	gate->shared = aligned_alloc(_Alignof(struct scoreboard_market),
	    sizeof(*gate->shared));
	if (gate->shared == NULL)
		panic("out of memory for a connection");
	*gate->shared = (struct scoreboard_market){ 0 };
}

void
gate_free(struct gate *gate)
{
	if (gate->board == NULL)
		free(gate->shared);
}

/* ---- the breaker ---- */

/*
 * Asks one of the two times: 0 = open, else when the next probe is due, which
 * one caller of all gets.
 */
static enum gate_answer
ask(_Atomic uint64_t *at)
{
	uint64_t	 now, due = LOAD(at);

	if (due == 0)
		return GATE_OPEN;
	now = clock_ms();
	return now >= due && atomic_compare_exchange_strong(at, &due,
	    now + PROBE_INTERVAL) ? GATE_PROBE : GATE_SHUT;
}

enum gate_answer
gate_use(struct gate *gate)
{
	return ask(&gate->shared->use_at);
}

enum gate_answer
gate_connect(struct gate *gate)
{
	return ask(&gate->shared->connect_at);
}

bool
gate_hangs(const struct gate *gate)
{
	return LOAD(&gate->shared->use_at) != 0;
}

/* Not at each answer, or the line would travel between all processors. */
void
gate_answered(struct gate *gate)
{
	uint64_t	 now = clock_ms();

	if (now - LOAD(&gate->shared->answered_at) >= ANSWER_STEP)
		STORE(&gate->shared->answered_at, now);
}

bool
gate_silent(const struct gate *gate, uint64_t since_ms)
{
	return LOAD(&gate->shared->answered_at) <= since_ms;
}

/* Shuts one of the two; the first one to do so says why. */
static void
shut(struct gate *gate, _Atomic uint64_t *at, const char *why)
{
	uint64_t	 never = 0, now = clock_ms();

	STORE(at, now + PROBE_INTERVAL);
	if (atomic_compare_exchange_strong(&gate->shared->away_since, &never,
	    now))
		log_error("market shut", log_str("database",
		    gate->market->name), log_str("why", why));
}

void
gate_hung(struct gate *gate)
{
	shut(gate, &gate->shared->use_at, "its database does not answer");
}

void
gate_unreachable(struct gate *gate)
{
	shut(gate, &gate->shared->connect_at,
	    "its database cannot be connected to");
}

/* Says that both are open, if this call has opened the last one. */
static void
opened(struct gate *gate)
{
	uint64_t	 since = LOAD(&gate->shared->away_since);

	if (since != 0 && LOAD(&gate->shared->use_at) == 0 &&
	    LOAD(&gate->shared->connect_at) == 0 &&
	    atomic_compare_exchange_strong(&gate->shared->away_since, &since,
	    0))
		log_notice("market open again", log_str("database",
		    gate->market->name),
		    log_uint("away_ms", clock_ms() - since));
}

void
gate_works(struct gate *gate)
{
	STORE(&gate->shared->use_at, 0);
	opened(gate);
}

void
gate_connected(struct gate *gate)
{
	if (LOAD(&gate->shared->connect_at) == 0)
		return;
	STORE(&gate->shared->connect_at, 0);
	opened(gate);
}

/* ---- the bulkhead ---- */

/* How many workers may wait for one market. */
static size_t
half(const struct gate *gate)
{
	return gate->board->workers / 2;
}

/* Since when a worker has been in the market's database; 0 = it is not, or
 * not for so long. */
static uint64_t
inside_since(const struct gate *gate, const struct slot *slot, uint64_t now,
    uint64_t ms)
{
	uint64_t	 entered = LOAD(&slot->entered_ms);

	if (entered == 0 || LOAD(&slot->market) != gate->market->index ||
	    now < entered + ms)
		return 0;
	return entered;
}

/* Says that requests are refused, not at each of them. */
static void
say_crowded(struct gate *gate, size_t waiting)
{
	uint64_t	 now = clock_ms(), last = LOAD(&gate->shared->said_at);

	if ((last == 0 || now >= last + SAY_INTERVAL) &&
	    atomic_compare_exchange_strong(&gate->shared->said_at, &last, now))
		log_warning("market crowded: half of the workers wait for "
		    "its database, others are refused",
		    log_str("database", gate->market->name),
		    log_uint("waiting", waiting));
}

/* How many workers are in the market's database for at least so long. */
static size_t
count_inside(const struct gate *gate, uint64_t now, uint64_t ms)
{
	size_t	 inside = 0;

	for (size_t i = 0; i < gate->board->workers; i++)
		inside += inside_since(gate, &gate->board->slots[i], now,
		    ms) != 0;
	return inside;
}

/*
 * Whether there is a place: not while half of the workers wait. When they have
 * just done so, it will not take the next ones long either: then all that are
 * in it count, or each wave of them would take all workers for crowd_after.
 */
static bool
has_place(struct gate *gate)
{
	uint64_t	 now = clock_ms();
	size_t		 waiting = count_inside(gate, now, gate->crowd_after);

	if (waiting >= half(gate)) {
		STORE(&gate->shared->crowded_at, now);
		say_crowded(gate, waiting);
		return false;
	}
	return now - LOAD(&gate->shared->crowded_at) >= CROWDED ||
	    count_inside(gate, now, 0) < half(gate);
}

bool
gate_enter(struct gate *gate)
{
	if (gate->crowd_after != 0 && LOAD(&gate->slot->entered_ms) == 0) {
		if (!has_place(gate))
			return false;
		slot_enter(gate->slot);
	}
	return true;
}

bool
gate_crowded(const struct gate *gate)
{
	uint64_t	 now, own, other;
	size_t		 ahead = 0;

	if (gate->crowd_after == 0)
		return false;
	now = clock_ms();
	own = inside_since(gate, gate->slot, now, gate->crowd_after);
	for (size_t i = 0; own != 0 && i < gate->board->workers; i++) {
		const struct slot *slot = &gate->board->slots[i];

		other = inside_since(gate, slot, now, gate->crowd_after);
		ahead += other != 0 && (other < own ||
		    (other == own && slot < gate->slot));
	}
	return own != 0 && ahead >= half(gate);
}

/* ---- the hosts ---- */

size_t
gate_host(const struct gate *gate)
{
	return LOAD(&gate->shared->host);
}

/* How long not to go back to the first host, which is being left. For the one
 * of all who has made the others leave it: it doubles each time. */
static uint64_t
stay_away(struct gate *gate)
{
	uint64_t	 since = LOAD(&gate->shared->home_since);
	uint64_t	 wait = LOAD(&gate->shared->home_wait) * 2;

	if (since == 0 || clock_ms() - since > HOME_USE || wait < HOME_MIN)
		wait = HOME_MIN;
	if (wait > HOME_MAX)
		wait = HOME_MAX;
	STORE(&gate->shared->home_wait, wait);
	return wait;
}

void
gate_change_host(struct gate *gate, size_t from, size_t to)
{
	uint32_t	 old = (uint32_t)from;

	if (from == to)
		return;
	/* Before: nobody is to go back at once. */
	if (from == 0)
		STORE(&gate->shared->home_at, clock_ms() + HOME_MIN);
	if (!atomic_compare_exchange_strong(&gate->shared->host, &old,
	    (uint32_t)to))
		return;
	if (from == 0)
		STORE(&gate->shared->home_at, clock_ms() + stay_away(gate));
	else if (to == 0)
		STORE(&gate->shared->home_since, clock_ms());
	log_warning("market goes on with another host",
	    log_str("database", gate->market->name),
	    log_str("from", gate->market->database.hosts[from].name),
	    log_uint("from_port", gate->market->database.hosts[from].port),
	    log_str("to", gate->market->database.hosts[to].name),
	    log_uint("to_port", gate->market->database.hosts[to].port));
}

bool
gate_try_home(struct gate *gate)
{
	uint64_t	 due, now;

	if (LOAD(&gate->shared->host) == 0)
		return false;
	due = LOAD(&gate->shared->home_at);
	now = clock_ms();
	return now >= due && atomic_compare_exchange_strong(
	    &gate->shared->home_at, &due, now + HOME_MIN);
}
