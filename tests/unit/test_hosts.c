/*
 * test_hosts.c: the host in use, as several processes see it: each struct
 * hosts here is one process's.
 */
#include <criterion/criterion.h>

#include "base/log.h"
#include "base/scoreboard.h"
#include "db/hosts.h"
#include "market/market.h"

#define WORKERS	8

static struct market	market = { .name = "aa", .index = 0,
	.database = { .host_count = 3,
	    .hosts = { { "h0", 1 }, { "h1", 1 }, { "h2", 1 } } } };
static struct scoreboard	board;
static struct hosts		hosts[WORKERS];

static void
init(void)
{
	log_set_level(LOG_LEVEL_ERROR);
	cr_assert(scoreboard_init(&board, WORKERS, 1));
	for (size_t w = 0; w < WORKERS; w++)
		hosts_init(&hosts[w], &market, &board.markets[0]);
}

static void
fini(void)
{
	scoreboard_free(&board);
}

Test(hosts, all_use_the_host_that_one_has_changed_to, .init = init,
    .fini = fini)
{
	cr_assert_eq(hosts_current(&hosts[0]), 0);
	cr_expect_not(hosts_try_home(&hosts[0]));
	hosts_change(&hosts[0], 0, 1);
	cr_expect_eq(hosts_current(&hosts[5]), 1);
	hosts_change(&hosts[1], 0, 2);
	cr_expect_eq(hosts_current(&hosts[5]), 1, "somebody was faster");
	cr_expect_not(hosts_try_home(&hosts[5]), "not at once");
	hosts_change(&hosts[2], 1, 0);
	cr_expect_eq(hosts_current(&hosts[5]), 0);
}

Test(hosts, those_who_leave_a_host_together_leave_it_once, .init = init,
    .fini = fini)
{
	for (size_t w = 0; w < WORKERS; w++)
		hosts_change(&hosts[w], 0, 1);
	cr_expect_eq(board.markets[0].home_wait, 10000, "%llu",
	    (unsigned long long)board.markets[0].home_wait);
}

Test(hosts, a_first_host_that_is_of_no_use_is_tried_less_often, .init = init,
    .fini = fini)
{
	uint64_t	 first, second;

	hosts_change(&hosts[0], 0, 1);
	first = board.markets[0].home_wait;
	hosts_change(&hosts[0], 1, 0);
	hosts_change(&hosts[0], 0, 1);
	second = board.markets[0].home_wait;
	cr_expect_gt(first, 0);
	cr_expect_eq(second, 2 * first);
}
