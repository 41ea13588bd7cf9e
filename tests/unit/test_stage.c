/*
 * test_stage.c: the slot that a worker writes and the master reads.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "base/board.h"
#include "base/clock.h"
#include "base/stage.h"

Test(stage, phase_is_stamped_with_the_monotonic_clock)
{
	struct stage stage = { 0 };
	uint64_t before, after;

	before = clock_ms();
	stage_set(&stage, STAGE_DATABASE);
	after = clock_ms();
	cr_assert_eq(stage.phase, STAGE_DATABASE);
	cr_assert_geq(stage.since_ms, before);
	cr_assert_leq(stage.since_ms, after);
}

Test(stage, a_finished_request_is_counted_by_the_class_of_its_answer)
{
	static const struct {
		int		status;
		unsigned	class;
	} cases[] = {
		{ 100, 1 }, { 200, 2 }, { 201, 2 }, { 304, 3 }, { 404, 4 },
		{ 499, 4 }, { 500, 5 }, { 599, 5 },
		{ 0, 0 }, { 99, 0 }, { 600, 0 }, { -1, 0 },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct stage stage = { 0 };

		stage_finished(&stage, cases[i].status);
		cr_assert_eq(stage.requests, 1, "status %d", cases[i].status);
		cr_assert_eq(stage.answers[cases[i].class], 1, "status %d",
		    cases[i].status);
	}
}

Test(stage, a_finished_request_has_neither_route_nor_market)
{
	struct stage stage = { 0 };

	stage_set_route(&stage, 3);
	stage_set_market(&stage, 1);
	cr_assert_eq(stage.route, 3);
	cr_assert_eq(stage.market, 1);
	stage_finished(&stage, 200);
	cr_assert_eq(stage.route, STAGE_NONE);
	cr_assert_eq(stage.market, STAGE_NONE);
}

Test(stage, every_phase_has_a_name_of_its_own)
{
	uint32_t i, j;

	for (i = 0; i < STAGE__MAX; i++) {
		cr_assert_neq(stage_phase_name(i), NULL);
		for (j = 0; j < i; j++)
			cr_assert(strcmp(stage_phase_name(i),
			    stage_phase_name(j)) != 0);
	}
	cr_assert_str_eq(stage_phase_name(STAGE__MAX), "unknown");
}

Test(board, slots_are_empty_and_share_no_cache_line)
{
	struct board board;
	size_t i;

	cr_assert(board_init(&board, 2, 1));
	cr_assert_eq(board.count, 3);
	cr_assert_eq(board.workers, 2);
	for (i = 0; i < board.count; i++) {
		cr_assert_eq((uintptr_t)&board.slots[i] % 128, 0);
		cr_assert_eq(board.slots[i].stage.phase, STAGE_STARTING);
		cr_assert_eq(board.slots[i].stage.requests, 0);
		cr_assert_eq(board.slots[i].stage.route, STAGE_NONE);
		cr_assert_eq(board.slots[i].stage.market, STAGE_NONE);
	}
	board_free(&board);
}
