/*
 * test_breaker.c: the breaker, as several processes see it: each breaker
 * here is one process's.
 */
#include <criterion/criterion.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/scoreboard.h"
#include "db/breaker.h"

#define WORKERS	8

static struct scoreboard	board;
static struct breaker		breakers[WORKERS][2];

static void
init(void)
{
	log_set_level(LOG_LEVEL_ERROR);
	cr_assert(scoreboard_init(&board, WORKERS, 1));
	for (size_t w = 0; w < WORKERS; w++)
		for (size_t m = 0; m < 2; m++)
			breaker_init(&breakers[w][m], m == 0 ? "aa" : "bb",
			    &board.markets[m]);
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

Test(breaker, who_cannot_connect_keeps_the_others_from_trying, .init = init,
    .fini = fini)
{
	cr_assert_eq(breaker_connect(&breakers[0][0]), BREAKER_OPEN);
	breaker_unreachable(&breakers[0][0], "no connection");
	cr_expect_eq(breaker_connect(&breakers[1][0]), BREAKER_SHUT);
	cr_expect_eq(breaker_use(&breakers[1][0]), BREAKER_OPEN,
	    "a connection that works may be used");
	cr_expect_eq(breaker_connect(&breakers[1][1]), BREAKER_OPEN, "other market");
	breaker_connected(&breakers[2][0]);
	cr_expect_eq(breaker_connect(&breakers[1][0]), BREAKER_OPEN);
}

Test(breaker, one_of_all_probes_a_database_that_hung, .init = init, .fini = fini)
{
	size_t	 probes = 0;

	breaker_hung(&breakers[0][0]);
	cr_assert(breaker_hangs(&breakers[7][0]));
	for (size_t w = 0; w < WORKERS; w++)
		cr_expect_eq(breaker_use(&breakers[w][0]), BREAKER_SHUT);
	sleep_ms(1020);
	for (size_t w = 0; w < WORKERS; w++)
		probes += breaker_use(&breakers[w][0]) == BREAKER_PROBE;
	cr_expect_eq(probes, 1, "%zu", probes);
	breaker_answered(&breakers[3][0], clock_ms());
	cr_expect_eq(breaker_use(&breakers[5][0]), BREAKER_SHUT,
	    "that was asked before it hung");
	breaker_works(&breakers[3][0]);
	cr_expect_eq(breaker_use(&breakers[5][0]), BREAKER_OPEN);
}

Test(breaker, a_database_that_answers_somebody_is_not_silent, .init = init,
    .fini = fini)
{
	uint64_t	 before = clock_ms();

	sleep_ms(5);
	cr_expect(breaker_silent(&breakers[0][0], before));
	breaker_answered(&breakers[3][0], clock_ms());
	breaker_answered(&breakers[3][1], clock_ms());
	cr_expect_not(breaker_silent(&breakers[0][0], before),
	    "though who had that answer has had one of the other since");
	cr_expect_not(breaker_silent(&breakers[0][1], before));
	cr_expect(breaker_silent(&breakers[0][0], clock_ms()));
}

Test(breaker, an_answer_of_one_market_is_none_of_the_other, .init = init,
    .fini = fini)
{
	uint64_t	 before = clock_ms();

	sleep_ms(5);
	breaker_answered(&breakers[3][1], clock_ms());
	cr_expect(breaker_silent(&breakers[3][0], before));
}

Test(breaker, memory_of_zeros_is_an_open_breaker)
{
	struct scoreboard_market	 own = { 0 };
	struct breaker			 breaker;

	log_set_level(LOG_LEVEL_ERROR);
	breaker_init(&breaker, "aa", &own);
	cr_expect_eq(breaker_use(&breaker), BREAKER_OPEN);
	breaker_hung(&breaker);
	cr_expect_eq(breaker_use(&breaker), BREAKER_SHUT);
}
