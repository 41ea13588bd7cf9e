/*
 * test_bulkhead_model.c: a day of the bulkhead, played with a clock of its own.
 *
 * Workers take requests from one queue, as from the service's socket. Clients
 * ask again as soon as they are answered (those who were refused, after a
 * pause). The markets behave as their kinds say. The real bulkhead decides who
 * enters, who gives up, and who may ask for a lock. What must be true, whatever
 * the numbers: nobody of a quick market is refused, and nobody waits for a
 * worker for long once the trouble has been seen.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/scoreboard.h"
#include "db/bulkhead.h"
#include "market/market.h"

#define CROWD		250	/* ms, as all times here */
#define LOOK		50	/* between two looks, as in db/wait.c */
#define HUNG		5000	/* a hung request ends then, by its limit */
#define LOCK		1000	/* a row that stays locked is given up then */
#define REFUSED		20	/* a client's pause behind a refusal */
#define TROUBLE		1000	/* the trouble begins at this time */
#define LASTS		8000	/* from when it has been seen */
#define QUICK_WAIT	70	/* behind 18 others, or 60 that are refused */
#define TRY_WAIT	300	/* with one worker that tries another market */
#define WORKERS_MAX	64
#define MARKETS_MAX	10
#define CLIENTS_MAX	600

enum kind {
	QUICK,		/* 2 ms */
	SLOW,		/* 200 ms */
	SLOWER,		/* 600 ms */
	HANGS,		/* no answer */
	LOCKED		/* each second request wants a locked row */
};

struct client {
	size_t		 market;
	uint64_t	 asked;		/* since when; 0 = it pauses */
	uint64_t	 again;		/* the end of the pause */
	struct client	*next;		/* behind it in the queue */
};

struct worker {
	struct client	*client;	/* NULL = idle */
	uint64_t	 began, looks, ends;
	bool		 locks;		/* it waits for a row */
	bool		 leaves;	/* it has one more statement to come */
};

static struct market		markets[MARKETS_MAX];
static struct scoreboard	board;
static struct bulkhead		bulkheads[WORKERS_MAX][MARKETS_MAX];
static struct worker		workers[WORKERS_MAX];
static struct client		clients[CLIENTS_MAX];
static enum kind		kinds[MARKETS_MAX];
static size_t			worker_count, market_count, client_count;
static uint64_t			now;
static uint64_t			longest;	/* wait of a quick market */
static size_t			refused_quick, served_quick;
static size_t			refused;	/* at the end */
static size_t			most_waiting;
static uint64_t			seen;	/* by then all trouble is known */
static struct client		*first, *last;	/* of the queue */

/* What the market does now. */
static enum kind
kind_now(size_t market)
{
	return now < TROUBLE ? QUICK : kinds[market];
}

/* The client is answered; a refusal makes it pause. */
static void
answer(struct worker *w, bool good)
{
	size_t	 n = (size_t)(w - workers);
	bool	 quick = kinds[w->client->market] == QUICK;

	bulkhead_leave(&bulkheads[n][w->client->market], true, now);
	slot_finished(&board.slots[n], good ? 200 : 503);
	slot_set(&board.slots[n], SLOT_WAITING);
	served_quick += quick && good;
	refused_quick += quick && !good;
	refused += !good && now >= seen + LASTS / 2;
	w->client->asked = 0;
	w->client->again = now + (good ? 1 : REFUSED);
	w->client = NULL;
}

/* The worker takes a request. */
static void
take(struct worker *w, struct client *c)
{
	static unsigned	 turn;
	size_t		 n = (size_t)(w - workers);
	struct bulkhead	*b = &bulkheads[n][c->market];
	uint64_t	 keys[2] = { 0, 0 };
	enum kind	 kind = kind_now(c->market);

	*w = (struct worker){ .client = c, .began = now, .looks = now + CROWD,
	    .ends = now + 2 };
	if (now >= seen && kinds[c->market] == QUICK &&
	    now - c->asked > longest)
		longest = now - c->asked;
	slot_set(&board.slots[n], SLOT_RULES);
	slot_set_market(&board.slots[n], (uint32_t)c->market);
	if (bulkhead_enter(b, now) != BULKHEAD_FREE) {
		answer(w, false);
		return;
	}
	if (kind == SLOW)
		w->ends = now + 200;
	else if (kind == SLOWER)
		w->ends = now + 600;
	else if (kind == HANGS)
		w->ends = now + HUNG;
	else if (kind == LOCKED && turn++ % 2 == 0) {
		bulkhead_key(keys, 7);
		w->locks = bulkhead_lock(b, keys, now);
		w->ends = now + LOCK;
		if (!w->locks)
			answer(w, false);
	}
}

/* The worker goes on with its request. */
static void
go_on(struct worker *w)
{
	size_t		 n = (size_t)(w - workers);
	struct bulkhead	*b = &bulkheads[n][w->client->market];
	bool		 gives_up = false;

	if (now >= w->looks) {
		gives_up = bulkhead_look(b, now) != BULKHEAD_FREE;
		w->looks = now + LOOK;
	}
	if (!gives_up && now < w->ends)
		return;
	if (w->locks)
		bulkhead_unlock(b, true, now);
	answer(w, !gives_up && !w->locks && kind_now(w->client->market) !=
	    HANGS);
}

/* The client whose pause is over goes to the end of the queue. */
static void
queue_client(struct client *c)
{
	c->asked = now;
	c->next = NULL;
	*(first == NULL ? &first : &last->next) = c;
	last = c;
}

/* The client that has waited for longest; NULL if nobody waits. */
static struct client *
next_client(void)
{
	struct client	*c = first;

	if (c != NULL)
		first = c->next;
	return c;
}

/* How many workers have held a request for longer than it takes to see it. */
static size_t
count_held(void)
{
	size_t	 held = 0;

	for (size_t w = 0; w < worker_count; w++)
		held += workers[w].client != NULL &&
		    now - workers[w].began > CROWD + LOOK;
	return held;
}

static void
play(void)
{
	for (now = 1; now < seen + LASTS; now++) {
		for (size_t i = 0; i < client_count; i++)
			if (clients[i].asked == 0 && clients[i].again <= now)
				queue_client(&clients[i]);
		for (size_t w = 0; w < worker_count; w++)
			if (workers[w].client != NULL)
				go_on(&workers[w]);
		/* As a worker may take several in a ms, if it refuses. */
		for (size_t w = 0; w < worker_count; w++) {
			struct client	*c;

			while (workers[w].client == NULL &&
			    (c = next_client()) != NULL)
				take(&workers[w], c);
		}
		if (now >= seen && count_held() > most_waiting)
			most_waiting = count_held();
	}
}

/* Plays a number of workers and markets; each of the markets has some clients
 * for each worker, those in trouble four times as many. */
static void
play_with(size_t w_count, size_t m_count, enum kind trouble, size_t in_trouble)
{
	log_set_level(LOG_LEVEL_ERROR);
	cr_assert(scoreboard_init(&board, w_count, 0));
	worker_count = w_count;
	market_count = m_count;
	client_count = 0;
	longest = 0;
	first = last = NULL;
	/* A market that is only slower is known by the average of many. */
	seen = TROUBLE + (trouble == SLOW ?
	    1000 + in_trouble * (12 + 2 * w_count) * 200 / w_count :
	    (CROWD + LOOK) * (in_trouble + 1));
	refused = refused_quick = served_quick = most_waiting = 0;
	memset(workers, 0, sizeof(workers));
	memset(clients, 0, sizeof(clients));
	for (size_t m = 0; m < m_count; m++) {
		markets[m] = (struct market){ .name = "mm", .index = (uint32_t)m };
		kinds[m] = m < in_trouble ? trouble : QUICK;
		for (size_t i = 0; i < (m < in_trouble ? 4 * w_count : 2) &&
		    client_count < CLIENTS_MAX - 2 * (m_count - m); i++)
			clients[client_count++].market = m;
		for (size_t w = 0; w < w_count; w++)
			bulkhead_init(&bulkheads[w][m], &markets[m], &board,
			    &board.slots[w], m_count, CROWD);
	}
	for (size_t w = 0; w < w_count; w++)
		slot_set(&board.slots[w], SLOT_WAITING);
	play();
	scoreboard_free(&board);
}

static const size_t	worker_counts[] = { 2, 3, 4, 8, 16, 64 };
static const size_t	market_counts[] = { 2, 3, 10 };

/* Plays all numbers, with one and with all but one market in trouble. */
static void
play_all(enum kind trouble)
{
	for (size_t w = 0; w < 6; w++)
		for (size_t m = 0; m < 3; m++)
			for (size_t bad = 1; bad < market_counts[m];
			    bad += market_counts[m] > 2 ?
			    market_counts[m] - 2 : 1) {
				size_t	 n = worker_counts[w];

				play_with(n, market_counts[m], trouble, bad);
				cr_expect_eq(refused_quick, 0, "%zu", n);
				cr_expect_gt(served_quick, 100, "%zu", n);
				/* A quick market that hardly ever gets a
				 * worker cannot show that it is quick. */
				if (trouble == SLOW && bad > n / 2)
					continue;
				cr_expect_leq(longest, bad <= n / 2 ?
				    QUICK_WAIT : TRY_WAIT, "%zu workers, "
				    "%zu of %zu markets in trouble: %zu ms",
				    n, bad, market_counts[m],
				    (size_t)longest);
				cr_expect_leq(most_waiting,
				    bulkhead_places(n), "%zu workers, %zu of "
				    "%zu markets in trouble: %zu wait", n, bad,
				    market_counts[m], most_waiting);
			}
}

Test(bulkhead_model, hung_markets_leave_half_to_the_others)
{
	play_all(HANGS);
}

Test(bulkhead_model, slow_markets_leave_half_to_the_others)
{
	play_all(SLOWER);
}

Test(bulkhead_model, markets_that_are_only_slower_leave_room_to_the_others)
{
	play_all(SLOW);
}

Test(bulkhead_model, locked_rows_leave_half_to_all_others)
{
	play_all(LOCKED);
}

Test(bulkhead_model, a_market_alone_is_not_refused_for_being_slow)
{
	for (size_t w = 0; w < 6; w++) {
		play_with(worker_counts[w], 1, SLOWER, 1);
		cr_expect_eq(refused, 0, "%zu workers", worker_counts[w]);
	}
}

Test(bulkhead_model, markets_that_are_slow_alike_are_not_refused)
{
	for (size_t w = 0; w < 6; w++)
		for (size_t m = 0; m < 3; m++) {
			play_with(worker_counts[w], market_counts[m], SLOWER,
			    market_counts[m]);
			cr_expect_eq(refused, 0, "%zu workers, %zu markets: "
			    "%zu", worker_counts[w], market_counts[m],
			    refused);
		}
}
