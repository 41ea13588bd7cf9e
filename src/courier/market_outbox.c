/*
 * market_outbox.c: claims and marks messages (see market_outbox.h). Called by
 * the courier. It never waits for anything but a database, within its limits.
 */
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/slot.h"
#include "courier/market_outbox.h"
#include "courier/outbox.h"
#include "db/db.h"
#include "market/market.h"

/* Times in ms. */
#define CLAIM_INTERVAL	 1000	/* if no worker raises its signal */
#define CLAIM_SPARE	60000	/* a claim lasts longer than a try by this */
#define RETRY_MIN	 1000	/* the pause after a database has failed */
#define RETRY_MAX	30000
#define RETRY_FACTOR	   10	/* for so many times as long as it took */
#define CLEANUP_FIRST	 5000	/* after the start */
#define CLEANUP_INTERVAL 3600000
#define CLEANUP_RETRY	60000

_Static_assert(POOL_PLACES <= OUTBOX_CLAIM_MAX, "one call can fill the pool");

void
market_outbox_init(struct market_outbox *o, const struct market *market,
    struct db *db, struct outbox_shared *shared)
{
	*o = (struct market_outbox){ .market = market, .db = db,
	    .shared = shared, .cleanup_at = clock_ms() + CLEANUP_FIRST };
}

void
market_outbox_free(struct market_outbox *o)
{
	db_free(o->db);
}

void
market_outbox_wake(struct market_outbox *o)
{
	o->claim_at = o->retry_at = 0;
}

uint64_t
market_outbox_next_claim(const struct market_outbox *o)
{
	const struct outbox_shared	*s = o->shared;

	if (o->taken >= s->share || s->pool.busy == POOL_PLACES)
		return UINT64_MAX;
	return o->claim_at > o->retry_at ? o->claim_at : o->retry_at;
}

uint64_t
market_outbox_next_save(const struct market_outbox *o)
{
	struct delivery	*ended[POOL_PLACES];

	if (pool_ended(&o->shared->pool, o->market, ended) == 0)
		return UINT64_MAX;
	return o->retry_at;
}

/* ---- using the database ---- */

/* Prepares to use the market's database. Returns false if it cannot be used
 * now, or has failed a moment ago. */
static bool
begin_outbox_use(struct market_outbox *o)
{
	o->began_at = clock_ms();
	if (o->began_at < o->retry_at)
		return false;
	log_set_market(o->market->name);
	slot_set_market(o->shared->slot, o->market->index);
	return db_ready(o->db) == DB_OK;
}

/*
 * Ends what begin_outbox_use() began, whatever that returned. A database that
 * failed is left alone for a while. The pause is longer if the others had to
 * wait long for it, and if it has failed several times, because each failure
 * is a line in the log.
 */
static void
end_outbox_use(struct market_outbox *o, bool ok)
{
	uint64_t	 now = clock_ms(), pause;

	log_set_market(NULL);
	slot_set_market(o->shared->slot, SLOT_NONE);
	slot_set(o->shared->slot, SLOT_RULES);
	arena_reset(o->shared->arena);
	if (o->began_at < o->retry_at)
		return;		/* it was not used */
	if (ok) {
		o->pause = 0;
		return;
	}
	pause = (now - o->began_at) * RETRY_FACTOR;
	o->pause = o->pause == 0 ? RETRY_MIN : o->pause * 2;
	o->pause = pause > o->pause ? pause : o->pause;
	o->pause = o->pause > RETRY_MAX ? RETRY_MAX : o->pause;
	o->retry_at = now + o->pause;
}

/* ---- the claims of dead couriers ---- */

/* Says in the log that a message may be delivered twice. Call it before that
 * can happen: a line too many is better than a second delivery with no line. */
static void
log_unknown_outcome(const struct outbox_claim *claim)
{
	log_warning("delivery outcome unknown, sending again",
	    log_str("id", claim->message_id),
	    log_str("courier", claim->owner));
}

/*
 * Makes a claimed message due again, if no courier is delivering it. If the
 * claim is our own and the message is not in the pool, we never started it: the
 * claim was committed, but the connection broke before we knew.
 */
static enum db_result
release_dead_claim(struct market_outbox *o, const struct outbox_claim *claim)
{
	bool	 own = strcmp(claim->owner, o->shared->owner.name) == 0;

	if (own && pool_holds(&o->shared->pool, o->market, claim->id))
		return DB_OK;
	if (!own && !owner_dead(&o->shared->owner, claim->owner)) {
		o->recovered = false;	/* look again: it may end */
		return DB_OK;
	}
	if (!own)
		log_unknown_outcome(claim);
	return outbox_release(o->db, claim);
}

/* Takes back what dead couriers of this system have claimed. Returns the result
 * of the database. */
static enum db_result
recover_dead_claims(struct market_outbox *o)
{
	struct outbox_claim	 list[OUTBOX_CLAIM_MAX];
	size_t			 count;
	enum db_result		 result;

	if (o->recovered)
		return DB_OK;
	result = outbox_claimed(o->db, o->shared->arena,
	    o->shared->owner.system, list, &count);
	o->recovered = result == DB_OK && count < OUTBOX_CLAIM_MAX;
	for (size_t i = 0; result == DB_OK && i < count; i++)
		result = release_dead_claim(o, &list[i]);
	if (result != DB_OK)
		o->recovered = false;
	return result;
}

/* ---- claiming ---- */

/* Starts to deliver a claimed message. */
static void
start_claimed_message(struct market_outbox *o,
    const struct outbox_claim *claim)
{
	if (claim->owner != NULL)
		log_unknown_outcome(claim);
	pool_start(&o->shared->pool, o->market, claim);
	o->taken++;
}

/* Claims as many messages as there are places for, and starts to deliver
 * them. Returns the result of the database. */
static enum db_result
claim_messages(struct market_outbox *o)
{
	struct outbox_shared	*s = o->shared;
	struct outbox_claim	 list[OUTBOX_CLAIM_MAX];
	size_t			 room = s->share - o->taken, count;
	int64_t			 lifetime = (int64_t)1000 *
	    (delivery_timeout(o->market) + CLAIM_SPARE);
	enum db_result		 result;

	if (room > POOL_PLACES - s->pool.busy)
		room = POOL_PLACES - s->pool.busy;
	result = outbox_claim(o->db, s->arena, s->owner.name, lifetime,
	    room, list, &count);
	/* If they were claimed all the same, recovery finds them: they are
	 * our own, and not in the pool. */
	if (result != DB_OK)
		o->recovered = false;
	for (size_t i = 0; i < count; i++)
		start_claimed_message(o, &list[i]);
	/* If all places were filled, there may be more messages. */
	if (result == DB_OK && count < room)
		o->claim_at = o->began_at + CLAIM_INTERVAL;
	return result;
}

void
market_outbox_claim(struct market_outbox *o)
{
	bool	 ok = begin_outbox_use(o);

	ok = ok && recover_dead_claims(o) == DB_OK &&
	    claim_messages(o) == DB_OK;
	end_outbox_use(o, ok);
}

/* ---- saving outcomes ---- */

/* Frees the place of a delivery whose outcome has been saved. */
static void
finish_delivery(struct market_outbox *o, struct delivery *d,
    const struct outbox_outcome *saved)
{
	static const int	 statuses[] = { [OUTBOX_DELIVERED] = 200,
	    [OUTBOX_LATER] = 500, [OUTBOX_DEAD] = 400 };

	/* After an unknown commit, that commit may have ended the claim. */
	if (!saved->kept && !d->unsure)
		log_warning("claim lost before the outcome was saved",
		    log_str("id", d->job.id));
	slot_finished(o->shared->slot, statuses[saved->end]);
	pool_release(&o->shared->pool, d);
	o->taken--;
}

void
market_outbox_save(struct market_outbox *o)
{
	struct outbox_outcome	 list[POOL_PLACES];
	struct delivery		*ended[POOL_PLACES];
	size_t			 count = pool_ended(&o->shared->pool,
	    o->market, ended);
	enum db_result		 result = DB_AWAY;

	if (count == 0)
		return;
	for (size_t i = 0; i < count; i++)
		list[i] = ended[i]->outcome;
	if (begin_outbox_use(o))
		result = outbox_end(o->db, o->shared->owner.name, list,
		    count);
	for (size_t i = 0; i < count; i++) {
		if (result == DB_OK)
			finish_delivery(o, ended[i], &list[i]);
		else if (result == DB_UNKNOWN)
			ended[i]->unsure = true;
	}
	end_outbox_use(o, result == DB_OK);
}

/* ---- old rows ---- */

void
market_outbox_clean(struct market_outbox *o)
{
	bool	 more = false, ok;

	if (clock_ms() < o->cleanup_at)
		return;
	ok = begin_outbox_use(o) && outbox_tidy(o->db, &more) == DB_OK;
	end_outbox_use(o, ok);
	o->cleanup_at = clock_ms() + (!ok ? CLEANUP_RETRY :
	    more ? CLAIM_INTERVAL : CLEANUP_INTERVAL);
}
