/*
 * test_stage.c: the slot that a worker writes and the master reads.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "base/scoreboard.h"
#include "base/clock.h"
#include "base/slot.h"

Test(slot, phase_is_stamped_with_the_monotonic_clock)
{
	struct slot slot = { 0 };
	uint64_t before, after;

	before = clock_ms();
	slot_set(&slot, SLOT_DATABASE);
	after = clock_ms();
	cr_assert_eq(slot.phase, SLOT_DATABASE);
	cr_assert_geq(slot.since_ms, before);
	cr_assert_leq(slot.since_ms, after);
}

Test(slot, a_child_that_has_gone_on_is_not_condemned)
{
	struct slot	 slot = { 0 };
	uint64_t	 busy;

	cr_assert(slot_set(&slot, SLOT_READING));
	busy = slot.busy_ms;
	slot.busy_ms = busy + 1;	/* another request */
	cr_expect_not(slot_condemn(&slot, busy));
	cr_expect(slot_set(&slot, SLOT_WAITING));
	cr_expect_not(slot_condemn(&slot, busy));
	cr_expect(slot_set(&slot, SLOT_READING));
}

Test(slot, a_condemned_child_begins_nothing_more)
{
	struct slot	 slot = { 0 };

	cr_assert(slot_set(&slot, SLOT_READING));
	cr_expect(slot_condemn(&slot, slot.busy_ms));
	/* It may finish what it does, and is told before the next request. */
	cr_expect(slot_set(&slot, SLOT_WRITING));
	cr_expect_not(slot_set(&slot, SLOT_READING));
	cr_expect(slot_condemn(&slot, slot.busy_ms));
	cr_expect_not(slot_set(&slot, SLOT_WAITING));
	/* Before its first wait, too. */
	cr_expect(slot_condemn(&slot, 0));
	cr_expect_not(slot_set(&slot, SLOT_WAITING));
	cr_expect(slot_condemn(&slot, 0));
	slot_clear(&slot);
	cr_expect(slot_set(&slot, SLOT_WAITING));
}

Test(slot, a_finished_request_is_counted_by_the_class_of_its_answer)
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
		struct slot slot = { 0 };

		slot_finished(&slot, cases[i].status);
		cr_assert_eq(slot.requests, 1, "status %d", cases[i].status);
		cr_assert_eq(slot.answers[cases[i].class], 1, "status %d",
		    cases[i].status);
	}
}

Test(slot, a_finished_request_has_neither_route_nor_market)
{
	struct slot slot = { 0 };

	slot_set_route(&slot, 3);
	slot_set_market(&slot, 1);
	cr_assert_eq(slot.route, 3);
	cr_assert_eq(slot.market, 1);
	slot_finished(&slot, 200);
	cr_assert_eq(slot.route, SLOT_NONE);
	cr_assert_eq(slot.market, SLOT_NONE);
}

Test(slot, every_phase_has_a_name_of_its_own)
{
	uint32_t i, j;

	for (i = 0; i < SLOT__MAX; i++) {
		cr_assert_neq(slot_phase_name(i), NULL);
		for (j = 0; j < i; j++)
			cr_assert(strcmp(slot_phase_name(i),
			    slot_phase_name(j)) != 0);
	}
	cr_assert_str_eq(slot_phase_name(SLOT__MAX), "unknown");
}

Test(board, slots_are_empty_and_share_no_cache_line)
{
	struct scoreboard board;
	size_t i;

	cr_assert(scoreboard_init(&board, 2, 1));
	cr_assert_eq(board.count, 3);
	cr_assert_eq(board.workers, 2);
	for (i = 0; i < board.count; i++) {
		cr_assert_eq((uintptr_t)&board.slots[i] % 128, 0);
		cr_assert_eq(board.slots[i].phase, SLOT_STARTING);
		cr_assert_eq(board.slots[i].requests, 0);
		cr_assert_eq(board.slots[i].route, SLOT_NONE);
		cr_assert_eq(board.slots[i].market, SLOT_NONE);
	}
	scoreboard_free(&board);
}
