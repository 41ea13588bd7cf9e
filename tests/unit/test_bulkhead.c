/*
 * test_bulkhead.c: the bulkhead, as several processes see it: each bulkhead
 * here is one process's. The clock is the test's own.
 */
#include <criterion/criterion.h>

#include "base/log.h"
#include "base/scoreboard.h"
#include "db/bulkhead.h"
#include "market/market.h"

#define WORKERS	8
#define CROWD	250	/* ms */

static struct market	markets[2] = {
	{ .name = "aa", .index = 0 }, { .name = "bb", .index = 1 }
};
static struct scoreboard	board;
static struct bulkhead		bulkheads[WORKERS][2];
static uint64_t			now = 1000000;

static void
init(void)
{
	log_set_level(LOG_LEVEL_ERROR);
	cr_assert(scoreboard_init(&board, WORKERS, 1));
	for (size_t w = 0; w < WORKERS; w++)
		for (size_t m = 0; m < 2; m++)
			bulkhead_init(&bulkheads[w][m], &markets[m], &board,
			    &board.slots[w], 2, CROWD);
}

static void
fini(void)
{
	scoreboard_free(&board);
}

/* A request of the market, and of the customer, begins in the worker. */
static enum bulkhead_answer
enter_as(size_t worker, size_t market, uint64_t customer)
{
	slot_set(&board.slots[worker], SLOT_RULES);
	slot_set_market(&board.slots[worker], (uint32_t)market);
	slot_set_customer(&board.slots[worker], customer);
	return bulkhead_enter(&bulkheads[worker][market], now);
}

static enum bulkhead_answer
enter(size_t worker, size_t market)
{
	return enter_as(worker, market, 0);
}

/* It ends. */
static void
leave(size_t worker, size_t market)
{
	bulkhead_leave(&bulkheads[worker][market], true, now);
	slot_finished(&board.slots[worker], 200);
	slot_set(&board.slots[worker], SLOT_WAITING);
}

/* So many requests of so many ms, one after the other. */
static void
serve(size_t market, size_t requests, uint64_t ms)
{
	for (size_t i = 0; i < requests; i++) {
		cr_assert_eq(enter(0, market), BULKHEAD_FREE);
		now += ms;
		leave(0, market);
	}
}

/* The request asks for a row; whether it may. */
static bool
ask_row(size_t worker, uint64_t row)
{
	uint64_t	 keys[2] = { 0, 0 };

	bulkhead_key(keys, row);
	return bulkhead_lock(&bulkheads[worker][0], keys, now);
}

Test(bulkhead, half_of_the_workers_may_wait_for_slow_markets, .init = init,
    .fini = fini)
{
	for (size_t w = 0; w < WORKERS / 2; w++)
		cr_assert_eq(enter(w, 0), BULKHEAD_FREE);
	cr_expect_eq(enter(6, 0), BULKHEAD_FREE, "nobody has waited long yet");
	leave(6, 0);
	now += CROWD;
	cr_expect_eq(enter(6, 0), BULKHEAD_CROWDED);
	cr_expect_eq(enter(6, 1), BULKHEAD_FREE, "the other market");
	leave(0, 0);
	cr_expect_eq(enter(7, 0), BULKHEAD_FREE, "one has come back");
}

Test(bulkhead, those_who_came_in_beyond_the_half_give_up, .init = init,
    .fini = fini)
{
	size_t	 crowded = 0;

	for (size_t w = 0; w < WORKERS; w++)
		cr_assert_eq(enter(w, 0), BULKHEAD_FREE);
	for (size_t w = 0; w < WORKERS; w++)
		cr_expect_eq(bulkhead_look(&bulkheads[w][0], now),
		    BULKHEAD_FREE);
	now += CROWD;
	for (size_t w = 0; w < WORKERS; w++)
		crowded += bulkhead_look(&bulkheads[w][0], now) ==
		    BULKHEAD_CROWDED;
	cr_expect_eq(crowded, WORKERS / 2, "%zu", crowded);
	cr_expect_eq(bulkhead_look(&bulkheads[0][0], now), BULKHEAD_FREE);
	cr_expect_eq(bulkhead_look(&bulkheads[7][0], now), BULKHEAD_CROWDED);
}

Test(bulkhead, two_hung_markets_have_one_half_together, .init = init,
    .fini = fini)
{
	static struct market	 third = { .name = "cc", .index = 2 };
	struct bulkhead		 b;

	for (size_t w = 0; w < WORKERS; w++) {
		bulkheads[w][0].markets = bulkheads[w][1].markets = 3;
		if (w < 4)
			cr_assert_eq(enter(w, w % 2), BULKHEAD_FREE);
	}
	now += CROWD;
	cr_expect_eq(enter(4, 0), BULKHEAD_CROWDED);
	cr_expect_eq(enter(4, 1), BULKHEAD_CROWDED);
	bulkhead_init(&b, &third, &board, &board.slots[4], 3, CROWD);
	slot_set_market(&board.slots[4], 2);
	cr_expect_eq(bulkhead_enter(&b, now), BULKHEAD_FREE);
}

Test(bulkhead, a_market_that_is_only_slower_gets_half_if_few_are_idle,
    .init = init, .fini = fini)
{
	serve(0, 60, 100);
	serve(1, 30, 3);
	for (size_t w = 0; w < WORKERS; w++)
		slot_set(&board.slots[w], SLOT_WAITING);
	for (size_t w = 0; w < 7; w++)
		cr_expect_eq(enter(w, 0), BULKHEAD_FREE + (w >= 6),
		    "a quarter stays idle: %zu", w);
	cr_expect_eq(enter(6, 1), BULKHEAD_FREE);
	cr_expect_eq(enter(7, 1), BULKHEAD_FREE);
	leave(5, 0);
	leave(4, 0);
	cr_expect_eq(enter(4, 1), BULKHEAD_FREE);
	cr_expect_eq(enter(5, 0), BULKHEAD_CROWDED);
	for (size_t w = 0; w < 4; w++)
		cr_expect_eq(bulkhead_look(&bulkheads[w][0], now),
		    BULKHEAD_FREE);
}

Test(bulkhead, a_market_that_is_quicker_than_a_fifth_of_crowd_after_is_not_slow,
    .init = init, .fini = fini)
{
	for (size_t w = 0; w < WORKERS; w++)
		for (size_t m = 0; m < 2; m++)
			bulkheads[w][m].crowd_after = 1000;
	serve(0, 60, 199);
	serve(1, 30, 3);
	for (size_t w = 0; w < WORKERS; w++)
		cr_expect_eq(enter(w, 0), BULKHEAD_FREE, "%zu", w);
	for (size_t w = 0; w < WORKERS; w++)
		leave(w, 0);
	serve(0, 200, 230);
	serve(1, 30, 3);
	for (size_t w = 0; w < WORKERS; w++)
		slot_set(&board.slots[w], SLOT_RULES);
	for (size_t w = 0; w < 5; w++)
		cr_expect_eq(enter(w, 0), BULKHEAD_FREE + (w >= 4), "%zu", w);
}

Test(bulkhead, one_request_that_hangs_waits_alone_while_others_are_answered,
    .init = init, .fini = fini)
{
	for (size_t w = 1; w < 5; w++)
		cr_assert_eq(enter(w, 1), BULKHEAD_FREE);
	cr_assert_eq(enter(5, 0), BULKHEAD_FREE);
	for (int i = 0; i < 10; i++) {
		now += CROWD / 5;
		serve(0, 1, 1);
	}
	cr_expect_eq(enter(6, 1), BULKHEAD_CROWDED, "answers nobody");
	cr_expect_eq(enter(6, 0), BULKHEAD_FREE, "answers others");
	cr_expect_eq(bulkhead_look(&bulkheads[5][0], now), BULKHEAD_CROWDED,
	    "the fifth that waits");
	leave(1, 1);
	cr_expect_eq(enter(1, 1), BULKHEAD_CROWDED, "four wait");
	leave(2, 1);
	cr_expect_eq(enter(2, 1), BULKHEAD_FREE, "three wait");
}

Test(bulkhead, nobody_is_refused_if_all_markets_are_slow, .init = init,
    .fini = fini)
{
	serve(1, 30, 400);
	serve(0, 30, 400);
	for (size_t w = 0; w < WORKERS; w++)
		cr_expect_eq(enter(w, w % 2), BULKHEAD_FREE);
	now += CROWD;
	for (size_t w = 0; w < WORKERS; w++)
		cr_expect_eq(bulkhead_look(&bulkheads[w][w % 2], now),
		    BULKHEAD_FREE);
}

Test(bulkhead, a_market_alone_is_never_refused, .init = init, .fini = fini)
{
	for (size_t w = 0; w < WORKERS; w++) {
		bulkheads[w][0].markets = 1;
		cr_expect_eq(enter(w, 0), BULKHEAD_FREE);
	}
	now += 5 * CROWD;
	for (size_t w = 0; w < WORKERS; w++)
		cr_expect_eq(bulkhead_look(&bulkheads[w][0], now),
		    BULKHEAD_FREE);
}

Test(bulkhead, who_waits_for_a_lock_does_not_make_the_market_slow,
    .init = init, .fini = fini)
{
	for (size_t w = 0; w < WORKERS / 2; w++) {
		cr_assert_eq(enter(w, 0), BULKHEAD_FREE);
		cr_assert(ask_row(w, 7));
	}
	now += 2 * CROWD;
	cr_expect_eq(enter(4, 0), BULKHEAD_FREE, "others of the market");
	cr_expect(ask_row(4, 8), "another row");
	for (size_t w = 0; w < WORKERS / 2; w++) {
		bulkhead_unlock(&bulkheads[w][0], true, now);
		leave(w, 0);
	}
	cr_expect_lt(board.markets[0].pace, CROWD, "it is not slow");
}

Test(bulkhead, a_hot_row_may_have_half_of_the_workers_from_the_first_moment,
    .init = init, .fini = fini)
{
	cr_assert_eq(enter(0, 0), BULKHEAD_FREE);
	cr_assert(ask_row(0, 7));
	bulkhead_unlock(&bulkheads[0][0], true, now += 1000);
	for (size_t w = 0; w < WORKERS; w++) {
		cr_assert_eq(enter(w, 0), BULKHEAD_FREE);
		cr_expect_eq(ask_row(w, 7), w < WORKERS / 2, "%zu", w);
	}
	cr_expect(ask_row(7, 8), "another row");
	cr_expect_not(ask_row(6, 7));
	bulkhead_unlock(&bulkheads[0][0], false, now);
	cr_expect(ask_row(6, 7), "somebody has got it");
}

Test(bulkhead, those_who_wait_for_locks_beyond_the_half_give_up, .init = init,
    .fini = fini)
{
	size_t	 busy = 0;

	for (size_t w = 0; w < WORKERS; w++) {
		cr_assert_eq(enter(w, 0), BULKHEAD_FREE);
		cr_assert(ask_row(w, 7));
	}
	now += CROWD;
	for (size_t w = 0; w < WORKERS; w++)
		busy += bulkhead_look(&bulkheads[w][0], now) ==
		    BULKHEAD_BUSY;
	cr_expect_eq(busy, WORKERS / 2, "%zu", busy);
}

Test(bulkhead, a_quarter_of_the_workers_may_wait_for_one_customer,
    .init = init, .fini = fini)
{
	for (size_t w = 0; w < 6; w++) {
		cr_assert_eq(enter_as(w, 0, 19), BULKHEAD_FREE,
		    "six at once: %zu", w);
		cr_assert(ask_row(w, 19));
	}
	now += CROWD - 1;
	cr_expect_eq(enter_as(6, 0, 19), BULKHEAD_FREE);
	leave(6, 0);
	now += 1;
	cr_expect_eq(enter_as(6, 0, 19), BULKHEAD_BUSY);
	cr_expect_eq(enter_as(6, 0, 20), BULKHEAD_FREE, "another customer");
	cr_expect_eq(enter_as(7, 1, 19), BULKHEAD_FREE, "of another market");
	for (size_t w = 0; w < 5; w++)
		leave(w, 0);
	cr_expect_eq(enter_as(0, 0, 19), BULKHEAD_FREE, "only one waits");
}

Test(bulkhead, a_request_that_is_in_may_connect_anew, .init = init,
    .fini = fini)
{
	for (size_t w = 0; w < WORKERS / 2; w++)
		cr_assert_eq(enter(w, 0), BULKHEAD_FREE);
	now += CROWD;
	cr_expect_eq(bulkhead_enter(&bulkheads[0][0], now), BULKHEAD_FREE);
}

Test(bulkhead, a_worker_that_was_cleared_waits_no_more, .init = init,
    .fini = fini)
{
	for (size_t w = 0; w < WORKERS; w++)
		cr_assert_eq(enter(w, 0), BULKHEAD_FREE);
	now += CROWD;
	for (size_t w = 0; w < WORKERS; w++)
		slot_clear(&board.slots[w]);
	cr_expect_eq(enter(0, 0), BULKHEAD_FREE);
}

Test(bulkhead, without_others_there_is_no_bulkhead)
{
	struct slot	 slot = { 0 };
	struct bulkhead	 b;

	bulkhead_init(&b, &markets[0], NULL, &slot, 2, CROWD);
	cr_expect_eq(bulkhead_enter(&b, now), BULKHEAD_FREE);
	cr_expect_eq(bulkhead_look(&b, now + CROWD), BULKHEAD_FREE);
}

Test(bulkhead, half_is_rounded_down_and_one_worker_has_none)
{
	static const size_t	 places[] = { 0, 0, 1, 1, 2, 2, 3, 3, 4 };

	for (size_t w = 0; w < sizeof(places) / sizeof(*places); w++)
		cr_expect_eq(bulkhead_places(w), places[w], "%zu workers", w);
}
