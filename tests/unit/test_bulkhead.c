/*
 * test_bulkhead.c: the bulkhead, as several processes see it: each bulkhead
 * here is one process's.
 */
#include <criterion/criterion.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/scoreboard.h"
#include "db/bulkhead.h"
#include "market/market.h"

#define WORKERS	8
#define CROWD	50	/* ms */

static struct market	markets[2] = {
	{ .name = "aa", .index = 0 }, { .name = "bb", .index = 1 }
};
static struct scoreboard	board;
static struct bulkhead		bulkheads[WORKERS][2];

static void
init(void)
{
	log_set_level(LOG_LEVEL_ERROR);
	cr_assert(scoreboard_init(&board, WORKERS, 1));
	for (size_t w = 0; w < WORKERS; w++)
		for (size_t m = 0; m < 2; m++)
			bulkhead_init(&bulkheads[w][m], &markets[m], &board,
			    &board.slots[w], CROWD);
}

static void
fini(void)
{
	scoreboard_free(&board);
}

static void
sleep_ms(long ms)
{
	struct timespec	 t = { .tv_sec = ms / 1000,
	    .tv_nsec = ms % 1000 * 1000000 };

	nanosleep(&t, NULL);
}

/* A request of the market begins in the worker. */
static bool
enter(size_t worker, size_t market)
{
	slot_set_market(&board.slots[worker], (uint32_t)market);
	return bulkhead_enter(&bulkheads[worker][market]);
}

Test(bulkhead, half_of_the_workers_may_wait_for_one_market, .init = init,
    .fini = fini)
{
	for (size_t w = 0; w < WORKERS / 2; w++)
		cr_assert(enter(w, 0));
	cr_expect(enter(6, 0), "they have not waited long yet");
	slot_set_market(&board.slots[6], SLOT_NONE);
	sleep_ms(CROWD + 10);
	cr_expect_not(enter(6, 0));
	cr_expect(enter(6, 1), "the other market");
	slot_finished(&board.slots[0], 200);
	cr_expect(enter(7, 0), "one has come back");
}

Test(bulkhead, behind_a_crowd_no_more_than_half_come_in_at_once, .init = init,
    .fini = fini)
{
	for (size_t w = 0; w < WORKERS / 2; w++)
		cr_assert(enter(w, 0));
	sleep_ms(CROWD + 10);
	cr_assert_not(enter(7, 0));
	for (size_t w = 0; w < WORKERS / 2; w++)
		slot_finished(&board.slots[w], 503);
	for (size_t w = 0; w < WORKERS / 2; w++)
		cr_assert(enter(w, 0));
	cr_expect_not(enter(7, 0), "though nobody has waited yet");
	slot_set_market(&board.slots[7], SLOT_NONE);
	sleep_ms(1010);
	for (size_t w = 0; w < WORKERS / 2; w++)
		slot_finished(&board.slots[w], 200);
	for (size_t w = 0; w < WORKERS; w++)
		cr_expect(enter(w, 0), "it is long ago: %zu", w);
}

Test(bulkhead, those_who_came_in_beyond_the_half_give_up, .init = init,
    .fini = fini)
{
	size_t	 crowded = 0;

	for (size_t w = 0; w < WORKERS; w++)
		cr_assert(enter(w, 0));
	for (size_t w = 0; w < WORKERS; w++)
		cr_expect_not(bulkhead_crowded(&bulkheads[w][0], clock_ms()));
	sleep_ms(CROWD + 10);
	for (size_t w = 0; w < WORKERS; w++)
		crowded += bulkhead_crowded(&bulkheads[w][0], clock_ms());
	cr_expect_eq(crowded, WORKERS / 2, "%zu", crowded);
}

Test(bulkhead, a_request_that_is_in_may_connect_anew, .init = init, .fini = fini)
{
	for (size_t w = 0; w < WORKERS / 2; w++)
		cr_assert(enter(w, 0));
	sleep_ms(CROWD + 10);
	cr_expect(bulkhead_enter(&bulkheads[0][0]));
}

Test(bulkhead, a_worker_that_was_cleared_waits_no_more, .init = init, .fini = fini)
{
	for (size_t w = 0; w < WORKERS; w++)
		cr_assert(enter(w, 0));
	sleep_ms(CROWD + 10);
	for (size_t w = 0; w < WORKERS; w++)
		slot_clear(&board.slots[w]);
	cr_expect(enter(0, 0));
}

Test(bulkhead, without_others_there_is_no_bulkhead)
{
	struct slot	 slot = { 0 };
	struct bulkhead	 bulkhead;

	bulkhead_init(&bulkhead, &markets[0], NULL, &slot, CROWD);
	cr_expect(bulkhead_enter(&bulkhead));
	sleep_ms(CROWD + 10);
	cr_expect_not(bulkhead_crowded(&bulkhead, clock_ms()));
}
