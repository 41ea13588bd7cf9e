/*
 * test_gate.c: breaker, bulkhead and host, as several processes see them: each
 * gate here is one process's.
 */
#include <criterion/criterion.h>
#include <time.h>

#include "base/scoreboard.h"
#include "base/clock.h"
#include "base/log.h"
#include "db/gate.h"
#include "market/market.h"

#define WORKERS	8
#define CROWD	50	/* ms */

static struct market	markets[2] = {
	{ .name = "aa", .index = 0, .database = { .host_count = 3,
	    .hosts = { { "h0", 1 }, { "h1", 1 }, { "h2", 1 } } } },
	{ .name = "bb", .index = 1, .database = { .host_count = 1,
	    .hosts = { { "h", 1 } } } }
};
static struct scoreboard	board;
static struct gate	gates[WORKERS][2];

static void
init(void)
{
	log_set_level(LOG_LEVEL_ERROR);
	cr_assert(scoreboard_init(&board, WORKERS, 1));
	for (size_t w = 0; w < WORKERS; w++)
		for (size_t m = 0; m < 2; m++)
			gate_init(&gates[w][m], &markets[m], &board,
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
	return gate_enter(&gates[worker][market]);
}

Test(gate, who_cannot_connect_keeps_the_others_from_trying, .init = init,
    .fini = fini)
{
	cr_assert_eq(gate_connect(&gates[0][0]), GATE_OPEN);
	gate_unreachable(&gates[0][0]);
	cr_expect_eq(gate_connect(&gates[1][0]), GATE_SHUT);
	cr_expect_eq(gate_use(&gates[1][0]), GATE_OPEN,
	    "a connection that works may be used");
	cr_expect_eq(gate_connect(&gates[1][1]), GATE_OPEN, "other market");
	gate_connected(&gates[2][0]);
	cr_expect_eq(gate_connect(&gates[1][0]), GATE_OPEN);
}

Test(gate, one_of_all_probes_a_database_that_hung, .init = init, .fini = fini)
{
	size_t	 probes = 0;

	gate_hung(&gates[0][0]);
	cr_assert(gate_hangs(&gates[7][0]));
	for (size_t w = 0; w < WORKERS; w++)
		cr_expect_eq(gate_use(&gates[w][0]), GATE_SHUT);
	sleep_ms(1020);
	for (size_t w = 0; w < WORKERS; w++)
		probes += gate_use(&gates[w][0]) == GATE_PROBE;
	cr_expect_eq(probes, 1, "%zu", probes);
	gate_answered(&gates[3][0]);
	cr_expect_eq(gate_use(&gates[5][0]), GATE_SHUT,
	    "that was asked before it hung");
	gate_works(&gates[3][0]);
	cr_expect_eq(gate_use(&gates[5][0]), GATE_OPEN);
}

Test(gate, half_of_the_workers_may_wait_for_one_market, .init = init,
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

Test(gate, behind_a_crowd_no_more_than_half_come_in_at_once, .init = init,
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

Test(gate, those_who_came_in_beyond_the_half_give_up, .init = init,
    .fini = fini)
{
	size_t	 crowded = 0;

	for (size_t w = 0; w < WORKERS; w++)
		cr_assert(enter(w, 0));
	for (size_t w = 0; w < WORKERS; w++)
		cr_expect_not(gate_crowded(&gates[w][0]));
	sleep_ms(CROWD + 10);
	for (size_t w = 0; w < WORKERS; w++)
		crowded += gate_crowded(&gates[w][0]);
	cr_expect_eq(crowded, WORKERS / 2, "%zu", crowded);
}

Test(gate, a_request_that_is_in_may_connect_anew, .init = init, .fini = fini)
{
	for (size_t w = 0; w < WORKERS / 2; w++)
		cr_assert(enter(w, 0));
	sleep_ms(CROWD + 10);
	cr_expect(gate_enter(&gates[0][0]));
}

Test(gate, a_worker_that_was_cleared_waits_no_more, .init = init, .fini = fini)
{
	for (size_t w = 0; w < WORKERS; w++)
		cr_assert(enter(w, 0));
	sleep_ms(CROWD + 10);
	for (size_t w = 0; w < WORKERS; w++)
		slot_clear(&board.slots[w]);
	cr_expect(enter(0, 0));
}

Test(gate, without_others_there_is_no_bulkhead)
{
	struct slot	 slot = { 0 };
	struct gate	 gate;

	gate_init(&gate, &markets[0], NULL, &slot, CROWD);
	cr_expect(gate_enter(&gate));
	sleep_ms(CROWD + 10);
	cr_expect_not(gate_crowded(&gate));
	gate_hung(&gate);
	cr_expect_eq(gate_use(&gate), GATE_SHUT);
	gate_free(&gate);
}

Test(gate, all_use_the_host_that_one_has_changed_to, .init = init,
    .fini = fini)
{
	cr_assert_eq(gate_host(&gates[0][0]), 0);
	cr_expect_not(gate_try_home(&gates[0][0]));
	gate_change_host(&gates[0][0], 0, 1);
	cr_expect_eq(gate_host(&gates[5][0]), 1);
	gate_change_host(&gates[1][0], 0, 2);
	cr_expect_eq(gate_host(&gates[5][0]), 1, "somebody was faster");
	cr_expect_not(gate_try_home(&gates[5][0]), "not at once");
	gate_change_host(&gates[2][0], 1, 0);
	cr_expect_eq(gate_host(&gates[5][0]), 0);
}

Test(gate, a_database_that_answers_somebody_is_not_silent, .init = init,
    .fini = fini)
{
	uint64_t	 before = clock_ms();

	sleep_ms(5);
	cr_expect(gate_silent(&gates[0][0], before));
	gate_answered(&gates[3][0]);
	gate_answered(&gates[3][1]);
	cr_expect_not(gate_silent(&gates[0][0], before),
	    "though who had that answer has had one of the other since");
	cr_expect_not(gate_silent(&gates[0][1], before));
	cr_expect(gate_silent(&gates[0][0], clock_ms()));
}

Test(gate, an_answer_of_one_market_is_none_of_the_other, .init = init,
    .fini = fini)
{
	uint64_t	 before = clock_ms();

	sleep_ms(5);
	gate_answered(&gates[3][1]);
	cr_expect(gate_silent(&gates[3][0], before));
}

Test(gate, those_who_leave_a_host_together_leave_it_once, .init = init,
    .fini = fini)
{
	for (size_t w = 0; w < WORKERS; w++)
		gate_change_host(&gates[w][0], 0, 1);
	cr_expect_eq(board.markets[0].home_wait, 10000, "%llu",
	    (unsigned long long)board.markets[0].home_wait);
}

Test(gate, a_first_host_that_is_of_no_use_is_tried_less_often, .init = init,
    .fini = fini)
{
	uint64_t	 first, second;

	gate_change_host(&gates[0][0], 0, 1);
	first = board.markets[0].home_wait;
	gate_change_host(&gates[0][0], 1, 0);
	gate_change_host(&gates[0][0], 0, 1);
	second = board.markets[0].home_wait;
	cr_expect_gt(first, 0);
	cr_expect_eq(second, 2 * first);
}
