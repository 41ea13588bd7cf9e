/*
 * courier.c: the loop that delivers messages (see courier.h). Called by the
 * master in the child, after the fork. It must not know what a message is
 * (delivery.c does), and never waits for anything but a database, within its
 * limits.
 */
#include <sys/signalfd.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/outbox_signal.h"
#include "base/slot.h"
#include "config/settings.h"
#include "courier/courier.h"
#include "courier/market_outbox.h"
#include "courier/owner.h"
#include "courier/pool.h"
#include "db/db.h"
#include "market/market.h"
#include "store/statements.h"

#define SHARES		4	/* a market may use 1/4 of the pool, or more
				 * if there are fewer markets */
#define ARENA_SIZE	(16 * 1024)
#define BEAT		1000	/* ms: the slot moves at least so often */

_Static_assert(MARKET_COUNT_MAX <= OUTBOX_SIGNAL_MARKETS_MAX, "markets");

struct courier {
	const struct settings	*settings;
	const struct scoreboard	*board;
	struct db_limits	 limits;
	struct outbox_shared	 shared;
	struct market_outbox	*outboxes;	/* of markets that are open */
	size_t			 count;		/* of them */
	size_t			 turn;		/* who claims first */
	int			 signals;
	bool			 stopping;
	uint64_t		 leave_at;	/* at the latest, stopping */
};

/* ---- start and end ---- */

/* Opens the signalfd of SIGTERM, and of programs that end. */
static void
open_courier_signals(struct courier *c)
{
	sigset_t	 set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGCHLD);
	c->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (c->signals == -1)
		fatal("cannot create a signalfd: %s", strerror(errno));
}

/* Makes an outbox for each market that is not shut. No connection is opened
 * yet. */
static void
open_outboxes(struct courier *c)
{
	const struct market_registry	*markets = c->settings->markets;
	const struct market		*m;

	c->limits.connect_timeout = c->settings->connect_timeout;
	c->limits.query_timeout = c->settings->query_timeout;
	c->outboxes = calloc(markets->count, sizeof(*c->outboxes));
	if (c->outboxes == NULL)
		panic("out of memory for %zu markets", markets->count);
	for (size_t i = 0; i < markets->count; i++) {
		m = &markets->markets[i];
		if (m->shut)
			continue;
		market_outbox_init(&c->outboxes[c->count++], m, store_db_new(m,
		    &c->limits, c->board, c->shared.slot), &c->shared);
	}
}

/* Prepares the loop. */
static void
open_courier(struct courier *c)
{
	struct outbox_shared	*s = &c->shared;

	open_courier_signals(c);
	owner_init(&s->owner);
	pool_init(&s->pool, c->settings);
	s->arena = arena_new(ARENA_SIZE);
	open_outboxes(c);
	s->share = POOL_PLACES / (c->count < SHARES ? c->count : SHARES);
	log_debug("courier started", log_str("owner", s->owner.name));
}

static void
close_courier(struct courier *c)
{
	pool_free(&c->shared.pool);
	for (size_t i = 0; i < c->count; i++)
		market_outbox_free(&c->outboxes[i]);
	free(c->outboxes);
	arena_free(c->shared.arena);
	(void)close(c->signals);
}

/* ---- work ---- */

/* Claims messages of the markets that are due: first of that with the fewest
 * places. Markets with as many places take turns. */
static void
claim_for_due_markets(struct courier *c)
{
	struct market_outbox	*o, *best;
	uint64_t		 now = clock_ms();

	for (;;) {
		best = NULL;
		for (size_t i = 0; i < c->count; i++) {
			o = &c->outboxes[(c->turn + i) % c->count];
			if (market_outbox_next_claim(o) <= now &&
			    (best == NULL || o->taken < best->taken))
				best = o;
		}
		if (best == NULL)
			return;
		c->turn = (size_t)(best - c->outboxes) + 1;
		market_outbox_claim(best);
	}
}

/* Looks at the running programs, and saves what became of the messages whose
 * programs have ended. */
static void
save_outcomes(struct courier *c)
{
	pool_check(&c->shared.pool);
	for (size_t i = 0; i < c->count; i++)
		market_outbox_save(&c->outboxes[i]);
}

static void
delete_old_rows(struct courier *c)
{
	for (size_t i = 0; i < c->count; i++)
		market_outbox_clean(&c->outboxes[i]);
}

/* ---- waiting ---- */

/* When something is due next that neither a signal nor a worker announces. */
static uint64_t
next_courier_event(const struct courier *c)
{
	uint64_t	 next = pool_next(&c->shared.pool), at;

	if (c->stopping && c->leave_at < next)
		next = c->leave_at;
	for (size_t i = 0; i < c->count; i++) {
		at = market_outbox_next_save(&c->outboxes[i]);
		next = at < next ? at : next;
		if (c->stopping)
			continue;
		at = market_outbox_next_claim(&c->outboxes[i]);
		next = at < next ? at : next;
	}
	return next;
}

/* Sleeps until a signal comes, a worker adds a message, a program writes an
 * error, or something is due; but not for long, so that the master sees that
 * we are alive. Returns false if it has taken us for dead, and kills us. */
static bool
wait_for_messages(struct courier *c)
{
	struct pollfd	 fds[2 + POOL_PLACES];
	nfds_t		 count = 2;
	uint64_t	 next = next_courier_event(c), now = clock_ms();
	int		 timeout = BEAT;

	fds[0] = (struct pollfd){ .fd = c->signals, .events = POLLIN };
	fds[1] = (struct pollfd){ .fd = outbox_signal_fd(), .events = POLLIN };
	count += pool_poll(&c->shared.pool, fds + 2);
	if (next < now + BEAT)
		timeout = next <= now ? 0 : (int)(next - now);
	if (!slot_set(c->shared.slot, SLOT_WAITING))
		return false;
	if (poll(fds, count, timeout) == -1 && errno != EINTR)
		panic("poll: %s", strerror(errno));
	return slot_set(c->shared.slot, SLOT_READING);
}

/* Begins to stop: claims nothing more, and gives slow programs less time. The
 * master kills us after stop_timeout: before that, all outcomes are to be
 * saved. */
static void
begin_courier_stop(struct courier *c)
{
	uint64_t	 now = clock_ms();

	c->stopping = true;
	c->leave_at = now + c->settings->stop_timeout / 10 * 9;
	pool_limit(&c->shared.pool, now + c->settings->stop_timeout / 4 * 3);
}

/* Reads the signals of the workers and of the system. SIGCHLD only ends the
 * sleep. */
static void
handle_courier_signals(struct courier *c)
{
	struct signalfd_siginfo	 info;
	uint64_t		 raised = outbox_signal_take();

	for (size_t i = 0; i < c->count; i++)
		if ((raised >> c->outboxes[i].market->index & 1) != 0)
			market_outbox_wake(&c->outboxes[i]);
	while (read(c->signals, &info, sizeof(info)) == (ssize_t)sizeof(info))
		if (info.ssi_signo == SIGTERM && !c->stopping)
			begin_courier_stop(c);
}

/* Whether to end now. The next courier finds outcomes that could not be saved,
 * and logs them as unknown. */
static bool
courier_is_done(const struct courier *c)
{
	size_t	 busy = c->shared.pool.busy;

	if (!c->stopping)
		return false;
	if (busy > 0 && clock_ms() < c->leave_at)
		return false;
	if (busy > 0)
		log_warning("stopping with outcomes that are not saved",
		    log_uint("messages", busy));
	return true;
}

/* ---- the loop ---- */

int
courier_run(const struct settings *settings, const struct scoreboard *board,
    struct slot *slot)
{
	struct courier	 courier = { .settings = settings, .board = board,
	    .shared = { .slot = slot } };

	open_courier(&courier);
	do {
		if (!wait_for_messages(&courier))
			break;
		handle_courier_signals(&courier);
		/* This first: it frees places. */
		save_outcomes(&courier);
		if (!courier.stopping) {
			claim_for_due_markets(&courier);
			delete_old_rows(&courier);
		}
	} while (!courier_is_done(&courier));
	close_courier(&courier);
	return EXIT_SUCCESS;
}
