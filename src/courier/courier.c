/*
 * courier.c: the loop that delivers messages (see courier.h). Called by the
 * master in the child, after the fork. It must not know what a message is
 * (delivery.c does), and never waits for anything but a database, within its
 * limits.
 */
#include <sys/signalfd.h>

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "auth/secretbox.h"
#include "auth/token.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/slot.h"
#include "base/outbox_signal.h"
#include "config/settings.h"
#include "courier/courier.h"
#include "courier/delivery.h"
#include "courier/owner.h"
#include "db/db.h"
#include "market/market.h"
#include "store/outbox_store.h"
#include "store/statements.h"

#define PLACES		8	/* programs at a time */
#define SHARES		4	/* a market has at most PLACES by this */
#define ARENA_FIRST	(16 * 1024)

/* Times in ms. */
#define LOOK_INTERVAL	1000	/* into an outbox, when nobody says anything */
#define AWAY_MIN	1000	/* a database that failed is left alone */
#define AWAY_MAX	30000
#define AWAY_FACTOR	10	/* for so many times what it took */
#define CLAIM_SPARE	60000	/* a claim outlives the longest try by this */
#define TIDY_FIRST	5000	/* after the start */
#define TIDY_INTERVAL	3600000
#define TIDY_AGAIN	60000	/* after a failure */

_Static_assert(PLACES <= OUTBOX_CLAIM_MAX, "places");
_Static_assert(MARKET_COUNT_MAX <= OUTBOX_SIGNAL_MARKETS_MAX, "markets");

/* A market as the courier sees it. */
struct post {
	const struct market	*market;
	struct db		*db;
	size_t			 taken;		/* places */
	uint64_t		 look_at;
	uint64_t		 away_until;
	uint64_t		 pause;		/* the last one; 0 = none */
	uint64_t		 tidy_at;
	uint64_t		 asked_at;	/* the call that is going on */
	bool			 settled;	/* the dead have no claims */
};

struct courier {
	const struct settings	*settings;
	const struct scoreboard	*board;
	struct slot		*slot;
	struct owner		 owner;
	struct secretbox_keys	*keys;
	struct db_limits	 limits;
	struct arena		*arena;		/* for one call */
	struct post		*posts;		/* by market index */
	size_t			 post_count;
	size_t			 turn;		/* who is asked first */
	struct delivery		 places[PLACES];
	size_t			 busy;
	int			 signals;
	bool			 stopping;
	uint64_t		 leave_at;	/* at the latest, stopping */
};

/* ---- beginning and end ---- */

/*
 * The keys by which payloads were sealed.
 */
static struct secretbox_keys *
courier_keys(const struct settings *settings)
{
	struct token_key	 keys[SETTINGS_KEY_MAX];

	return secretbox_keys_new(keys, settings_token_keys(settings, keys));
}

/*
 * Makes a post for each market; no connection is opened yet.
 */
static void
courier_open_posts(struct courier *c)
{
	const struct market_registry	*markets = c->settings->markets;

	c->limits.connect_timeout = c->settings->connect_timeout;
	c->limits.query_timeout = c->settings->query_timeout;
	c->post_count = markets->count;
	c->posts = calloc(c->post_count, sizeof(*c->posts));
	if (c->posts == NULL)
		panic("out of memory for %zu markets", c->post_count);
	for (size_t i = 0; i < c->post_count; i++) {
		c->posts[i].market = &markets->markets[i];
		c->posts[i].db = store_db_new(c->posts[i].market, &c->limits,
		    c->board, c->slot);
		c->posts[i].tidy_at = clock_ms() + TIDY_FIRST;
	}
}

/*
 * Opens the signalfd of the end and of programs that end.
 */
static void
courier_open_signals(struct courier *c)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGCHLD);
	c->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (c->signals == -1)
		fatal("cannot wait for signals: %s", strerror(errno));
}

static void
courier_open(struct courier *c)
{
	courier_open_signals(c);
	owner_init(&c->owner);
	c->keys = courier_keys(c->settings);
	c->arena = arena_new(ARENA_FIRST);
	for (size_t i = 0; i < PLACES; i++) {
		c->places[i].arena = arena_new(ARENA_FIRST);
		delivery_clear(&c->places[i]);
	}
	courier_open_posts(c);
	log_debug("courier started", log_str("owner", c->owner.name));
}

static void
courier_close(struct courier *c)
{
	for (size_t i = 0; i < PLACES; i++) {
		delivery_clear(&c->places[i]);
		arena_free(c->places[i].arena);
	}
	for (size_t i = 0; i < c->post_count; i++)
		db_free(c->posts[i].db);
	free(c->posts);
	arena_free(c->arena);
	secretbox_keys_free(c->keys);
	(void)close(c->signals);
}

/* ---- asking a database ---- */

/*
 * Begins to ask a market's database. Returns false when it is away, or was a
 * moment ago.
 */
static bool
post_ask(struct courier *c, struct post *p)
{
	p->asked_at = clock_ms();
	if (p->asked_at < p->away_until)
		return false;
	log_set_market(p->market->name);
	slot_set_market(c->slot, p->market->index);
	return db_ready(p->db) == DB_OK;
}

/*
 * Ends what post_ask() has begun, whatever that returned. A database that
 * failed is left alone for a while: the longer, the longer everybody else had
 * to wait for it, and the oftener it has failed, for each failure is a line in
 * the log.
 */
static void
post_asked(struct courier *c, struct post *p, bool ok)
{
	uint64_t now = clock_ms(), pause;

	log_set_market(NULL);
	slot_set_market(c->slot, SLOT_NONE);
	slot_set(c->slot, SLOT_RULES);
	arena_reset(c->arena);
	if (p->asked_at < p->away_until)
		return;		/* it was not asked */
	if (ok) {
		p->pause = 0;
		return;
	}
	pause = (now - p->asked_at) * AWAY_FACTOR;
	p->pause = p->pause == 0 ? AWAY_MIN : p->pause * 2;
	p->pause = pause > p->pause ? pause : p->pause;
	p->pause = p->pause > AWAY_MAX ? AWAY_MAX : p->pause;
	p->away_until = now + p->pause;
}

/* ---- what an earlier courier has left ---- */

/*
 * Whether a message is being tried in one of our places.
 */
static bool
courier_holds(const struct courier *c, const struct post *p, int64_t id)
{
	for (size_t i = 0; i < PLACES; i++)
		if (c->places[i].busy && c->places[i].outcome.id == id &&
		    c->places[i].job.market == p->market)
			return true;
	return false;
}

/*
 * Says that a message may be delivered twice. To be called before it can be:
 * a line too many is better than a second delivery with no line.
 */
static void
courier_log_unknown(const struct outbox_claim *m)
{
	log_warning("delivery outcome unknown, sending again",
	    log_str("id", m->message_id), log_str("courier", m->owner));
}

/*
 * Makes a message due again that nobody tries any more. One that is claimed
 * in our own name and that we do not hold was never begun: its claim may have
 * been kept while the connection broke.
 */
static enum db_result
post_release(struct courier *c, struct post *p, const struct outbox_claim *m)
{
	bool own = strcmp(m->owner, c->owner.name) == 0;

	if (own && courier_holds(c, p, m->id))
		return DB_OK;
	if (!own && !owner_dead(m->owner)) {
		p->settled = false;	/* it may end while we look on */
		return DB_OK;
	}
	if (!own)
		courier_log_unknown(m);
	return outbox_store_release(p->db, m);
}

/*
 * Takes back what couriers of this host that are dead have claimed. Returns
 * what the database says.
 */
static enum db_result
post_settle(struct courier *c, struct post *p)
{
	struct outbox_claim	 list[OUTBOX_CLAIM_MAX];
	size_t			 count;
	enum db_result		 result;

	if (p->settled)
		return DB_OK;
	result = outbox_store_claimed(p->db, c->arena, c->owner.host, list,
	    &count);
	p->settled = result == DB_OK && count < OUTBOX_CLAIM_MAX;
	for (size_t i = 0; result == DB_OK && i < count; i++)
		result = post_release(c, p, &list[i]);
	if (result != DB_OK)
		p->settled = false;
	return result;
}

/* ---- claiming and starting ---- */

/*
 * How many places a market may have: none can take those of all others.
 */
static size_t
courier_share(const struct courier *c)
{
	return PLACES / (c->post_count < SHARES ? c->post_count : SHARES);
}

/*
 * Puts a claimed message into a free place, of which there is one.
 */
static void
courier_place(struct courier *c, struct post *p, const struct outbox_claim *m)
{
	struct delivery *d = c->places;

	while (d->busy)
		d++;
	if (m->owner != NULL)
		courier_log_unknown(m);
	delivery_start(d, p->market, c->settings->texts, c->keys, m);
	p->taken++;
	c->busy++;
}

/*
 * Claims as many messages as can be tried now, and starts with them.
 */
static enum db_result
post_claim(struct courier *c, struct post *p)
{
	struct outbox_claim	 list[OUTBOX_CLAIM_MAX];
	size_t			 room = courier_share(c) - p->taken, count;
	int64_t			 lifetime = (int64_t)1000 *
	    (delivery_timeout(p->market) + CLAIM_SPARE);
	enum db_result		 result;

	if (room > PLACES - c->busy)
		room = PLACES - c->busy;
	result = outbox_store_claim(p->db, c->arena, c->owner.name, lifetime,
	    room, list, &count);
	/* Kept or not: what was, is found as claimed but not held. */
	if (result != DB_OK)
		p->settled = false;
	for (size_t i = 0; i < count; i++)
		courier_place(c, p, &list[i]);
	/* As many as we could take: there may be more. */
	if (result == DB_OK && count < room)
		p->look_at = p->asked_at + LOOK_INTERVAL;
	return result;
}

/*
 * Looks into a market's outbox.
 */
static void
post_look(struct courier *c, struct post *p)
{
	bool ok = post_ask(c, p);

	ok = ok && post_settle(c, p) == DB_OK && post_claim(c, p) == DB_OK;
	post_asked(c, p, ok);
}

/*
 * When a market can be looked at: UINT64_MAX = not before one of its tries,
 * or anybody's, is over.
 */
static uint64_t
post_due(const struct courier *c, const struct post *p)
{
	if (p->taken >= courier_share(c) || c->busy == PLACES)
		return UINT64_MAX;
	return p->look_at > p->away_until ? p->look_at : p->away_until;
}

/*
 * Looks into the outboxes that are due, that with the fewest places first;
 * among equals in turn.
 */
static void
courier_look(struct courier *c)
{
	struct post	*p, *best;
	uint64_t	 now = clock_ms();

	for (;;) {
		best = NULL;
		for (size_t i = 0; i < c->post_count; i++) {
			p = &c->posts[(c->turn + i) % c->post_count];
			if (post_due(c, p) <= now &&
			    (best == NULL || p->taken < best->taken))
				best = p;
		}
		if (best == NULL)
			return;
		c->turn = (size_t)(best - c->posts) + 1;
		post_look(c, best);
	}
}

/* ---- outcomes ---- */

/*
 * Frees a place whose outcome has been written.
 */
static void
courier_done(struct courier *c, struct post *p, struct delivery *d,
    const struct outbox_outcome *o)
{
	static const int statuses[] = { [OUTBOX_DELIVERED] = 200,
	    [OUTBOX_LATER] = 500, [OUTBOX_DEAD] = 400 };

	/* After a commit that nobody answered, it may be that which did it. */
	if (!o->kept && !d->unsure)
		log_warning("claim lost before the outcome was written",
		    log_str("id", d->job.id));
	slot_finished(c->slot, statuses[o->end]);
	delivery_clear(d);
	p->taken--;
	c->busy--;
}

/*
 * Gathers a market's tries that are over. Returns how many there are.
 */
static size_t
post_over(struct courier *c, const struct post *p,
    struct outbox_outcome list[PLACES], struct delivery *from[PLACES])
{
	size_t count = 0;

	for (size_t i = 0; i < PLACES; i++) {
		struct delivery *d = &c->places[i];

		if (!d->busy || d->job.market != p->market || !d->over)
			continue;
		list[count] = d->outcome;
		from[count++] = d;
	}
	return count;
}

/*
 * Writes the outcomes of a market in one transaction, and frees their places.
 * When that fails they are kept, and nothing else is tried meanwhile: a
 * delivered message must not be claimed again.
 */
static void
post_write(struct courier *c, struct post *p)
{
	struct outbox_outcome	 list[PLACES];
	struct delivery		*from[PLACES];
	size_t			 count = post_over(c, p, list, from);
	enum db_result		 result = DB_AWAY;

	if (count == 0)
		return;
	if (post_ask(c, p))
		result = outbox_store_end(p->db, c->owner.name, list, count);
	for (size_t i = 0; i < count; i++) {
		if (result == DB_OK)
			courier_done(c, p, from[i], &list[i]);
		else if (result == DB_UNKNOWN)
			from[i]->unsure = true;
	}
	post_asked(c, p, result == DB_OK);
}

/*
 * Looks after the running programs, and writes what became of those that have
 * ended.
 */
static void
courier_tend(struct courier *c)
{
	for (size_t i = 0; i < PLACES; i++)
		if (c->places[i].busy)
			(void)delivery_check(&c->places[i]);
	for (size_t i = 0; i < c->post_count; i++)
		post_write(c, &c->posts[i]);
}

/* ---- tidying ---- */

/*
 * Deletes some of what is of no more use, where it is time. A failure can
 * wait: nothing depends on it.
 */
static void
courier_tidy(struct courier *c)
{
	bool more = false, ok;

	for (size_t i = 0; i < c->post_count; i++) {
		struct post *p = &c->posts[i];

		if (clock_ms() < p->tidy_at)
			continue;
		ok = post_ask(c, p) && outbox_store_tidy(p->db, &more) ==
		    DB_OK;
		post_asked(c, p, ok);
		p->tidy_at = clock_ms() + (!ok ? TIDY_AGAIN :
		    more ? LOOK_INTERVAL : TIDY_INTERVAL);
	}
}

/* ---- waiting ---- */

/*
 * When something is due next that nobody announces.
 */
static uint64_t
courier_next(const struct courier *c)
{
	uint64_t next = c->stopping ? c->leave_at : UINT64_MAX, at;

	for (size_t i = 0; i < PLACES; i++) {
		const struct delivery *d = &c->places[i];

		if (!d->busy)
			continue;
		/* Over and still here: it could not be written. */
		if (d->over)
			at = c->posts[d->job.market->index].away_until;
		else if (d->command.state != COMMAND_RUNNING)
			at = 0;		/* it never began */
		else
			at = d->command.late ? UINT64_MAX :
			    d->command.deadline_ms;
		next = at < next ? at : next;
	}
	for (size_t i = 0; !c->stopping && i < c->post_count; i++) {
		at = post_due(c, &c->posts[i]);
		next = at < next ? at : next;
	}
	return next;
}

/*
 * Sleeps until a signal, a worker's word, a program's complaint, or until
 * something is due.
 */
static void
courier_sleep(struct courier *c)
{
	struct pollfd	 fds[2 + PLACES];
	nfds_t		 count = 2;
	uint64_t	 next = courier_next(c), now = clock_ms();
	int		 timeout = -1;

	fds[0] = (struct pollfd){ .fd = c->signals, .events = POLLIN };
	fds[1] = (struct pollfd){ .fd = outbox_signal_fd(), .events = POLLIN };
	for (size_t i = 0; i < PLACES; i++)
		if (c->places[i].busy && c->places[i].command.complaints != -1)
			fds[count++] = (struct pollfd){ .events = POLLIN,
			    .fd = c->places[i].command.complaints };
	if (next != UINT64_MAX)
		timeout = next <= now ? 0 : next - now < INT_MAX ?
		    (int)(next - now) : INT_MAX;
	slot_set(c->slot, SLOT_WAITING);
	if (poll(fds, count, timeout) == -1 && errno != EINTR)
		panic("poll: %s", strerror(errno));
	slot_set(c->slot, SLOT_RULES);
}

/*
 * Begins to leave: nothing more is claimed, and programs that would take too
 * long get less time. The master kills us after stop_timeout: we are to be
 * gone before that, with everything written.
 */
static void
courier_stop(struct courier *c)
{
	uint64_t now = clock_ms();
	uint64_t end = now + c->settings->stop_timeout / 4 * 3;

	c->stopping = true;
	c->leave_at = now + c->settings->stop_timeout / 10 * 9;
	for (size_t i = 0; i < PLACES; i++)
		if (c->places[i].busy &&
		    c->places[i].command.deadline_ms > end)
			c->places[i].command.deadline_ms = end;
}

/*
 * Reads signals and workers' words. SIGCHLD only ends the sleep. A market
 * whose worker has just written to its database can be asked at once, however
 * long it was to be left alone.
 */
static void
courier_hear(struct courier *c)
{
	struct signalfd_siginfo	 info;
	uint64_t		 raised = outbox_signal_take();

	for (size_t i = 0; i < c->post_count; i++)
		if ((raised >> i & 1) != 0)
			c->posts[i].look_at = c->posts[i].away_until = 0;
	while (read(c->signals, &info, sizeof(info)) == (ssize_t)sizeof(info))
		if (info.ssi_signo == SIGTERM && !c->stopping)
			courier_stop(c);
}

/*
 * Whether it is time to leave. Outcomes that could not be written are said to
 * be unknown by the next courier.
 */
static bool
courier_leaves(const struct courier *c)
{
	if (!c->stopping)
		return false;
	if (c->busy > 0 && clock_ms() < c->leave_at)
		return false;
	if (c->busy > 0)
		log_warning("leaving with outcomes that are not written",
		    log_uint("messages", c->busy));
	return true;
}

int
courier_run(const struct settings *settings, const struct scoreboard *board,
    struct slot *slot)
{
	struct courier courier = { .settings = settings, .board = board,
	    .slot = slot };

	courier_open(&courier);
	do {
		courier_sleep(&courier);
		courier_hear(&courier);
		/* First what is over: it makes room. */
		courier_tend(&courier);
		if (!courier.stopping) {
			courier_look(&courier);
			courier_tidy(&courier);
		}
	} while (!courier_leaves(&courier));
	courier_close(&courier);
	return EXIT_SUCCESS;
}
